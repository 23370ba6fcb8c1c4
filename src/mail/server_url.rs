//! The parts of a URL that names a server: host, user and password. SMTP and providers' servers share them.
//!
//! No error repeats the text: what stands in the wrong place may be a password.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

/// A user name and its password.
#[derive(Clone)]
pub(super) struct Login {
    pub user: String,
    pub password: SecretString,
}

/// Parses a URL that must have an authority.
pub(super) fn parse(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::EmptyHost => "The host is missing.".to_owned(),
        url::ParseError::InvalidPort => {
            "The port must be a number from 1 to 65535 (a / ? # in a password must be percent-encoded)."
                .to_owned()
        }
        other => format!("It cannot be read: {other}."),
    })?;
    if url.cannot_be_a_base() {
        return Err("Two slashes must follow the scheme, as in smtp://HOST:587.".to_owned());
    }
    if url.fragment().is_some() {
        return Err("A # in a user name or password must be written %23.".to_owned());
    }
    if url.port() == Some(0) {
        return Err("The port must be a number from 1 to 65535.".to_owned());
    }
    Ok(url)
}

/// The host, an IPv6 address without its brackets.
pub(super) fn host(url: &Url) -> Result<String, String> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err("The host is missing.".to_owned());
    }
    // With a scheme that the URL standard does not know, unusual characters of the host are percent-encoded.
    if host.contains('%') {
        return Err(
            "The host must be a name or an IP address in ASCII letters (xn--… for others).".to_owned()
        );
    }
    Ok(host.to_owned())
}

/// User and password, both or neither.
pub(super) fn login(url: &Url) -> Result<Option<Login>, String> {
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

/// Decodes `%40` and its like. A `%` that encodes nothing is an error: it is probably part of a password that
/// was not encoded.
pub(super) fn percent_decode(text: &str) -> Result<String, String> {
    let is_encoded = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let decoded = percent_decode_str(text).decode_utf8().ok();
    decoded.filter(|_| text.split('%').skip(1).all(is_encoded)).map(Into::into).ok_or_else(|| {
        "A % in a user name or password must be written %25, and what it encodes must be UTF-8.".to_owned()
    })
}
