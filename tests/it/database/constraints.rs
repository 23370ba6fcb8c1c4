//! The rules of the schema: both databases refuse the same wrong rows.

mod closed_sets;

use crate::{
    database::parity::{migrated, schema},
    support::Backend,
};

const AT: &str = "'2026-11-24T12:00:00.000Z'";

fn user(id: &str, key: &str, status: &str, hash: &str, activated: &str, removed: &str) -> String {
    format!(
        "INSERT INTO users (id, email, email_key, search_text, status, password_hash, created_at, \
        activated_at, removed_at)
         VALUES ('{id}', '{key}', '{key}', '{key}', '{status}', {hash}, {AT}, {activated}, {removed})"
    )
}

/// An invitation; `change` replaces values by column.
fn invitation(change: &[(&str, &str)]) -> String {
    let row = [
        ("id", "'i2'"),
        ("kind", "'system_user'"),
        ("user_id", "'u1'"),
        ("email", "'b@x.nl'"),
        ("email_key", "'b@x.nl'"),
        ("search_text", "''"),
        ("roles", "'viewer'"),
        ("inviter_kind", "'cli'"),
        ("inviter_id", "'g'"),
        ("inviter_name", "'G'"),
        ("state", "'pending'"),
        ("generation", "1"),
        ("send_count", "1"),
        ("created_at", AT),
        ("last_sent_at", AT),
        ("expires_at", "'2026-11-25T12:00:00.000Z'"),
        ("activated_at", "NULL"),
        ("revoked_at", "NULL"),
        ("account_id", "NULL"),
        ("member_role", "NULL"),
        ("scope", "''"),
    ];
    insert("invitations", &row, change)
}

/// An invitation of a customer to the account `a1`.
fn of_customer(change: &[(&str, &str)]) -> String {
    let usual =
        [("kind", "'sub_account'"), ("roles", "''"), ("account_id", "'a1'"), ("member_role", "'driver'")];
    let kept = usual.into_iter().filter(|(column, _)| !change.iter().any(|(name, _)| name == column));
    invitation(&kept.chain(change.iter().copied()).collect::<Vec<_>>())
}

fn account(change: &[(&str, &str)]) -> String {
    let row = [
        ("id", "'a2'"),
        ("name", "NULL"),
        ("name_key", "NULL"),
        ("search_text", "''"),
        ("account_type", "NULL"),
        ("status", "'invited'"),
        ("parent_account_id", "NULL"),
        ("used_by", "NULL"),
        ("rate", "NULL"),
        ("company_name", "NULL"),
        ("vat_number", "NULL"),
        ("street", "NULL"),
        ("postal_code", "NULL"),
        ("city", "NULL"),
        ("country", "NULL"),
        ("created_at", AT),
        ("removed_at", "NULL"),
    ];
    insert("accounts", &row, change)
}

const NAMED: [(&str, &str); 2] = [("name", "'Acme'"), ("name_key", "'acme'")];
const COMPANY: [(&str, &str); 6] = [
    ("company_name", "'Acme'"),
    ("vat_number", "'NL1'"),
    ("street", "'Damrak'"),
    ("postal_code", "'1012'"),
    ("city", "'Amsterdam'"),
    ("country", "'NL'"),
];

/// An account that has come to life as a business, but for these values.
fn active(change: &[(&str, &str)]) -> String {
    let usual = [("status", "'active'"), ("account_type", "'business'")];
    let usual = usual
        .into_iter()
        .chain(NAMED)
        .chain(COMPANY)
        .filter(|(column, _)| !change.iter().any(|(name, _)| name == column));
    account(&usual.chain(change.iter().copied()).collect::<Vec<_>>())
}

fn letter(change: &[(&str, &str)]) -> String {
    let row = [
        ("id", "'l2'"),
        ("invitation_id", "'i1'"),
        ("subject", "NULL"),
        ("generation", "2"),
        ("state", "'queued'"),
        ("attempts", "0"),
        ("next_attempt_at", AT),
        ("created_at", AT),
        ("sent_at", "NULL"),
        ("kind", "'invitation'"),
        ("failed_at", "NULL"),
        ("provider", "NULL"),
        ("provider_message_id", "NULL"),
        ("fate", "NULL"),
        ("fate_at", "NULL"),
    ];
    insert("letters", &row, change)
}

