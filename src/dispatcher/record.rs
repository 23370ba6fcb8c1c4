//! Records an attempt, until the database has it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use super::{Dispatcher, outcome::Answered};
use crate::{
    db::{
        DbFault, Guarded, Tx,
        letters::outbox::{self, NewNotice},
        webhooks::{self, Attempt, Claimed, Recorded},
    },
    domain::{
        ids::WebhookEndpointId,
        letter::{LetterPurpose, LetterSubject},
    },
};

/// How often a record is tried. An outcome that is lost means that the event is delivered once more.
const TRIES: u32 = 5;
/// How long after the first failure it is tried again, after the second twice as long, and so on.
const WAIT: Duration = Duration::from_secs(1);
/// The most letters that an owner gets within [`LETTERS_WITHIN`]: each names all that are disabled, and a
/// program could activate its endpoint again and again.
const MAX_LETTERS: usize = 5;
const LETTERS_WITHIN: TimeDelta = TimeDelta::days(1);

impl Dispatcher {
    /// Records an attempt at a claimed delivery, and what the endpoint answered.
    pub(super) async fn record(
        &self,
        (attempt, claimed): (&Attempt, &Claimed),
        answered: &Answered,
    ) -> Result<(), DbFault> {
        let outcome = answered.outcome(attempt.attempt, self.clock.now(), self.clock.jitter());
        self.metrics.webhook(match outcome {
            Recorded::Delivered => "delivered",
            Recorded::Retry(_) => "deferred",
            Recorded::Failed => "failed",
        });
        let mut tries = 1;
        loop {
            let (dispatcher, answered) = (self.clone(), answered.clone());
            let (attempt, claimed) = (attempt.clone(), claimed.clone());
            let written =
                self.db.write(move |tx| dispatcher.write(tx, (&attempt, &claimed), &answered, outcome));
            match written.await {
                Ok(()) => return Ok(()),
                // An earlier try was committed, and its answer was lost: the attempt is in the log.
                Err(DbFault::Conflict(_)) if tries > 1 => return Ok(()),
                Err(fault) if tries >= TRIES || !fault.is_temporary() => return Err(fault),
                Err(_) => sleep(WAIT * tries).await,
            }
            tries += 1;
        }
    }

    fn write(
        &self,
        tx: &mut Tx<'_>,
        (attempt, claimed): (&Attempt, &Claimed),
        answered: &Answered,
        outcome: Recorded,
    ) -> Result<(), DbFault> {
        let now = self.clock.now();
        let failing_since = webhooks::record(tx, (attempt, claimed), (outcome, now))?;
        let Some(reason) = answered.disables(failing_since, now) else { return Ok(()) };
        if webhooks::disable(tx, (attempt.endpoint, &claimed.url), (reason, now))? == Guarded::Applied {
            tracing::warn!(
                endpoint = %attempt.endpoint, reason = reason.as_str(), "a webhook endpoint was disabled"
            );
            self.notify_owner(tx, attempt.endpoint, now)?;
        }
        Ok(())
    }

    /// Puts a letter to the owner of a disabled endpoint into the outbox, where there is an owner with an
    /// address who has not had many.
    fn notify_owner(
        &self,
        tx: &mut Tx<'_>,
        endpoint: WebhookEndpointId,
        now: DateTime<Utc>,
    ) -> Result<(), DbFault> {
        let Some((user, recipient)) = webhooks::owner(tx.reading(), endpoint)? else { return Ok(()) };
        if webhooks::letters_to_owner(tx.reading(), user, now - LETTERS_WITHIN)? >= MAX_LETTERS {
            return Ok(());
        }
        let (id, subject) = (self.clock.id(), LetterSubject::User(user));
        let letter = NewNotice { id, subject, recipient, purpose: LetterPurpose::WebhookDisabled, at: now };
        outbox::insert_notice(tx, &letter)
    }
}
