//! What lists, filters, searches and counts read of seeded tables: no more than a page asks for, by an index.
//! On PostgreSQL the rows are counted that its plans have read; on SQLite the plans themselves are looked at.

mod removed_addresses;

use std::sync::{Mutex, PoisonError};

use diesel::{
    QueryableByName, RunQueryDsl,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};

use crate::support::{Backend, Client, TestApp, database::GROWING, population::Population};

const PEOPLE: u32 = 3_000;
const LIMIT: i64 = 5;
/// The most rows that a request reads with all its queries: some for each row of the page, those of tables
/// that it is joined with included. The smallest table of those that grow has 2,500.
const MOST_ROWS: i64 = 400;
/// A search looks at a sample of two thousand users and accounts first.
const MOST_ROWS_OF_SEARCH: i64 = 2_000 + MOST_ROWS;
const SAMPLE: &str = "SELECT search_text FROM ( SELECT search_text FROM";
/// What most rows meet: a list goes along the index of its order, and ends with the page.
const COMMON: [&str; 2] = ["/v1/users?kind=system_user", "/v1/users?kind=customer"];

/// Each filter, combinations of those that few and many rows meet, and the orders.
const PATHS: [&str; 45] = [
    "/v1/invitations?",
    "/v1/invitations?kind=system_user",
    "/v1/invitations?kind=account_owner",
    "/v1/invitations?kind=sub_account",
    "/v1/invitations?kind=system_user,account_owner",
    "/v1/invitations?status=pending",
    "/v1/invitations?status=expired",
    "/v1/invitations?status=activated",
    "/v1/invitations?status=revoked",
    "/v1/invitations?status=pending,expired",
    "/v1/invitations?kind=system_user&status=activated",
    "/v1/invitations?kind=system_user&status=pending",
    "/v1/invitations?delivery=queued",
    "/v1/invitations?delivery=sending",
    "/v1/invitations?delivery=sent",
    "/v1/invitations?delivery=delivered",
    "/v1/invitations?delivery=deferred",
    "/v1/invitations?delivery=bounced",
    "/v1/invitations?delivery=complained",
    "/v1/invitations?delivery=failed",
    "/v1/invitations?delivery=handed_over",
    "/v1/invitations?delivery=bounced,complained",
    "/v1/invitations?status=pending&delivery=queued",
    "/v1/invitations?kind=sub_account&delivery=delivered",
    "/v1/invitations?email=nobody@example.com",
    "/v1/invitations?email=nobody@example.com&status=pending",
    "/v1/invitations?sort=created_at",
    "/v1/invitations?sort=email",
    "/v1/invitations?sort=expires_at",
    "/v1/invitations/counts?",
    "/v1/users?",
    "/v1/users?kind=system_user",
    "/v1/users?kind=customer",
    "/v1/users?status=blocked",
    "/v1/users?status=invited",
    "/v1/users?role=admin",
    "/v1/users?role=driver",
    "/v1/users?role=account_owner,driver",
    "/v1/users?sort=created_at",
    "/v1/users?sort=email",
    "/v1/users/counts?",
    "/v1/accounts?",
    "/v1/accounts?type=business",
    "/v1/accounts?used_by=employee",
    "/v1/accounts?used_by=subsidiary&type=consumer",
];
const SEARCHES: [&str; 6] = [
    "/v1/invitations?search=zzzznobody",
    "/v1/invitations?search=zq",
    "/v1/users?search=zzzznobody",
    "/v1/users?search=zq",
    "/v1/accounts?search=zzzznobody",
    "/v1/accounts?search=zq",
];

async fn seeded(backend: Backend) -> TestApp {
    let app = TestApp::start(backend, &[("RATE_LIMITS", "off")]).await;
    Population::new(7, PEOPLE, app.now()).write_to(&mut app.database.connection(), |_| {}).unwrap();
    app
}

fn limited(path: &str) -> String {
    if path.contains("/counts") || path.contains("/delivery") {
        path.to_owned()
    } else {
        format!("{path}&limit={LIMIT}")
    }
}

/// An owner of a business account that has others below it.
async fn owner(app: &TestApp) -> Client {
    let below = "SELECT users.email AS text FROM memberships JOIN users ON users.id = memberships.user_id \
        JOIN accounts ON accounts.parent_account_id = memberships.account_id \
        WHERE memberships.role = 'account_owner' AND users.status = 'active' GROUP BY users.email \
        ORDER BY count(*), users.email LIMIT 1";
    let email = app.database.texts(below).remove(0);
    app.sign_in(&email).await
}

