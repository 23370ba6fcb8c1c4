//! Every text column: whether an erasure empties it, or why it holds no personal data. A new column fails
//! this test until it is in the list, and `found_nowhere` until the erasure knows it.

use std::collections::BTreeSet;

use crate::{
    database::parity::migrated,
    support::{Backend, database::TestDatabase},
};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// An address or a name, or a text that may quote one: erased with the person.
    Personal,
    /// A secret of the person, which is erased, and is no text in which an address or a name is found.
    Secret,
    /// Ids of this service.
    Id,
    /// A word of a closed set, or a number as text.
    Word,
    /// A random value or a digest.
    Random,
    /// Of a company, which is no person.
    Company,
    /// Of a partner's program, which is no person.
    Program,
    /// What a caller's program or network is: kept in the audit log, which is append-only, for two years.
    Audited,
}
use Content::{Audited, Company, Id, Personal, Program, Random, Secret, Word};

pub const COLUMNS: &[(&str, Content)] = &[
    ("account_lineage.account_id", Id),
    ("account_lineage.ancestor_id", Id),
    ("accounts.account_type", Word),
    ("accounts.city", Company),
    ("accounts.company_name", Company),
    ("accounts.country", Company),
    ("accounts.house_number", Company),
    ("accounts.id", Id),
    ("accounts.name", Personal),
    ("accounts.name_key", Personal),
    ("accounts.parent_account_id", Id),
    ("accounts.postal_code", Company),
    ("accounts.registration_number", Company),
    ("accounts.search_text", Personal),
    ("accounts.status", Word),
    ("accounts.street", Company),
    ("accounts.used_by", Word),
    ("accounts.vat_number", Company),
    ("api_client_secrets.client_id", Id),
    ("api_client_secrets.hash", Random),
    ("api_client_secrets.hint", Random),
    ("api_client_secrets.id", Id),
    ("api_clients.account_id", Id),
    ("api_clients.created_by_id", Id),
    ("api_clients.created_by_kind", Word),
    // Of programs alone: a user's name is read from `users`.
    ("api_clients.created_by_name", Program),
    ("api_clients.id", Id),
    ("api_clients.name", Program),
    ("api_clients.networks", Program),
    ("api_clients.scopes", Word),
    ("audit_events.action", Word),
    ("audit_events.actor_id", Id),
    ("audit_events.actor_kind", Word),
    // Of programs alone: a user's name is read from `users`.
    ("audit_events.actor_name", Audited),
    ("audit_events.address", Audited),
    // Roles, ids, and names of members (`domain/audit.rs`).
    ("audit_events.details", Word),
    ("audit_events.id", Id),
    ("audit_events.object", Id),
    ("audit_events.outcome", Word),
    ("audit_events.request_id", Audited),
    ("audit_events.user_agent", Audited),
    ("derived_data.name", Word),
    ("email_changes.email", Personal),
    ("email_changes.id", Id),
    ("email_changes.old_email", Personal),
    ("email_changes.user_id", Id),
    ("erased_suppressions.hash", Random),
    ("erased_suppressions.reason", Word),
    // A keyed digest of what is counted.
    ("former_addresses.email_key", Personal),
    ("former_addresses.search_text", Personal),
    ("former_addresses.user_id", Id),
    ("guess_counts.id", Random),
    ("idempotency_keys.body", Personal),
    ("idempotency_keys.etag", Random),
    ("idempotency_keys.fingerprint", Random),
    // Chosen by the caller, who is asked for a random one; kept for a day.
    ("idempotency_keys.key", Random),
    ("idempotency_keys.location", Id),
    ("idempotency_keys.principal", Random),
    ("idempotency_keys.worker", Id),
    ("invitation_events.actor_id", Id),
    ("invitation_events.actor_kind", Word),
    ("invitation_events.actor_name", Personal),
    ("invitation_events.details", Personal),
    ("invitation_events.event_type", Word),
    ("invitation_events.id", Id),
    ("invitation_events.invitation_id", Id),
    ("invitations.account_id", Id),
    ("invitations.email", Personal),
    ("invitations.email_key", Personal),
    ("invitations.id", Id),
    ("invitations.inviter_id", Id),
    ("invitations.inviter_kind", Word),
    ("invitations.inviter_name", Personal),
    ("invitations.kind", Word),
    ("invitations.locale", Word),
    ("invitations.member_role", Word),
    ("invitations.roles", Word),
    ("invitations.scope", Id),
    ("invitations.search_text", Personal),
    ("invitations.state", Word),
    ("invitations.user_id", Id),
    // With the mailbox; erased by its key.
    ("letter_counts.sent", Word),
    ("letter_counts.subject", Personal),
    ("letters.cause", Word),
    ("letters.status_code", Word),
    ("letters.fate", Word),
    ("letters.fate_reason", Personal),
    ("letters.id", Id),
    ("letters.invitation_id", Id),
    ("letters.kind", Word),
    ("letters.last_error", Personal),
    ("letters.provider", Word),
    // Leads to the person in the provider's records.
    ("letters.provider_message_id", Secret),
    ("letters.recipient", Personal),
    ("letters.relay", Word),
    ("letters.state", Word),
    ("letters.subject", Id),
    // Of spans: random ids, of this service or a caller's.
    ("letters.trace_parent", Random),
    // The provider's id of an event, for 30 days.
    ("mail_events.event_id", Random),
    ("mail_events.provider", Word),
    ("mail_pace.relay", Word),
    ("mail_tokens.event", Random),
    ("mail_tokens.provider", Word),
    ("mail_tokens.token", Random),
    ("memberships.account_id", Id),
    ("memberships.role", Word),
    ("memberships.user_id", Id),
    ("password_resets.email", Personal),
    ("password_resets.email_key", Personal),
    ("password_resets.id", Id),
    ("revoked_tokens.id", Id),
    ("row_counts.kind", Word),
    ("row_counts.state", Word),
    ("row_counts.subject", Word),
    ("sessions.credential", Secret),
    ("sessions.id", Id),
    ("sessions.user_id", Id),
    ("suppressions.detail", Personal),
    ("suppressions.email", Personal),
    ("suppressions.email_key", Personal),
    ("suppressions.id", Id),
    ("suppressions.reason", Word),
    ("unread_mail.digest", Random),
    ("unread_mail.id", Id),
    ("unread_mail.letter_id", Id),
    ("unread_mail.message", Personal),
    ("unread_mail.reason", Word),
    ("unread_mail.recipient", Personal),
    ("user_roles.role", Word),
    ("user_roles.user_id", Id),
    ("users.email", Personal),
    ("users.email_key", Personal),
    ("users.first_name", Personal),
    ("users.id", Id),
    ("users.last_name", Personal),
    ("users.password_hash", Secret),
    ("users.search_text", Personal),
    ("users.status", Word),
    ("webhook_attempts.endpoint_id", Id),
    // Words of this program about a connection: no body of an answer.
    ("webhook_attempts.error", Program),
    ("webhook_attempts.event_id", Id),
    ("webhook_attempts.event_type", Word),
    ("webhook_attempts.id", Id),
    ("webhook_deliveries.endpoint_id", Id),
    ("webhook_deliveries.event_id", Id),
    ("webhook_deliveries.state", Word),
    ("webhook_deliveries.subject", Id),
    ("webhook_endpoints.client_id", Id),
    ("webhook_endpoints.created_by_id", Id),
    ("webhook_endpoints.created_by_kind", Word),
    // Of programs alone: a user's name is read from `users`.
    ("webhook_endpoints.created_by_name", Program),
    ("webhook_endpoints.disabled_reason", Word),
    ("webhook_endpoints.event_types", Word),
    ("webhook_endpoints.id", Id),
    ("webhook_endpoints.replayed_to", Id),
    ("webhook_endpoints.status", Word),
    ("webhook_endpoints.url", Program),
    ("webhook_events.event_type", Word),
    ("webhook_events.id", Id),
    // Ids, times and words (`domain/webhooks/payload.rs`).
    ("webhook_events.payload", Id),
    ("webhook_events.trace_parent", Random),
    ("webhook_progress.name", Word),
    ("webhook_secrets.endpoint_id", Id),
    ("webhook_secrets.hash", Random),
    ("webhook_secrets.hint", Random),
    ("webhook_secrets.id", Id),
];

/// The text columns of a database, as `table.column`. SQLite has times as text, which PostgreSQL has not. Its
/// index of searches has parts of three characters, in pages that the search of its files reads.
pub fn text_columns(database: &TestDatabase) -> BTreeSet<String> {
    let query = match database.backend {
        Backend::Postgres => {
            "SELECT table_name || '.' || column_name AS text FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type NOT IN ('timestamp with time zone', 'integer', \
             'boolean')"
        }
        Backend::Sqlite => {
            "SELECT t.name || '.' || c.name AS text FROM sqlite_master t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND c.type <> 'INTEGER' AND t.name NOT LIKE 'search_%'"
        }
    };
    database.texts(query).into_iter().filter(|column| !column.starts_with("__diesel")).collect()
}

#[tokio::test]
async fn every_text_column_is_known_to_the_erasure() {
    let found = text_columns(&migrated(Backend::Postgres).await);
    let known: BTreeSet<String> = COLUMNS.iter().map(|(column, _)| (*column).to_owned()).collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert_eq!(
        (new, gone),
        (vec![], vec![]),
        "not in the list of columns; in the list and not in the schema"
    );
}
