//! `JWT_ISSUERS`: the identity providers, as JSON in the variable or in the file that it names after an `@`.
//! Every fault is reported, each with the JSON Pointer (RFC 6901) of its place.

mod claims;
mod object;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::Value;
use url::{Host, Url};

use self::{
    claims::{claim_paths, permission_map, role_map},
    object::{Faults, Object},
};
use super::secret;
use crate::identity::{Issuer, TokenType, is_loopback, is_private};

/// The longest `issuer`, and the longest `audience`, in bytes.
const MAX_NAME: usize = 255;
/// The most providers.
const MAX_ISSUERS: usize = 50;

/// Reads the providers; `own` is the issuer of our own tokens.
pub(super) fn issuers(text: &str, own: Option<&str>) -> Result<Vec<Issuer>, Vec<String>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let text = match text.strip_prefix('@') {
        Some(path) => secret::from_file(Path::new(path.trim())).map_err(|fault| vec![fault])?,
        None => text.to_owned(),
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| vec![not_json(&text, &error)])?;
    let Value::Array(items) = value else { return Err(vec!["is no JSON list of issuers".to_owned()]) };
    if items.len() > MAX_ISSUERS {
        return Err(vec![format!("has more than {MAX_ISSUERS} issuers")]);
    }
    let mut faults = Faults::default();
    let read: Vec<Option<Issuer>> = items
        .into_iter()
        .enumerate()
        .map(|(place, item)| Object::open(format!("/{place}"), item, &mut faults).and_then(issuer))
        .collect();
    report_repeated(&read, own, &mut faults);
    faults.unless(read.into_iter().flatten().collect())
}

/// Reports issuers that an earlier entry or this service has.
fn report_repeated(read: &[Option<Issuer>], own: Option<&str>, faults: &mut Faults) {
    let names: Vec<Option<&str>> =
        read.iter().map(|one| one.as_ref().map(|one| one.issuer.as_str())).collect();
    for (place, name) in names.iter().enumerate().filter(|(_, name)| name.is_some()) {
        if names[..place].contains(name) {
            faults.report(&format!("/{place}/issuer"), "is the issuer of an earlier entry, too");
        }
        if *name == own {
            faults.report(
                &format!("/{place}/issuer"),
                "is the issuer of this service's own tokens (JWT_ISSUER)",
            );
        }
    }
}

fn not_json(text: &str, error: &serde_json::Error) -> String {
    if text.trim_start().starts_with(['[', '{']) {
        return format!("is no JSON: {error}");
    }
    "is neither a JSON list nor @ and the path of a file with one".to_owned()
}

fn issuer(mut object: Object<'_>) -> Option<Issuer> {
    let name = object.required("issuer", issuer_name);
    let allow_private_network = object.optional("allow_private_network", switch).unwrap_or(Some(false));
    let allowed = allow_private_network == Some(true);
    let jwks_url = object.required("jwks_url", |value| key_url(value, allowed));
    let audiences = object.required("audience", audiences);
    let types = object.optional("typ", types).unwrap_or_else(|| Some(vec![TokenType::AccessToken]));
    let claims = claim_paths(&mut object);
    let (roles, permissions) = match object.object("map") {
        None => (Some(None), Some(None)),
        Some(None) => (None, None),
        Some(Some(mut map)) => {
            let maps = (map.optional("roles", role_map), map.optional("permissions", permission_map));
            map.finish();
            (maps.0.map_or(Some(None), |map| map.map(Some)), maps.1.map_or(Some(None), |map| map.map(Some)))
        }
    };
    let has_roles = claims.as_ref().is_some_and(|claims| claims.roles.is_some());
    if has_roles && roles == Some(None) {
        object.report("map", "has no roles: no role in /claims/roles would count");
    }
    object.finish();
    Some(Issuer {
        issuer: name?,
        jwks_url: jwks_url?,
        audiences: audiences?,
        types: types?,
        claims: claims?,
        roles: roles?.unwrap_or_default(),
        permissions: permissions?,
        allow_private_network: allow_private_network?,
    })
}

fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text),
        _ => Err("is no text".to_owned()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as other readers of a member")]
fn switch(value: Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "is neither true nor false".to_owned())
}

/// RFC 8414 §2: a URL without query and fragment. It is kept as it is, since tokens must have the same text.
fn issuer_name(value: Value) -> Result<String, String> {
    let name = text(value)?;
    let is_url =
        Url::parse(&name).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
    if is_url && is_plain && name.len() <= MAX_NAME {
        return Ok(name);
    }
    Err("is no https:// URL without ? and #, as the provider writes it in iss".to_owned())
}

fn key_url(value: Value, allow_private: bool) -> Result<Url, String> {
    let url = Url::parse(&text(value)?).map_err(|_| "is no URL".to_owned())?;
    let is_here = is_loopback(&url);
    let is_plain_allowed = allow_private || is_here;
    match url.scheme() {
        "https" => {}
        "http" if is_plain_allowed => {}
        "http" => {
            return Err("must be https, except for this machine or with allow_private_network".to_owned());
        }
        _ => return Err("is no https:// URL".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("must contain no user name, no password and no #".to_owned());
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    if !is_plain_allowed && address.is_some_and(is_private) {
        return Err("is a private address, which allow_private_network allows".to_owned());
    }
    Ok(url)
}

fn audiences(value: Value) -> Result<Vec<String>, String> {
    let all = match value {
        Value::Array(all) => all,
        one => vec![one],
    };
    let names: Result<Vec<String>, String> = all.into_iter().map(text).collect();
    names
        .ok()
        .filter(|names| !names.is_empty() && names.iter().all(|name| name.len() <= MAX_NAME))
        .ok_or_else(|| "is neither a text nor a list of texts: what aud in its tokens names".to_owned())
}

fn types(value: Value) -> Result<Vec<TokenType>, String> {
    let all = match value {
        Value::Array(all) if !all.is_empty() => all,
        Value::Array(_) => return Err("is empty".to_owned()),
        one => vec![one],
    };
    let known = |value: Value| match value.as_str() {
        Some("at+jwt") => Ok(TokenType::AccessToken),
        Some("JWT") => Ok(TokenType::Jwt),
        None if value.is_null() => Ok(TokenType::Absent),
        _ => Err("has something else than \"at+jwt\", \"JWT\", or null for tokens without typ".to_owned()),
    };
    all.into_iter().map(known).collect()
}
