//! Recording what became of letters: those that are ready at the same moment in one transaction.

use std::{io, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::Courier;
use crate::{
    clock::Clock,
    db::{
        AsFault, Db, DbFault, Tx,
        batcher::Batcher,
        events, invitations,
        outbox::{self, Claimed, Outcome},
        users,
    },
    domain::{
        actor::ActorRef,
        event::{Event, EventType},
        ids::InvitationId,
    },
};

/// How often the record of a sent letter is tried: a record that is lost means a second letter.
const TRIES: u32 = 4;
/// The most that share a commit.
const MOST: usize = 64;

/// Outcomes that are ready together.
pub type Records = Batcher<(Claimed, Outcome), (), Unrecorded>;

/// Starts the queue.
///
/// # Errors
/// When the system gives no thread.
pub fn records(db: &Db, clock: &Clock, link_lifetime: Duration) -> io::Result<Records> {
    let clock = clock.clone();
    Batcher::writing(db, "records", MOST, move |tx, outcomes: &[(Claimed, Outcome)]| {
        // As everybody does who changes invitations of several people: first the people, in the order of their addresses.
        let invited: Vec<InvitationId> = outcomes.iter().map(|(letter, _)| letter.invitation_id).collect();
        users::lock_invited(tx, &invited)?;
        outcomes.iter().map(|(letter, outcome)| record(&clock, link_lifetime, tx, letter, outcome)).collect()
    })
}

/// Why an outcome was not recorded.
#[derive(Debug)]
pub enum Unrecorded {
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

impl Courier {
    /// Records an outcome, unless the letter is in other hands by now.
    pub(super) async fn record(&self, letter: Claimed, outcome: Outcome) -> Result<(), DbFault> {
        let mut tries = 1;
        loop {
            match self.records.run((letter.clone(), outcome.clone())).await {
                Ok(()) | Err(Unrecorded::Late) => return Ok(()),
                Err(Unrecorded::Db(fault)) if tries == TRIES => return Err(fault),
                Err(Unrecorded::Db(_)) => tokio::time::sleep(Duration::from_secs(1) * tries).await,
            }
            tries += 1;
        }
    }
}

/// When a link that is handed over at `now` dies.
pub(super) fn expiry(now: DateTime<Utc>, link_lifetime: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(link_lifetime).unwrap_or(TimeDelta::days(1))
}

fn record(
    clock: &Clock,
    link_lifetime: Duration,
    tx: &mut Tx<'_>,
    letter: &Claimed,
    outcome: &Outcome,
) -> Result<(), Unrecorded> {
    // The invitation before the letter, as everywhere: two transactions that meet here wait, and do not deadlock.
    if let Outcome::Sent { at, .. } = outcome {
        invitations::handed_over(tx, (letter.invitation_id, letter.generation), *at, expiry(*at, link_lifetime))?;
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
        Outcome::Failed { error, .. } => {
            Some((EventType::EmailFailed, json!({ "attempt": letter.attempt, "error": error, "will_retry": false })))
        }
        Outcome::Retry { .. } | Outcome::Withdrawn => None,
    };
    let Some((event_type, details)) = entry else { return Ok(()) };
    let at = clock.now();
    let (id, invitation_id) = (clock.id(), letter.invitation_id);
    events::insert(tx, &[Event { id, invitation_id, event_type, at, actor: ActorRef::system(), details }])?;
    Ok(())
}
