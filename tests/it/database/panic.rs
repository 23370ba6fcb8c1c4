//! A panic in the middle of a transaction: nothing of it is kept, and whoever comes next is none the worse
//! for it.

use diesel::{RunQueryDsl, sql_query};
use invitation_service::db::DbFault;

use crate::support::{TestApp, json, on_both_databases};

on_both_databases! {
    async fn a_panic_inside_a_transaction_leaves_no_trace(app: TestApp) {
        app.invite("ada@example.com", &["viewer"]).await;
        let db = &app.parts.services.db;
        // More often than there are connections: on SQLite one, on PostgreSQL eight.
        for _ in 0..10 {
            let panicked = db
                .write::<(), DbFault>(|tx| {
                    sql_query("DELETE FROM letters").execute(tx.reading())?;
                    panic!("a defect, as a test has it");
                })
                .await;
            assert!(matches!(panicked, Err(DbFault::Other(_))), "{panicked:?}");
            let panicked = db.read::<(), DbFault>(|_| panic!("a defect, as a test has it")).await;
            assert!(matches!(panicked, Err(DbFault::Other(_))), "{panicked:?}");
        }
        assert_eq!(app.database.count("letters"), 1);
        for number in 0..10 {
            let body = json!({ "email": format!("bob{number}@example.com"), "roles": ["viewer"] });
            app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
        }
        app.admin().get("/v1/users").await.expect(200);
        // Beside the service, for a write that was never committed would be seen by the service alone.
        assert_eq!(app.database.count("letters"), 11);
        assert_eq!(app.letters().await.len(), 10);
    }
}
