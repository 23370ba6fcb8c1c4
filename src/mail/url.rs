//! `MAIL_URL`: how letters are sent. It is parsed once, and each mistake in it has a sentence of its own.
//!
//! No error repeats the text: what stands in the wrong place may be a password.

use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

use super::{
    providers::{self, PROVIDERS, Server},
    server_url::{self, Login},
};

/// How letters are sent. `Debug` shows what [`MailUrl::describe`] says, never a password.
#[derive(Clone)]
pub struct MailUrl(Destination);

/// Where letters are sent, for the mail module alone.
#[derive(Clone)]
pub(super) enum Destination {
    /// A folder.
    Directory(PathBuf),
    /// A relay.
    Smtp(Relay),
    /// A provider, over HTTP.
    Http(Server),
}

/// How a relay is reached.
#[derive(Clone)]
pub(super) struct Relay {
    pub host: String,
    pub port: u16,
    pub tls: TlsUse,
    /// Whether the URL sets it, or leaves it to the default.
    pub tls_said: bool,
    /// `?ca=`: a PEM file with the only authorities that the relay's certificate may come from.
    pub ca: Option<PathBuf>,
    pub login: Option<Login>,
}

/// When the connection to a relay is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsUse {
    /// `smtps://`: from the first byte.
    Implicit,
    /// `?tls=required`: after STARTTLS, or not at all.
    Required,
    /// `?tls=offered`, and the default: after STARTTLS when the relay offers it.
    Offered,
    /// `?tls=none`: never.
    None,
}

impl MailUrl {
    /// Reads the value of `MAIL_URL`.
    ///
    /// # Errors
    /// A sentence that says what to change. It holds nothing of the text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').ok_or_else(|| format!("It must be one of {}.", forms()))?;
        let scheme = scheme.to_ascii_lowercase();
        let place = match scheme.as_str() {
            "directory" => Destination::Directory(directory(rest)?),
            "smtp" => Destination::Smtp(smtp(text, false)?),
            "smtps" => Destination::Smtp(smtp(text, true)?),
            scheme => {
                let server = providers::parse(scheme, rest);
                let unknown = || Err(format!("Its scheme is not known; it must be one of {}.", forms()));
                Destination::Http(server.unwrap_or_else(unknown)?)
            }
        };
        Ok(Self(place))
    }

    /// Where letters are sent, for people: never a password.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.0 {
            Destination::Directory(path) => describe_folder(path),
            Destination::Smtp(relay) => relay.describe(),
            Destination::Http(server) => server.describe(),
        }
    }

    /// Where letters are sent, and how the connection is encrypted.
    #[must_use]
    pub fn describe_way(&self) -> String {
        match &self.0 {
            Destination::Smtp(relay) => format!("{}, {}", relay.describe(), relay.tls.describe()),
            Destination::Directory(_) | Destination::Http(_) => self.describe(),
        }
    }

    /// What the operator should know before letters are sent this way, although it works.
    #[must_use]
    pub fn caution(&self) -> Option<&'static str> {
        match &self.0 {
            Destination::Smtp(Relay { tls: TlsUse::Offered, tls_said: false, login: Some(_), .. }) => Some(
                "it has a password and no tls=, so that an attacker on the network who removes the relay's \
                offer of STARTTLS receives the password: add ?tls=required (or &tls=required behind ?ca=…), \
                or tls=offered to keep it so",
            ),
            _ => None,
        }
    }

    /// Whether letters reach people this way: a folder and a test server keep them.
    #[must_use]
    pub fn delivers(&self) -> bool {
        match &self.0 {
            Destination::Directory(_) => false,
            Destination::Smtp(_) => true,
            Destination::Http(server) => server.provider.delivers(),
        }
    }

    /// The name of the provider whose API takes the letters; `None` for a folder and for SMTP.
    #[must_use]
    pub fn provider(&self) -> Option<&'static str> {
        match &self.0 {
            Destination::Http(server) => Some(server.provider.provider.title),
            Destination::Directory(_) | Destination::Smtp(_) => None,
        }
    }

    pub(super) fn place(&self) -> &Destination {
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

/// The forms of `MAIL_URL`, the way a sentence lists them.
fn forms() -> String {
    let mut forms = vec!["directory:PATH", "smtp://USER:PASSWORD@HOST:587", "smtps://USER:PASSWORD@HOST:465"];
    forms.extend(PROVIDERS.iter().map(providers::MailProvider::form));
    let last = forms.pop().unwrap_or_default();
    format!("{} or {last}", forms.join(", "))
}

/// A folder, for people.
pub(super) fn describe_folder(path: &Path) -> String {
    format!("folder {}", path.display())
}

fn directory(path: &str) -> Result<PathBuf, String> {
    if path.trim().is_empty() {
        return Err("A folder is missing: write directory:PATH, as in directory:data/mail.".to_owned());
    }
    // `directory://data/mail` would be a folder at the root of the disk, which hardly anybody means.
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
    let url = server_url::parse(text)?;
    let host = server_url::host(&url)?;
    if !matches!(url.path(), "" | "/") {
        return Err(
            "Nothing may follow the host and port of a mail relay but ?tls=required, ?tls=offered, ?tls=none \
            and ca=FILE."
                .to_owned(),
        );
    }
    let (tls, ca) = smtp_options(&url, implicit)?;
    let tls_said = tls.is_some();
    let tls = tls.unwrap_or(if implicit { TlsUse::Implicit } else { TlsUse::Offered });
    if tls == TlsUse::None && ca.is_some() {
        return Err("Without TLS there is no certificate to check: remove ca or tls=none.".to_owned());
    }
    let port = url.port().unwrap_or(if implicit { 465 } else { 587 });
    Ok(Relay { host, port, tls, tls_said, ca, login: server_url::login(&url)? })
}

/// `tls` and `ca`.
fn smtp_options(url: &url::Url, implicit: bool) -> Result<(Option<TlsUse>, Option<PathBuf>), String> {
    let (mut tls, mut ca) = (None, None);
    for (name, value) in url.query_pairs() {
        let is_repeated = match name.as_ref() {
            "tls" if implicit => {
                return Err("smtps:// is encrypted from the start and takes no tls parameter.".to_owned());
            }
            "tls" => tls.replace(tls_use(&value)?).is_some(),
            "ca" if value.is_empty() => return Err("The ca parameter must name a PEM file.".to_owned()),
            "ca" => ca.replace(PathBuf::from(&*value)).is_some(),
            _ => {
                return Err(
                    "Its query parameter is not known; smtp:// takes tls=required, tls=offered or tls=none, \
                    and ca=FILE."
                        .to_owned(),
                );
            }
        };
        if is_repeated {
            return Err("Each query parameter may be given once.".to_owned());
        }
    }
    Ok((tls, ca))
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
