//! Whom a token of an identity provider names, and what the operator's mapping gives them.
//!
//! The holder is a client or a person. It decides what timelines and `GET /v1/me` show, and nothing else:
//!
//! - a client, when the client is the subject (RFC 9068 §2.2: in a grant without a person both are the same),
//!   or when no e-mail address is claimed: programs have none, while a client's subject is often an id of the
//!   provider's own (Keycloak's service accounts);
//! - otherwise a person. They have no row among our users: a provider's subject is never an id of ours, and
//!   an address that another system vouches for is no proof here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{claim_path::ClaimPath, refusal::Reason, settings::Issuer};
use crate::domain::{
    actor::ActorKind, email::Email, ids::AccountId, permission::Permission, person::PersonName, role::Roles,
};

/// The longest subject, in characters (OpenID Connect Core §2).
const MAX_SUBJECT: usize = 255;

/// The holder of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// `User` or `Client`.
    pub kind: ActorKind,
    /// `sub`, unique within the issuer.
    pub subject: String,
    /// The display name.
    pub name: String,
    /// Roles of ours.
    pub roles: Roles,
    /// Permissions of ours, those of the roles included.
    pub permissions: BTreeSet<Permission>,
    /// The accounts that the holder owns.
    pub accounts: Vec<AccountId>,
}

impl Holder {
    pub(super) fn of(claims: &Map<String, Value>, issuer: &Issuer) -> Result<Self, Reason> {
        let subject =
            claims.get("sub").and_then(Value::as_str).filter(|text| is_subject(text)).ok_or("subject")?;
        let paths = &issuer.claims;
        let client = ["client_id", "azp"].into_iter().find_map(|name| claims.get(name)?.as_str());
        let email =
            paths.email.as_ref().and_then(|path| path.text(claims)).and_then(|text| Email::parse(text).ok());
        let is_client = client == Some(subject) || email.is_none();
        let name = paths.name.as_ref().and_then(|path| path.text(claims));
        let roles = mapped(paths.roles.as_ref(), claims, |name| of_map(&issuer.roles, name));
        let roles: Roles = roles.into_iter().collect();
        let mut permissions = roles.permissions();
        permissions.extend(mapped(paths.permissions.as_ref(), claims, |name| match &issuer.permissions {
            Some(map) => of_map(map, name),
            None => name.parse::<Permission>().into_iter().collect(),
        }));
        let accounts =
            mapped(paths.accounts.as_ref(), claims, |id| id.parse::<AccountId>().into_iter().collect());
        let spoken = [name, email.as_ref().map(Email::as_str), client.filter(|_| is_client)];
        Ok(Self {
            kind: if is_client { ActorKind::Client } else { ActorKind::User },
            subject: subject.to_owned(),
            name: first_name(spoken.into_iter().flatten()).unwrap_or_else(|| subject.to_owned()),
            roles,
            permissions,
            accounts: accounts.into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
        })
    }
}

/// Whether a subject is usable in rows, letters and log lines: NUL, for one, is in no text of PostgreSQL.
fn is_subject(text: &str) -> bool {
    (1..=MAX_SUBJECT).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The first of the texts that is a name.
fn first_name<'a>(mut texts: impl Iterator<Item = &'a str>) -> Option<String> {
    texts.find_map(|text| PersonName::parse(text).ok()).map(|name| name.as_str().to_owned())
}

/// What the names in a claim are here. Unknown names are ignored: a provider has many that are not for us.
fn mapped<T>(
    path: Option<&ClaimPath>,
    claims: &Map<String, Value>,
    meaning: impl Fn(&str) -> Vec<T>,
) -> Vec<T> {
    path.into_iter().flat_map(|path| path.texts(claims)).flat_map(meaning).collect()
}

fn of_map<T: Copy>(map: &BTreeMap<String, Vec<T>>, name: &str) -> Vec<T> {
    map.get(name).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
