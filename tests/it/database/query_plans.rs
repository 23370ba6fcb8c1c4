//! The switches of PostgreSQL's planner (`src/db/sql/planner.rs`): statements that must go by an index do so
//! on tables that were planned for while they were empty, that were never analysed, and that were.
//!
//! PostgreSQL counts the rows that sequential scans and index scans read; a plan that reads a whole table
//! shows there.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use invitation_service::{
    db::{
        AnyConnection, DbFault, Tx,
        letters::outbox::{self, ClaimScope},
        webhooks,
    },
    domain::ids::WebhookEndpointId,
};

use crate::support::{Backend, TestApp, eventually, json, receiver::Endpoint};

/// Enough for a plan that reads the whole table to be seen.
const ROWS: i64 = 20_000;
/// What a claim takes.
const CLAIM: i64 = 100;

#[derive(Debug, QueryableByName)]
struct RowsRead {
    #[diesel(sql_type = BigInt)]
    sequential: i64,
    #[diesel(sql_type = BigInt)]
    by_index: i64,
}

impl RowsRead {
    /// What a transaction has read of a table, and those before it that the session has not reported yet.
    fn of(tx: &mut Tx<'_>, table: &str) -> Result<Self, DbFault> {
        let AnyConnection::Postgres(connection) = tx.reading() else { unreachable!() };
        let read = format!(
            "SELECT coalesce(seq_tup_read, 0) AS sequential, coalesce(idx_tup_fetch, 0) AS by_index \
             FROM pg_stat_xact_user_tables WHERE relname = '{table}'"
        );
        Ok(sql_query(read).get_result(connection)?)
    }

    /// What was read after `before`.
    fn since(self, before: &Self) -> Self {
        Self { sequential: self.sequential - before.sequential, by_index: self.by_index - before.by_index }
    }
}

/// Invitations of system users whose letters wait, without the cost of checking foreign keys.
fn fill(app: &TestApp) {
    let now = app.now().to_rfc3339();
    let mut connection = app.database.postgres();
    for statement in [
        "SET session_replication_role = replica".to_owned(),
        format!(
            "INSERT INTO users (id, email, email_key, search_text, status, created_at)
             SELECT 'usr_01kzzzzzzze08' || k, k || '@example.com', k || '@example.com', k || '@example.com', \
             'invited', '{now}'
             FROM generate_series(1000000000001, 1000000000000 + {ROWS}) AS k"
        ),
        format!(
            "INSERT INTO invitations (id, kind, user_id, email, email_key, search_text, roles, inviter_kind, \
            inviter_id,
                 inviter_name, state, generation, send_count, created_at, last_sent_at, expires_at, scope)
             SELECT 'inv_01kzzzzzzze08' || k, 'system_user', 'usr_01kzzzzzzze08' || k, k || '@example.com', \
             k || '@example.com',
                 k || '@example.com', 'viewer', 'cli', 'Test', 'Test', 'pending', 1, 1, '{now}', '{now}',
                 '{now}'::timestamptz + interval '1 day', ''
             FROM generate_series(1000000000001, 1000000000000 + {ROWS}) AS k"
        ),
        format!(
            "INSERT INTO letters (id, invitation_id, kind, generation, state, attempts, next_attempt_at, \
            created_at)
             SELECT 'ltr_01kzzzzzzze08' || k, 'inv_01kzzzzzzze08' || k, 'invitation', 1, 'queued', 0,
                 '{now}'::timestamptz - (k % 100000) * interval '1 millisecond', '{now}'
             FROM generate_series(1000000000001, 1000000000000 + {ROWS}) AS k"
        ),
    ] {
        sql_query(statement).execute(&mut connection).unwrap();
    }
}

/// Claims letters, and reads what the claim's own transaction has read of their table.
async fn claim(app: &TestApp) -> RowsRead {
    let now = app.now();
    let work = move |tx: &mut Tx<'_>| {
        let claimed = outbox::claim(tx, ClaimScope::Due, CLAIM, (now, now + TimeDelta::seconds(60)))?;
        assert_eq!(claimed.len(), usize::try_from(CLAIM).unwrap());
        RowsRead::of(tx, "letters")
    };
    app.parts.courier.db.write(work).await.unwrap()
}

#[tokio::test]
async fn letters_are_claimed_in_the_order_of_the_index() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    // The server must not analyse the table by itself.
    app.database.execute("ALTER TABLE letters SET (autovacuum_enabled = off)");
    fill(&app);
    for state in ["never analysed", "analysed"] {
        let read = claim(&app).await;
        assert_eq!(read.sequential, 0, "{state}: {read:?}");
        // A few for each letter: the choice, the update, and what the session has not reported yet.
        assert!(read.by_index <= 10 * CLAIM, "{state}: {read:?}");
        app.database.execute("ANALYZE letters");
    }
}

