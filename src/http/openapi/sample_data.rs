//! What examples are made of: the objects that handlers answer with, so that the two cannot differ.
//!
//! Grace invites her colleague Ada, and Olivia, who is to own the account of Acme B.V.; Olivia invites Dirk,
//! a driver.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{
    api::accounts::{
        company::{AddressView, CompanyView},
        view::{AccountView, Currency, EnergyUnit, ReimbursementView},
    },
    response::page::List,
    response::views::{
        ActorView, DeliveryView, EventView, InvitationAccount, InvitationView, MembershipView, Timestamp,
        UserView,
    },
};
use crate::domain::{
    account::{AccountStatus, AccountType},
    actor::ActorKind,
    event::EventType,
    ids::{AccountId, Id, InvitationId, Named, UserKind},
    invitation::{DeliveryState, InvitationKind, InvitationStatus},
    locale::Locale,
    reimbursement::ReimbursementMode,
    role::Role,
    sub_account::{MemberRole, UsedBy},
    user::UserStatus,
};

/// Where the service of the examples is.
pub(in crate::http) const PUBLIC_URL: &str = "https://invitations.example.com";
/// The id of a request.
pub(in crate::http) const REQUEST_ID: &str = "req_01m86xvxh0f4xsjrspgpayc2qn";
/// Users as CSV.
pub(in crate::http) const CSV: &str = "\
    id,email,first_name,last_name,status,system_roles,memberships,created_at,activated_at\r\n\
    \"usr_01m86xvxh0es8r65rzyjka792g\",\"ada@example.com\",\"Ada\",\"Lovelace\",\"active\",\"viewer\",\"\",\
    \"2026-11-24T14:03:00.000Z\",\"2026-11-24T14:08:20.000Z\"\r\n";
/// The beginning of what Prometheus reads.
pub(in crate::http) const METRICS: &str = "# HELP invitation_service_invites Invites by outcome.\n# TYPE \
    invitation_service_invites counter\n\
    invitation_service_invites_total{outcome=\"invited\"} 1\n# EOF\n";

pub(in crate::http) const GRACE: u128 = 0x01a0_3e61_9e20_752e_89a7_834d_f2a7_4de4;
pub(in crate::http) const ADA: u128 = 0x01a2_0ddd_f620_7651_8317_1ff4_a6a3_a450;
/// The person with the corrected address.
pub(in crate::http) const LOVELACE: u128 = 0x01a2_0de2_89e0_7651_8317_1ff4_a6a3_a451;
pub(in crate::http) const OLIVIA: u128 = 0x01a1_735f_2e20_7128_a24b_e40a_d23f_0824;
pub(in crate::http) const DIRK: u128 = 0x01a2_0e14_e4a0_7181_a54c_6617_5d9d_c9f8;
pub(in crate::http) const FOR_ADA: u128 = 0x01a2_0ddd_f620_70ed_a079_d3bd_e8e2_5d94;
pub(in crate::http) const FOR_OLIVIA: u128 = 0x01a1_735f_2e20_736f_8580_28d6_0999_50d8;
pub(in crate::http) const FOR_DIRK: u128 = 0x01a2_0e14_e4a0_76f0_8478_82e3_6b0d_549b;
pub(in crate::http) const ACME: u128 = 0x01a1_735f_2e20_73d9_a344_5bb3_1738_f7d9;
pub(in crate::http) const HOME: u128 = 0x01a2_0e14_e4a0_76ca_b4eb_252b_0f21_ddb6;
pub(in crate::http) const TOKEN: &str =
    "AWdI-koBmrfTOTRwMIlQzRODMWx8AAAAAZ5vG0cZ0mYk3c1c7p1u8o9Xq2hB4sKJd6VwT5yN0aE";
pub(in crate::http) const PASSWORD: &str = "correct horse battery staple";

pub(in crate::http) fn id<K: Named>(number: u128) -> Id<K> {
    Id::from_uuid(Uuid::from_u128(number))
}

/// So many seconds after Grace invited Ada.
pub(in crate::http) fn at(seconds: i64) -> Timestamp {
    let begin: DateTime<Utc> = DateTime::from_timestamp_millis(1_795_528_980_000).unwrap_or_default();
    Timestamp(begin + TimeDelta::seconds(seconds))
}

pub(in crate::http) const DAY: i64 = 24 * 60 * 60;
/// When Olivia was invited.
pub(in crate::http) const BEFORE: i64 = -30 * DAY;
/// When Dirk was.
pub(in crate::http) const LATER: i64 = 60 * 60;

/// The invitation that problems name.
pub(in crate::http) fn invitation_id() -> InvitationId {
    id(FOR_ADA)
}

