//! No plan by chance: what invites, resends, activations and letters do goes by an index, also where sessions
//! planned it on tables that were vacuumed while they were empty, or that were analysed with a few rows and
//! have grown since. The checks of foreign keys are counted among it.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::support::{
    Backend, Client, TestApp,
    batches::{BATCH, RESEND, colleague},
    customers::{OWNERS, SUB_ACCOUNTS, company, text},
    json,
};

/// The tables that grow with the number of invitations.
const GROWING: [&str; 12] = [
    "users",
    "invitations",
    "letters",
    "invitation_events",
    "accounts",
    "account_lineage",
    "memberships",
    "user_roles",
    "idempotency_keys",
    "letter_counts",
    "audit_events",
    "suppressions",
];
/// The most sequential scans of these tables together.
const MOST_SCANS: i64 = 9;
/// The most rows that index scans read for each invite, with its letters and activations: a scan of a whole
/// index reads hundreds.
const MOST_ROWS: i64 = 60;
const BATCHES: usize = 4;
const ITEMS: usize = 240;
const SINGLE: usize = 20;

/// What all sessions have read: sequential scans of each growing table, and rows of their indexes. They report
/// it before they end.
fn read_so_far(app: &TestApp) -> (BTreeMap<String, i64>, i64) {
    app.database.drop_connections();
    app.database.bring_back();
    let list = GROWING.join("', '");
    let counts = |query: &str| app.database.texts(query);
    let scans = counts(&format!(
        "SELECT relname || ' ' || seq_scan AS text FROM pg_stat_user_tables WHERE relname IN ('{list}')"
    ));
    let rows = counts(&format!(
        "SELECT sum(idx_tup_read)::text AS text FROM pg_stat_user_indexes WHERE relname IN ('{list}')"
    ));
    let scans = scans.iter().map(|line| {
        let (table, count) = line.split_once(' ').unwrap();
        (table.to_owned(), count.parse().unwrap())
    });
    (scans.collect(), rows[0].parse().unwrap())
}

/// Switches the server's own analyses off.
fn without_autovacuum(app: &TestApp) {
    for table in app.database.texts("SELECT relname::text AS text FROM pg_stat_user_tables") {
        app.database.execute(&format!("ALTER TABLE {table} SET (autovacuum_enabled = off)"));
    }
}

/// A thousand invites, their letters, resends and activations. `name` makes the addresses this call's own.
async fn use_it(app: &TestApp, name: &str) {
    let admin = app.admin();
    for batch in 0..BATCHES {
        let items: Vec<_> =
            (0..ITEMS).map(|item| colleague(&format!("{name}.{batch}.{item}@example.com"))).collect();
        let (key, body) = (format!("{name}-{batch}"), json!({ "invitations": items }));
        let results = admin.keyed(BATCH, &key, &body).await.expect(200).body;
        assert!(results["results"].as_array().unwrap().iter().all(|one| one["status"] == "invited"));
    }
    let body = json!({
        "email": format!("owner.{name}@example.com"), "account_name": format!("Acme {name}"),
        "account_type": "business"
    });
    let owner = admin.post(OWNERS, &body).await.expect(201).body;
    let letters = app.letters().await;
    let sent_to = format!("owner.{name}@example.com");
    let mail = letters.iter().find(|mail| mail.to.contains(&sent_to)).unwrap();
    app.activate_with(&mail.token, json!({ "account": { "company": company() } })).await.expect(201);
    let signed_in = app.sign_in(&sent_to).await;
    let mut ids = Vec::new();
    for number in 0..SINGLE {
        let email = format!("driver.{number}.{name}@example.com");
        // By name for the staff, and by id for the owner.
        let (caller, account) = match number % 2 {
            0 => (&admin, ("account_name", format!("acme {name}"))),
            _ => (&signed_in, ("account_id", text(&owner, "/account/id").to_owned())),
        };
        let body =
            json!({ "email": email, "role": "driver", account.0: account.1, "account_type": "consumer" });
        let made = caller.keyed(SUB_ACCOUNTS, &format!("{name}-driver-{number}"), &body).await.expect(201);
        ids.push(made.text_of("id"));
    }
    resend_and_activate(app, &admin, &ids, name).await;
}

async fn resend_and_activate(app: &TestApp, admin: &Client, ids: &[String], name: &str) {
    app.letters().await;
    app.advance(TimeDelta::minutes(2));
    admin
        .post(RESEND, &json!({ "filter": { "status": "pending", "kind": "system_user" } }))
        .await
        .expect(200);
    for id in ids {
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
    }
    let letters = app.letters().await;
    assert!(letters.len() >= ids.len() + ITEMS, "{}", letters.len());
    let of = |text: &str| letters.iter().filter(|mail| mail.to.contains(text)).take(3).collect::<Vec<_>>();
    for mail in of(&format!("{name}.0.")).into_iter().chain(of(&format!(".{name}@"))) {
        app.requires(&mail.token).await;
        app.activate(&mail.token).await.expect(201);
    }
    let revoked = &ids[ids.len() - 1];
    admin.post_empty(&format!("/v1/invitations/{revoked}/revoke")).await.expect(200);
}

#[tokio::test]
async fn no_statement_scans_tables_that_were_vacuumed_while_empty() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    without_autovacuum(&app);
    app.database.execute("VACUUM (ANALYZE)");
    let (scans_before, rows_before) = read_so_far(&app);
    use_it(&app, "new").await;
    assert_read_by_index(&app, &scans_before, rows_before);
}

#[tokio::test]
async fn no_statement_scans_tables_that_have_grown_since_they_were_analysed() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    without_autovacuum(&app);
    let owner = app.owner("first@example.com", "First").await;
    app.invite("second@example.com", &["viewer"]).await;
    app.driver("third@example.com", &owner.account).await;
    app.database.execute("VACUUM (ANALYZE)");
    let (scans_before, rows_before) = read_so_far(&app);
    use_it(&app, "grown").await;
    assert_read_by_index(&app, &scans_before, rows_before);
}

fn assert_read_by_index(app: &TestApp, scans_before: &BTreeMap<String, i64>, rows_before: i64) {
    let (mut scans, rows) = read_so_far(app);
    scans.iter_mut().for_each(|(table, count)| *count -= scans_before[table]);
    scans.retain(|_, count| *count > 0);
    assert!(scans.values().sum::<i64>() <= MOST_SCANS, "{scans:?}");
    let invites = i64::try_from(BATCHES * ITEMS + SINGLE).unwrap();
    let rows = rows - rows_before;
    assert!(rows <= MOST_ROWS * invites, "{} rows for each invite", rows / invites);
}
