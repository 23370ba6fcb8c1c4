//! No plan by chance: what invites, resends, activations and letters do goes by an index, also where sessions
//! planned it on tables that were vacuumed while they were empty, or that were analysed with a few rows and
//! have grown since. The checks of foreign keys are counted among it.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::support::{
    Backend, Client, TestApp,
    batches::{BATCH, RESEND, colleague},
    customers::{OWNERS, SUB_ACCOUNTS, company, text},
    database::GROWING,
    json,
};

/// The most sequential scans of these tables together.
const MOST_SCANS: i64 = 9;
/// The most rows that are read of one index for each invite, with its letters, resends and activations.
/// Checks of foreign keys and triggers that count read 36 of the invitations' key; plans that scan a whole
/// partial index read hundreds of it.
const MOST_ROWS: i64 = 48;
const BATCHES: usize = 4;
const ITEMS: usize = 240;
const SINGLE: usize = 20;

/// What all sessions have read so far: sequential scans of each growing table, and rows of each of their
/// indexes.
struct Read {
    scans: BTreeMap<String, i64>,
    rows: BTreeMap<String, i64>,
}

impl Read {
    /// Sessions report what they have read before they end.
    fn so_far(app: &TestApp) -> Self {
        app.database.drop_connections();
        app.database.bring_back();
        let counts = |column: &str, view: &str| {
            let growing = GROWING.join("', '");
            let query = format!("SELECT {column} AS text FROM {view} WHERE relname IN ('{growing}')");
            let count = |line: &String| {
                let (name, count) = line.split_once(' ').unwrap();
                (name.to_owned(), count.parse().unwrap())
            };
            app.database.texts(&query).iter().map(count).collect()
        };
        Self {
            scans: counts("relname || ' ' || seq_scan", "pg_stat_user_tables"),
            rows: counts("indexrelname || ' ' || idx_tup_read", "pg_stat_user_indexes"),
        }
    }

    /// Asserts that since `before` tables were read by their indexes, and no index was read whole.
    fn assert_by_index_since(mut self, before: &Self) {
        self.scans.iter_mut().for_each(|(table, count)| *count -= before.scans[table]);
        self.rows.iter_mut().for_each(|(index, count)| *count -= before.rows[index]);
        self.scans.retain(|_, count| *count > 0);
        assert!(self.scans.values().sum::<i64>() <= MOST_SCANS, "{:?}", self.scans);
        let invites = i64::try_from(BATCHES * ITEMS + SINGLE).unwrap();
        self.rows.retain(|_, rows| *rows > MOST_ROWS * invites);
        assert!(self.rows.is_empty(), "for {invites} invites: {:?}", self.rows);
    }
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
    let before = Read::so_far(&app);
    use_it(&app, "new").await;
    Read::so_far(&app).assert_by_index_since(&before);
}

#[tokio::test]
async fn no_statement_scans_tables_that_have_grown_since_they_were_analysed() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    without_autovacuum(&app);
    let owner = app.owner("first@example.com", "First").await;
    app.invite("second@example.com", &["viewer"]).await;
    app.driver("third@example.com", &owner.account).await;
    app.database.execute("VACUUM (ANALYZE)");
    let before = Read::so_far(&app);
    use_it(&app, "grown").await;
    Read::so_far(&app).assert_by_index_since(&before);
}