pub(in crate::http) fn user(number: u128, name: &str) -> ActorView {
    ActorView { r#type: ActorKind::User, id: id::<UserKind>(number).to_string(), name: name.to_owned() }
}

pub(in crate::http) fn queued() -> DeliveryView {
    DeliveryView {
        state: DeliveryState::Queued,
        attempts: 0,
        last_error: None,
        sent_at: None,
        reason: None,
        advice: None,
        reported_at: None,
        failed_at: None,
    }
}

/// Ada's, as the invite answers.
pub(in crate::http) fn for_ada() -> InvitationView {
    InvitationView {
        id: id(FOR_ADA),
        kind: InvitationKind::SystemUser,
        email: "ada@example.com".to_owned(),
        status: InvitationStatus::Pending,
        user_id: id(ADA),
        roles: vec![Role::Viewer.as_str()],
        account: None,
        locale: Some(Locale::En),
        invited_by: user(GRACE, "Grace Hopper"),
        created_at: at(0),
        last_sent_at: at(0),
        send_count: 1,
        expires_at: at(DAY),
        activated_at: None,
        revoked_at: None,
        delivery: queued(),
        activation_link: None,
    }
}

pub(in crate::http) fn for_ada_sent() -> InvitationView {
    let delivery = DeliveryView { state: DeliveryState::Sent, attempts: 1, sent_at: Some(at(1)), ..queued() };
    InvitationView { last_sent_at: at(1), expires_at: at(DAY + 1), delivery, ..for_ada() }
}

/// Hers, when there is no such mailbox.
pub(in crate::http) fn for_ada_bounced() -> InvitationView {
    let delivery = DeliveryView {
        state: DeliveryState::Bounced,
        reason: Some("smtp;550 5.1.1 unknown user".to_owned()),
        advice: DeliveryState::Bounced.advice(None),
        reported_at: Some(at(4)),
        ..for_ada_sent().delivery
    };
    InvitationView { delivery, ..for_ada_sent() }
}

/// Hers, sent a second time so many seconds after the invite.
pub(in crate::http) fn for_ada_resent(seconds: i64) -> InvitationView {
    InvitationView { last_sent_at: at(seconds), send_count: 2, expires_at: at(DAY + seconds), ..for_ada() }
}

/// Hers, when the address was mistyped.
pub(in crate::http) fn for_ada_amended() -> InvitationView {
    InvitationView {
        email: "ada.lovelace@example.com".to_owned(),
        user_id: id(LOVELACE),
        ..for_ada_resent(300)
    }
}

/// Hers, when Grace took it back.
pub(in crate::http) fn for_ada_revoked() -> InvitationView {
    InvitationView { status: InvitationStatus::Revoked, revoked_at: Some(at(900)), ..for_ada_sent() }
}

/// Hers, when the link is handed over.
pub(in crate::http) fn for_ada_by_link() -> InvitationView {
    let delivery = DeliveryView { state: DeliveryState::HandedOver, ..queued() };
    let link = format!("{PUBLIC_URL}/activate?token={TOKEN}");
    InvitationView { delivery, activation_link: Some(link), ..for_ada() }
}

pub(in crate::http) fn for_olivia() -> InvitationView {
    InvitationView {
        id: id(FOR_OLIVIA),
        kind: InvitationKind::AccountOwner,
        email: "olivia@acme.example".to_owned(),
        user_id: id(OLIVIA),
        roles: vec![MemberRole::AccountOwner.as_str()],
        account: Some(InvitationAccount {
            id: id(ACME),
            name: Some("Acme B.V.".to_owned()),
            parent_account_id: None,
            used_by: None,
            r#type: Some(AccountType::Business),
        }),
        locale: Some(Locale::Nl),
        created_at: at(BEFORE),
        last_sent_at: at(BEFORE),
        expires_at: at(BEFORE + DAY),
        ..for_ada()
    }
}

pub(in crate::http) fn for_dirk() -> InvitationView {
    InvitationView {
        id: id(FOR_DIRK),
        kind: InvitationKind::SubAccount,
        email: "dirk@acme.example".to_owned(),
        user_id: id(DIRK),
        account: Some(InvitationAccount {
            id: id(HOME),
            name: Some("Dirk at home".to_owned()),
            parent_account_id: Some(id(ACME)),
            used_by: Some(UsedBy::Employee),
            r#type: Some(AccountType::Consumer),
        }),
        invited_by: user(OLIVIA, "Olivia Oakley"),
        created_at: at(LATER),
        last_sent_at: at(LATER),
        expires_at: at(LATER + DAY),
        ..for_olivia()
    }
}

pub(in crate::http) fn acme() -> AccountView {
    AccountView {
        id: id(ACME),
        name: Some("Acme B.V.".to_owned()),
        r#type: Some(AccountType::Business),
        status: AccountStatus::Active,
        parent_account_id: None,
        used_by: None,
        reimbursement: None,
        company: Some(CompanyView {
            name: "Acme B.V.".to_owned(),
            registration_number: Some("12345678".to_owned()),
            vat_number: Some("NL004495445B01".to_owned()),
            vat_exempt: false,
            address: AddressView {
                street: "Keizersgracht".to_owned(),
                house_number: Some("1".to_owned()),
                postal_code: Some("1015 CN".to_owned()),
                city: "Amsterdam".to_owned(),
                country: "NL".to_owned(),
            },
        }),
        created_at: at(BEFORE),
    }
}

pub(in crate::http) fn home() -> AccountView {
    AccountView {
        id: id(HOME),
        name: Some("Dirk at home".to_owned()),
        r#type: Some(AccountType::Consumer),
        status: AccountStatus::Invited,
        parent_account_id: Some(id(ACME)),
        used_by: Some(UsedBy::Employee),
        reimbursement: Some(ReimbursementView {
            rate: "0.2300".to_owned(),
            currency: Currency::Eur,
            unit: EnergyUnit::KilowattHour,
            mode: ReimbursementMode::Automated,
        }),
        company: None,
        created_at: at(LATER),
    }
}

pub(in crate::http) fn ada() -> UserView {
    UserView {
        id: id(ADA),
        email: "ada@example.com".to_owned(),
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        status: UserStatus::Active,
        system_roles: vec![Role::Viewer],
        memberships: Vec::new(),
        created_at: Some(at(0)),
        activated_at: Some(at(320)),
        pending_invitation_id: None,
    }
}

pub(in crate::http) fn ada_blocked() -> UserView {
    UserView { status: UserStatus::Blocked, ..ada() }
}

pub(in crate::http) fn olivia() -> UserView {
    UserView {
        id: id(OLIVIA),
        email: "olivia@acme.example".to_owned(),
        first_name: Some("Olivia".to_owned()),
        last_name: Some("Oakley".to_owned()),
        system_roles: Vec::new(),
        memberships: vec![MembershipView {
            account_id: id(ACME),
            account_name: Some("Acme B.V.".to_owned()),
            role: MemberRole::AccountOwner,
        }],
        created_at: Some(at(BEFORE)),
        activated_at: Some(at(BEFORE + 320)),
        ..ada()
    }
}

pub(in crate::http) fn dirk() -> UserView {
    UserView {
        id: id(DIRK),
        email: "dirk@acme.example".to_owned(),
        first_name: None,
        last_name: None,
        status: UserStatus::Invited,
        system_roles: Vec::new(),
        created_at: Some(at(LATER)),
        activated_at: None,
        pending_invitation_id: Some(id(FOR_DIRK)),
        ..ada()
    }
}

pub(in crate::http) fn timeline() -> Vec<EventView> {
    let entry = |number, r#type, seconds, actor, details| EventView {
        id: id(number),
        r#type,
        at: at(seconds),
        actor,
        details,
    };
    let grace = || user(GRACE, "Grace Hopper");
    let system =
        |kind, id: &str, name: &str| ActorView { r#type: kind, id: id.to_owned(), name: name.to_owned() };
    vec![
        entry(
            0x01a2_0ddd_f620_790c_bca3_0417_1fb1_7c23,
            EventType::Created,
            0,
            grace(),
            json!({ "roles": ["viewer"] }),
        ),
        entry(
            0x01a2_0ddd_f620_7992_a827_ddad_a170_b338,
            EventType::EmailQueued,
            0,
            grace(),
            json!({ "send_count": 1 }),
        ),
        entry(
            0x01a2_0ddd_fa08_7953_83f5_8c3c_f29d_0da9,
            EventType::EmailSent,
            1,
            system(ActorKind::System, "courier", "Courier"),
            json!({ "attempt": 1 }),
        ),
        entry(
            0x01a2_0ddf_cae0_7953_83f5_8c3c_f29d_0da9,
            EventType::Opened,
            120,
            system(ActorKind::Link, "activation_link", "Activation link"),
            json!({ "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" }),
        ),
    ]
}

/// The last page of a list.
pub(in crate::http) fn page<T>(data: Vec<T>) -> List<T> {
    List { data, next_cursor: None }
}

/// Which account is meant.
pub(in crate::http) fn account_candidates() -> Value {
    let other: AccountId = id(HOME);
    json!([
        { "id": acme().id, "name": acme().name, "parent_account_id": null },
        { "id": other, "name": acme().name, "parent_account_id": null },
    ])
}

/// Which invitation is meant.
pub(in crate::http) fn invitation_candidates() -> Value {
    [for_olivia(), for_dirk()]
        .map(|one| json!({ "id": one.id, "kind": one.kind, "account": one.account }))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{EventId, UserId};

    #[test]
    fn ids_and_times_tell_one_story() {
        let made: DateTime<Utc> = at(0).0;
        assert_eq!(made.to_rfc3339(), "2026-11-24T14:03:00+00:00");
        let ids: (UserId, EventId) = (id(ADA), id(ADA));
        assert_eq!(ids.0.to_string(), "usr_01m86xvxh0es8r65rzyjka792g");
        assert!(CSV.contains(ids.0.as_str()) && ids.1.as_str().starts_with("evt_"));
    }
}
