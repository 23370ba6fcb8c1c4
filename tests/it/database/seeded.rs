//! A database that `make seed` filled (`benches/seed/population.rs`) is one that the service could have
//! written: it reads every row, and goes on with them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};
use invitation_service::domain::{
    ids::{Id, InvitationKind, Named},
    invitation::{DeliveryState, InvitationStatus},
};
use serde_json::Value;

use crate::support::{Backend, Client, PASSWORD, TestApp, json, on_both_databases, population::Population};

/// Enough for each state of invitations and letters.
const PEOPLE: u32 = 420;

/// Fills the database, and gives the number of rows in each table.
fn seed(app: &TestApp, people: u32) -> BTreeMap<&'static str, usize> {
    let population = Population::new(1, people, app.now());
    let (mut connection, mut progress) = (app.database.connection(), Vec::new());
    let counts = population.write_to(&mut connection, |people| progress.push(people)).unwrap();
    assert_eq!(progress, [people]);
    counts.into_iter().collect()
}

/// All rows of a list.
async fn all(client: &Client, path: &str) -> Vec<Value> {
    let (mut rows, mut next) = (Vec::new(), Some(format!("{path}?limit=200")));
    while let Some(path) = next {
        let page = client.get(&path).await.expect(200);
        rows.extend(page.body["data"].as_array().unwrap().clone());
        next = page.body["next_cursor"].as_str().map(|cursor| format!("{}&cursor={cursor}", first(&path)));
    }
    rows
}

fn first(path: &str) -> &str {
    path.split('&').next().unwrap()
}

fn values<'a>(rows: &'a [Value], pointer: &str) -> BTreeSet<&'a str> {
    rows.iter().filter_map(|row| row.pointer(pointer)?.as_str()).collect()
}

fn at(row: &Value, member: &str) -> DateTime<Utc> {
    row[member].as_str().unwrap().parse().unwrap()
}