#[tokio::test]
async fn look_ups_that_were_planned_on_empty_tables_go_by_key() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    for table in ["letters", "invitations", "users"] {
        app.database.execute(&format!("ALTER TABLE {table} SET (autovacuum_enabled = off)"));
    }
    let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
    let look = async || {
        app.anonymous().post("/v1/activations/preview", &json!({ "token": mail.token })).await.expect(200)
    };
    look().await;
    fill(&app);
    for _ in 0..10 {
        look().await;
    }
    // A session reports what it has read when it ends.
    app.database.drop_connections();
    app.database.bring_back();
    let rows = |column: &str| {
        let query = format!(
            "SELECT CAST(sum({column}) AS text) AS text FROM pg_stat_user_tables \
             WHERE relname IN ('letters', 'invitations', 'users')"
        );
        app.database.texts(&query)[0].parse::<i64>().unwrap()
    };
    let reported = async || (rows("idx_tup_fetch") >= 20).then_some(());
    eventually("the sessions report", Duration::from_secs(30), reported).await;
    for column in ["seq_tup_read", "idx_tup_fetch"] {
        assert!(rows(column) < ROWS / 10, "{column}: {}", rows(column));
    }
}

/// Webhooks that wait: two for each invitation. The first ones of half of the invitations are tried in an
/// hour, and all other ones are due: those that are blocked by them have waited longest.
fn fill_webhooks(app: &TestApp, endpoint: &Endpoint) {
    let now = app.now().to_rfc3339();
    let half = ROWS / 2;
    let mut connection = app.database.postgres();
    for statement in [
        "SET session_replication_role = replica".to_owned(),
        format!(
            "INSERT INTO webhook_events (id, event_type, at, payload)
             SELECT 'msg_01kzzzzzzze08' || 1000000000000 + k, 'invitation.created', '{now}', '{{}}'
             FROM generate_series(1, {ROWS}) AS k"
        ),
        format!(
            "INSERT INTO webhook_deliveries (endpoint_id, event_id, subject, event_at, state, attempts,
                 next_attempt_at)
             SELECT '{}', 'msg_01kzzzzzzze08' || 1000000000000 + k, 'inv_' || k % {half},
                 '{now}'::timestamptz + k * interval '1 millisecond', 'pending', 0,
                 '{now}'::timestamptz + CASE
                     WHEN k % {half} >= {BLOCKED} THEN interval '-1 hour'
                     WHEN k <= {half} THEN interval '1 hour'
                     ELSE interval '-1 day' END
             FROM generate_series(1, {ROWS}) AS k",
            endpoint.id
        ),
    ] {
        sql_query(statement).execute(&mut connection).unwrap();
    }
}

/// How many invitations have a first event that is tried later.
const BLOCKED: i64 = 1000;

/// Claims webhooks, and reads what the claim's own transaction has read of their table.
async fn claim_webhooks(app: &TestApp, endpoint: WebhookEndpointId, number: usize) -> RowsRead {
    let now = app.now();
    let work = move |tx: &mut Tx<'_>| {
        let before = RowsRead::of(tx, "webhook_deliveries")?;
        let claimed = webhooks::claim(tx, endpoint, number, (now, now + TimeDelta::seconds(90)))?;
        assert_eq!(claimed.len(), number);
        Ok::<_, DbFault>(RowsRead::of(tx, "webhook_deliveries")?.since(&before))
    };
    app.parts.dispatcher.db.write(work).await.unwrap()
}

#[tokio::test]
async fn webhooks_that_wait_for_others_are_found_by_the_index_and_read_once() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    for table in ["webhook_deliveries", "webhook_events"] {
        app.database.execute(&format!("ALTER TABLE {table} SET (autovacuum_enabled = off)"));
    }
    let scopes = json!({ "scopes": ["system_users:read"] });
    let endpoint = app.webhook_endpoint("https://fleet.example.com/hooks", &["user.erased"], scopes).await;
    fill_webhooks(&app, &endpoint);
    let id: WebhookEndpointId = endpoint.id.parse().unwrap();
    // All that are blocked are put off, each by a few reads: itself, its first one, and the update.
    let read = claim_webhooks(&app, id, 8).await;
    assert_eq!(read.sequential, 0, "{read:?}");
    assert!(read.by_index <= 15 * (BLOCKED + 200), "{read:?}");
    for state in ["never analysed", "analysed"] {
        let read = claim_webhooks(&app, id, 8).await;
        assert_eq!(read.sequential, 0, "{state}: {read:?}");
        assert!(read.by_index <= 15 * 200 + BLOCKED, "{state}: {read:?}");
        app.database.execute("ANALYZE webhook_deliveries");
    }
}

