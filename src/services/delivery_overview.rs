//! The overview of deliveries, for staff.
//!
//! It is read from the letters of a week, which takes seconds for a million of them. So it is kept for a
//! while, and of the requests that find none, one reads while the others wait: a process reads one at a
//! time, and for a tenth of the time at most, however many people look at it.

pub mod overviews;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::time::timeout;

use self::overviews::Kept;
use super::{ServiceError, Services};
use crate::{
    db::{DbFault, letters::overview},
    domain::{actor::Actor, delivery_overview::DeliveryOverview, visibility::Visibility},
};

/// How long an overview is kept at least.
const KEPT_FOR: TimeDelta = TimeDelta::seconds(10);
/// How many times as long as it took to read is an overview kept, where that is longer.
const KEPT_TIMES: u32 = 10;
/// How long a request waits for those before it: about as long as the database may take for one.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// The overview of the letters to those whom the caller may read: staff, customers, or both.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a caller who may read neither, as an account owner, whose letters are too
/// few to tell of the relay; [`ServiceError::Busy`].
pub async fn get(services: &Services, actor: &Actor) -> Result<Arc<DeliveryOverview>, ServiceError> {
    let seen = Visibility { account_ids: Vec::new(), ..Visibility::reading(actor) };
    if seen.is_empty() {
        return Err(ServiceError::Forbidden("system_users:read or customers:read"));
    }
    let Ok(mut kept) = timeout(WAIT_LIMIT, services.overviews.0.clone().lock_owned()).await else {
        return Err(ServiceError::Busy("The overview is being made. Try again in a moment."));
    };
    let now = services.clock.now();
    // A clock that was put back makes none younger than it is.
    let is_fresh = |one: &Kept| (TimeDelta::zero()..one.time).contains(&(now - one.overview.generated_at));
    if let Some(one) = kept.iter().find(|one| one.whose == seen && is_fresh(one)) {
        return Ok(one.overview.clone());
    }
    // In a task of its own, which keeps the lock: a caller who hangs up leaves no second one reading.
    let (db, clock) = (services.db.clone(), services.clock.clone());
    let made = tokio::spawn(async move {
        let (visibility, began) = (seen.clone(), clock.elapsed());
        let read = move |connection: &mut _| overview::overview(connection, &visibility, now);
        let overview = Arc::new(db.look_up::<_, DbFault>(read).await?);
        let took = clock.elapsed().saturating_sub(began) * KEPT_TIMES;
        let time = TimeDelta::from_std(took).unwrap_or(KEPT_FOR).max(KEPT_FOR);
        kept.retain(|one| one.whose != seen);
        kept.push(Kept { whose: seen, time, overview: overview.clone() });
        Ok::<_, DbFault>(overview)
    });
    Ok(made.await.map_err(|error| ServiceError::Defect(error.to_string()))??)
}
