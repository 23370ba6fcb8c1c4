//! Letters about a person's password, address or webhook endpoint: they are written when their turn has come,
//! for the user who has the address then; those about another address go to the address of their purpose. A
//! request to reset a password is put into the outbox whether a user has its address or not, so that it takes
//! the same time; here it is decided whether a letter goes.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{Courier, deliver::Found};
use crate::{
    db::{
        DbFault,
        letters::{
            notices::{self, Notice, Recipient},
            outbox::Claimed,
            suppressions::is_suppressed,
        },
        webhooks,
    },
    domain::email_change::EmailChange,
    domain::ids::WebhookEndpointId,
    domain::letter::{Letter, LetterPurpose, LetterSubject},
};

impl Courier {
    pub(super) async fn look_at_notice(&self, letter: &Claimed) -> Result<Found, DbFault> {
        let subject = letter.subject;
        let seen =
            self.db.look_up::<_, DbFault>(move |connection| notices::look(connection, subject)).await?;
        let now = self.clock.now();
        let is_live = self.is_live(letter.purpose, &seen, now);
        let Some(mut recipient) = seen.recipient.filter(|_| is_live) else { return Ok(Found::Dead) };
        let endpoints = self.disabled_endpoints(letter).await?;
        if letter.purpose == LetterPurpose::WebhookDisabled && endpoints.is_empty() {
            return Ok(Found::Dead);
        }
        let reset = seen.reset.map(|reset| reset.expires_at());
        let expires_at = reset.or(seen.change.as_ref().map(EmailChange::expires_at)).unwrap_or(now);
        if let Some(change) = seen.change {
            recipient.email =
                if letter.purpose == LetterPurpose::EmailChange { change.new } else { change.old };
            let email = recipient.email.clone();
            recipient.is_suppressed =
                self.db.look_up(move |connection| is_suppressed(connection, &email)).await?;
        }
        if recipient.is_suppressed {
            return Ok(Found::Suppressed);
        }
        Ok(Found::Written(Box::new(self.write_notice(letter, (recipient, endpoints), (now, expires_at)))))
    }

    /// The endpoints that a letter to their owner is about: those that are disabled now.
    async fn disabled_endpoints(&self, letter: &Claimed) -> Result<Vec<WebhookEndpointId>, DbFault> {
        match (letter.purpose, letter.subject) {
            (LetterPurpose::WebhookDisabled, LetterSubject::User(user)) => {
                self.db.read::<_, DbFault>(move |connection| webhooks::disabled_of(connection, user)).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether a letter is still to be sent. The letter to the present address, about a
    /// request for another one, is sent whatever became of that.
    fn is_live(&self, purpose: LetterPurpose, seen: &Notice, now: DateTime<Utc>) -> bool {
        match purpose {
            LetterPurpose::PasswordReset => {
                let may_have_password =
                    self.staff_passwords || !seen.recipient.as_ref().is_some_and(|user| user.is_staff);
                may_have_password && seen.reset.as_ref().is_some_and(|reset| reset.check(now).is_ok())
            }
            LetterPurpose::EmailChange => {
                seen.change.as_ref().is_some_and(|change| change.check(now).is_ok())
            }
            _ => true,
        }
    }

    fn write_notice(
        &self,
        letter: &Claimed,
        (recipient, endpoints): (Recipient, Vec<WebhookEndpointId>),
        (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Letter {
        let link = match letter.subject {
            LetterSubject::Reset(id) => self.resets.link(&self.password_reset_url, id),
            LetterSubject::EmailChange(id) if letter.purpose == LetterPurpose::EmailChange => {
                self.email_changes.link(&self.email_change_url, id)
            }
            _ if letter.purpose == LetterPurpose::WebhookDisabled => {
                // Where the contract is shown.
                SecretString::from(format!("{}/docs", self.api_url))
            }
            LetterSubject::EmailChange(_) | LetterSubject::User(_) | LetterSubject::Invitation(_) => {
                SecretString::from(self.password_reset_url.page().to_string())
            }
        };
        Letter {
            id: letter.id,
            purpose: letter.purpose,
            to: recipient.email,
            locale: recipient.locale.unwrap_or(self.locale),
            kind: None,
            inviter: self.organisation.clone(),
            organisation: self.organisation.clone(),
            roles: Vec::new(),
            account: None,
            endpoints,
            api_url: self.api_url.clone(),
            link,
            now,
            expires_at,
        }
    }
}
