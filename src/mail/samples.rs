//! One letter of each sort in each language, for looking at.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use crate::domain::{email::Email, ids::LetterId, invitation::InvitationKind, letter::Letter, locale::Locale};

/// Every letter in every language as it would be written at `now`, each with a name for a file: `invitation-system_user-nl`.
/// The links lead nowhere.
#[must_use]
pub fn samples(now: DateTime<Utc>) -> Vec<(String, Letter)> {
    let Ok(to) = Email::parse("ada@example.com") else {
        return Vec::new();
    };
    let letter = |kind: InvitationKind, locale: Locale| Letter {
        id: LetterId::from_uuid(uuid::Uuid::nil()),
        to: to.clone(),
        locale,
        kind,
        inviter: "Grace Hopper".to_owned(),
        organisation: "Example Charging".to_owned(),
        roles: if kind == InvitationKind::SystemUser { vec!["user_manager", "finance"] } else { Vec::new() },
        link: SecretString::from(format!("https://example.com/activate?token={}", "sample-".repeat(14))),
        now,
        expires_at: now + TimeDelta::hours(24),
    };
    InvitationKind::ALL
        .into_iter()
        .flat_map(|kind| {
            Locale::ALL.map(|locale| (format!("invitation-{}-{}", kind.as_str(), locale.as_str()), letter(kind, locale)))
        })
        .collect()
}
