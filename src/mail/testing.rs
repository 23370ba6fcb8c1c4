//! What the tests of this module share: a letter, a name server.

#[expect(dead_code, reason = "the tests of check-mail use the rest")]
#[path = "../../tests/it/support/name_server.rs"]
pub(super) mod name_server;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::Sender;
use crate::domain::{
    email::Email,
    ids::LetterId,
    invitation::InvitationKind,
    letter::{Letter, LetterPurpose},
    locale::Locale,
    time_zone::TimeZone,
};

/// A link as long as real ones are.
pub(super) const LINK: &str = "https://invite.example.com/activate?token=\
    AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4_QEFCQ0RF";

/// Tuesday 24 November 2026, 13:03:07 UTC.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_525_387, 0).unwrap()
}

/// An English letter to a future colleague.
pub(super) fn letter() -> Letter {
    Letter {
        id: LetterId::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
        purpose: LetterPurpose::Invitation,
        to: Email::parse("Ada@example.com").unwrap(),
        locale: Locale::En,
        kind: Some(InvitationKind::SystemUser),
        inviter: "Anna de Vries".to_owned(),
        organisation: "Voltmark".to_owned(),
        roles: vec!["user_manager", "finance"],
        account: None,
        endpoints: Vec::new(),
        api_url: "https://invite.example.com".to_owned(),
        link: SecretString::from(LINK),
        now: now(),
        expires_at: now() + TimeDelta::hours(24),
    }
}

/// A sender in Amsterdam.
pub(super) fn sender() -> Sender {
    Sender::new(
        "Voltmark <no-reply@voltmark.example>",
        Some("help@voltmark.example"),
        TimeZone::bundled("Europe/Amsterdam").unwrap(),
    )
    .unwrap()
}