fn insert(table: &str, row: &[(&str, &str)], change: &[(&str, &str)]) -> String {
    let value = |column: &str, usual: &str| {
        change.iter().find(|(name, _)| *name == column).map_or(usual, |(_, value)| *value).to_owned()
    };
    assert!(change.iter().all(|(name, _)| row.iter().any(|(column, _)| column == name)));
    let columns: Vec<&str> = row.iter().map(|(column, _)| *column).collect();
    let values: Vec<String> = row.iter().map(|(column, usual)| value(column, usual)).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
}

/// Wrong rows of accounts and memberships.
fn of_accounts() -> Vec<(&'static str, &'static str, String)> {
    vec![
        (
            "accounts_status_known",
            "",
            account(&[NAMED[0], NAMED[1], ("account_type", "'consumer'"), ("status", "'closed'")]),
        ),
        ("accounts_type_known", "", account(&[("account_type", "'club'")])),
        ("accounts_used_by_known", "", account(&[("parent_account_id", "'a1'"), ("used_by", "'nobody'")])),
        ("accounts_used_by_below_a_parent", "", account(&[("parent_account_id", "'a1'")])),
        ("accounts_used_by_below_a_parent", "", account(&[("used_by", "'employee'")])),
        ("accounts_rate_in_range", "", account(&[("rate", "2300")])),
        (
            "accounts_rate_in_range",
            "",
            account(&[("parent_account_id", "'a1'"), ("used_by", "'employee'"), ("rate", "0")]),
        ),
        (
            "accounts_rate_in_range",
            "",
            account(&[("parent_account_id", "'a1'"), ("used_by", "'employee'"), ("rate", "1000000")]),
        ),
        ("accounts_named_and_typed_when_active", "", active(&[("name", "NULL"), ("name_key", "NULL")])),
        ("accounts_key_with_name", "", account(&[("name", "'Acme'")])),
        ("accounts_company_of_active_business", "", active(&[("account_type", "'consumer'")])),
        ("accounts_company_of_active_business", "", active(&COMPANY.map(|(column, _)| (column, "NULL")))),
        ("accounts_company_whole", "", active(&[("city", "NULL")])),
        ("accounts_company_whole", "", account(&[("vat_number", "'NL1'")])),
        ("accounts_only_invited_are_removed", "", active(&[("removed_at", AT)])),
        (
            "accounts_parent_account_id_fkey",
            "FOREIGN KEY",
            account(&[("parent_account_id", "'a9'"), ("used_by", "'employee'")]),
        ),
        (
            "account_lineage_account_id_fkey",
            "FOREIGN KEY",
            "INSERT INTO account_lineage VALUES ('a9', 'a1')".to_owned(),
        ),
        (
            "account_lineage_ancestor_id_fkey",
            "FOREIGN KEY",
            "INSERT INTO account_lineage VALUES ('a1', 'a9')".to_owned(),
        ),
        (
            "account_lineage_pkey",
            "account_lineage.account_id, account_lineage.ancestor_id",
            "INSERT INTO account_lineage VALUES ('a1', 'a1')".to_owned(),
        ),
        (
            "memberships_pkey",
            "memberships.user_id, memberships.account_id",
            format!("INSERT INTO memberships VALUES ('u1', 'a1', 'account_owner', {AT})"),
        ),
        ("memberships_role_known", "", format!("INSERT INTO memberships VALUES ('u1', 'a1', 'boss', {AT})")),
        (
            "memberships_user_id_fkey",
            "FOREIGN KEY",
            format!("INSERT INTO memberships VALUES ('u9', 'a1', 'driver', {AT})"),
        ),
        (
            "memberships_account_id_fkey",
            "FOREIGN KEY",
            format!("INSERT INTO memberships VALUES ('u1', 'a9', 'driver', {AT})"),
        ),
    ]
}

