//! The migration counts the rows that are there, and can be undone.

use super::recount::{recount, stored};
use crate::support::{Backend, TestApp, customers::SUB_ACCOUNTS, json, on_both_databases};

fn run(app: &TestApp, direction: &str) {
    let database = if app.database.backend == Backend::Postgres { "postgres" } else { "sqlite" };
    let folder = format!("{}/migrations/{database}/2026-11-30-000004_counts", env!("CARGO_MANIFEST_DIR"));
    app.database.run_script(&std::fs::read_to_string(format!("{folder}/{direction}.sql")).unwrap());
}

on_both_databases! {
    async fn rows_from_before_are_counted(app: TestApp) {
        let owner = app.owner("olga@acme.example", "Acme").await;
        app.driver("dirk@acme.example", &owner.account).await;
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        app.invite("bob@example.com", &["viewer"]).await;
        let below = json!({ "email": "ada@example.com", "role": "driver", "account_id": owner.account });
        app.invite_by(SUB_ACCOUNTS, below).await;
        app.database.execute("UPDATE letters SET fate = 'bounced', fate_at = sent_at, cause = 'quota'");
        recount(&app);
        let before = stored(&app.database);
        assert!(before.len() > 8, "{before:?}");
        for _ in 0..2 {
            run(&app, "down");
            run(&app, "up");
            assert_eq!(stored(&app.database), before);
            recount(&app);
        }
        app.invite("carol@example.com", &["viewer"]).await;
        recount(&app);
        assert_ne!(stored(&app.database), before);
    }
}
