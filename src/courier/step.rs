//! One step of the courier: claim, send, record. Sending happens outside any transaction.
//!
//! A crash after the claim costs the lease, a crash after the sending costs a second letter with the same `Message-ID`: at
//! least once, never none.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};

use super::{AT_ONCE, Courier, backoff, record::expiry};
use crate::{
    db::{
        DbFault,
        lookup::{Known, Wanted},
        outbox::{self, Claimed, Outcome},
        pace,
    },
    domain::{
        letter::{Letter, LetterAccount, LetterPurpose, Receipt, SendError, Wait},
        role::Role,
        token::LinkClaim,
    },
};

/// How long a claimed letter is left alone: for a turn that begins as late as it may, with [`PATIENCE`], and what looking at
/// the invitation and recording the outcome take with a slow database.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long after the claim a turn may begin.
const BEGIN: TimeDelta = TimeDelta::seconds(10);
/// How long a relay may take for one letter, connecting and everything included.
const PATIENCE: Duration = Duration::from_secs(35);
/// How many letters are claimed at once: enough for the connections to be busy while outcomes are recorded and the next are
/// claimed. Those whose turn does not come in time, as when a relay is slow, are given back.
const CLAIM: i64 = 256;
/// How many outcomes wait to be recorded at most, before nothing more is sent: with those under way 64, which a crash repeats.
const RECORDING: usize = 64 - AT_ONCE;

/// What became of a claimed letter's turn.
enum Turn {
    Taken,
    /// It came too late for the lease, or the relay had asked to be left alone.
    Passed(Claimed),
}

