//! A database that answers late, or not at all, because somebody holds what is asked for: whoever needs it is
//! told to come back, everybody else goes on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use futures_util::future::join_all;
use invitation_service::{
    courier::Step,
    db::{DbFault, Tx, pool::group_commit::GroupCommit},
};

use crate::support::{Backend, TestApp, json};

/// More callers than there are connections.
const CROWD: usize = 32;

#[tokio::test]
async fn a_held_row_keeps_neither_readers_nor_the_courier_out() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let (invitation, _) = app.invite("ada@example.com", &["viewer"]).await;
    app.invite_unsent("bob@example.com", &["viewer"]).await;
    let admin = app.admin();
    app.advance(TimeDelta::minutes(2));
    let mut other = app.database.postgres();
    other.batch_execute("BEGIN").unwrap();
    let user = invitation["user_id"].as_str().unwrap();
    sql_query(format!("SELECT id FROM users WHERE id = '{user}' FOR UPDATE")).execute(&mut other).unwrap();

    let resend = format!("/v1/invitations/{}/resend", invitation["id"].as_str().unwrap());
    let waiting = async {
        let asked = Instant::now();
        let answers = join_all((0..CROWD).map(|_| admin.post_empty(&resend))).await;
        // Their turn comes within 5 s, and a statement ends after 15 s whatever it waits for.
        assert!(asked.elapsed() < Duration::from_secs(21), "{:?}", asked.elapsed());
        for answer in answers {
            assert_eq!(answer.status, 503, "{}", answer.text);
            answer.problem(503, "unavailable");
        }
    };
    let others = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let asked = Instant::now();
        admin.get("/v1/invitations").await.expect(200);
        app.anonymous().get("/readyz").await.expect(200);
        assert_eq!(app.parts.courier.step().await.unwrap(), Step::Worked(1));
        assert_eq!(app.mailbox.unread().len(), 1);
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    };
    tokio::join!(waiting, others);

    other.batch_execute("ROLLBACK").unwrap();
    admin.post_empty(&resend).await.expect(200);
    app.letter().await;
}

/// What ends a statement is no defect, whatever language the server says it in.
#[tokio::test]
async fn statements_that_take_too_long_are_unavailability() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let db = &app.parts.services.db;
    for limit in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
        let set = db
            .read::<_, DbFault>(move |connection| {
                #[derive(diesel::QueryableByName)]
                struct Row {
                    #[diesel(sql_type = diesel::sql_types::Text)]
                    text: String,
                }
                let row: Row =
                    sql_query(format!("SELECT current_setting('{limit}') AS text")).get_result(connection)?;
                Ok(row.text)
            })
            .await
            .unwrap();
        assert_ne!(set, "0", "{limit}");
    }
    let slow = |connection: &mut _| {
        sql_query("SET statement_timeout = 100").execute(connection)?;
        Ok::<_, DbFault>(sql_query("SELECT pg_sleep(5)").execute(connection)?)
    };
    let fault = db.read(slow).await.unwrap_err();
    assert!(matches!(fault, DbFault::Unavailable(_)), "{fault}");
    let fault = db.write(move |tx| slow(tx.reading())).await.unwrap_err();
    assert!(matches!(fault, DbFault::Unavailable(_)), "{fault}");
    app.anonymous().get("/readyz").await.expect(200);
    let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
    app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
    app.letter().await;
}

/// A server whose messages are German: the words tell us nothing, and what is to be done is found out all the
/// same.
#[tokio::test]
async fn no_words_need_to_be_understood() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let db = &app.parts.services.db;
    let raise = |code: &str, words: &str, after: f32| {
        format!(
            "DO $$ BEGIN PERFORM pg_sleep({after}); RAISE EXCEPTION '{words}' USING ERRCODE = '{code}'; END \
            $$"
        )
    };
    let deadlock = raise("40P01", "Verklemmung entdeckt", 0.0);
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    db.write::<_, DbFault>(move |tx| {
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            sql_query(&deadlock).execute(tx.reading())?;
        }
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(tries.load(Ordering::Relaxed), 2);

    let cancelled = raise("57014", "Anfrage wird abgebrochen", 5.0);
    let fault = db.read::<_, DbFault>(move |c| Ok(sql_query(&cancelled).execute(c)?)).await.unwrap_err();
    assert!(matches!(fault, DbFault::Unavailable(_)), "{fault}");
    let standby = "SET TRANSACTION READ ONLY";
    let fault = db
        .write::<_, DbFault>(move |tx| {
            sql_query(standby).execute(tx.reading())?;
            Ok(sql_query("DELETE FROM letters").execute(tx.reading())?)
        })
        .await
        .unwrap_err();
    assert!(matches!(fault, DbFault::Unavailable(_)), "{fault}");

    // A defect stays one.
    let fault = db.read::<_, DbFault>(|c| Ok(sql_query("SELECT nonsense").execute(c)?)).await.unwrap_err();
    assert!(matches!(fault, DbFault::Other(_)), "{fault}");
}

/// A server that is frozen: its kernel answers for it, and no limit of its own ends the wait.
#[tokio::test]
async fn no_request_waits_for_ever() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let db = app.parts.services.db.within(Duration::from_millis(100));
    let mut other = app.database.postgres();
    other.batch_execute("BEGIN; LOCK TABLE users").unwrap();
    let fault = db.read::<_, DbFault>(|c| Ok(sql_query("SELECT FROM users").execute(c)?)).await.unwrap_err();
    assert!(matches!(fault, DbFault::Unavailable(_)) && fault.to_string().contains("in time"), "{fault}");
    let delete = |tx: &mut Tx<'_>| Ok(sql_query("DELETE FROM users").execute(tx.reading())?);
    let shared = GroupCommit::writing(&db, "test", 9, move |tx, items: &[()]| {
        Ok::<_, DbFault>(vec![delete(tx)?; items.len()])
    })
    .unwrap();
    for fault in [db.write(delete).await.unwrap_err(), shared.run(()).await.unwrap_err()] {
        assert!(matches!(fault, DbFault::InDoubt(_)) && fault.to_string().contains("in time"), "{fault}");
    }
    other.batch_execute("ROLLBACK").unwrap();
    app.anonymous().get("/readyz").await.expect(200);
}
