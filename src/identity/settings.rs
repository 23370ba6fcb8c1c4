//! What the operator says about an identity provider.

use std::collections::BTreeMap;

use url::Url;

use super::claim_path::ClaimPath;
use crate::domain::{permission::Permission, role::Role};

/// An issuer of access tokens, and what its tokens mean here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// `iss` of its tokens, compared as it is (RFC 7519 §4.1.1).
    pub issuer: String,
    /// Where its keys are.
    pub jwks_url: Url,
    /// Each token names at least one of these in `aud`.
    pub audiences: Vec<String>,
    /// The types that `typ` may have.
    pub types: Vec<TokenType>,
    /// Where its tokens say what.
    pub claims: Claims,
    /// Our roles for its role names. Other names are ignored.
    pub roles: BTreeMap<String, Vec<Role>>,
    /// Our permissions for its names; `None` takes the names of our permissions as they are.
    pub permissions: Option<BTreeMap<String, Vec<Permission>>>,
    /// Whether its keys may be at a private address, and be fetched by `http`.
    pub allow_private_network: bool,
}

/// The paths of claims; `None` reads no claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The names of roles.
    pub roles: Option<ClaimPath>,
    /// The names of permissions.
    pub permissions: Option<ClaimPath>,
    /// The ids of accounts of ours that the holder owns.
    pub accounts: Option<ClaimPath>,
    /// The display name.
    pub name: Option<ClaimPath>,
    /// The address, which only people have.
    pub email: Option<ClaimPath>,
}

impl Default for Claims {
    fn default() -> Self {
        let named = |name: &str| Some(ClaimPath::named(name));
        // RFC 9068 §2.2.3 has `scope`, OpenID Connect Core §5.1 `name` and `email`.
        Self {
            roles: None,
            permissions: named("scope"),
            accounts: None,
            name: named("name"),
            email: named("email"),
        }
    }
}

/// A value of the header member `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// `at+jwt`: an access token (RFC 9068 §2.1).
    AccessToken,
    /// `JWT`: any token. An ID token of the same provider has it, too.
    Jwt,
    /// No `typ`.
    Absent,
}

impl TokenType {
    /// Whether it is the type of a token with this `typ`: a media type, whose `application/` is optional,
    /// compared without regard to case (RFC 7515 §4.1.9).
    #[must_use]
    pub fn is_of(self, typ: Option<&str>) -> bool {
        let name = match self {
            Self::AccessToken => "at+jwt",
            Self::Jwt => "JWT",
            Self::Absent => return typ.is_none(),
        };
        typ.is_some_and(|typ| {
            let tree = "application/";
            let bare = match typ.split_at_checked(tree.len()) {
                Some((begin, rest)) if begin.eq_ignore_ascii_case(tree) => rest,
                _ => typ,
            };
            bare.eq_ignore_ascii_case(name)
        })
    }
}
