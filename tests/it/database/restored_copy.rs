//! A start from a backup: what waited to be sent when it was made has been sent since, and is not sent twice.
//! A copy of SQLite's file alone lacks commits. See findings/sqlite-copy-without-wal.sh.

use std::time::Duration;

use chrono::TimeDelta;
use diesel::{RunQueryDsl, sql_query};
use invitation_service::{courier::Step, services::withdraw};

use crate::support::{
    Backend, Home, TestApp, cluster, database::TestDatabase, eventually, json, on_both_databases, on_each,
};

const TIMEOUT: Duration = Duration::from_mins(1);

/// Copies one database into another as docs/operations.md says, while the service runs.
fn back_up(from: &TestDatabase, to: &TestDatabase) {
    match from.backend {
        Backend::Sqlite => {
            let file = to.url.trim_start_matches("sqlite://");
            sql_query(format!("VACUUM INTO '{file}'")).execute(&mut from.sqlite()).unwrap();
        }
        Backend::Postgres => {
            let mut dump =
                cluster::command("pg_dump", &["--format=plain", "--no-owner", "--dbname", &from.url])
                    .stdout(std::process::Stdio::piped())
                    .spawn()
                    .unwrap();
            let restored = cluster::command(
                "psql",
                &["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--dbname", &to.url],
            )
            .stdin(dump.stdout.take().unwrap())
            .status()
            .unwrap();
            assert!(restored.success() && dump.wait().unwrap().success(), "{restored}");
        }
    }
}

on_each! {
    async fn letters_that_waited_are_withdrawn_and_not_sent_twice(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve", "--hold-mail"]);
        let caller = server.client(Some(home.token()));
        for name in ["ada", "bob", "eve"] {
            let body = json!({ "email": format!("{name}@example.com"), "roles": ["viewer"] });
            caller.post("/v1/system-users/invitations", &body).await.expect(201);
        }
        assert!(server.out().contains("wait (--hold-mail)"), "{}", server.out());
        let ready = caller.get("/readyz").await.expect(200);
        assert_eq!(
            (&ready.body["courier"], &ready.body["status"]),
            (&json!("held"), &json!("ok")),
            "{}",
            ready.text
        );
        let copied_at = invitation_service::clock::Clock::system().now();
        let copies = [Home::new(backend, &[]), Home::new(backend, &[])];
        for copy in &copies {
            back_up(&home.database, &copy.database);
        }
        // Nothing went while letters were held.
        server.stop().await;
        assert_eq!(home.letters().len(), 0);
        let server = home.start(&["serve"]);
        eventually("they go", TIMEOUT, async || (home.letters().len() == 3).then_some(())).await;
        server.stop().await;

        // Without a word they would go once more.
        let [plain, withdrawn] = copies;
        let server = plain.start(&["serve"]);
        eventually("they go again", TIMEOUT, async || (plain.letters().len() == 3).then_some(())).await;
        server.stop().await;

        let server = withdrawn.start(&["serve", "--hold-mail"]);
        let caller = server.client(Some(withdrawn.token()));
        let late = json!({ "email": "late@example.com", "roles": ["viewer"] });
        caller.post("/v1/system-users/invitations", &late).await.expect(201);
        server.stop().await;
        let before = copied_at.to_rfc3339();
        let said = withdrawn.print(&["mail-withdraw", "--before", &before]);
        assert!(said.contains("3 letter(s) withdrawn") && said.contains("delivery=failed"), "{said}");
        let said = withdrawn.print(&["mail-withdraw", "--before", &before]);
        assert!(said.contains("0 letter(s) withdrawn"), "{said}");
        let server = withdrawn.start(&["serve"]);
        let caller = server.client(Some(withdrawn.token()));
        eventually("the one that came later goes", TIMEOUT, async || {
            (withdrawn.letters().len() == 1).then_some(())
        })
        .await;
        assert_eq!(withdrawn.letters()[0].to, "late@example.com");
        let listed = caller.get("/v1/invitations?delivery=failed").await.expect(200);
        let failed = listed.body["data"].as_array().unwrap().clone();
        assert_eq!(failed.len(), 3, "{}", listed.text);
        for invitation in failed {
            let delivery = &invitation["delivery"];
            assert_eq!(
                (&delivery["state"], &invitation["status"]),
                (&json!("failed"), &json!("pending")),
                "{invitation}"
            );
            assert!(
                delivery["reason"].as_str().unwrap().contains("withdrawn by the operator"),
                "{invitation}"
            );
            assert!(delivery["failed_at"].is_string(), "{invitation}");
            let events = caller
                .get(&format!("/v1/invitations/{}/events", invitation["id"].as_str().unwrap()))
                .await
                .expect(200);
            let last = events.body["data"].as_array().unwrap().last().unwrap().clone();
            assert_eq!(
                (&last["type"], &last["details"]["will_retry"]),
                (&json!("email_failed"), &json!(false)),
                "{last}"
            );
        }
        server.stop().await;
    }
}

