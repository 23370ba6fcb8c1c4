//! One step of the courier: claim, send, record. Sending happens outside any transaction.
//!
//! A crash after the claim costs the lease, a crash after the sending costs a second letter with the same `Message-ID`: at
//! least once, never none.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use serde_json::json;

use super::{AT_ONCE, Courier, backoff};
use crate::{
    db::{
        AsFault, DbFault, Tx, events, invitations,
        outbox::{self, Claimed, Outcome},
    },
    domain::{
        actor::ActorRef,
        event::{Event, EventType},
        invitation::Invitation,
        letter::{Letter, SendError},
        role::Role,
        sight::Sight,
        token::LinkClaim,
    },
};

/// How long a claimed letter is left alone; longer than [`PATIENCE`].
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long a relay may take for one letter, connecting and everything included.
const PATIENCE: Duration = Duration::from_secs(45);
/// How often the record of a sent letter is tried: a record that is lost means a second letter.
const RECORD_TRIES: u32 = 4;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many letters were taken out of the outbox.
    Worked(usize),
    /// None was due.
    Idle {
        /// When the next one will be.
        next_due: Option<DateTime<Utc>>,
    },
}

impl Courier {
    /// Takes the letters that are due, hands them over and records what became of them.
    ///
    /// # Errors
    /// When the outbox cannot be reached; what was claimed comes free again by itself.
    pub async fn step(&self) -> Result<Step, DbFault> {
        let now = self.clock.now();
        let limit = i64::from(AT_ONCE);
        let claimed = self.db.write::<_, DbFault>(move |tx| outbox::claim(tx, limit, now, now + LEASE)).await?;
        if claimed.is_empty() {
            let backlog = self.db.read::<_, DbFault>(outbox::backlog).await?;
            let age = backlog.oldest.map_or(TimeDelta::zero(), |oldest| now - oldest);
            #[expect(clippy::cast_precision_loss, reason = "a letter's age in milliseconds is far below 2^52")]
            self.metrics.outbox(backlog.queued, age.num_milliseconds() as f64 / 1000.0);
            return Ok(Step::Idle { next_due: backlog.next_due });
        }
        let worked = claimed.len();
        let done: Vec<Result<(), DbFault>> =
            stream::iter(claimed).map(|letter| self.deliver(letter)).buffer_unordered(AT_ONCE as usize).collect().await;
        done.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(Step::Worked(worked))
    }

    async fn deliver(&self, letter: Claimed) -> Result<(), DbFault> {
        let id = letter.invitation_id;
        let found = self.db.read(move |connection| invitations::get(connection, id, Sight::everything())).await?;
        let now = self.clock.now();
        // An invitation that expired while the relay was away is still delivered: its day begins when the letter goes.
        let live = found.filter(|found| found.check_link(letter.generation, found.created_at).is_ok());
        let outcome = match live {
            None => Outcome::Withdrawn,
            Some(invitation) => match self.send(&self.write(&letter, invitation, now)).await {
                Ok(()) => Outcome::Sent { at: self.clock.now() },
                Err(SendError::Never(error)) => Outcome::Failed { error },
                Err(SendError::Later(error)) => self.retry(&letter, error),
            },
        };
        self.report(&letter, &outcome);
        self.record(letter, outcome).await
    }

