//! Where undeliverable letters are returned: the sender in their envelopes.

use lettre::Address;

use super::ascii_address;
use crate::domain::{
    bounce_address::{BounceKeys, MAX_LOCAL_PART},
    ids::LetterId,
};

/// `MAIL_ENVELOPE_FROM`: where undeliverable letters are returned.
#[derive(Debug, Clone)]
pub struct ReturnAddress {
    address: Address,
    /// The keys that put the letter into the address; without them it is the same for every letter.
    keys: Option<BounceKeys>,
}

impl ReturnAddress {
    /// Parses an address without a name.
    ///
    /// # Errors
    /// A sentence that names the variable and says what to change.
    pub fn parse(text: &str) -> Result<Self, String> {
        let address = ascii_address::parse(text.trim()).ok_or(
            "MAIL_ENVELOPE_FROM must be an e-mail address without a name, as in bounces@invite.example.com.",
        )?;
        if address.user().len() > MAX_LOCAL_PART || address.user().contains('+') {
            return Err(format!(
                "MAIL_ENVELOPE_FROM must have at most {MAX_LOCAL_PART} characters before the @ and no +: \
                each letter's id is added there."
            ));
        }
        Ok(Self { address, keys: None })
    }

    /// The same with an address of its own for each letter.
    pub(super) fn with_keys(self, keys: BounceKeys) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// The part before the `@`.
    pub(super) fn local_part(&self) -> &str {
        self.address.user()
    }

    /// The part behind the `@`.
    pub(super) fn domain(&self) -> &str {
        self.address.domain()
    }

    /// The address for a letter.
    pub(super) fn of(&self, letter: LetterId) -> Address {
        let own = self.keys.as_ref().and_then(|keys| {
            Address::new(keys.local_part(self.address.user(), letter), self.address.domain()).ok()
        });
        own.unwrap_or_else(|| self.address.clone())
    }
}
