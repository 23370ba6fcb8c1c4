//! Letters about a person's password: they are written when their turn has come, for the user who has the
//! address then. A request to reset a password is put into the outbox whether a user has its address or not,
//! so that it takes the same time; here it is decided whether a letter goes.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{Courier, deliver::Found};
use crate::{
    db::{
        DbFault,
        letters::{
            notices::{self, Recipient},
            outbox::Claimed,
        },
    },
    domain::letter::{Letter, LetterSubject},
};

impl Courier {
    pub(super) async fn look_at_notice(&self, letter: &Claimed) -> Result<Found, DbFault> {
        let subject = letter.subject;
        let seen = self.db.read::<_, DbFault>(move |connection| notices::look(connection, subject)).await?;
        let now = self.clock.now();
        let is_live = match subject {
            LetterSubject::Reset(_) => seen.reset.as_ref().is_some_and(|reset| reset.check(now).is_ok()),
            LetterSubject::User(_) | LetterSubject::Invitation(_) => true,
        };
        let Some(recipient) = seen.recipient.filter(|_| is_live) else { return Ok(Found::Dead) };
        if recipient.is_suppressed {
            return Ok(Found::Suppressed);
        }
        let expires_at = seen.reset.map_or(now, |reset| reset.expires_at());
        Ok(Found::Written(Box::new(self.write_notice(letter, recipient, (now, expires_at)))))
    }

    fn write_notice(
        &self,
        letter: &Claimed,
        recipient: Recipient,
        (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Letter {
        let link = match letter.subject {
            LetterSubject::Reset(id) => self.resets.link(&self.password_reset_url, id),
            LetterSubject::User(_) | LetterSubject::Invitation(_) => {
                SecretString::from(self.password_reset_url.to_string())
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
            link,
            now,
            expires_at,
        }
    }
}
