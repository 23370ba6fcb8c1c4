//! Compares the stored numbers with the rows that they count.

use std::collections::BTreeSet;

use crate::support::{TestApp, database::TestDatabase};

const STORED: &str = "\
    SELECT subject || ' ' || kind || ' ' || state || ' ' || CAST(SUM(n) AS TEXT) AS text FROM row_counts \
    GROUP BY subject, kind, state HAVING SUM(n) <> 0";

/// What a user is, read from the tables that decide it.
const TIES: &str = "\
    SELECT u.id, u.status, \
        CASE WHEN EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.id) THEN '1' ELSE '0' END \
        || CASE WHEN EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = u.id AND \
            (u.address_proven_at IS NULL OR m.created_at >= u.address_proven_at)) THEN '1' ELSE '0' END \
        || CASE WHEN EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = u.id AND i.state = 'pending' \
            AND i.kind = 'system_user') THEN '1' ELSE '0' END \
        || CASE WHEN EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = u.id AND i.state = 'pending' \
            AND i.kind <> 'system_user') THEN '1' ELSE '0' END AS ties \
    FROM users u WHERE u.removed_at IS NULL";

fn rows() -> String {
    format!(
        "SELECT subject || ' ' || kind || ' ' || state || ' ' || CAST(COUNT(*) AS TEXT) AS text FROM ( \
            SELECT 'invitations' AS subject, kind, CASE WHEN lapsed THEN 'lapsed' ELSE state END AS state \
                FROM invitations \
            UNION ALL \
            SELECT 'deliveries', i.kind, CASE WHEN l.state <> 'sent' OR l.fate IS NULL THEN l.state \
                WHEN l.fate = 'bounced' AND l.cause IS NOT NULL THEN 'bounced:' || l.cause ELSE l.fate END \
                FROM letters l JOIN invitations i ON i.id = l.invitation_id AND i.generation = l.generation \
                WHERE l.kind = 'invitation' \
            UNION ALL \
            SELECT 'users', ties, status FROM ({TIES}) t \
        ) counted GROUP BY subject, kind, state"
    )
}

/// The stored numbers, a line each.
pub(super) fn stored(database: &TestDatabase) -> BTreeSet<String> {
    database.texts(STORED).into_iter().collect()
}

/// The stored numbers are those of the rows.
pub(super) fn recount(app: &TestApp) {
    let counted: BTreeSet<String> = app.database.texts(&rows()).into_iter().collect();
    assert_eq!(stored(&app.database), counted, "stored, counted");
}
