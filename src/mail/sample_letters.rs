//! Sample letters of each kind in each language, for previews and to check templates.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use crate::domain::{
    email::Email,
    ids::{LetterId, WebhookEndpointId},
    invitation::InvitationKind,
    letter::{Letter, LetterAccount, LetterPurpose},
    locale::Locale,
    sub_account::MemberRole,
};

/// The API's URL in sample letters.
const API_URL: &str = "https://example.com";

/// A file name, and the account: its name, the parent's, the role, and whether it is new.
type Occasion =
    (&'static str, InvitationKind, Option<(&'static str, Option<&'static str>, MemberRole, bool)>);

/// The kinds of invitations.
const OCCASIONS: [Occasion; 5] = [
    ("system_user", InvitationKind::SystemUser, None),
    (
        "account_owner",
        InvitationKind::AccountOwner,
        Some(("Acme B.V.", None, MemberRole::AccountOwner, true)),
    ),
    (
        "further_owner",
        InvitationKind::AccountOwner,
        Some(("Acme B.V.", None, MemberRole::AccountOwner, false)),
    ),
    (
        "sub_account_owner",
        InvitationKind::SubAccount,
        Some(("Acme Logistics", Some("Acme B.V."), MemberRole::AccountOwner, true)),
    ),
    (
        "driver",
        InvitationKind::SubAccount,
        Some(("Dirk at home", Some("Acme B.V."), MemberRole::Driver, true)),
    ),
];

/// Every letter in every language as of `now`, each with a file name: `invitation-system_user-nl`,
/// `reminder-driver-de`. The links are not valid.
#[must_use]
pub fn samples(now: DateTime<Utc>) -> Vec<(String, Letter)> {
    let Ok(to) = Email::parse("ada@example.com") else {
        return Vec::new();
    };
    let mut samples = Vec::new();
    for (purpose, occasion, locale) in combinations() {
        let name = format!("{}-{}-{}", purpose.as_str(), occasion.0, locale.as_str());
        samples.push((name, sample(&to, (purpose, occasion, locale), now)));
    }
    samples.extend(notices(&to, now));
    samples
}

fn sample(
    to: &Email,
    (purpose, (_, kind, account), locale): (LetterPurpose, Occasion, Locale),
    now: DateTime<Utc>,
) -> Letter {
    let is_staff = kind == InvitationKind::SystemUser;
    let hours = if purpose == LetterPurpose::Invitation { 24 } else { 4 };
    Letter {
        id: LetterId::from_uuid(uuid::Uuid::nil()),
        purpose,
        to: to.clone(),
        locale,
        kind: Some(kind),
        inviter: "Grace Hopper".to_owned(),
        organisation: "Example Charging".to_owned(),
        roles: if is_staff { vec!["user_manager", "finance"] } else { Vec::new() },
        account: account.map(|(name, parent, role, is_new)| LetterAccount {
            name: Some(name.to_owned()),
            parent_name: parent.map(str::to_owned),
            role,
            is_new,
        }),
        endpoints: Vec::new(),
        api_url: API_URL.to_owned(),
        link: SecretString::from(format!("https://example.com/activate?token={}", "sample-".repeat(14))),
        now,
        expires_at: now + TimeDelta::hours(hours),
    }
}

/// The letters that are about no invitation: `password_reset-nl`, `email_change-de`.
fn notices(to: &Email, now: DateTime<Utc>) -> Vec<(String, Letter)> {
    let purposes = LetterPurpose::ALL.into_iter().filter(|purpose| purpose.is_notice());
    let combinations = purposes.flat_map(|purpose| Locale::ALL.map(|locale| (purpose, locale)));
    let letter = |(purpose, locale): (LetterPurpose, Locale)| {
        let token =
            if purpose.has_own_link() { format!("?token={}", "sample-".repeat(14)) } else { String::new() };
        let page = match purpose {
            LetterPurpose::EmailChange => "confirm-email",
            LetterPurpose::WebhookDisabled => "docs",
            _ => "reset-password",
        };
        let letter = Letter {
            id: LetterId::from_uuid(uuid::Uuid::nil()),
            purpose,
            to: to.clone(),
            locale,
            kind: None,
            inviter: "Example Charging".to_owned(),
            organisation: "Example Charging".to_owned(),
            roles: Vec::new(),
            account: None,
            endpoints: endpoints(purpose),
            api_url: API_URL.to_owned(),
            link: SecretString::from(format!("https://example.com/{page}{token}")),
            now,
            expires_at: now + TimeDelta::hours(1),
        };
        (format!("{}-{}", purpose.as_str(), locale.as_str()), letter)
    };
    combinations.map(letter).collect()
}

/// The endpoint of the letter that is about one.
fn endpoints(purpose: LetterPurpose) -> Vec<WebhookEndpointId> {
    let is_named = purpose == LetterPurpose::WebhookDisabled;
    is_named.then(|| WebhookEndpointId::from_uuid(uuid::Uuid::nil())).into_iter().collect()
}

fn combinations() -> impl Iterator<Item = (LetterPurpose, Occasion, Locale)> {
    let purposes = LetterPurpose::ALL.into_iter().filter(|purpose| !purpose.is_notice());
    purposes.flat_map(|purpose| {
        OCCASIONS.into_iter().flat_map(move |occasion| Locale::ALL.map(|locale| (purpose, occasion, locale)))
    })
}

/// The samples, and a copy of each without optional names, with one role and with none.
pub(super) fn every_variant(now: DateTime<Utc>) -> Vec<(String, Letter)> {
    let mut all = samples(now);
    let mut nameless = samples(now);
    for (_, letter) in &mut nameless {
        letter.roles.truncate(1);
        letter.account =
            letter.account.take().map(|account| LetterAccount { name: None, parent_name: None, ..account });
    }
    let mut bare = samples(now);
    for (_, letter) in &mut bare {
        letter.roles.clear();
        letter.account = letter.account.take().map(|account| LetterAccount {
            parent_name: account.name.or(account.parent_name),
            name: None,
            ..account
        });
    }
    all.extend(nameless);
    all.extend(bare);
    all
}
