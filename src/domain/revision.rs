//! The version of an invitation that a caller has seen, to detect concurrent changes.

use sha2::{Digest, Sha256};

use super::{
    invitation::{Invitation, InvitationState},
    locale::Locale,
    token::hex,
};

/// The version, in 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(String);

impl Revision {
    /// How many bytes of the digest are kept: enough to distinguish all versions of one invitation.
    const BYTES: usize = 16;

    /// The version of an invitation.
    ///
    /// Changes that no caller makes, in the delivery state and by expiry, are left out: they do not
    /// invalidate what a caller has read before a change.
    #[must_use]
    pub fn of(invitation: &Invitation) -> Self {
        let Invitation { id, email, roles, locale, state, generation, account, .. } = invitation;
        // An account that existed before is no part of the invitation to it.
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
            // Each part is preceded by its length, so that no two lists of parts give the same bytes; an
            // absent part has length 0, an empty text 1.
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