/// What the turns of a step share.
struct Sitting {
    /// No turn begins after this.
    begin_by: DateTime<Utc>,
    /// The relay has asked to be left alone.
    held: AtomicBool,
}

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
        self.remind(now).await?;
        let (claimed, free_at) = self.claim(now).await?;
        if claimed.is_empty() {
            let next_due = self.db.read::<_, DbFault>(outbox::next_due).await?;
            return Ok(Step::Idle { next_due: next_due.map(|due| due.max(free_at)) });
        }
        let sitting = Sitting { begin_by: now + BEGIN, held: AtomicBool::new(false) };
        // What has been sent is recorded while the next ones are sent, as many together as are ready.
        let turns: Vec<Result<Turn, DbFault>> = stream::iter(claimed)
            .map(|letter| self.turn(letter, &sitting))
            .buffer_unordered(AT_ONCE)
            .map(|turn| self.finish(turn))
            .buffer_unordered(RECORDING)
            .collect()
            .await;
        let (mut worked, mut passed) = (0, Vec::new());
        for turn in turns {
            match turn? {
                Turn::Taken => worked += 1,
                Turn::Passed(letter) => passed.push(letter),
            }
        }
        if !passed.is_empty() {
            self.db.write::<_, DbFault>(move |tx| outbox::give_back(tx, &passed, now)).await?;
        }
        Ok(Step::Worked(worked))
    }

    /// Claims what is due and may go, and tells from when on it may.
    async fn claim(&self, now: DateTime<Utc>) -> Result<(Vec<Claimed>, DateTime<Utc>), DbFault> {
        let (pace, relay) = (self.pace, self.mailer.describe());
        self.db
            .write(move |tx| {
                let free_at = match pace {
                    Some(_) => pace::free_at(tx, &relay, now)?,
                    None => pace::held_until(tx, &relay)?.unwrap_or(now),
                };
                if free_at > now {
                    return Ok((Vec::new(), free_at));
                }
                let most = pace.map_or(CLAIM, |pace| i64::from(pace.at_once()).min(CLAIM));
                let claimed = outbox::claim(tx, most, now, now + LEASE)?;
                if let Some(pace) = pace {
                    // Whatever becomes of them, the provider is asked.
                    pace::went(tx, &relay, pace, u32::try_from(claimed.len()).unwrap_or(u32::MAX), now)?;
                }
                Ok((claimed, free_at))
            })
            .await
    }

    async fn turn(&self, letter: Claimed, sitting: &Sitting) -> Result<(Claimed, Option<Outcome>), DbFault> {
        if sitting.held.load(Ordering::Relaxed) || self.clock.now() >= sitting.begin_by {
            return Ok((letter, None));
        }
        let outcome = self.deliver(&letter).await?;
        if let Some(until) = outcome.held_until()
            && !sitting.held.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(%until, relay = self.mailer.describe(), "the relay asks to be left alone");
        }
        Ok((letter, Some(outcome)))
    }

    async fn finish(&self, turn: Result<(Claimed, Option<Outcome>), DbFault>) -> Result<Turn, DbFault> {
        match turn? {
            (letter, Some(outcome)) => self.record(letter, outcome).await.map(|()| Turn::Taken),
            (letter, None) => Ok(Turn::Passed(letter)),
        }
    }

    async fn deliver(&self, letter: &Claimed) -> Result<Outcome, DbFault> {
        // Looked at when its turn has come: a link that has died meanwhile is not sent.
        let found = self.lookups.run(Wanted { id: letter.invitation_id, looks_since: None }).await?;
        let now = self.clock.now();
        // An invitation that expired while the relay was away is still delivered: its day begins when the letter goes.
        let live = found.known.filter(|Known { invitation, .. }| {
            let at = match letter.purpose {
                LetterPurpose::Invitation => invitation.created_at,
                LetterPurpose::Reminder => now,
            };
            invitation.check_link(letter.generation, at).is_ok()
        });
        let outcome = match live {
            None => Outcome::Withdrawn,
            Some(known) => match self.send(&self.write(letter, known, now)).await {
                Ok(receipt) => Outcome::Sent { at: self.clock.now(), receipt },
                Err(SendError::Never(error)) => Outcome::Failed { at: self.clock.now(), error },
                Err(SendError::Later { text, wait }) => self.retry(letter, text, wait),
            },
        };
        self.report(letter, &outcome);
        Ok(outcome)
    }

    /// Hands a letter over, within a time that leaves some of the lease for the record.
    async fn send(&self, letter: &Letter) -> Result<Receipt, SendError> {
        let late = || Err(SendError::later("the relay did not take the letter in time".to_owned()));
        tokio::time::timeout(PATIENCE, self.mailer.send(letter)).await.unwrap_or_else(|_| late())
    }

    fn retry(&self, letter: &Claimed, error: String, wait: Option<Wait>) -> Outcome {
        let (now, time) = (self.clock.now(), wait.map(|wait| wait.time));
        let held_until = wait.filter(|wait| wait.every_letter).map(|wait| backoff::after(wait.time, now));
        match backoff::next_attempt(letter.attempt, letter.first_tried_at, now, self.clock.dice(), time) {
            Some(at) => Outcome::Retry { at, error, held_until },
            None => Outcome::Failed { at: now, error },
        }
    }

    /// Writes the letter anew: the same link and the same `Message-ID` at every attempt.
    fn write(&self, letter: &Claimed, known: Known, now: DateTime<Utc>) -> Letter {
        let Known { invitation, parent_name, .. } = known;
        let claim = LinkClaim { invitation: invitation.id, generation: letter.generation };
        Letter {
            id: letter.id,
            purpose: letter.purpose,
            to: invitation.email,
            locale: invitation.locale.unwrap_or(self.locale),
            kind: invitation.kind,
            inviter: invitation.invited_by.name,
            organisation: self.organisation.clone(),
            roles: invitation.roles.iter().map(Role::as_str).collect(),
            account: invitation.account.map(|account| LetterAccount {
                name: account.name,
                parent_name,
                role: account.role,
                is_new: account.is_new,
            }),
            link: self.links.link(&self.activation_url, claim),
            now,
            expires_at: match letter.purpose {
                LetterPurpose::Invitation => expiry(now, self.link_lifetime),
                // A reminder gives no further time.
                LetterPurpose::Reminder => invitation.expires_at,
            },
        }
    }

    fn report(&self, letter: &Claimed, outcome: &Outcome) {
        let (word, error) = match outcome {
            Outcome::Sent { .. } => ("sent", None),
            Outcome::Retry { error, .. } => ("deferred", Some(error)),
            Outcome::Failed { error, .. } => ("failed", Some(error)),
            Outcome::Withdrawn => ("withdrawn", None),
        };
        self.metrics.letter(word);
        let (letter_id, invitation, attempt) = (letter.id, letter.invitation_id, letter.attempt);
        match error {
            None => tracing::info!(%letter_id, %invitation, attempt, outcome = word, "letter"),
            Some(error) => tracing::warn!(%letter_id, %invitation, attempt, outcome = word, error = error.as_str(), "letter"),
        }
    }
}
