//! Looks for links that expired, and writes their events: no request is the cause of these.

use chrono::{DateTime, TimeDelta, Utc};

use super::Dispatcher;
use crate::db::{DbFault, webhooks};

/// How often expired links are looked for. With [`MARGIN`], an event is written within a minute.
const EVERY: TimeDelta = TimeDelta::seconds(30);
/// How long after its expiry a link is looked for: a transaction that set its time has been committed by
/// then, and clocks of two processes differ by less.
const MARGIN: TimeDelta = TimeDelta::seconds(10);
/// How far another process may have looked ahead of the time here: clocks differ. What is further ahead was
/// looked for by a clock that was wrong.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(1);
/// How many events one transaction writes.
const MAX_BATCH: i64 = 500;

const _: () = assert!(EVERY.num_seconds() + MARGIN.num_seconds() < 60);

impl Dispatcher {
    /// Writes the events of links that expired since the last look of any process, if it is time to look.
    pub(super) async fn expire(&self, now: DateTime<Utc>) -> Result<(), DbFault> {
        if self.last_expiry_scan.is_fresh(now, EVERY) {
            return Ok(());
        }
        let until = now - MARGIN;
        loop {
            let looked = self.db.write::<_, DbFault>(move |tx| {
                // At first, what expired before now is no news.
                let Some(after) = webhooks::progress(tx, until)? else { return Ok(until) };
                if after > until + MAX_AHEAD {
                    tracing::warn!(%after, "a clock was ahead: expired links are looked for from now on");
                    webhooks::set_progress(tx, until)?;
                    return Ok(until);
                }
                if after >= until {
                    return Ok(after);
                }
                let end = webhooks::record_expired(tx, (after, until), MAX_BATCH)?;
                webhooks::set_progress(tx, end)?;
                Ok(end)
            });
            if looked.await? >= until {
                self.last_expiry_scan.at(now);
                return Ok(());
            }
        }
    }
}
