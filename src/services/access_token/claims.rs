//! The claims of access tokens.

use serde::{Deserialize, Deserializer, Serialize};

/// The claims of a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer.
    pub iss: String,
    /// The audience.
    #[serde(deserialize_with = "one_audience")]
    pub aud: String,
    /// The holder.
    pub sub: String,
    /// The token's unique id (RFC 7519 §4.1.7). Older tokens have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The display name of the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The kind of holder: `user`, `client` or `cli`.
    pub actor: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it expires.
    pub exp: i64,
    /// When it becomes valid, if not when issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Roles, which include their permissions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Permissions by name, separated by blanks (RFC 8693 §4.2).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The accounts that the holder owns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_ids: Vec<String>,
    /// For a user: the mark of the password with which the token was obtained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// For a user: the session that the token belongs to (OpenID Connect Front-Channel Logout 1.0, §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// For an API client: the networks from which the token may be used, if not from all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
}

/// RFC 7519 §4.1.3: exactly one audience, alone or in a list. A token for several audiences could be replayed
/// by one against another.
fn one_audience<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        List([String; 1]),
    }
    Audience::deserialize(deserializer).map(|audience| match audience {
        Audience::One(audience) | Audience::List([audience]) => audience,
    })
}
