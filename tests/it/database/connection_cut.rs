//! Connections that are cut while they lie idle, or under a transaction that has not committed: nobody hears
//! of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use diesel::{RunQueryDsl, sql_query};
use futures_util::future::join_all;
use invitation_service::{
    courier::Step,
    db::{AnyConnection, DbFault},
};

use crate::support::{Backend, TestApp, database::TestDatabase, json};

/// Cuts every connection of the service.
fn cut(database: &TestDatabase) -> usize {
    let name = database.url.rsplit_once('/').unwrap().1;
    let others = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> \
        pg_backend_pid()"
    );
    let cut = database.execute(&others);
    // Each dies at the next thing that it does.
    while database.execute(&others) > 0 {}
    cut
}

#[tokio::test]
async fn requests_after_a_cut_are_answered_as_ever() {
    let app = TestApp::start(Backend::Postgres, &[("RATE_LIMITS", "off")]).await;
    let (admin, anonymous) = (app.admin(), app.anonymous());
    for round in 0..3 {
        let invited = app.invite(&format!("ada{round}@example.com"), &["viewer"]).await;
        let id = invited.0["id"].as_str().unwrap().to_owned();
        let shown = format!("/v1/invitations/{id}");
        app.advance(TimeDelta::minutes(2));
        // Every lane has connections, which have just answered: nothing hints that they are about to die.
        join_all((0..16).map(|_| admin.get("/v1/invitations"))).await;
        join_all((0..8).map(|_| admin.get(&shown))).await;
        anonymous.get("/readyz").await.expect(200);
        app.parts.courier.step().await.unwrap();
        assert!(cut(&app.database) > 5, "there were no connections");

        let (resend, revoke) =
            (format!("/v1/invitations/{id}/resend"), format!("/v1/invitations/{id}/revoke"));
        let body = |number: usize| {
            json!({
                "email": format!("bob{number}@round{round}.example.com"), "roles": ["viewer"]
            })
        };
        let bodies: Vec<_> = (0..8).map(body).collect();
        let looks = async { join_all((0..8).map(|_| admin.get(&shown))).await };
        let lists = async { join_all((0..16).map(|_| admin.get("/v1/invitations"))).await };
        let invites = async {
            join_all(bodies.iter().map(|body| admin.post("/v1/system-users/invitations", body))).await
        };
        let opened = json!({ "token": invited.1.token });
        let (looks, lists, invites, opened, resent, ready) = tokio::join!(
            looks,
            lists,
            invites,
            anonymous.post("/v1/activations/preview", &opened),
            admin.post_empty(&resend),
            anonymous.get("/readyz"),
        );
        for answer in looks.into_iter().chain(lists).chain([resent, ready]) {
            answer.expect(200);
        }
        for answer in invites {
            answer.expect(201);
        }
        // Before or after the resend, as it happened.
        assert!(matches!(opened.status, 200 | 410), "{}", opened.text);
        assert!(cut(&app.database) > 0, "there were no connections");
        assert_eq!(app.parts.courier.step().await.unwrap(), Step::Worked(9));
        cut(&app.database);
        app.activate(&app.mailbox.unread()[0].token).await.expect(201);
        cut(&app.database);
        let revoked = admin.post_empty(&revoke).await;
        assert!(matches!(revoked.status, 200 | 409), "{}", revoked.text);
    }
}

/// With nothing but the question before and after, so that no other request meets the dead connections first.
#[tokio::test]
async fn readiness_after_a_cut_is_as_ever() {
    let app = TestApp::start(Backend::Postgres, &[("RATE_LIMITS", "off")]).await;
    let anonymous = app.anonymous();
    anonymous.get("/readyz").await.expect(200);
    for _ in 0..5 {
        assert!(cut(&app.database) > 0, "there were no connections");
        anonymous.get("/readyz").await.expect(200);
    }
}

/// In the midst of a query, and of a transaction: a server that loses a connection undoes what it had not
/// committed.
#[tokio::test]
async fn work_that_was_cut_before_its_commit_is_done_on_another_connection() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let db = &app.parts.services.db;
    let tries = Arc::new(AtomicUsize::new(0));
    let (of_write, of_read) = (tries.clone(), tries.clone());
    let dies = "SELECT pg_terminate_backend(pg_backend_pid())";
    let fails_first = move |connection: &mut AnyConnection, tries: &AtomicUsize| {
        if tries.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            sql_query(dies).execute(connection)?;
        }
        Ok::<_, DbFault>(())
    };
    db.read(move |connection| fails_first(connection, &of_read)).await.unwrap();
    assert_eq!(tries.load(Ordering::Relaxed), 2);
    db.write::<_, DbFault>(move |tx| {
        let insert = "INSERT INTO mail_pace (relay, free_at) VALUES ('test', now())";
        sql_query(insert).execute(tx.reading())?;
        fails_first(tx.reading(), &of_write)
    })
    .await
    .unwrap();
    assert_eq!((tries.load(Ordering::Relaxed), app.database.count("mail_pace")), (4, 1));

    // One that is cut each time is told so, and soon.
    let always = move |connection: &mut AnyConnection| Ok::<_, DbFault>(sql_query(dies).execute(connection)?);
    let began = std::time::Instant::now();
    let fault = db.read(always).await.unwrap_err();
    assert!(matches!(fault, DbFault::Unavailable(_)) && began.elapsed() < Duration::from_secs(5), "{fault}");
}
