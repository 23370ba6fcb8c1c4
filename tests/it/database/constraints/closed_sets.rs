//! The closed sets of the schema hold every name that the program writes.

use invitation_service::{
    db::{letters::outbox::LetterState, webhooks::DeliveryState},
    domain::{
        account::{AccountStatus, AccountType},
        actor::ActorKind,
        audit::AuditOutcome,
        delivery_reports::DeliveryStatus,
        invitation::{InvitationKind, InvitationState},
        returned_mail::UnreadReason,
        sub_account::{MemberRole, UsedBy},
        suppression::SuppressionReason,
        user::UserStatus,
        webhooks::{DisabledReason, WebhookStatus},
    },
};

use crate::{
    database::parity::{migrated, schema},
    support::Backend,
};

/// The lists of words in the schema, each with the words that the program writes there.
fn lists() -> Vec<(&'static str, Vec<&'static str>)> {
    let inviters =
        ActorKind::ALL.into_iter().filter(|kind| !matches!(kind, ActorKind::System | ActorKind::Link));
    vec![
        ("users_status_known", UserStatus::ALL.map(UserStatus::as_str).to_vec()),
        ("invitations_kind_known", InvitationKind::ALL.map(InvitationKind::as_str).to_vec()),
        ("invitations_state_known", InvitationState::ALL.map(InvitationState::as_str).to_vec()),
        ("invitations_inviter_known", inviters.map(ActorKind::as_str).collect()),
        ("invitations_member_role_known", MemberRole::ALL.map(MemberRole::as_str).to_vec()),
        ("memberships_role_known", MemberRole::ALL.map(MemberRole::as_str).to_vec()),
        ("accounts_status_known", AccountStatus::ALL.map(AccountStatus::as_str).to_vec()),
        ("accounts_type_known", AccountType::ALL.map(AccountType::as_str).to_vec()),
        ("accounts_used_by_known", UsedBy::ALL.map(UsedBy::as_str).to_vec()),
        ("letters_state_known", LetterState::ALL.map(LetterState::as_str).to_vec()),
        ("suppressions_reason_known", SuppressionReason::ALL.map(SuppressionReason::as_str).to_vec()),
        ("erased_suppressions_reason_known", SuppressionReason::ALL.map(SuppressionReason::as_str).to_vec()),
        ("audit_events_outcome_known", AuditOutcome::ALL.map(AuditOutcome::as_str).to_vec()),
        ("unread_mail_reason_known", UnreadReason::ALL.map(UnreadReason::as_str).to_vec()),
        ("letters_fate_known", DeliveryStatus::ALL.map(DeliveryStatus::as_str).to_vec()),
        ("webhook_endpoints_status_known", WebhookStatus::ALL.map(WebhookStatus::as_str).to_vec()),
        ("webhook_endpoints_reason_known", DisabledReason::ALL.map(DisabledReason::as_str).to_vec()),
        ("webhook_deliveries_state_known", DeliveryState::ALL.map(DeliveryState::as_str).to_vec()),
    ]
}

#[tokio::test]
async fn the_lists_of_words_in_the_schema_hold_every_word_that_is_written() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = migrated(backend).await;
        let definitions = database.texts(match backend {
            Backend::Postgres => {
                "SELECT conname || ' ' || pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE contype \
                = 'c'"
            }
            Backend::Sqlite => "SELECT sql AS text FROM sqlite_master WHERE type = 'table'",
        });
        let rules: Vec<&str> = definitions.iter().flat_map(|text| text.split("CONSTRAINT ")).collect();
        for (rule, words) in lists() {
            let definition = rules.iter().find(|text| text.split_whitespace().next() == Some(rule));
            let definition = definition.unwrap_or_else(|| panic!("{backend:?} has no {rule}"));
            for word in words {
                assert!(
                    definition.contains(&format!("'{word}'")),
                    "{backend:?}: {word} is not in {definition}"
                );
            }
        }
        for line in
            schema(&database).iter().filter(|line| line.starts_with("rule ") && line.ends_with("_known"))
        {
            assert!(
                lists().iter().any(|(rule, _)| line.ends_with(&format!(" {rule}"))),
                "no words are named for {line}"
            );
        }
    }
}
