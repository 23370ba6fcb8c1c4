//! The overview of deliveries, for staff.
//!
//! A process makes one at a time, and for a tenth of the time at most, however many people look at it. Hours
//! that are over are read once in a while ([`KeptHours`]), in parts, so that no statement takes long.

pub mod overviews;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::OwnedMutexGuard, time::timeout};

use self::overviews::Kept;
use super::{ServiceError, Services};
use crate::{
    clock::Clock,
    db::{
        Db, DbFault,
        letters::overview::{self, Numbers, Part},
    },
    domain::{
        actor::Actor,
        delivery_overview::{DeliveryOverview, KeptHours, LetterGroups, Period, QUICK, Span, Window},
        visibility::Visibility,
    },
};

/// How many times as long as it took to make is an overview kept, if it took longer than [`QUICK`].
const KEPT_TIMES: i32 = 10;
/// How many letters a statement reads.
const MAX_LETTERS: u32 = 20_000;
/// How long a request waits for those before it, and for the overview itself.
const WAIT_LIMIT: Duration = Duration::from_secs(5);
const BUSY: ServiceError = ServiceError::Busy("The overview is being made. Try again in a moment.");

/// The overview of the letters to those whom the caller may read: staff, customers, or both.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a caller who may read neither, as an account owner, whose letters are too
/// few to describe the relay; [`ServiceError::Busy`] where it takes longer, as at the first time with some
/// hundred thousand letters: counting goes on, for a later request.
pub async fn get(services: &Services, actor: &Actor) -> Result<Arc<DeliveryOverview>, ServiceError> {
    let seen = Visibility { account_ids: Vec::new(), ..Visibility::reading(actor) };
    if seen.is_empty() {
        return Err(ServiceError::Forbidden("system_users:read or customers:read"));
    }
    let Ok(mut all) = timeout(WAIT_LIMIT, services.overviews.0.clone().lock_owned()).await else {
        return Err(BUSY);
    };
    let at = all.iter().position(|one| one.whose == seen).unwrap_or_else(|| {
        all.push(Kept { whose: seen, hours: KeptHours::default(), newest: None });
        all.len() - 1
    });
    let now = services.clock.now();
    // A clock that was put back makes none younger than it is.
    let is_fresh = |age: TimeDelta, time| (TimeDelta::zero()..time).contains(&age);
    if let Some((overview, time)) = &all[at].newest
        && is_fresh(now - overview.generated_at, *time)
    {
        return Ok(overview.clone());
    }
    // In a task of its own, which keeps the lock: a caller who hangs up leaves no second one reading.
    let made = tokio::spawn(renew(services.db.clone(), services.clock.clone(), all, at));
    let made = timeout(WAIT_LIMIT, made).await.map_err(|_| BUSY)?;
    Ok(made.map_err(|error| ServiceError::Defect(error.to_string()))??)
}

/// Makes the overview at this place anew.
async fn renew(
    db: Db,
    clock: Clock,
    mut all: OwnedMutexGuard<Vec<Kept>>,
    at: usize,
) -> Result<Arc<DeliveryOverview>, DbFault> {
    let began = elapsed(&clock);
    let Kept { whose, hours, newest } = &mut all[at];
    let overview = Arc::new(make(&db, &clock, whose, hours).await?);
    let took = elapsed(&clock) - began;
    *newest = (took >= QUICK).then(|| (overview.clone(), took * KEPT_TIMES));
    Ok(overview)
}

/// The time since the clock was created.
fn elapsed(clock: &Clock) -> TimeDelta {
    TimeDelta::from_std(clock.elapsed()).unwrap_or_default()
}

async fn make(
    db: &Db,
    clock: &Clock,
    visibility: &Visibility,
    hours: &mut KeptHours,
) -> Result<DeliveryOverview, DbFault> {
    let window = Window::ending(clock.now());
    for span in hours.missing(window, elapsed(clock)) {
        let began = elapsed(clock);
        let groups = letters_of(db, visibility, window, span).await?;
        let now = elapsed(clock);
        hours.put(window, span, groups, (now, now - began));
    }
    let (visibility, now) = (visibility.clone(), window.now());
    let read = move |connection: &mut _| {
        Ok((overview::oldest_waiting(connection, &visibility)?, overview::held(connection, now)?))
    };
    let (oldest_waiting, held) = db.read::<_, DbFault>(read).await?;
    let periods = hours.sums(window).into_iter().zip(Period::ALL);
    let periods = periods.map(|(sums, period)| sums.finish(period, now)).collect();
    Ok(DeliveryOverview { generated_at: now, periods, oldest_waiting, held })
}

/// The numbers of the letters of a span.
async fn letters_of(
    db: &Db,
    visibility: &Visibility,
    window: Window,
    span: Span,
) -> Result<BTreeMap<(DateTime<Utc>, Period), LetterGroups>, DbFault> {
    let mut sums: BTreeMap<_, LetterGroups> = BTreeMap::new();
    let mut part = Part { visibility: visibility.clone(), window, span, after: None };
    loop {
        let next = part.clone();
        let read = move |connection: &mut _| overview::numbers(connection, &next, MAX_LETTERS);
        let Numbers { by_hour, rest_after } = db.read::<_, DbFault>(read).await?;
        for (place, groups) in by_hour {
            sums.entry(place).or_default().add_all(groups);
        }
        if rest_after.is_none() {
            return Ok(sums);
        }
        part.after = rest_after;
    }
}
