//! Links that are mailed, other than those of invitations: to reset a password, and to confirm an address.
//!
//! A link's token is derived from the id of its request, with keys of its own for each purpose, as the token
//! of an activation link is (`domain/token.rs`), and stored nowhere.

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{
    ids::{Id, Named},
    link_template::LinkTemplate,
    token::{ClaimKeys, LinkToken, search},
};

/// Why the link of a request does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadMailLink {
    /// It was used, or what it was for was done in another way.
    Used,
    /// A later link was requested.
    Superseded,
    /// Its time has passed.
    Expired,
}

impl DeadMailLink {
    /// Whether a link works at `now`. Where several reasons hold, the first of: used, superseded, expired.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(
        is_used: bool,
        is_superseded: bool,
        (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<(), Self> {
        if is_used {
            return Err(Self::Used);
        }
        if is_superseded {
            return Err(Self::Superseded);
        }
        if now < expires_at { Ok(()) } else { Err(Self::Expired) }
    }
}

/// A kind of requests whose links are mailed.
pub trait Mailed: Named {
    /// The purpose of the keys.
    const PURPOSE: &'static str;
}

/// A request has one link: its token has no generations.
const GENERATION: i32 = 1;

/// The keys that make and check the links of requests of one kind.
#[derive(Debug, Clone)]
pub struct MailLinkKeys<K> {
    keys: ClaimKeys,
    kind: PhantomData<fn() -> K>,
}

impl<K: Mailed> MailLinkKeys<K> {
    /// Derives the keys from the root key, and from the previous root key while its links are valid.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        Self { keys: ClaimKeys::derive(root, previous, K::PURPOSE), kind: PhantomData }
    }

    /// The link that opens `page` with the token of a request. It is deterministic, so that a retry sends the
    /// same link.
    #[must_use]
    pub fn link(&self, page: &LinkTemplate, request: Id<K>) -> SecretString {
        page.with_token(&self.keys.sign(request.uuid(), GENERATION))
    }

    /// The request of a genuine token, also with text that was added to it on its way.
    #[must_use]
    pub fn verify(&self, token: &LinkToken) -> Option<Id<K>> {
        search(token, |text| {
            let (uuid, generation) = self.keys.verify(text)?;
            (generation == GENERATION).then(|| Id::from_uuid(uuid))
        })
    }
}