#[tokio::test]
async fn webhooks_that_wait_are_counted_by_the_index_up_to_a_limit() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    app.database.execute("ALTER TABLE webhook_deliveries SET (autovacuum_enabled = off)");
    let scopes = json!({ "scopes": ["system_users:read"] });
    let endpoint = app.webhook_endpoint("https://fleet.example.com/hooks", &["user.erased"], scopes).await;
    fill_webhooks(&app, &endpoint);
    let now = app.now();
    for state in ["never analysed", "analysed"] {
        let work = move |tx: &mut Tx<'_>| {
            let before = RowsRead::of(tx, "webhook_deliveries")?;
            assert_eq!(webhooks::totals(tx.reading(), now)?.waiting, 10_000);
            Ok::<_, DbFault>(RowsRead::of(tx, "webhook_deliveries")?.since(&before))
        };
        let read = app.parts.dispatcher.db.write(work).await.unwrap();
        assert!(read.sequential == 0 && read.by_index <= 10_000, "{state}: {read:?}");
        app.database.execute("ANALYZE webhook_deliveries");
    }
}

/// Attempts to deliver to an endpoint, each of another event.
fn fill_attempts(app: &TestApp, endpoint: &Endpoint) {
    app.database.execute("ALTER TABLE webhook_attempts SET (autovacuum_enabled = off)");
    let attempts = format!(
        "INSERT INTO webhook_attempts (id, endpoint_id, event_id, event_type, attempt, at, milliseconds)
         SELECT 'wha_01kzzzzzzze08' || 1000000000000 + k, '{}', 'msg_01kzzzzzzze08' || 1000000000000 + k,
             'user.erased', 1, '{}', 1
         FROM generate_series(1, {ROWS}) AS k",
        endpoint.id,
        app.now().to_rfc3339()
    );
    app.database.execute(&attempts);
}

#[tokio::test]
async fn the_attempts_of_one_event_are_found_among_many() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let scopes = json!({ "scopes": ["system_users:read"] });
    let endpoint = app.webhook_endpoint("https://fleet.example.com/hooks", &["user.erased"], scopes).await;
    fill_attempts(&app, &endpoint);
    let id: WebhookEndpointId = endpoint.id.parse().unwrap();
    for state in ["never analysed", "analysed"] {
        let work = move |tx: &mut Tx<'_>| {
            let event = "msg_01kzzzzzzze081000000000001".parse().ok();
            let found = webhooks::list_attempts(tx.reading(), (id, event), None, 51)?;
            assert_eq!(found.len(), 1);
            RowsRead::of(tx, "webhook_attempts")
        };
        let read = app.parts.dispatcher.db.write(work).await.unwrap();
        assert!(read.sequential == 0 && read.by_index <= 10, "{state}: {read:?}");
        app.database.execute("ANALYZE webhook_attempts");
    }
}

#[tokio::test]
async fn attempts_that_are_too_many_are_found_and_deleted_by_the_index() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let scopes = || json!({ "scopes": ["system_users:read"] });
    let url = "https://fleet.example.com/hooks";
    let endpoint = app.webhook_endpoint(url, &["user.erased"], scopes()).await;
    app.webhook_endpoint(url, &["user.erased"], scopes()).await;
    fill_attempts(&app, &endpoint);
    for state in ["never analysed", "analysed"] {
        let look = move |tx: &mut Tx<'_>| {
            let before = RowsRead::of(tx, "webhook_attempts")?;
            let found = webhooks::logged_endpoints(tx.reading(), "")?;
            assert_eq!(found.iter().map(|one| one.surplus.is_some()).collect::<Vec<_>>(), [true, false]);
            Ok::<_, DbFault>((found, RowsRead::of(tx, "webhook_attempts")?.since(&before)))
        };
        let (found, read) = app.parts.dispatcher.db.write(look).await.unwrap();
        assert!(read.sequential == 0 && read.by_index <= 10_001, "{state}: {read:?}");
        let delete = move |tx: &mut Tx<'_>| {
            let before = RowsRead::of(tx, "webhook_attempts")?;
            assert_eq!(webhooks::delete_surplus_attempts(tx, &found[0])?, 1000);
            Ok::<_, DbFault>(RowsRead::of(tx, "webhook_attempts")?.since(&before))
        };
        let read = app.parts.dispatcher.db.write(delete).await.unwrap();
        assert!(read.sequential == 0 && read.by_index <= 4 * 1000, "{state}: {read:?}");
        app.database.execute("ANALYZE webhook_attempts");
    }
}