fn suppression(id: &str, key: &str, reason: &str) -> String {
    format!("INSERT INTO suppressions VALUES ('{id}', '{key}', '{key}', '{reason}', NULL, {AT})")
}

fn unread_mail(id: &str, digest: &str, reason: &str) -> String {
    format!("INSERT INTO unread_mail VALUES ('{id}', '{digest}', NULL, '{reason}', NULL, 'x', {AT})")
}

fn session(id: &str, user: &str, generation: i32) -> String {
    format!("INSERT INTO sessions VALUES ('{id}', '{user}', {generation}, 'c', {AT}, {AT}, NULL)")
}

fn audit_event(id: &str, outcome: &str) -> String {
    let columns = "id, at, action, outcome, details";
    format!("INSERT INTO audit_events ({columns}) VALUES ('{id}', {AT}, 'sign_in', '{outcome}', '{{}}')")
}

fn webhook_endpoint(status: &str, reason: &str) -> String {
    let columns = "id, client_id, url, event_types, status, disabled_reason, created_by_kind, created_by_id, \
        created_at";
    format!(
        "INSERT INTO webhook_endpoints ({columns}) \
        VALUES ('w1', 'c1', 'u', 't', '{status}', {reason}, 'cli', 'g', {AT})"
    )
}

fn webhook_delivery(state: &str) -> String {
    let columns = "endpoint_id, event_id, subject, event_at, state, attempts, next_attempt_at";
    format!("INSERT INTO webhook_deliveries ({columns}) VALUES ('w1', 'v1', 'i1', {AT}, '{state}', 0, {AT})")
}

