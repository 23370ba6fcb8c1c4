//! Numbers of the whole database, for metrics.

use std::time::Duration;

use chrono::TimeDelta;

use super::Services;
pub use crate::db::webhooks::Totals as WebhookTotals;
use crate::{
    db::{DbFault, counts, letters::overview, webhooks},
    domain::{counts::InvitationCounts, visibility::Visibility},
};

/// The numbers at one moment.
#[derive(Debug, Clone)]
pub struct Totals {
    /// All invitations, by status and by what became of their newest letter.
    pub invitations: InvitationCounts,
    /// The time until letters go to each relay again, of the relay with the longest one; zero when none is
    /// held.
    pub relay_hold: TimeDelta,
}

impl Services {
    /// Reads the numbers, within this timeout. Triggers keep them, or they are counted by an index, so that
    /// reading takes some milliseconds at a million people.
    ///
    /// # Errors
    /// When the database is unavailable.
    pub async fn totals(&self, time_limit: Duration) -> Result<Totals, DbFault> {
        let (now, lifetime) = (self.clock.now(), self.rules.link_lifetime);
        let read = move |connection: &mut _| {
            let all = Visibility::everything();
            let invitations = counts::invitations(connection, &all, &[], (now, lifetime))?;
            let holds = overview::held(connection, now)?.into_iter().map(|held| held.until - now);
            Ok(Totals { invitations, relay_hold: holds.max().unwrap_or_default() })
        };
        self.db.within(time_limit).read::<_, DbFault>(read).await
    }

    /// Reads the numbers of webhooks, within this timeout.
    ///
    /// # Errors
    /// When the database is unavailable.
    pub async fn webhook_totals(&self, time_limit: Duration) -> Result<WebhookTotals, DbFault> {
        let now = self.clock.now();
        let read = move |connection: &mut _| webhooks::totals(connection, now);
        self.db.within(time_limit).read::<_, DbFault>(read).await
    }
}
