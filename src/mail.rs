//! The mail module: writes a letter and hands it to whatever carries letters here.
//!
//! It depends on the domain alone, and is the only module that depends on lettre. It keeps no queue and tries
//! nothing twice: it says [`SendError::Temporary`] or [`SendError::Permanent`], and the courier acts on it.

mod ascii_address;
mod deliverability;
mod dkim;
mod eml_folder;
mod fault;
mod message;
mod preview;
mod providers;
mod return_address;
mod returned_mail;
mod sample_letters;
mod sender;
mod server_url;
mod smtp;
mod status_source;
mod template;
mod url;

#[cfg(test)]
mod testing;

use crate::domain::letter::{Letter, Receipt, SendError};

pub use self::{
    deliverability::{
        Inquiry, Report, TestLetter, Verdict, check as check_deliverability, same_organisation,
    },
    dkim::{DkimSigner, read_signers},
    eml_folder::Directory,
    fault::chain,
    message::{MessageBuilder, TransferEncoding},
    preview::write_samples,
    providers::{Http, MailProvider, PROVIDERS, Webhook, WebhookHttp, provider_guide, url_forms},
    return_address::ReturnAddress,
    returned_mail::MimeReader,
    sample_letters::samples,
    sender::Sender,
    smtp::{EhloName, Smtp},
    template::{RenderError, Rendered, Templates, render, write_built_in},
    url::MailUrl,
};

use self::url::Destination;

/// Something that carries letters, and the builder of its messages.
#[derive(Debug)]
pub enum Mailer {
    /// A folder that fills with `.eml` files.
    Directory(MessageBuilder, Directory),
    /// A mail relay.
    Smtp(MessageBuilder, Box<Smtp>),
    /// A provider, over HTTP.
    Http(MessageBuilder, Http),
}

impl Mailer {
    /// Prepares everything that needs no network. Called on a Tokio runtime.
    ///
    /// # Errors
    /// A sentence for the operator: a folder that cannot be made, a host that no certificate can be for.
    pub fn new(url: &MailUrl, sender: Sender) -> Result<Self, String> {
        let builder = MessageBuilder::new(sender)?;
        Ok(match url.place() {
            Destination::Directory(path) => Self::Directory(builder, Directory::new(path)?),
            Destination::Smtp(relay) => {
                let hello = builder.sender.hello.clone();
                Self::Smtp(builder, Box::new(Smtp::new(relay, hello)?))
            }
            Destination::Http(server) => Self::Http(builder, Http::new(server)?),
        })
    }

    /// What [`Mailer::new`] would refuse, found out without leaving anything behind. Called on a Tokio
    /// runtime.
    ///
    /// # Errors
    /// As [`Mailer::new`] has them, but for a folder that others keep from being made.
    pub fn check(url: &MailUrl, sender: Sender) -> Result<(), String> {
        match url.place() {
            Destination::Directory(path) => MessageBuilder::new(sender).and(Directory::check(path)),
            Destination::Smtp(_) | Destination::Http(_) => Self::new(url, sender).map(drop),
        }
    }

    /// Writes the letter and hands it over, once.
    ///
    /// # Errors
    /// [`SendError`] says whether another attempt may do better. Its text is one short line, without the
    /// link, the address or a password.
    pub async fn send(&self, letter: &Letter) -> Result<Receipt, SendError> {
        match self {
            Self::Directory(builder, folder) => {
                let message = builder.message(letter, TransferEncoding::EightBit)?;
                folder.put(letter, builder.source(&message, letter)?).await?;
            }
            Self::Smtp(builder, relay) => relay.send(letter, builder).await?,
            Self::Http(builder, server) => return server.send(letter, builder).await,
        }
        // A folder and a relay return no receipt.
        Ok(Receipt::default())
    }

    /// Where letters go, for logs and `check-config`: never a password.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Directory(_, folder) => folder.describe(),
            Self::Smtp(_, relay) => relay.describe(),
            Self::Http(_, server) => server.describe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_be_spawned<T: Send>(_: &T) {}

    #[tokio::test]
    async fn every_arm_says_where_letters_go() {
        for (text, words) in [
            ("smtp://ada:hunter2@mail.example.com", "smtp://mail.example.com:587"),
            ("smtps://ada:hunter2@127.0.0.1", "smtps://127.0.0.1:465"),
            ("mailpit+http://ada:hunter2@127.0.0.1:8025", "Mailpit at http://127.0.0.1:8025"),
            ("postmark://hunter2?api=http://127.0.0.1:1", "Postmark at http://127.0.0.1:1"),
        ] {
            let mailer = Mailer::new(&MailUrl::parse(text).unwrap(), testing::sender()).unwrap();
            assert_eq!(mailer.describe(), words);
            assert!(!format!("{mailer:?}").contains("hunter2"));
            let letter = testing::letter();
            may_be_spawned(&mailer.send(&letter));
        }
    }
}
