//! Which state of an invitation somebody has seen, as far as callers can change it: two who change the same
//! one at once find each other out by it.

use sha2::{Digest, Sha256};

use super::{
    invitation::{Invitation, InvitationState},
    locale::Locale,
    token::hex,
};

/// The state, in 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(String);

impl Revision {
    /// How many bytes of the digest are kept: enough for no two states of one invitation to meet.
    const BYTES: usize = 16;

    /// The state that an invitation is in.
    ///
    /// What happens by itself is left out, how far the letter has come and whether the link has expired: it
    /// takes nothing back that a caller has read before they change something.
    #[must_use]
    pub fn of(invitation: &Invitation) -> Self {
        let Invitation { id, email, roles, locale, state, generation, account, .. } = invitation;
        // An account that was there before is no part of the invitation to it.
        let made = account.as_ref().filter(|account| account.is_new);
        let parts = [
            Some(id.to_string()),
            Some(email.as_str().to_owned()),
            Some(roles.to_string()),
            locale.map(|locale| Locale::as_str(locale).to_owned()),
            Some(InvitationState::as_str(*state).to_owned()),
            Some(generation.to_string()),
            made.and_then(|account| account.name.clone()),
            made.and_then(|account| account.rate).map(|rate| rate.to_string()),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            // The length goes before each, so that no two lists of parts read alike; nothing is shorter than
            // an empty text.
            let length = part
                .as_ref()
                .map_or(0, |part| u64::try_from(part.len()).unwrap_or(u64::MAX).saturating_add(1));
            hash.update(length.to_be_bytes());
            hash.update(part.unwrap_or_default());
        }
        Self(hex(hash.finalize().get(..Self::BYTES).unwrap_or_default()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
