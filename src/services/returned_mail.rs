//! Mail that was returned: what it reports is applied to the letter, and what cannot be read is kept.

use std::sync::Arc;

use super::{
    ServiceError, Services,
    delivery_reports::{self, Outcome},
};
use crate::{
    db::{
        DbFault,
        letters::unread_mail::{self, NewUnreadMail},
    },
    domain::returned_mail::{ReturnedMailReader, Verdict},
};

/// How many old messages are deleted when one is kept, at most.
const MAX_DELETED: usize = 10;
/// The longest address that is kept with a message, in characters.
const MAX_RECIPIENT: usize = 320;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It reports on a letter.
    Report(Outcome),
    /// An automatic reply, which changes nothing.
    AutomaticReply,
    /// Its address has a wrong MAC, or several letters are named. It changes nothing.
    Forged,
    /// It could not be read, and is kept.
    Unread,
}

impl Received {
    /// Every outcome.
    pub fn all() -> impl Iterator<Item = Self> {
        Outcome::all().map(Self::Report).chain([Self::AutomaticReply, Self::Forged, Self::Unread])
    }

    /// The word that metrics and the API use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report(outcome) => outcome.as_str(),
            Self::AutomaticReply => "automatic_reply",
            Self::Forged => "forged",
            Self::Unread => "unread",
        }
    }
}

/// Reads a message that came to `recipient`, and applies or keeps it. When this returns, it is stored.
///
/// # Errors
/// [`ServiceError::Db`]; the same message may be sent again then, and counts once.
pub async fn receive(
    services: &Services,
    reader: Arc<dyn ReturnedMailReader>,
    message: Vec<u8>,
    recipient: Option<String>,
) -> Result<Received, ServiceError> {
    let now = services.clock.now();
    // A large message takes milliseconds to read, for which no other request waits.
    let reading = tokio::task::spawn_blocking(move || {
        let read = reader.read(&message, recipient.as_deref(), now);
        let masked = read.unread().map(|why| (why, reader.masked(&message)));
        (read, masked, recipient)
    });
    let defect = |error| ServiceError::Defect(format!("a returned message could not be read: {error}"));
    let (read, masked, recipient) = reading.await.map_err(defect)?;
    if let Some((reason, message)) = masked {
        let recipient = recipient.map(|address| shown_address(&address));
        let (id, digest, letter) = (services.clock.id(), read.id, read.letter);
        let new = NewUnreadMail { id, digest, recipient, reason, letter, message, received_at: now };
        keep(services, new).await?;
        return Ok(Received::Unread);
    }
    match read.verdict {
        Verdict::AutomaticReply => Ok(Received::AutomaticReply),
        Verdict::Forged => {
            tracing::warn!("returned mail was not accepted: wrong MAC, or several letters");
            Ok(Received::Forged)
        }
        _ => Ok(Received::Report(delivery_reports::record_returned_mail(services, read).await?)),
    }
}

/// An address in the form in which it is kept. PostgreSQL stores no NUL.
fn shown_address(address: &str) -> String {
    address.chars().filter(|c| !c.is_control()).take(MAX_RECIPIENT).collect()
}

async fn keep(services: &Services, new: NewUnreadMail) -> Result<(), ServiceError> {
    let kept = services.db.write::<_, DbFault>(move |tx| {
        unread_mail::delete_old(tx, MAX_DELETED, new.received_at - unread_mail::TTL)?;
        unread_mail::keep(tx, &new)
    });
    Ok(kept.await?)
}
