//! Where a provider's tokens say what, and what its names mean here.

use std::{collections::BTreeMap, str::FromStr};

use serde_json::Value;

use super::object::Object;
use crate::{
    domain::{permission::Permission, role::Role},
    identity::{ClaimPath, Claims},
};

/// Reads `claims`; `None` when a fault was reported.
pub(super) fn claim_paths(issuer: &mut Object<'_>) -> Option<Claims> {
    let mut paths = Claims::default();
    let Some(object) = issuer.object("claims") else { return Some(paths) };
    let mut object = object?;
    let fields = [
        ("roles", &mut paths.roles),
        ("permissions", &mut paths.permissions),
        ("accounts", &mut paths.accounts),
        ("name", &mut paths.name),
        ("email", &mut paths.email),
    ];
    let mut is_whole = true;
    for (name, field) in fields {
        match object.optional(name, claim_path) {
            None => {}
            Some(Some(path)) => *field = path,
            Some(None) => is_whole = false,
        }
    }
    object.finish();
    is_whole.then_some(paths)
}

/// A name, a JSON Pointer, a list of names, or null for no claim.
fn claim_path(value: Value) -> Result<Option<ClaimPath>, String> {
    let path = match value {
        Value::Null => return Ok(None),
        Value::String(text) => ClaimPath::parse(&text),
        Value::Array(names) => {
            let names: Option<Vec<String>> =
                names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
            names.and_then(ClaimPath::of_names)
        }
        _ => None,
    };
    let help = "is neither a name, nor a JSON Pointer as /realm_access/roles, nor a list of names, nor null";
    path.map(Some).ok_or_else(|| help.to_owned())
}

/// Their roles, and ours for each.
pub(super) fn role_map(value: Value) -> Result<BTreeMap<String, Vec<Role>>, String> {
    map(value, &Role::ALL.map(Role::as_str).join(", "))
}

/// Their permissions, and ours for each.
pub(super) fn permission_map(value: Value) -> Result<BTreeMap<String, Vec<Permission>>, String> {
    map(value, Permission::KNOWN)
}

fn map<T: FromStr>(value: Value, known: &str) -> Result<BTreeMap<String, Vec<T>>, String> {
    let Value::Object(members) = value else { return Err("is no object of their names and ours".to_owned()) };
    let ours = |value: Value| {
        let names = match value {
            Value::Array(names) => names,
            one => vec![one],
        };
        let read: Option<Vec<T>> = names.iter().map(|name| name.as_str()?.parse().ok()).collect();
        read.filter(|read| !read.is_empty())
    };
    members
        .into_iter()
        .map(|(theirs, value)| {
            let said = value.to_string();
            let ours =
                ours(value).ok_or_else(|| format!("{theirs:?} leads to {said}; known are: {known}"))?;
            Ok((theirs, ours))
        })
        .collect()
}
