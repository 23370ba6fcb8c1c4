//! `MAIL_URL`: where letters go, parsed once, with a sentence for each mistake that one can make in it.
//!
//! No sentence repeats the text: what stands in the wrong place may be a password.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

pub(super) use self::providers::{Server, Service};

const FORMS: &str = "directory:PATH, smtp://USER:PASSWORD@HOST:587, smtps://USER:PASSWORD@HOST:465, postmark://TOKEN, \
                     sendgrid://KEY, mailgun://KEY@DOMAIN, resend://KEY or mailpit+http://HOST:8025";

/// A place that letters go to. `Debug` shows what [`MailUrl::describe`] says, never a password.
#[derive(Clone)]
pub struct MailUrl(Place);

/// The place itself, for the room.
#[derive(Clone)]
pub(super) enum Place {
    /// A folder.
    Directory(PathBuf),
    /// A relay.
    Smtp(Relay),
    /// A service over HTTP.
    Http(Server),
}

/// How a relay is reached.
#[derive(Clone)]
pub(super) struct Relay {
    pub host: String,
    pub port: u16,
    pub tls: TlsUse,
    /// Whether the URL says so, or leaves it to the default.
    pub tls_said: bool,
    /// `?ca=`: a PEM file with the only authorities that the relay's certificate may come from.
    pub ca: Option<PathBuf>,
    pub login: Option<Login>,
}

/// When the talk with a relay is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsUse {
    /// `smtps://`: from the first byte.
    Implicit,
    /// `?tls=required`: after STARTTLS, or not at all.
    Required,
    /// `?tls=offered`, and where nothing is said: after STARTTLS when the relay offers it.
    Offered,
    /// `?tls=none`: never.
    None,
}

/// Whom we say we are.
#[derive(Clone)]
pub(super) struct Login {
    pub user: String,
    pub password: SecretString,
}

impl MailUrl {
    /// Reads the value of `MAIL_URL`.
    ///
    /// # Errors
    /// A sentence that says what to change. It holds nothing of the text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').ok_or_else(|| format!("It must be one of {FORMS}."))?;
        match scheme.to_ascii_lowercase().as_str() {
            "directory" => directory(rest).map(Place::Directory),
            "smtp" => smtp(text, false).map(Place::Smtp),
            "smtps" => smtp(text, true).map(Place::Smtp),
            "mailpit+http" => providers::mailpit(&format!("http:{rest}")).map(Place::Http),
            "mailpit+https" => providers::mailpit(&format!("https:{rest}")).map(Place::Http),
            "postmark" => providers::postmark(rest).map(Place::Http),
            "sendgrid" => providers::sendgrid(rest).map(Place::Http),
            "mailgun" => providers::mailgun(rest).map(Place::Http),
            "resend" => providers::resend(rest).map(Place::Http),
            _ => Err(format!("Its scheme is not known; it must be one of {FORMS}.")),
        }
        .map(Self)
    }

    /// Where letters go, for people: never a password.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.0 {
            Place::Directory(path) => describe_folder(path),
            Place::Smtp(relay) => relay.describe(),
            Place::Http(server) => server.describe(),
        }
    }

    /// Where letters go, and how they are kept from others on the way.
    #[must_use]
    pub fn describe_way(&self) -> String {
        match &self.0 {
            Place::Smtp(relay) => format!("{}, {}", relay.describe(), relay.tls.describe()),
            Place::Directory(_) | Place::Http(_) => self.describe(),
        }
    }

    /// What the operator should know of it before letters go, though it works.
    #[must_use]
    pub fn caution(&self) -> Option<&'static str> {
        match &self.0 {
            Place::Smtp(Relay { tls: TlsUse::Offered, tls_said: false, login: Some(_), .. }) => Some(
                "it has a password and does not say tls=, so that whoever takes the relay's offer of STARTTLS out of the talk is \
                 told the password: add ?tls=required (or &tls=required behind ?ca=…), or tls=offered to keep it so",
            ),
            _ => None,
        }
    }

    /// Whether letters are on their way to people, then: a folder and Mailpit keep them.
    #[must_use]
    pub fn delivers(&self) -> bool {
        match &self.0 {
            Place::Directory(_) => false,
            Place::Smtp(_) => true,
            Place::Http(server) => !matches!(server.service, Service::Mailpit(_)),
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.0
    }
}

impl std::fmt::Debug for MailUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailUrl({})", self.describe())
    }
}

impl TlsUse {
    fn describe(self) -> &'static str {
        match self {
            Self::Implicit => "under TLS from the first byte",
            Self::Required => "under TLS (STARTTLS) or not at all",
            Self::Offered => "under TLS when the relay offers STARTTLS, and in the clear when it does not",
            Self::None => "in the clear (tls=none)",
        }
    }
}

impl Relay {
    /// The relay's address, for people.
    pub fn describe(&self) -> String {
        let scheme = if self.tls == TlsUse::Implicit { "smtps" } else { "smtp" };
        format!("{scheme}://{}", self.address())
    }

