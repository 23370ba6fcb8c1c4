//! What a database needs that keeps the rows of a customer on one server of several (docs/scale.md): every
//! unique index of a customer's table has a column from which the customer follows, and no foreign key leads
//! to another server. What is otherwise has a row here, with its reason.

use std::{collections::BTreeSet, fs::read_to_string, path::Path};

use crate::{
    database::parity::migrated,
    support::{Backend, database::TestDatabase},
};

/// Where the rows of a table would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// On the server of the customer: the top-level account, with everything below it.
    Customer,
    /// On one server for all: people, whom an address makes one across all customers.
    Person,
    /// With the people: programs of partners, and their webhooks.
    Program,
    /// With the people: what the operator's processes count and remember.
    Operator,
}
use Place::{Customer, Operator, Person, Program};

const TABLES: &[(&str, Place)] = &[
    ("account_lineage", Customer),
    ("accounts", Customer),
    ("api_client_secrets", Program),
    ("api_clients", Program),
    ("audit_events", Operator),
    ("derived_data", Operator),
    ("email_changes", Person),
    ("erased_suppressions", Person),
    ("former_addresses", Person),
    ("guess_counts", Operator),
    ("idempotency_keys", Operator),
    ("invitation_events", Customer),
    ("invitations", Customer),
    ("letter_counts", Operator),
    ("letters", Customer),
    ("mail_events", Operator),
    ("mail_pace", Operator),
    ("mail_tokens", Operator),
    ("memberships", Customer),
    ("password_resets", Person),
    ("revoked_tokens", Person),
    ("row_counts", Operator),
    ("sessions", Person),
    ("suppressions", Person),
    ("unread_mail", Operator),
    ("user_roles", Person),
    ("users", Person),
    ("webhook_attempts", Program),
    ("webhook_deliveries", Program),
    ("webhook_endpoints", Program),
    ("webhook_events", Program),
    ("webhook_progress", Program),
    ("webhook_secrets", Program),
];

/// Columns from which the customer follows: with the shard key beside one of them, a unique index permits and
/// refuses the same rows. An `id` is made once, from time and randomness.
const DECIDING: &[&str] = &[
    "account_lineage.account_id",
    "accounts.id",
    "invitation_events.id",
    "invitations.id",
    "letters.id",
    "letters.invitation_id",
    "memberships.account_id",
];

/// Unique indexes of customers' tables that hold across customers, and why they do.
const ACROSS: &[(&str, &str)] = &[(
    "invitations_live",
    "of two customers that are invited at the same time to one address, or of two invitations of a system \
     user, one is refused: `scope` names the account only where the invitation is below one",
)];

/// Foreign keys to rows at another place, and why they are needed.
const CROSSING: &[(&str, &str)] = &[
    ("api_clients.account_id", "a program that a customer is given; there are few"),
    ("invitations.user_id", "the person is one for all customers, and is locked before the invitation"),
    ("memberships.user_id", "the same person may belong to several customers"),
];

const UNIQUE_INDEXES: &str = "SELECT i.indexrelid::regclass || ' ' || i.indrelid::regclass || ' '
        || COALESCE((SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int[])), '') AS text
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND i.indisunique";

const FOREIGN_KEYS: &str =
    "SELECT k.conrelid::regclass || ' ' || a.attname || ' ' || k.confrelid::regclass AS text
    FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
    WHERE k.contype = 'f'";

const TABLE_NAMES: &str = "SELECT c.relname::text AS text FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')";

/// The lines of a query about our own tables, each in its words.
fn words(database: &TestDatabase, query: &str) -> Vec<Vec<String>> {
    let lines = database.texts(query).into_iter().filter(|line| !line.contains("__diesel"));
    lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn place(table: &str) -> Place {
    let found = TABLES.iter().find(|(name, _)| *name == table);
    found.unwrap_or_else(|| panic!("{table} has no place: add it to TABLES")).1
}

/// Unique indexes of customers' tables without a column from which the customer follows.
fn across(database: &TestDatabase) -> BTreeSet<String> {
    let indexes = words(database, UNIQUE_INDEXES).into_iter().filter(|index| place(&index[1]) == Customer);
    let undecided = indexes.filter(|index| {
        !index[2..].iter().any(|column| DECIDING.contains(&format!("{}.{column}", index[1]).as_str()))
    });
    undecided.map(|index| index[0].clone()).collect()
}

/// Foreign keys, as `table.column`, between customers' tables and others.
fn crossing(database: &TestDatabase) -> BTreeSet<String> {
    let keys = words(database, FOREIGN_KEYS).into_iter();
    let crossing = keys.filter(|key| (place(&key[0]) == Customer) != (place(&key[2]) == Customer));
    crossing.map(|key| format!("{}.{}", key[0], key[1])).collect()
}

fn names(rows: &[(&str, &str)]) -> BTreeSet<String> {
    assert!(rows.iter().all(|(_, reason)| reason.len() > 20));
    rows.iter().map(|(name, _)| (*name).to_owned()).collect()
}

#[tokio::test]
async fn a_customer_s_rows_could_be_on_a_server_of_their_own() {
    let database = migrated(Backend::Postgres).await;
    let tables: BTreeSet<String> = words(&database, TABLE_NAMES).into_iter().flatten().collect();
    let known: BTreeSet<String> = TABLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(tables, known);
    assert_eq!(across(&database), names(ACROSS), "unique indexes without the shard key");
    assert_eq!(crossing(&database), names(CROSSING), "foreign keys to another server");
    let document = read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scale.md")).unwrap();
    for (name, _) in ACROSS.iter().chain(CROSSING) {
        assert!(document.contains(&format!("`{name}`")), "docs/scale.md does not have {name}");
    }
}

/// The test above must be able to fail.
#[tokio::test]
async fn an_index_and_a_key_that_would_not_hold_are_found() {
    let database = migrated(Backend::Postgres).await;
    database.execute("CREATE UNIQUE INDEX one_name ON accounts (name_key)");
    database.execute("CREATE UNIQUE INDEX one_vat ON accounts (lower(vat_number))");
    database.execute("ALTER TABLE letters ADD COLUMN user_id TEXT COLLATE \"C\" REFERENCES users (id)");
    let found = across(&database);
    assert!(["one_name", "one_vat"].iter().all(|name| found.contains(*name)), "{found:?}");
    assert!(crossing(&database).contains("letters.user_id"));
}
