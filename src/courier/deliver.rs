//! What happens to one letter whose turn has come: it is looked up, written, handed over, and classified.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Courier, backoff, timing::LEASE_MARGIN};
use crate::{
    db::{
        DbFault,
        invitations::lookup::{InvitationDetails, LookupKey},
        letters::outbox::{Claimed, Outcome},
    },
    domain::{
        letter::{Letter, LetterAccount, LetterPurpose, Receipt, SendError, Wait},
        refusal_cause::RefusalCause,
        role::Role,
        token::LinkClaim,
    },
};

/// How long a relay may take for one letter, everything included that the mail module waits for: ten minutes
/// for the last word (RFC 5321 §4.5.3.2.6), and whoever gives up earlier sends what was taken once more.
const SEND_TIMEOUT: Duration = Duration::from_mins(13);

/// How long a letter is left alone that could not be looked at.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(2);

/// Why a letter was not sent whose address is on the list. Whoever invited reads it, an account owner too: it
/// says that the address is not written to, and not what for.
const SUPPRESSED: &str = "this address is on the suppression list and is not written to: hand the link over, \
    or have staff lift it";

/// What was found of a letter's subject.
pub(super) enum Found {
    /// It is not sent any more.
    Dead,
    /// The address is on the suppression list.
    Suppressed,
    /// The letter.
    Written(Box<Letter>),
}

impl Courier {
    pub(super) async fn deliver(&self, letter: &Claimed) -> Result<Outcome, DbFault> {
        // Looked at when its turn has come: a link that has died meanwhile is not sent.
        let found = self.watch_outage(self.look(letter)).await;
        let now = self.clock.now();
        let found = match found {
            Err(fault) if fault.is_temporary() => return Ok(Outcome::Untried { at: now + LOOK_AGAIN }),
            // Others may have it by now, or at any moment.
            Ok(_) if now > letter.lease_ends - LEASE_MARGIN => return Ok(Outcome::Untried { at: now }),
            found => found?,
        };
        let outcome = match found {
            Found::Dead => Outcome::Withdrawn,
            Found::Suppressed => self.suppressed(letter),
            Found::Written(written) => match self.send(&written).await {
                Ok(receipt) => Outcome::Sent { at: self.clock.now(), receipt },
                Err(SendError::Permanent { text: error, cause }) => {
                    Outcome::Failed { at: self.clock.now(), error, cause, held_until: None }
                }
                Err(SendError::Temporary { text, wait, cause }) => self.retry(letter, text, wait, cause),
            },
        };
        self.report(letter, &outcome);
        Ok(outcome)
    }

    /// Looks the subject up, and writes the letter if it is still to be sent.
    async fn look(&self, letter: &Claimed) -> Result<Found, DbFault> {
        let Some(id) = letter.subject.invitation() else { return self.look_at_notice(letter).await };
        let found = self.lookups.run(LookupKey { id, looks_since: None }).await?;
        let now = self.clock.now();
        // An invitation that expired while the relay was away is still delivered: its day begins when the
        // letter goes.
        let live = found.known.filter(|InvitationDetails { invitation, .. }| {
            let at = if letter.purpose == LetterPurpose::Invitation { invitation.created_at } else { now };
            invitation.check_link(letter.generation, at).is_ok()
        });
        Ok(match live {
            None => Found::Dead,
            Some(known) if known.is_suppressed => Found::Suppressed,
            Some(known) => Found::Written(Box::new(self.write(letter, known, now))),
        })
    }

    /// A letter to a suppressed address. A suppressed reminder is not reported.
    fn suppressed(&self, letter: &Claimed) -> Outcome {
        if letter.purpose == LetterPurpose::Reminder {
            return Outcome::Withdrawn;
        }
        let (at, error, cause) = (self.clock.now(), SUPPRESSED.to_owned(), RefusalCause::default());
        Outcome::Failed { at, error, cause, held_until: None }
    }

    /// Hands a letter over. Its lease is renewed meanwhile.
    async fn send(&self, letter: &Letter) -> Result<Receipt, SendError> {
        let late = || Err(SendError::temporary("the relay did not take the letter in time".to_owned()));
        tokio::time::timeout(SEND_TIMEOUT, self.mailer.send(letter)).await.unwrap_or_else(|_| late())
    }

    fn retry(&self, letter: &Claimed, error: String, wait: Option<Wait>, cause: RefusalCause) -> Outcome {
        let (now, time) = (self.clock.now(), wait.map(|wait| wait.time));
        let held_until = wait.filter(|wait| wait.every_letter).map(|wait| backoff::after(wait.time, now));
        match backoff::next_attempt(letter.attempt, letter.first_tried_at, now, self.clock.jitter(), time) {
            Some(at) => Outcome::Retry { at, error, cause, held_until },
            None => Outcome::Failed { at: now, error, cause, held_until },
        }
    }

    /// Writes the letter anew: the same link and the same `Message-ID` at every attempt.
    fn write(&self, letter: &Claimed, known: InvitationDetails, now: DateTime<Utc>) -> Letter {
        let InvitationDetails { invitation, parent_name, .. } = known;
        let claim = LinkClaim { invitation: invitation.id, generation: letter.generation };
        Letter {
            id: letter.id,
            purpose: letter.purpose,
            to: invitation.email,
            locale: invitation.locale.unwrap_or(self.locale),
            kind: Some(invitation.kind),
            inviter: invitation.invited_by.shown_name(&self.organisation).to_owned(),
            organisation: self.organisation.clone(),
            roles: invitation.roles.iter().map(Role::as_str).collect(),
            account: invitation.account.map(|account| LetterAccount {
                name: account.name,
                parent_name,
                role: account.role,
                is_new: account.is_new,
            }),
            endpoints: Vec::new(),
            api_url: self.api_url.clone(),
            link: self.links.link(&self.activation_url, claim),
            now,
            // A reminder gives no further time.
            expires_at: if letter.purpose == LetterPurpose::Invitation {
                self.link_lifetime.expires_at(now)
            } else {
                invitation.expires_at
            },
        }
    }

    fn report(&self, letter: &Claimed, outcome: &Outcome) {
        let (word, error) = (outcome.as_str(), outcome.error());
        // The outcome of a letter that resets a password tells whether its address has a user.
        if letter.purpose != LetterPurpose::PasswordReset {
            self.metrics.letter(word);
        }
        let (letter_id, subject, attempt) = (letter.id, letter.subject, letter.attempt);
        let fault = match outcome {
            Outcome::Retry { cause, .. } | Outcome::Failed { cause, .. } => cause.operator_fault(),
            _ => None,
        };
        if let Some(fault) = fault.filter(|_| letter.purpose != LetterPurpose::PasswordReset) {
            self.metrics.operator_fault(fault.as_str());
        }
        if let (Some(fault), Some(error)) = (fault, error) {
            // Every letter meets the same fault: one warning covers all.
            let fault_name = fault.as_str();
            tracing::info!(%letter_id, %subject, attempt, outcome = word, fault = fault_name, "letter");
            self.sender_faults.warn(fault, error, &self.mailer.describe(), self.clock.now());
            return;
        }
        match error {
            None => tracing::info!(%letter_id, %subject, attempt, outcome = word, "letter"),
            Some(error) => tracing::warn!(%letter_id, %subject, attempt, outcome = word, error, "letter"),
        }
    }
}
