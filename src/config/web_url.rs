//! Reads URLs of the service and of pages that letters lead to, or derives them from the address at which the
//! API listens.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

use crate::domain::{base_path::BasePath, link_template::LinkTemplate};

/// Where callers reach the service: scheme, host and port, and a base path where it has one. Dot segments are
/// resolved, and a slash at the end is left out.
pub(super) fn public(text: &str) -> Result<Url, String> {
    let mut url = web_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must contain no ? and no #, as https://example.com/invite".to_owned());
    }
    let base = BasePath::parse(url.path()).map_err(|error| error.to_string())?;
    url.set_path(base.as_str());
    Ok(url)
}

/// Where the OpenTelemetry collector is.
pub(super) fn collector(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is no http:// or https:// URL");
    }
    let has_more = url.query().is_some() || url.fragment().is_some();
    if has_more || !url.username().is_empty() || url.password().is_some() {
        return Err("must contain no ?, no # and no password: a key belongs into OTEL_EXPORTER_OTLP_HEADERS");
    }
    Ok(url)
}

/// Scheme, host and port.
fn origin(text: &str) -> Option<Url> {
    let is_bare =
        |url: &Url| url.query().is_none() && url.fragment().is_none() && matches!(url.path(), "" | "/");
    web_url(text).ok().filter(is_bare)
}

/// Origins (RFC 6454 §6.2), separated by commas, in the form in which browsers send them.
pub(super) fn origins(text: &str) -> Result<Vec<String>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let url = origin(part).filter(|_| !part.contains('*'));
            let url = url.ok_or_else(|| {
                format!(
                    "{part:?} is no origin: name each as scheme, host and port, as https://portal.example.com"
                )
            })?;
            Ok(url.origin().ascii_serialization())
        })
        .collect()
}

/// A page on the web, and where its URL has the token.
pub(super) fn page(text: &str) -> Result<LinkTemplate, String> {
    let template = LinkTemplate::parse(text).map_err(|error| error.to_string())?;
    check(template.page())?;
    Ok(template)
}

fn web_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    check(&url)?;
    Ok(url)
}

fn check(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is no http:// or https:// URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must contain no user name and no password, since it is sent to all recipients");
    }
    Ok(())
}

/// The URL of the service for clients on this machine.
pub(super) fn origin_of(mut address: SocketAddr) -> Option<Url> {
    if address.ip().is_unspecified() {
        address = (Ipv4Addr::LOCALHOST, address.port()).into();
    }
    Url::parse(&format!("http://{address}")).ok()
}

/// The built-in page that an activation link opens.
pub(super) fn page_of(public_url: &Url) -> LinkTemplate {
    built_in(public_url, "/activate")
}

/// The built-in page where a password is reset.
pub(super) fn reset_page_of(public_url: &Url) -> LinkTemplate {
    built_in(public_url, "/reset-password")
}

/// The built-in page where a new address is confirmed.
pub(super) fn email_page_of(public_url: &Url) -> LinkTemplate {
    built_in(public_url, "/confirm-email")
}

fn built_in(public_url: &Url, path: &str) -> LinkTemplate {
    let mut page = public_url.clone();
    page.set_path(&[public_url.path().trim_end_matches('/'), path].concat());
    LinkTemplate::with_parameter(page)
}
