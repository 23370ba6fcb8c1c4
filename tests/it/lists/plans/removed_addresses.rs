//! Exports and erasures look for earlier users with the same address, who were removed: by the index of their
//! addresses, and not through all users.

use diesel::connection::set_default_instrumentation;
use reqwest::Method;

use super::{RECORDING, plan, recorder, seeded, take_queries};
use crate::support::{Backend, TestApp};

const INDEX: &str = "users_removed_email";
/// The ids of the earlier users, but for their last two digits.
const EARLIER: &str = "usr_01kzzzzzzze0810000000000";
/// The condition of the index, as the queries that need it have it. SQLite quotes names otherwise.
const CONDITIONS: [&str; 2] = ["`removed_at` IS NOT NULL", "\"removed_at\" IS NOT NULL"];
/// The most rows of users that one request reads with all its queries. There are three thousand.
const MOST_ROWS: i64 = 60;

/// Customers, who can be exported and erased. Each has an earlier user of the same address, who was removed.
fn people(app: &TestApp, count: usize) -> Vec<String> {
    let customers = format!(
        "SELECT id AS text FROM users WHERE status = 'active' AND removed_at IS NULL \
         AND id NOT IN (SELECT user_id FROM user_roles) ORDER BY id LIMIT {count}"
    );
    let people = app.database.texts(&customers);
    assert_eq!(people.len(), count);
    for (number, id) in people.iter().enumerate() {
        app.database.execute(&format!(
            "INSERT INTO users (id, email, email_key, search_text, status, created_at, removed_at) \
             SELECT '{EARLIER}{number:02}', email, email_key, '', 'invited', created_at, \
             created_at FROM users WHERE id = '{id}'"
        ));
    }
    people
}

/// How many of the earlier users are erased.
fn erased_earlier_users(app: &TestApp) -> i64 {
    app.database.count(&format!("users WHERE erased_at IS NOT NULL AND id LIKE '{EARLIER}%'"))
}

async fn export(app: &TestApp, user: &str) {
    app.admin().get(&format!("/v1/users/{user}/export")).await.expect(200);
}

async fn erase(app: &TestApp, user: &str) {
    app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
}

/// The rows of users that sequential scans have read so far, those that index scans have, and how often the
/// index was used. Sessions report that before they end.
fn read(app: &TestApp) -> [i64; 3] {
    app.database.drop_connections();
    app.database.bring_back();
    let number = |query: &str| {
        let query = format!("SELECT coalesce(({query}), 0)::bigint || '' AS text");
        app.database.texts(&query).remove(0).parse().unwrap()
    };
    [
        number("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'users'"),
        number("SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'users'"),
        number(&format!("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '{INDEX}'")),
    ]
}

#[tokio::test]
async fn postgresql_finds_them_by_their_index() {
    let app = seeded(Backend::Postgres).await;
    let people = people(&app, 2);
    for (person, statement) in people.iter().zip(["SELECT", "ANALYZE"]) {
        app.database.execute(statement);
        let before = read(&app);
        export(&app, person).await;
        let exported = read(&app);
        erase(&app, person).await;
        for (what, before, after) in [("export", before, exported), ("erasure", exported, read(&app))] {
            let [scanned, by_index, uses] = [0, 1, 2].map(|number| after[number] - before[number]);
            let seen = format!("{what} after {statement}: {scanned} scanned, {by_index} by an index");
            assert!(scanned == 0 && by_index <= MOST_ROWS && uses > 0, "{seen}, {uses} uses of {INDEX}");
        }
    }
    assert_eq!(erased_earlier_users(&app), 2);
}

#[tokio::test]
async fn sqlite_finds_them_by_their_index() {
    let _recording = RECORDING.lock().await;
    set_default_instrumentation(recorder).unwrap();
    let app = seeded(Backend::Sqlite).await;
    let people = people(&app, 1);
    take_queries();
    export(&app, &people[0]).await;
    let exported = take_queries();
    erase(&app, &people[0]).await;
    for (what, queries) in [("export", exported), ("erasure", take_queries())] {
        let is_search =
            |query: &&String| CONDITIONS.iter().any(|one| query.contains(one)) && query.contains("email_key");
        let searches: Vec<&String> = queries.iter().filter(is_search).collect();
        assert!(!searches.is_empty(), "{what}: {queries:#?}");
        for query in searches {
            let plan = plan(&app, query);
            assert!(plan.iter().all(|step| step.contains(INDEX)), "{what}: {plan:?}\n    {query}");
        }
    }
    assert_eq!(erased_earlier_users(&app), 1);
}
