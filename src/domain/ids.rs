//! Ids are TypeIDs: a UUIDv7 in Crockford base 32 after a prefix for the kind of object.
//!
//! Source: the TypeID specification 0.3. The text sorts by time of creation, the order of lists.

use std::{fmt, marker::PhantomData, str::FromStr};

use arrayvec::ArrayString;
use mti::prelude::{MagicTypeId, MagicTypeIdExt, TypeIdSuffix};
use uuid::Uuid;

/// The longest prefix, an underscore and 26 characters.
const MAX_LENGTH: usize = 33;

/// A kind of object; each has its own prefix.
pub trait Named: Copy + 'static {
    /// The prefix, three to six lower-case letters.
    const PREFIX: &'static str;
}

macro_rules! named {
    ($($(#[$doc:meta])* $kind:ident, $id:ident, $prefix:literal;)+) => {$(
        #[doc = concat!("Names the kind of thing whose ids begin with `", $prefix, "_`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $kind;
        impl Named for $kind { const PREFIX: &'static str = $prefix; }
        $(#[$doc])*
        pub type $id = Id<$kind>;
    )+};
}

named! {
    /// Id of a user, `usr_…`.
    UserKind, UserId, "usr";
    /// Id of an account, `acc_…`.
    AccountKind, AccountId, "acc";
    /// Id of an invitation, `inv_…`.
    InvitationKind, InvitationId, "inv";
    /// Id of an entry in an invitation's timeline, `evt_…`.
    EventKind, EventId, "evt";
    /// Id of a letter in the outbox, `ltr_…`.
    LetterKind, LetterId, "ltr";
    /// Id of a returned message that could not be read, `ret_…`.
    ReturnedMailKind, ReturnedMailId, "ret";
    /// Id of a suppressed address, `sup_…`.
    SuppressionKind, SuppressionId, "sup";
    /// Id of a request to reset a password, `rst_…`.
    ResetKind, ResetId, "rst";
    /// Id of a request to change an address, `chg_…`.
    EmailChangeKind, EmailChangeId, "chg";
    /// Id of a session of a person who signed in, `ses_…`.
    SessionKind, SessionId, "ses";
    /// Id of an access token, `tok_…`.
    TokenKind, TokenId, "tok";
    /// Id of an audit event, `aud_…`.
    AuditKind, AuditEventId, "aud";
    /// Id of an API client, `client_…`.
    ClientKind, ClientId, "client";
    /// Id of a secret of an API client, `sec_…`.
    SecretKind, SecretId, "sec";
    /// Id of a partner's webhook endpoint, `whe_…`.
    WebhookEndpointKind, WebhookEndpointId, "whe";
    /// Id of a webhook event, `msg_…`: the header `webhook-id`.
    WebhookEventKind, WebhookEventId, "msg";
    /// Id of an attempt to deliver a webhook event, `wha_…`.
    WebhookAttemptKind, WebhookAttemptId, "wha";
}

/// A TypeID of one kind, stored as its text, which is the form in the database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K> {
    text: ArrayString<MAX_LENGTH>,
    kind: PhantomData<fn() -> K>,
}

/// The text is no id of the requested kind: malformed, or of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not an id of this kind.")]
pub struct NotAnId;

impl<K: Named> Id<K> {
    /// The id for `uuid`, which the caller made from the clock (UUIDv7).
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        let mut text = ArrayString::new();
        // The specification guarantees 26 ASCII characters behind the prefix, so `push_str` cannot overflow.
        text.push_str(K::PREFIX);
        text.push('_');
        text.push_str(&TypeIdSuffix::from(uuid));
        Self { text, kind: PhantomData }
    }

    /// The smallest id that could be made at `at`, or later: a UUIDv7 begins with its time (RFC 9562 §5.7).
    #[must_use]
    pub fn earliest_at(at: chrono::DateTime<chrono::Utc>) -> Self {
        let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or_default().min(0xFFFF_FFFF_FFFF);
        Self::from_uuid(Uuid::from_u128((u128::from(milliseconds) << 80) | 0x7000_8000_0000_0000_0000))
    }

    /// The UUID inside, where 16 bytes are preferable to 30 characters.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        // An `Id` is only created from a valid TypeID.
        self.text.as_str().uuid().unwrap_or_default()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }
}

impl<K: Named> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let suffix = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(NotAnId)?;
        TypeIdSuffix::from_str(suffix).map_err(|_| NotAnId)?;
        Ok(Self { text: ArrayString::from(text).map_err(|_| NotAnId)?, kind: PhantomData })
    }
}

impl<K: Named> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K: Named> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Whether a text is an id, of whatever kind.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.len() <= MAX_LENGTH && text.contains('_') && MagicTypeId::from_str(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_its_text_and_refuses_another_kind() {
        let uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let id = UserId::from_uuid(uuid);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.uuid(), uuid);
        assert_eq!(id.as_str().replace("usr", "inv").parse::<UserId>(), Err(NotAnId));
        let client = ClientId::from_uuid(uuid);
        assert_eq!((client.as_str().len(), client.to_string().parse()), (MAX_LENGTH, Ok(client)));
        assert!(is_id(id.as_str()) && is_id(client.as_str()) && !is_id(&id.as_str()[4..]));
    }

    #[test]
    fn refuses_malformed_text() {
        for text in [
            "",
            "usr_",
            "usr",
            "01k",
            "usr_01k",
            "usr_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "usr_0000000000000000000000000l",
            "USR_01jzzzzzzzzzzzzzzzzzzzzzzz",
        ] {
            assert_eq!(text.parse::<UserId>(), Err(NotAnId), "{text}");
        }
    }
}
