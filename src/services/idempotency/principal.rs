//! The owner of idempotency keys.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::domain::{actor::ActorRef, ids::AccountId, permission::Permission, token::hex};

/// The owner of keys: a grant, which is the issuer, the subject, and all that the token allows. Tokens of one
/// subject that allow different things are different principals with separate keys; a fresh token of the same
/// grant is the same principal. Rights that its holder has lost since still count: without them, a retry with
/// the same token would be another principal's and have its effect once more.
#[must_use]
pub fn principal(
    issuer: &str,
    who: &ActorRef,
    permissions: &BTreeSet<Permission>,
    accounts: &[AccountId],
) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text);
    };
    part(issuer);
    part(who.kind.as_str());
    part(&who.id);
    // Sets: their order in the token has no meaning.
    let accounts: BTreeSet<&str> = accounts.iter().map(AccountId::as_str).collect();
    part(&permissions.len().to_string());
    for permission in permissions {
        part(permission.as_str());
    }
    accounts.into_iter().for_each(part);
    format!("grant:{}", hex(&hash.finalize()))
}
