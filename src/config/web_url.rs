//! Reads the two URLs in letters and answers, or derives them from the address at which the API listens.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

/// Scheme, host and port. No path, since the page's form, `Location` and `Link` are relative to the root.
pub(super) fn origin(text: &str) -> Result<Url, &'static str> {
    let url = web_url(text)?;
    if url.query().is_some() || !matches!(url.path(), "" | "/") {
        return Err(
            "must be scheme, host and port alone, as https://invitations.example.com, without a path",
        );
    }
    Ok(url)
}

/// Origins (RFC 6454 §6.2), separated by commas, in the form in which browsers send them.
pub(super) fn origins(text: &str) -> Result<Vec<String>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let url = origin(part).ok().filter(|_| !part.contains('*'));
            let url = url.ok_or_else(|| {
                format!(
                    "{part:?} is no origin: name each as scheme, host and port, as https://portal.example.com"
                )
            })?;
            Ok(url.origin().ascii_serialization())
        })
        .collect()
}

/// A page on the web, to which the token is added.
pub(super) fn page(text: &str) -> Result<Url, &'static str> {
    web_url(text)
}

fn web_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is no http:// or https:// URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must contain no user name and no password, since it is sent to all recipients");
    }
    if url.fragment().is_some() {
        return Err("must contain no #");
    }
    Ok(url)
}

/// The URL of the service for clients on this machine.
pub(super) fn origin_of(mut address: SocketAddr) -> Option<Url> {
    if address.ip().is_unspecified() {
        address = (Ipv4Addr::LOCALHOST, address.port()).into();
    }
    Url::parse(&format!("http://{address}")).ok()
}

/// The URL of the built-in page that an activation link opens.
pub(super) fn page_of(public_url: &Url) -> Option<Url> {
    public_url.join("/activate").ok()
}

/// The URL of the built-in page where a password is reset.
pub(super) fn reset_page_of(public_url: &Url) -> Option<Url> {
    public_url.join("/reset-password").ok()
}

/// The URL of the built-in page where a new address is confirmed.
pub(super) fn email_page_of(public_url: &Url) -> Option<Url> {
    public_url.join("/confirm-email").ok()
}