/// The time that an id begins with.
fn made<K: Named>(id: &str) -> i64 {
    let id: Id<K> = id.parse().unwrap();
    let (seconds, nanoseconds) = id.uuid().get_timestamp().unwrap().to_unix();
    i64::try_from(seconds).unwrap() * 1000 + i64::from(nanoseconds / 1_000_000)
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn the_service_reads_every_row(app: TestApp) {
        let counts = seed(&app, PEOPLE);
        for (table, rows) in &counts {
            assert_eq!(app.database.count(table), i64::try_from(*rows).unwrap(), "{table}");
            assert_ne!(*rows, 0, "{table}");
        }
        let admin = app.admin();
        let live = |table: &str| app.database.count(&format!("{table} WHERE removed_at IS NULL"));
        for (path, rows) in [
            ("/v1/users", live("users")),
            ("/v1/accounts", live("accounts")),
            ("/v1/suppressions", app.database.count("suppressions")),
            ("/v1/audit-events", app.database.count("audit_events")),
        ] {
            assert_eq!(i64::try_from(all(&admin, path).await.len()).unwrap(), rows, "{path}");
        }
        let users = all(&admin, "/v1/users").await;
        assert_eq!(values(&users, "/status"), BTreeSet::from(["invited", "active", "blocked"]));
        let accounts = all(&admin, "/v1/accounts").await;
        assert_eq!(values(&accounts, "/type"), BTreeSet::from(["business", "consumer"]));
        assert_eq!(values(&accounts, "/used_by"), BTreeSet::from(["employee", "subsidiary"]));
        for (list, rows) in [("users", &users), ("accounts", &accounts)] {
            for row in rows {
                admin.get(&format!("/v1/{list}/{}", row["id"].as_str().unwrap())).await.expect(200);
            }
        }
    }

    async fn invitations_are_in_every_state_and_have_their_timelines(app: TestApp) {
        let counts = seed(&app, PEOPLE);
        let admin = app.admin();
        let invitations = all(&admin, "/v1/invitations").await;
        assert_eq!(invitations.len(), counts["invitations"]);
        let statuses: BTreeSet<&str> = InvitationStatus::ALL.map(InvitationStatus::as_str).into();
        assert_eq!(values(&invitations, "/status"), statuses);
        let mut letters: BTreeSet<&str> = DeliveryState::ALL.map(DeliveryState::as_str).into();
        letters.remove(DeliveryState::Sending.as_str());
        assert_eq!(values(&invitations, "/delivery/state"), letters);
        let mut events = 0;
        for one in &invitations {
            let id = one["id"].as_str().unwrap();
            assert_eq!(admin.get(&format!("/v1/invitations/{id}")).await.expect(200).body, *one);
            assert_eq!(made::<InvitationKind>(id), at(one, "created_at").timestamp_millis(), "{id}");
            let sent = at(one, "expires_at") - chrono::TimeDelta::hours(24);
            assert_eq!(sent, at(one, "last_sent_at"), "{id}");
            let timeline = app.timeline(id).await;
            assert_eq!(timeline[0], "created", "{id}");
            let sendings = |one: &&String| ["email_queued", "link_handed_over"].contains(&one.as_str());
            let sendings = timeline.iter().filter(sendings).count();
            assert_eq!(one["send_count"], sendings, "{id}: {timeline:?}");
            for (event, member) in [("activated", "activated_at"), ("revoked", "revoked_at")] {
                assert_eq!(timeline.iter().any(|one| one == event), one[member].is_string(), "{id}");
            }
            events += timeline.len();
        }
        assert_eq!(events, counts["invitation_events"]);
    }

    async fn rows_agree_with_each_other(app: TestApp) {
        seed(&app, PEOPLE);
        let lineage = "(WITH RECURSIVE up (account, ancestor) AS (SELECT id, id FROM accounts UNION ALL \
            SELECT up.account, accounts.parent_account_id FROM up JOIN accounts ON accounts.id = up.ancestor \
            WHERE accounts.parent_account_id IS NOT NULL) SELECT account, ancestor FROM up";
        let stored = "SELECT account_id, ancestor_id FROM account_lineage";
        for (unlike, what) in [
            (format!("{lineage} EXCEPT {stored}) AS missing"), "lineage"),
            (format!("({stored} EXCEPT SELECT * FROM {lineage}) AS up) AS additional"), "lineage"),
            (
                "invitations WHERE generation <> (SELECT MAX(generation) FROM letters WHERE invitation_id = \
                invitations.id) OR send_count <> (SELECT COUNT(*) FROM letters WHERE invitation_id = \
                invitations.id)"
                    .to_owned(),
                "letters",
            ),
            (
                "invitations JOIN users ON users.id = user_id WHERE invitations.state = 'activated' AND \
                (invitations.activated_at <> users.activated_at OR users.status = 'invited')"
                    .to_owned(),
                "activated users",
            ),
            (
                "invitations JOIN accounts ON accounts.id = account_id WHERE accounts.status = 'invited' AND \
                accounts.removed_at IS NULL AND invitations.state <> 'pending'"
                    .to_owned(),
                "accounts without a use",
            ),
            ("users WHERE created_at > activated_at OR created_at > removed_at".to_owned(), "times"),
        ] {
            assert_eq!(app.database.count(&unlike), 0, "{what}");
        }
        let depth =
            "(SELECT account_id FROM account_lineage GROUP BY account_id HAVING COUNT(*) = 3) AS deep";
        assert_ne!(app.database.count(depth), 0);
    }

    async fn a_seeded_person_is_sent_a_new_link_and_signs_in(app: TestApp) {
        seed(&app, PEOPLE);
        let admin = app.admin();
        // The letters that wait are sent.
        let waiting = admin.get("/v1/invitations?delivery=queued&limit=200").await.expect(200);
        let waiting = waiting.body["data"].as_array().unwrap().len();
        let now = app.now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let due = format!("letters WHERE state = 'queued' AND next_attempt_at <= '{now}'");
        let due = app.database.count(&due);
        assert_eq!(i64::try_from(app.letters().await.len()).unwrap(), due);
        assert!(waiting >= usize::try_from(due).unwrap());
        let pending = admin.get("/v1/invitations?status=pending&delivery=delivered").await.expect(200);
        let pending = &pending.body["data"][0];
        let path = format!("/v1/invitations/{}/resend", pending["id"].as_str().unwrap());
        let resent = admin.post_empty(&path).await.expect(200);
        assert_eq!(resent.body["send_count"], pending["send_count"].as_i64().unwrap() + 1);
        let token = app.letter().await.token;
        app.anonymous().post("/v1/activations/preview", &json!({ "token": token })).await.expect(200);
        let active = admin.get("/v1/users?status=active&kind=customer&limit=1").await.expect(200);
        let body = json!({ "email": active.body["data"][0]["email"], "password": PASSWORD });
        app.anonymous().post("/v1/auth/token", &body).await.expect(200);
    }

    async fn more_people_are_added_to_those_who_are_there(app: TestApp) {
        let first = seed(&app, 100);
        let second = seed(&app, 100);
        assert_eq!(app.database.count("users"), 200);
        assert_eq!((first["users"], second["users"]), (100, 100));
    }
}

/// The rows of each table, in the order of their keys.
fn dump(app: &TestApp) -> Vec<String> {
    let mut rows = Vec::new();
    for (table, columns) in [
        ("users", "id || email || coalesce(first_name || last_name, '')"),
        ("accounts", "id || coalesce(name, '') || coalesce(vat_number, '') || coalesce(rate, 0)"),
        ("invitations", "id || email || inviter_name || state || expires_at"),
        ("letters", "id || invitation_id || state || next_attempt_at"),
        ("invitation_events", "id || invitation_id || event_type || details"),
        ("audit_events", "id || action || coalesce(user_agent, '')"),
    ] {
        rows.extend(app.database.texts(&format!("SELECT {columns} AS text FROM {table} ORDER BY id")));
    }
    rows
}

#[tokio::test]
async fn a_seed_gives_the_same_rows_again() {
    let mut dumps = Vec::new();
    for _ in 0..2 {
        let app = TestApp::start(Backend::Sqlite, &[]).await;
        seed(&app, 60);
        dumps.push(dump(&app));
    }
    assert!(!dumps[0].is_empty());
    assert_eq!(dumps[0], dumps[1]);
}
