//! One letter of each sort in each language, for looking at.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{Desk, Sender, message::Wire};
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

/// Writes every letter in every language into `folder`, each to a file of its own name, and says which.
///
/// # Errors
/// A sentence for the operator.
pub fn write_samples(folder: &Path, sender: Sender, now: DateTime<Utc>) -> Result<Vec<PathBuf>, String> {
    let desk = Desk::new(sender)?;
    std::fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let write = |(name, letter): (String, Letter)| {
        let message = desk.message(&letter, Wire::EightBit).map_err(|error| error.to_string())?;
        let file = folder.join(format!("{name}.eml"));
        std::fs::write(&file, message.formatted()).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
        Ok(file)
    };
    samples(now).into_iter().map(write).collect()
}
