//! The forms of services over HTTP: `mailpit+http://HOST:8025`, and a provider with its key.

use secrecy::SecretString;
use url::Url;

use super::{Login, host, login, percent_decode, read};

/// Where a service is, without user and password and without a slash at its end, and who we are there.
#[derive(Clone)]
pub(in crate::mail) struct Server {
    pub base: String,
    pub service: Service,
}

/// A service that takes letters over HTTP, with what it knows us by.
#[derive(Clone)]
pub(in crate::mail) enum Service {
    /// Shows letters instead of delivering them.
    Mailpit(Option<Login>),
    /// With a server's token.
    Postmark(SecretString),
    /// With a key that may send.
    SendGrid(SecretString),
    /// With a key that may send from the domain.
    Mailgun { key: SecretString, domain: String },
    /// With a key that may send.
    Resend(SecretString),
}

impl Service {
    /// Its name, for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mailpit(_) => "Mailpit",
            Self::Postmark(_) => "Postmark",
            Self::SendGrid(_) => "SendGrid",
            Self::Mailgun { .. } => "Mailgun",
            Self::Resend(_) => "Resend",
        }
    }
}

impl Server {
    /// The service and its address, for people.
    pub fn describe(&self) -> String {
        match &self.service {
            Service::Mailgun { domain, .. } => format!("Mailgun for {domain} at {}", self.base),
            service => format!("{} at {}", service.name(), self.base),
        }
    }
}

pub(super) fn mailpit(text: &str) -> Result<Server, String> {
    let mut url = read(text)?;
    if url.query().is_some() {
        return Err("Its query parameter is not known; mailpit+http:// takes none.".to_owned());
    }
    host(&url)?;
    let login = login(&url)?;
    // Both calls refuse only URLs without a host, and this one has one.
    let _ = (url.set_username(""), url.set_password(None));
    Ok(Server { base: url.as_str().trim_end_matches('/').to_owned(), service: Service::Mailpit(login) })
}

pub(super) fn postmark(rest: &str) -> Result<Server, String> {
    let (token, options) = parts(rest, "postmark://TOKEN")?;
    Ok(Server {
        base: options.base("https://api.postmarkapp.com", None)?,
        service: Service::Postmark(key(token)?),
    })
}

pub(super) fn sendgrid(rest: &str) -> Result<Server, String> {
    let (text, options) = parts(rest, "sendgrid://KEY")?;
    let base = options.base("https://api.sendgrid.com", Some("https://api.eu.sendgrid.com"))?;
    Ok(Server { base, service: Service::SendGrid(key(text)?) })
}

pub(super) fn resend(rest: &str) -> Result<Server, String> {
    let (text, options) = parts(rest, "resend://KEY")?;
    Ok(Server { base: options.base("https://api.resend.com", None)?, service: Service::Resend(key(text)?) })
}

pub(super) fn mailgun(rest: &str) -> Result<Server, String> {
    let (text, options) = parts(rest, "mailgun://KEY@DOMAIN")?;
    let (text, domain) = text.rsplit_once('@').ok_or("Its domain is missing: write mailgun://KEY@DOMAIN.")?;
    if domain.is_empty() || !domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) {
        return Err(
            "The domain must be the one that Mailgun sends for, in ASCII letters: mailgun://KEY@DOMAIN."
                .to_owned(),
        );
    }
    let base = options.base("https://api.mailgun.net", Some("https://api.eu.mailgun.net"))?;
    Ok(Server { base, service: Service::Mailgun { key: key(text)?, domain: domain.to_owned() } })
}

/// What stands behind the question mark.
#[derive(Default)]
struct Options {
    region: Option<String>,
    api: Option<String>,
}

impl Options {
    /// The address to ask: that of `api`, or that of the region, where there is more than one.
    fn base(self, usual: &str, eu: Option<&str>) -> Result<String, String> {
        let regional = match (self.region.as_deref(), eu) {
            (None, _) => usual,
            (Some("eu"), Some(eu)) => eu,
            (Some(_), Some(_)) => {
                return Err(
                    "The region parameter must be eu; without it, it is the United States.".to_owned()
                );
            }
            (Some(_), None) => return Err("This provider takes no region parameter.".to_owned()),
        };
        self.api.map_or_else(|| Ok(regional.to_owned()), |api| address(&api))
    }
}

/// Another address to ask. A key does not travel in the clear but within this machine.
fn address(api: &str) -> Result<String, String> {
    let fault = || "The api parameter must be https://HOST, or http:// and a loopback address.".to_owned();
    let url = Url::parse(api).map_err(|_| fault())?;
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let safe = url.scheme() == "https" || (url.scheme() == "http" && local);
    if safe && plain { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(fault()) }
}

fn parts<'a>(rest: &'a str, form: &str) -> Result<(&'a str, Options), String> {
    let rest =
        rest.strip_prefix("//").ok_or_else(|| format!("Two slashes must follow the scheme: {form}."))?;
    let (text, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut options = Options::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let place = match name.as_ref() {
            "region" => &mut options.region,
            "api" => &mut options.api,
            _ => {
                return Err(
                    "Its query parameter is not known; a provider takes api=https://HOST, some of them region=eu.".to_owned()
                );
            }
        };
        if place.replace(value.into_owned()).is_some() {
            return Err("Each query parameter may be given once.".to_owned());
        }
    }
    Ok((text.strip_suffix('/').unwrap_or(text), options))
}

/// A key travels in a header: visible ASCII.
fn key(text: &str) -> Result<SecretString, String> {
    let key = percent_decode(text)?;
    if key.is_empty() {
        return Err("The provider's key is missing: write it after the two slashes.".to_owned());
    }
    if !key.chars().all(|c| c.is_ascii_graphic()) || text.contains(['/', ':', '@', '#']) {
        return Err("The provider's key must be visible ASCII, with / : @ # ? percent-encoded.".to_owned());
    }
    Ok(SecretString::from(key))
}