on_both_databases! {
    with [("REMINDER_BEFORE", "4h")];

    /// Who was reminded after the copy was made is not known in it.
    async fn no_reminder_is_sent_twice(app: TestApp) {
        for name in ["ada", "bob"] {
            app.invite(&format!("{name}@example.com"), &["viewer"]).await;
        }
        app.advance(TimeDelta::hours(21));
        let db = &app.parts.services.db;
        let withdrawn =
            withdraw::older_than(db, &app.clock, app.now() - TimeDelta::hours(1), Some(TimeDelta::hours(4)))
                .await
                .unwrap();
        assert_eq!((withdrawn.letters, withdrawn.reminders), (0, 2));
        assert_eq!(app.letters().await.len(), 0);
        let listed = app.admin().get("/v1/invitations?delivery=sent").await.expect(200);
        assert_eq!(listed.body["data"].as_array().unwrap().len(), 2, "{}", listed.text);
    }

    /// What a courier has in its hands is told, and left to it.
    async fn a_letter_in_hand_is_not_withdrawn(app: TestApp) {
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        let lease = "UPDATE letters SET attempts = 1, first_tried_at = created_at, leased_until = \
            '2026-11-24T12:01:00.000Z', next_attempt_at = '2026-11-24T12:01:00.000Z'";
        app.database.execute(lease);
        let db = &app.parts.services.db;
        let withdrawn = withdraw::older_than(db, &app.clock, app.now(), None).await.unwrap();
        assert_eq!((withdrawn.letters, withdrawn.in_hand), (0, 1));
        app.advance(TimeDelta::seconds(61));
        let withdrawn = withdraw::older_than(db, &app.clock, app.now(), None).await.unwrap();
        assert_eq!((withdrawn.letters, withdrawn.in_hand), (1, 0));
        assert!(matches!(app.parts.courier.step().await.unwrap(), Step::Idle { .. }));
    }
}

/// The file alone has not what lies in the write-ahead log; the copies of docs/operations.md have.
#[tokio::test]
async fn a_copy_of_the_sqlite_file_alone_loses_commits() {
    let app = TestApp::start(Backend::Sqlite, &[]).await;
    for number in 0..20 {
        app.invite_unsent(&format!("ada{number}@example.com"), &["viewer"]).await;
    }
    let (copy, alone) = (TestDatabase::new(Backend::Sqlite), TestDatabase::new(Backend::Sqlite));
    let file = |database: &TestDatabase| database.url.trim_start_matches("sqlite://").to_owned();
    std::fs::copy(file(&app.database), file(&alone)).unwrap();
    back_up(&app.database, &copy);
    assert_eq!(copy.count("invitations"), 20);
    let lost =
        alone.try_execute("SELECT id FROM invitations LIMIT 1").is_err() || alone.count("invitations") < 20;
    assert!(lost, "then docs/operations.md says too much");
}

#[test]
fn a_time_that_lies_ahead_or_is_none_withdraws_nothing() {
    let home = Home::new(Backend::Sqlite, &[]);
    for (before, words) in [
        ("2126-11-28T03:00:00Z", "is in the future"),
        ("yesterday", "invalid value"),
        ("2026-11-28", "invalid value"),
    ] {
        let output = home.run(&["mail-withdraw", "--before", before]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(words), "{before}: {said}");
    }
}
