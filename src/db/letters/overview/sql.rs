//! The statements of the overview of deliveries.
//!
//! Letters are read along their key, which begins with the time of their making, and are grouped by all
//! that the overview distinguishes. One statement reads a bounded number of them, so that none takes long.

use crate::{
    db::pool::any_connection::AnyConnection,
    domain::{invitation::InvitationKind, visibility::Visibility},
};

/// What differs between the databases.
struct Dialect {
    /// The full hour at or before the making of the letter.
    hour: &'static str,
    /// The part of the recipient behind the `@`.
    domain: &'static str,
    /// Whether the letter was given up a day after the first attempt; a second less, for rounding.
    is_exhausted: &'static str,
}

const POSTGRES: Dialect = Dialect {
    hour: "date_trunc('hour', created_at, 'UTC')",
    domain: "split_part(recipient, '@', 2)",
    is_exhausted: "failed_at - first_tried_at >= interval '86399 seconds'",
};
const SQLITE: Dialect = Dialect {
    hour: "substr(created_at, 1, 13) || ':00:00.000Z'",
    domain: "substr(recipient, instr(recipient, '@') + 1)",
    is_exhausted: "(julianday(failed_at) - julianday(first_tried_at)) * 86400 >= 86399",
};

/// The condition for the letters of visible invitations. Where all are visible no invitation is looked at.
fn is_visible(visibility: &Visibility) -> String {
    let staff = InvitationKind::SystemUser.as_str();
    let kind = "(SELECT i.kind FROM invitations i WHERE i.id = letters.invitation_id)";
    match (visibility.staff, visibility.customers) {
        (true, true) => String::new(),
        (true, false) => format!("AND {kind} = '{staff}'"),
        (false, true) => format!("AND {kind} <> '{staff}'"),
        (false, false) => "AND 1 = 0".to_owned(),
    }
}

/// The id at which a part of the letters ends: the last one of `max` letters behind an id, if there are as
/// many before another.
pub(super) fn end_of_part(max: u32) -> String {
    let offset = max.saturating_sub(1);
    format!("SELECT id FROM letters WHERE id > $1 AND id < $2 ORDER BY id LIMIT 1 OFFSET {offset}")
}

/// The numbers of letters of a span, by hour, period and all that decides status and reason. Parameters: the
/// beginnings of the last hour and the last day, now, the id behind which the part begins, that at which it
/// ends, beginning and end of the span; SQLite numbers them as they appear. `period` is the place of the
/// shortest one in `Period::ALL`; `attempts_class` is 0 for no attempt or a successful one, 1 for a failed
/// one, 2 where they failed for a day.
pub(super) fn numbers(connection: &AnyConnection, visibility: &Visibility) -> String {
    let Dialect { hour, domain, is_exhausted } = match connection {
        AnyConnection::Postgres(_) => POSTGRES,
        AnyConnection::Sqlite(_) => SQLITE,
    };
    let visible = is_visible(visibility);
    format!(
        "SELECT {hour} AS hour, \
            CASE WHEN created_at >= $1 THEN 0 WHEN created_at >= $2 THEN 1 ELSE 2 END AS period, \
            state, CASE WHEN state = 'sent' THEN fate END AS report, cause, \
            CASE WHEN leased_until > $3 THEN 1 ELSE 0 END AS is_leased, \
            CASE WHEN attempts = 0 THEN 0 WHEN {is_exhausted} THEN 2 \
                WHEN last_error IS NOT NULL THEN 1 ELSE 0 END AS attempts_class, \
            coalesce(relay, provider, '') AS relay, coalesce({domain}, '') AS domain, count(*) AS n \
         FROM letters \
         WHERE id > $4 AND id <= $5 AND created_at >= $6 AND created_at < $7 \
            AND kind IN ('invitation', 'reminder') AND state <> 'handed_over' {visible} \
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
    )
}

/// The id of the letter that has waited longest. The concatenation keeps the planner from a walk along the
/// key, past every letter that was sent.
pub(super) fn oldest_waiting(visibility: &Visibility) -> String {
    let visible = is_visible(visibility);
    format!(
        "SELECT min(id || '') AS id FROM letters \
         WHERE state = 'queued' AND invitation_id IS NOT NULL {visible}"
    )
}