/// The rows of growing tables that PostgreSQL has read so far. Sessions report that before they end.
fn rows_read(app: &TestApp) -> i64 {
    app.database.drop_connections();
    app.database.bring_back();
    let tables = GROWING.join("', '");
    let sum = format!(
        "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('{tables}')) \
            + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname IN ('{tables}')) \
            || '' AS text"
    );
    app.database.texts(&sum).remove(0).parse().unwrap()
}

/// The requests that read more rows than they may, with the number.
async fn greedy(app: &TestApp, client: &Client, paths: &[&str], most: i64) -> Vec<String> {
    let mut greedy = Vec::new();
    for path in paths {
        // What a session plans, and a process learns, at its first request.
        client.get(&limited(path)).await.expect(200);
        let before = rows_read(app);
        client.get(&limited(path)).await.expect(200);
        let rows = rows_read(app) - before;
        if rows > most {
            greedy.push(format!("{path}: {rows} rows"));
        }
    }
    greedy
}

#[tokio::test]
async fn postgresql_reads_few_rows_whatever_its_statistics_say() {
    let app = seeded(Backend::Postgres).await;
    let (admin, owner) = (app.admin(), owner(&app).await);
    let mut greedy_ones = Vec::new();
    for statement in ["SELECT", "ANALYZE"] {
        app.database.execute(statement);
        greedy_ones.extend(greedy(&app, &admin, &PATHS, MOST_ROWS).await);
        greedy_ones.extend(greedy(&app, &admin, &SEARCHES, MOST_ROWS_OF_SEARCH).await);
        let seen = ["/v1/invitations?", "/v1/invitations?status=pending", "/v1/users?", "/v1/accounts?"];
        greedy_ones.extend(greedy(&app, &owner, &seen, MOST_ROWS).await);
    }
    assert!(greedy_ones.is_empty(), "{greedy_ones:#?}");
}

/// Held by the test that records queries, where tests share a process.
static RECORDING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The queries that this process has begun.
static QUERIES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn take_queries() -> Vec<String> {
    std::mem::take(&mut *QUERIES.lock().unwrap_or_else(PoisonError::into_inner))
}

#[expect(clippy::unnecessary_wraps, reason = "diesel asks for it")]
fn recorder() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let text = text.split(" -- binds:").next().unwrap_or_default().to_owned();
            QUERIES.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }))
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The steps of SQLite's plan for a query.
fn plan(app: &TestApp, query: &str) -> Vec<String> {
    let steps: Vec<Step> =
        sql_query(format!("EXPLAIN QUERY PLAN {query}")).load(&mut app.database.sqlite()).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

/// The steps of a plan that go through a whole table, or a whole index, without the order of a list.
fn scans(app: &TestApp, query: &str) -> Vec<String> {
    let growing = |step: &String| {
        let mut words = step.split(' ');
        words.next() == Some("SCAN") && words.next().is_some_and(|table| GROWING.contains(&table))
    };
    plan(app, query).into_iter().filter(growing).collect()
}

#[tokio::test]
async fn sqlite_plans_no_scan_of_a_table() {
    let _recording = RECORDING.lock().await;
    set_default_instrumentation(recorder).unwrap();
    let app = seeded(Backend::Sqlite).await;
    let (admin, owner) = (app.admin(), owner(&app).await);
    let mut found = Vec::new();
    for (client, path) in PATHS.iter().chain(&SEARCHES).map(|path| (&admin, path)).chain([
        (&owner, &"/v1/invitations?"),
        (&owner, &"/v1/users?"),
        (&owner, &"/v1/accounts?"),
        // On PostgreSQL its rows are counted by a test of its own.
        (&admin, &"/v1/delivery?"),
    ]) {
        take_queries();
        client.get(&limited(path)).await.expect(200);
        let queries = take_queries();
        assert!(!queries.is_empty());
        let is_walk = path.ends_with('?') || path.contains("?sort=") || COMMON.contains(path);
        // Nothing is read for a condition that is false.
        let reads = |query: &&String| {
            let is_read = query.starts_with("SELECT") || query.starts_with("WITH groups");
            is_read && !query.starts_with(SAMPLE) && !query.contains("FALSE")
        };
        for query in queries.iter().filter(reads) {
            let mut scans = scans(&app, query);
            scans.retain(|scan| !(is_walk && scan.contains(" USING ")));
            found.extend(scans.iter().map(|scan| format!("{path}: {scan}\n    {query}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
