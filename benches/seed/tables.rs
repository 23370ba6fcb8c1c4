//! The tables that are filled, and their rows.

use std::io::Write;

use diesel::{PgConnection, QueryResult, prelude::ExecuteCopyFromDsl, result::Error};

use super::cell::Cell;

/// A table, and how rows in PostgreSQL's text format are copied into it.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// Copies rows, and returns their number.
    pub copy: fn(&mut PgConnection, &[u8]) -> QueryResult<usize>,
}

/// A row of one of the [`TABLES`].
pub trait Row {
    /// The index of its table.
    const TABLE: usize;

    /// Appends its cells, in the order of the table's columns.
    fn put(self, cells: &mut Vec<Cell>);
}

/// Defines for each table a row with a field for each column, `NULL` by default. The types of columns are not
/// used: rows are copied as text.
macro_rules! tables {
    ($($row:ident of $table:ident ($first:ident $(, $column:ident)*);)+) => {
        mod schema {
            $(diesel::table! { $table ($first) { $first -> Text, $($column -> Text,)* } })+
        }

        #[expect(clippy::enum_variant_names, reason = "the rows have these names")]
        enum Position { $($row),+ }

        /// Every table, each behind those that its foreign keys refer to.
        pub static TABLES: [Table; [$(stringify!($row)),+].len()] = [$(Table {
            name: stringify!($table),
            columns: &[stringify!($first) $(, stringify!($column))*],
            copy: |connection, lines| {
                let write = |out: &mut dyn Write| {
                    out.write_all(lines).map_err(|error| Error::SerializationError(Box::new(error)))
                };
                diesel::copy_from(schema::$table::table)
                    .from_raw_data(schema::$table::table, write)
                    .execute(connection)
            },
        }),+];

        $(
            #[doc = concat!("A row of `", stringify!($table), "`.")]
            #[derive(Default)]
            pub struct $row {
                #[doc = concat!("The column `", stringify!($first), "`.")]
                pub $first: Cell,
                $(
                    #[doc = concat!("The column `", stringify!($column), "`.")]
                    pub $column: Cell,
                )*
            }

            impl Row for $row {
                const TABLE: usize = Position::$row as usize;

                fn put(self, cells: &mut Vec<Cell>) {
                    cells.extend([self.$first $(, self.$column)*]);
                }
            }
        )+
    };
}

tables! {
    UserRow of users (
        id, email, email_key, search_text, first_name, last_name, status, password_hash, created_at,
        activated_at, removed_at, address_proven_at, tokens_valid_from, has_role, has_membership,
        invited_as_staff, invited_as_customer
    );
    UserRoleRow of user_roles (user_id, role);
    AccountRow of accounts (
        id, name, name_key, search_text, account_type, status, parent_account_id, used_by, rate, company_name,
        registration_number, vat_number, street, house_number, postal_code, city, country, created_at,
        removed_at
    );
    LineageRow of account_lineage (account_id, ancestor_id);
    MembershipRow of memberships (user_id, account_id, role, created_at);
    InvitationRow of invitations (
        id, kind, user_id, email, email_key, search_text, roles, locale, inviter_kind, inviter_id,
        inviter_name, state, generation, send_count, created_at, last_sent_at, expires_at, activated_at,
        revoked_at, account_id, member_role, scope, lapsed
    );
    LetterRow of letters (
        id, invitation_id, generation, state, attempts, next_attempt_at, last_error, created_at, sent_at,
        kind, provider, provider_message_id, fate, fate_at, fate_reason, failed_at, first_tried_at, recipient,
        cause
    );
    EventRow of invitation_events (
        id, invitation_id, event_type, at, actor_kind, actor_id, actor_name, details
    );
    SuppressionRow of suppressions (id, email, email_key, reason, detail, created_at);
    AuditRow of audit_events (
        id, at, action, outcome, actor_kind, actor_id, actor_name, object, request_id, address, user_agent,
        details
    );
}