    /// Host and port.
    pub fn address(&self) -> String {
        // An IPv6 address needs its brackets back.
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }
}

/// A folder, for people.
pub(super) fn describe_folder(path: &Path) -> String {
    format!("folder {}", path.display())
}

fn directory(path: &str) -> Result<PathBuf, String> {
    if path.trim().is_empty() {
        return Err("A folder is missing: write directory:PATH, as in directory:data/mail.".to_owned());
    }
    // `directory://data/mail` would mean a folder at the root of the disk to a computer, and not to a person.
    if path.starts_with("//") {
        return Err("Write a folder without slashes in front: directory:data/mail, or directory:/srv/mail."
            .to_owned());
    }
    if path.contains(['?', '#', '\0']) {
        return Err("A folder takes no parameters: write directory:PATH.".to_owned());
    }
    Ok(PathBuf::from(path))
}

fn smtp(text: &str, implicit: bool) -> Result<Relay, String> {
    let url = read(text)?;
    let host = host(&url)?;
    if !matches!(url.path(), "" | "/") {
        return Err(
            "Nothing may follow the host and port of a mail relay but ?tls=required, ?tls=offered, ?tls=none and ca=FILE."
                .to_owned(),
        );
    }
    let (mut tls, mut ca) = (None, None);
    for (name, value) in url.query_pairs() {
        let again = match name.as_ref() {
            "tls" if implicit => {
                return Err("smtps:// is encrypted from the start and takes no tls parameter.".to_owned());
            }
            "tls" => tls.replace(tls_use(&value)?).is_some(),
            "ca" if value.is_empty() => return Err("The ca parameter must name a PEM file.".to_owned()),
            "ca" => ca.replace(PathBuf::from(&*value)).is_some(),
            _ => {
                return Err(
                    "Its query parameter is not known; smtp:// takes tls=required, tls=offered or tls=none, and ca=FILE."
                        .to_owned(),
                );
            }
        };
        if again {
            return Err("Each query parameter may be given once.".to_owned());
        }
    }
    let tls_said = tls.is_some();
    let tls = tls.unwrap_or(if implicit { TlsUse::Implicit } else { TlsUse::Offered });
    if tls == TlsUse::None && ca.is_some() {
        return Err(
            "Without TLS there is no certificate to check: leave ca out, or take tls=none away.".to_owned()
        );
    }
    let port = url.port().unwrap_or(if implicit { 465 } else { 587 });
    Ok(Relay { host, port, tls, tls_said, ca, login: login(&url)? })
}

fn tls_use(value: &str) -> Result<TlsUse, String> {
    match value {
        "required" => Ok(TlsUse::Required),
        "offered" => Ok(TlsUse::Offered),
        "none" => Ok(TlsUse::None),
        _ => Err(
            "The tls parameter must be required, offered or none; without it, STARTTLS is used when offered."
                .to_owned(),
        ),
    }
}

fn read(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::EmptyHost => "The host is missing.".to_owned(),
        url::ParseError::InvalidPort => {
            "The port must be a number from 1 to 65535 (a / ? # in a password must be percent-encoded)."
                .to_owned()
        }
        other => format!("It cannot be read: {other}."),
    })?;
    if url.cannot_be_a_base() {
        return Err(format!("Two slashes must follow the scheme: {FORMS}."));
    }
    if url.fragment().is_some() {
        return Err("A # in a user name or password must be written %23.".to_owned());
    }
    if url.port() == Some(0) {
        return Err("The port must be a number from 1 to 65535.".to_owned());
    }
    Ok(url)
}

fn host(url: &Url) -> Result<String, String> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err("The host is missing.".to_owned());
    }
    // Hosts of schemes that the URL standard does not know come percent-encoded where they hold anything
    // unusual.
    if host.contains('%') {
        return Err(
            "The host must be a name or an IP address in ASCII letters (xn--… for others).".to_owned()
        );
    }
    Ok(host.to_owned())
}

fn login(url: &Url) -> Result<Option<Login>, String> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err("There is a password without a user name.".to_owned()),
        (_, None) => Err("There is a user name without a password: write USER:PASSWORD@HOST.".to_owned()),
        (user, Some(password)) => Ok(Some(Login {
            user: percent_decode(user)?,
            password: SecretString::from(percent_decode(password)?),
        })),
    }
}

fn percent_decode(text: &str) -> Result<String, String> {
    let fault = || {
        "A % in a user name or password must be written %25, and what it encodes must be UTF-8.".to_owned()
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            rest.next()
                .and_then(|byte| char::from(byte).to_digit(16))
                .and_then(|digit| u8::try_from(digit).ok())
        };
        let (high, low) = (digit().ok_or_else(fault)?, digit().ok_or_else(fault)?);
        bytes.push(high * 16 + low);
    }
    String::from_utf8(bytes).map_err(|_| fault())
}

mod providers;
#[cfg(test)]
mod tests;
