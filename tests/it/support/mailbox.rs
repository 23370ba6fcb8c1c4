//! The folder that letters are written to, read as a person's mail program would.

use std::{cell::RefCell, collections::BTreeSet, path::Path};

use mailparse::MailHeaderMap;
use tempfile::TempDir;

/// A letter as it arrived.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub message_id: String,
    pub text: String,
    pub html: String,
    /// The link with a token; empty in a letter without one.
    pub link: String,
    /// The token in the link.
    pub token: String,
}

/// The folder, and which letters a test has looked at.
pub struct Mailbox {
    folder: TempDir,
    read: RefCell<BTreeSet<String>>,
}

impl Mailbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), read: RefCell::default() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The letters that came since the last look, oldest first.
    pub fn unread(&self) -> Vec<Mail> {
        let names: BTreeSet<String> = std::fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| {
                Path::new(name).extension().is_some_and(|extension| extension == "eml")
                    && !self.read.borrow().contains(name)
            })
            .collect();
        let letters =
            names.iter().map(|name| parse(&std::fs::read(self.path().join(name)).unwrap())).collect();
        self.read.borrow_mut().extend(names);
        letters
    }
}

/// Reads a letter as it travels.
pub fn parse(raw: &[u8]) -> Mail {
    let mail = mailparse::parse_mail(raw).unwrap();
    let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
    let body = |kind: &str| {
        mail.subparts.iter().find(|part| part.ctype.mimetype == kind).unwrap().get_body().unwrap()
    };
    let text = body("text/plain");
    let link = text.split_whitespace().find(|word| word.contains("?token=")).unwrap_or_default().to_owned();
    let token = link.split_once("?token=").map(|(_, token)| token.to_owned()).unwrap_or_default();
    let (to, subject, message_id) = (header("To"), header("Subject"), header("Message-ID"));
    Mail { to, subject, message_id, text, html: body("text/html"), link, token }
}