fn answered(key: &str, status: &str, body: &str) -> String {
    format!(
        "INSERT INTO idempotency_keys VALUES ('p', '{key}', 'f', 'w', {AT}, {AT}, {status}, {body}, NULL, \
        NULL)"
    )
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
async fn both_refuse_the_same_wrong_rows() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = migrated(backend).await;
        database.execute(&user("u1", "a@x.nl", "invited", "NULL", "NULL", "NULL"));
        database.execute("INSERT INTO user_roles VALUES ('u1', 'viewer')");
        database.execute(&answered("k1", "NULL", "NULL"));
        database.execute(&invitation(&[("id", "'i1'"), ("email_key", "'a@x.nl'")]));
        database.execute(&letter(&[("id", "'l1'"), ("generation", "1")]));
        database.execute(&active(&[("id", "'a1'")]));
        database.execute(&suppression("s1", "a@x.nl", "bounced"));
        database.execute(&unread_mail("r1", "d1", "no_letter"));
        database.execute(&audit_event("e1", "succeeded"));
        database.execute(&session("s1", "u1", 1));
        database.execute("INSERT INTO account_lineage VALUES ('a1', 'a1')");
        database.execute(&format!("INSERT INTO memberships VALUES ('u1', 'a1', 'driver', {AT})"));
        let wrong = [
            ("users_live_email", "users.email_key", user("u2", "a@x.nl", "invited", "NULL", "NULL", "NULL")),
            ("users_pkey", "users.id", user("u1", "b@x.nl", "invited", "NULL", "NULL", "NULL")),
            ("users_status_known", "", user("u2", "b@x.nl", "asleep", "'h'", AT, "NULL")),
            ("users_invited_until_activated", "", user("u2", "b@x.nl", "invited", "NULL", AT, "NULL")),
            ("users_invited_until_activated", "", user("u2", "b@x.nl", "active", "'h'", "NULL", "NULL")),
            ("users_password_from_activation", "", user("u2", "b@x.nl", "active", "NULL", AT, "NULL")),
            ("users_password_from_activation", "", user("u2", "b@x.nl", "invited", "'h'", "NULL", "NULL")),
            ("users_only_invited_are_removed", "", user("u2", "b@x.nl", "active", "'h'", AT, AT)),
            (
                "users_proven_from_activation",
                "",
                format!("UPDATE users SET address_proven_at = {AT} WHERE id = 'u1'"),
            ),
            (
                "user_roles_pkey",
                "user_roles.user_id, user_roles.role",
                "INSERT INTO user_roles VALUES ('u1', 'viewer')".to_owned(),
            ),
            ("idempotency_keys_answered_whole", "", answered("k2", "200", "NULL")),
            ("idempotency_keys_answered_whole", "", answered("k2", "NULL", "'{}'")),
            (
                "idempotency_keys_pkey",
                "idempotency_keys.principal, idempotency_keys.key",
                answered("k1", "200", "'{}'"),
            ),
            ("suppressions_address", "suppressions.email_key", suppression("s2", "a@x.nl", "complained")),
            ("suppressions_reason_known", "", suppression("s2", "b@x.nl", "tired")),
            ("unread_mail_pkey", "unread_mail.id", unread_mail("r1", "d2", "no_report")),
            ("unread_mail_digest", "unread_mail.digest", unread_mail("r2", "d1", "no_report")),
            ("unread_mail_reason_known", "", unread_mail("r2", "d2", "dull")),
            (
                "erased_suppressions_reason_known",
                "",
                format!("INSERT INTO erased_suppressions VALUES ('h1', 'tired', {AT})"),
            ),
            ("users_erased_are_removed", "", format!("UPDATE users SET erased_at = {AT} WHERE id = 'u1'")),
            ("sessions_pkey", "sessions.id", session("s1", "u1", 1)),
            ("sessions_generation_positive", "", session("s2", "u1", 0)),
            ("sessions_user_id_fkey", "FOREIGN KEY", session("s2", "u9", 1)),
            ("letters_about_one_thing", "", letter(&[("invitation_id", "NULL")])),
            ("letters_about_one_thing", "", letter(&[("subject", "'u1'")])),
            ("audit_events_pkey", "audit_events is append-only", audit_event("e1", "denied")),
            ("audit_events_outcome_known", "", audit_event("e2", "undecided")),
            (
                "user_roles_user_id_fkey",
                "FOREIGN KEY",
                "INSERT INTO user_roles VALUES ('u9', 'viewer')".to_owned(),
            ),
            (
                "invitations_live",
                "invitations.email_key, invitations.kind, invitations.scope",
                invitation(&[("email_key", "'a@x.nl'")]),
            ),
            // No row of an unknown kind keeps the rule that says what each kind is a member as; SQLite names
            // that one.
            ("invitations_kind_known", "invitations_member_role_known", of_customer(&[("kind", "'robot'")])),
            ("invitations_state_known", "", invitation(&[("state", "'expired'")])),
            ("invitations_inviter_known", "", invitation(&[("inviter_kind", "'link'")])),
            ("invitations_counts_from_one", "", invitation(&[("generation", "0")])),
            ("invitations_counts_from_one", "", invitation(&[("send_count", "0")])),
            ("invitations_expire_after_sending", "", invitation(&[("expires_at", AT)])),
            ("invitations_activated_at_its_time", "", invitation(&[("state", "'activated'")])),
            ("invitations_activated_at_its_time", "", invitation(&[("activated_at", AT)])),
            ("invitations_revoked_at_its_time", "", invitation(&[("state", "'revoked'")])),
            ("invitations_revoked_at_its_time", "", invitation(&[("revoked_at", AT)])),
            ("invitations_roles_of_staff", "", invitation(&[("roles", "''")])),
            ("invitations_roles_of_staff", "", of_customer(&[("roles", "'viewer'")])),
            ("invitations_account_of_customers", "", invitation(&[("account_id", "'a1'")])),
            ("invitations_account_of_customers", "", of_customer(&[("account_id", "NULL")])),
            ("invitations_member_role_known", "", invitation(&[("member_role", "'driver'")])),
            ("invitations_member_role_known", "", of_customer(&[("member_role", "NULL")])),
            ("invitations_member_role_known", "", of_customer(&[("member_role", "'boss'")])),
            ("invitations_member_role_known", "", of_customer(&[("kind", "'account_owner'")])),
            ("invitations_account_id_fkey", "FOREIGN KEY", of_customer(&[("account_id", "'a9'")])),
            ("invitations_user_id_fkey", "FOREIGN KEY", invitation(&[("user_id", "'u9'")])),
            (
                "letters_one_a_sending",
                "letters.invitation_id, letters.generation, letters.kind",
                letter(&[("generation", "1")]),
            ),
            ("letters_state_known", "", letter(&[("state", "'lost'")])),
            ("letters_sent_at_its_time", "", letter(&[("state", "'sent'")])),
            ("letters_sent_at_its_time", "", letter(&[("sent_at", AT)])),
            ("letters_counts", "", letter(&[("attempts", "-1")])),
            ("letters_kind_given", "", letter(&[("kind", "''")])),
            ("letters_failed_at_its_time", "", letter(&[("failed_at", AT)])),
            ("letters_fate_known", "", letter(&[("fate", "'lost'"), ("fate_at", AT)])),
            ("letters_fate_at_its_time", "", letter(&[("fate", "'bounced'")])),
            ("letters_fate_at_its_time", "", letter(&[("fate_at", AT)])),
            ("letters_named_by_a_provider", "", letter(&[("provider_message_id", "'m1'")])),
            ("letters_invitation_id_fkey", "FOREIGN KEY", letter(&[("invitation_id", "'i9'")])),
            ("webhook_endpoints_status_known", "", webhook_endpoint("asleep", "NULL")),
            ("webhook_endpoints_reason_known", "", webhook_endpoint("disabled", "'tired'")),
            ("webhook_deliveries_state_known", "", webhook_delivery("lost")),
            (
                "guess_counts_not_negative",
                "",
                format!("INSERT INTO guess_counts VALUES ('g1', -1, {AT}, {AT})"),
            ),
            (
                "email_changes_end_once",
                "",
                format!("INSERT INTO email_changes VALUES ('c1', 'u1', 'a@b.c', 'd@b.c', {AT}, {AT}, {AT})"),
            ),
            (
                "email_changes_user_id_fkey",
                "FOREIGN KEY",
                format!("INSERT INTO email_changes VALUES ('c1', 'u9', 'a@b.c', 'd@b.c', {AT}, NULL, NULL)"),
            ),
            (
                "invitation_events_invitation_id_fkey",
                "FOREIGN KEY",
                format!(
                    "INSERT INTO invitation_events VALUES ('e1', 'i9', 'created', {AT}, 'cli', 'g', 'G', \
                    '{{}}')"
                ),
            ),
        ];
        let wrong: Vec<_> = wrong.into_iter().chain(of_accounts()).collect();
        for (rule, columns, statement) in &wrong {
            let refusal = database.try_execute(statement).expect_err(statement);
            // SQLite names its CHECKs, and of what is unique or foreign the columns alone.
            let says = if backend == Backend::Sqlite && !columns.is_empty() { columns } else { rule };
            assert!(refusal.contains(says), "{backend:?}, {rule}: {refusal}");
        }
        // No rule goes without a wrong row.
        for line in
            schema(&database).iter().filter(|line| line.starts_with("rule ") || line.contains(" unique "))
        {
            assert!(
                wrong.iter().any(|(rule, ..)| line.split(' ').any(|word| word == *rule)),
                "no wrong row for {line}"
            );
        }
        // What looks alike and is right: a removed person's address, a second invitation once the first is no
        // longer live.
        database.execute(&user("u3", "c@x.nl", "invited", "NULL", "NULL", AT));
        database.execute(&user("u4", "c@x.nl", "invited", "NULL", "NULL", "NULL"));
        database.execute(&of_customer(&[("id", "'i5'"), ("email_key", "'a@x.nl'"), ("scope", "'a1'")]));
        database.execute(&of_customer(&[("id", "'i6'"), ("email_key", "'a@x.nl'"), ("scope", "'a2'")]));
        database.execute("UPDATE invitations SET state = 'replaced'");
        database.execute(&invitation(&[("email_key", "'a@x.nl'")]));
        database.execute(&letter(&[]));
    }
}
