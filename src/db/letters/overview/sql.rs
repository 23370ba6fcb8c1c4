//! The statements of the overview of deliveries.
//!
//! One statement reads the letters of a week, once and by their key, which begins with the time of their
//! making: they are grouped by all that the overview tells them apart by, and the rest works on the groups.
//! There are as many of these as there are domains with letters, times a few.

use crate::{
    db::pool::any_connection::AnyConnection,
    domain::{invitation::InvitationKind, visibility::Visibility},
};

/// The `part` of numbers by domain.
pub(super) const OF_DOMAIN: &str = "domain";
/// The word for a letter with a valid lease.
pub(super) const LEASED: &str = "leased";
/// The word for a letter whose last attempt failed.
pub(super) const TRIED: &str = "tried";
/// The word for a letter that was tried for as long as letters are: for a day.
pub(super) const EXHAUSTED: &str = "exhausted";

/// What differs between the databases.
struct Dialect {
    /// The part of the recipient behind the `@`.
    domain: &'static str,
    /// Whether the letter was given up a day after the first attempt; a second less, for rounding.
    is_exhausted: &'static str,
    /// Sorts by bytes.
    by_bytes: &'static str,
}

const POSTGRES: Dialect = Dialect {
    domain: "split_part(recipient, '@', 2)",
    is_exhausted: "failed_at - first_tried_at >= interval '86399 seconds'",
    by_bytes: " COLLATE \"C\"",
};
const SQLITE: Dialect = Dialect {
    domain: "substr(recipient, instr(recipient, '@') + 1)",
    is_exhausted: "(julianday(failed_at) - julianday(first_tried_at)) * 86400 >= 86399",
    by_bytes: "",
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

/// The numbers of letters by relay, and by domain for the domains with most letters or most failures.
/// Parameters: the beginnings of hour and day, now, the smallest id and the beginning of the week, the domain
/// of erased addresses, and how many domains are chosen by either measure.
pub(super) fn numbers(connection: &AnyConnection, visibility: &Visibility) -> String {
    let Dialect { domain, is_exhausted, by_bytes } = match connection {
        AnyConnection::Postgres(_) => POSTGRES,
        AnyConnection::Sqlite(_) => SQLITE,
    };
    let visible = is_visible(visibility);
    format!(
        "WITH groups AS MATERIALIZED ( \
            SELECT CASE WHEN created_at > $1 THEN 0 WHEN created_at > $2 THEN 1 ELSE 2 END AS age, \
                state || ':' || CASE WHEN state = 'sent' THEN coalesce(fate, '') ELSE '' END \
                    || ':' || coalesce(cause, '') \
                    || CASE WHEN leased_until > $3 THEN ':{LEASED}:' ELSE '::' END \
                    || CASE WHEN attempts = 0 THEN '' WHEN {is_exhausted} THEN '{EXHAUSTED}' \
                        WHEN last_error IS NOT NULL THEN '{TRIED}' ELSE '' END AS class, \
                CASE WHEN state = 'failed' OR state = 'sent' AND fate IN ('bounced', 'complained') \
                    THEN 1 ELSE 0 END AS failed, \
                coalesce(relay, provider, '') AS relay, \
                coalesce({domain}, '') AS domain, \
                count(*) AS n \
            FROM letters \
            WHERE id >= $4 AND created_at > $5 AND kind IN ('invitation', 'reminder') \
                AND state <> 'handed_over' {visible} \
            GROUP BY 1, 2, 3, 4, 5 \
        ), per_domain AS ( \
            SELECT p.period, g.domain, g.class, g.failed, sum(g.n) AS n \
            FROM (SELECT 0 AS period UNION ALL SELECT 1 UNION ALL SELECT 2) p \
            JOIN groups g ON g.age <= p.period WHERE g.domain NOT IN ('', $6) GROUP BY 1, 2, 3, 4 \
        ), weighed AS ( \
            SELECT period, domain, class, n, sum(n) OVER of_domain AS size, \
                sum(n * failed) OVER of_domain AS failures \
            FROM per_domain WINDOW of_domain AS (PARTITION BY period, domain) \
        ), ranked AS ( \
            SELECT period, domain, class, n, dense_rank() OVER (PARTITION BY period \
                    ORDER BY size DESC, domain{by_bytes}) AS by_letters, \
                dense_rank() OVER (PARTITION BY period \
                    ORDER BY failures DESC, size DESC, domain{by_bytes}) AS by_failures \
            FROM weighed \
        ) \
        SELECT 'relay' AS part, CAST(age AS INTEGER) AS period, class, relay AS name, \
                CAST(sum(n) AS BIGINT) AS n \
            FROM groups GROUP BY age, class, relay \
        UNION ALL SELECT '{OF_DOMAIN}', CAST(period AS INTEGER), class, domain, CAST(n AS BIGINT) \
            FROM ranked WHERE by_letters <= $7 OR by_failures <= $7"
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