    /// Hands a letter over, within a time that leaves some of the lease for the record.
    async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let late = || Err(SendError::Later("the relay did not take the letter in time".to_owned()));
        tokio::time::timeout(PATIENCE, self.mailer.send(letter)).await.unwrap_or_else(|_| late())
    }

    fn retry(&self, letter: &Claimed, error: String) -> Outcome {
        match backoff::next_attempt(letter.attempt, letter.created_at, self.clock.now(), self.clock.dice()) {
            Some(at) => Outcome::Retry { at, error },
            None => Outcome::Failed { error },
        }
    }

    /// Writes the letter anew: the same link and the same `Message-ID` at every attempt.
    fn write(&self, letter: &Claimed, invitation: Invitation, now: DateTime<Utc>) -> Letter {
        let token = self.links.sign(LinkClaim { invitation: invitation.id, generation: letter.generation });
        let mut link = self.activation_url.clone();
        link.query_pairs_mut().append_pair("token", token.expose());
        Letter {
            id: letter.id,
            to: invitation.email,
            locale: invitation.locale.unwrap_or(self.locale),
            kind: invitation.kind,
            inviter: invitation.invited_by.name,
            organisation: self.organisation.clone(),
            roles: invitation.roles.iter().map(Role::as_str).collect(),
            link: SecretString::from(String::from(link)),
            now,
            expires_at: self.expiry(now),
        }
    }

    fn expiry(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::from_std(self.link_lifetime).unwrap_or(TimeDelta::days(1))
    }

    fn report(&self, letter: &Claimed, outcome: &Outcome) {
        let (word, error) = match outcome {
            Outcome::Sent { .. } => ("sent", None),
            Outcome::Retry { error, .. } => ("deferred", Some(error)),
            Outcome::Failed { error } => ("failed", Some(error)),
            Outcome::Withdrawn => ("withdrawn", None),
        };
        self.metrics.letter(word);
        let (letter_id, invitation, attempt) = (letter.id, letter.invitation_id, letter.attempt);
        match error {
            None => tracing::info!(%letter_id, %invitation, attempt, outcome = word, "letter"),
            Some(error) => tracing::warn!(%letter_id, %invitation, attempt, outcome = word, error = error.as_str(), "letter"),
        }
    }

    async fn record(&self, letter: Claimed, outcome: Outcome) -> Result<(), DbFault> {
        let mut tries = 1;
        loop {
            let (courier, letter, outcome) = (self.clone(), letter.clone(), outcome.clone());
            match self.db.write(move |tx| courier.record_in(tx, &letter, &outcome)).await {
                Ok(()) | Err(Unrecorded::Late) => return Ok(()),
                Err(Unrecorded::Db(fault)) if tries == RECORD_TRIES => return Err(fault),
                Err(Unrecorded::Db(_)) => tokio::time::sleep(Duration::from_secs(1) * tries).await,
            }
            tries += 1;
        }
    }

    fn record_in(&self, tx: &mut Tx<'_>, letter: &Claimed, outcome: &Outcome) -> Result<(), Unrecorded> {
        // The invitation before the letter, as everywhere: two transactions that meet here wait, and do not deadlock.
        if let Outcome::Sent { at } = outcome {
            invitations::handed_over(tx, (letter.invitation_id, letter.generation), *at, self.expiry(*at))?;
        }
        if !outbox::record(tx, letter, outcome)? {
            // Undoes the line above too.
            return Err(Unrecorded::Late);
        }
        let entry = match outcome {
            Outcome::Sent { .. } => Some((EventType::EmailSent, json!({ "attempt": letter.attempt }))),
            // The first fault and the last one; the ninety between them are counted on the invitation.
            Outcome::Retry { error, .. } if letter.attempt == 1 => {
                Some((EventType::EmailFailed, json!({ "attempt": 1, "error": error, "will_retry": true })))
            }
            Outcome::Failed { error } => {
                Some((EventType::EmailFailed, json!({ "attempt": letter.attempt, "error": error, "will_retry": false })))
            }
            Outcome::Retry { .. } | Outcome::Withdrawn => None,
        };
        let Some((event_type, details)) = entry else { return Ok(()) };
        let at = self.clock.now();
        let (id, invitation_id) = (self.clock.id(), letter.invitation_id);
        events::insert(tx, &[Event { id, invitation_id, event_type, at, actor: ActorRef::system(), details }])?;
        Ok(())
    }
}

/// Why an outcome was not recorded.
enum Unrecorded {
    /// The lease ran out and the letter is in other hands, or was found to have arrived.
    Late,
    /// The database failed.
    Db(DbFault),
}

impl From<DbFault> for Unrecorded {
    fn from(fault: DbFault) -> Self {
        Self::Db(fault)
    }
}

impl AsFault for Unrecorded {
    fn as_fault(&self) -> Option<&DbFault> {
        match self {
            Self::Late => None,
            Self::Db(fault) => Some(fault),
        }
    }
}
