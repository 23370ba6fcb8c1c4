//! The database goes away and comes back: every answer says so, none is a 500, and nothing needs to be
//! started anew.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
use futures_util::future::join_all;
use invitation_service::courier::Step;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Backend, Client, Home, PASSWORD, TestApp, eventually, json};

/// How soon an answer must come when there is no database.
const SOON: Duration = Duration::from_secs(25);
/// How long to wait for what must come, on a machine that has other things to do as well.
const TIMEOUT: Duration = Duration::from_mins(1);

struct Ids {
    invitation: String,
    user: String,
    token: String,
}

/// A request to every endpoint that needs the database, all at once.
async fn everywhere(admin: &Client, ids: &Ids) -> Vec<(String, Answer)> {
    let Ids { invitation, user, token } = ids;
    let at = |path: String| (Method::GET, path, Value::Null);
    let to = |path: String, body: Value| (Method::POST, path, body);
    let answers =
        json!({ "token": token, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace" });
    let requests = [
        to("/v1/system-users/invitations".into(), json!({ "email": "bob@example.com", "roles": ["viewer"] })),
        at("/v1/invitations".into()),
        at(format!("/v1/invitations/{invitation}")),
        at(format!("/v1/invitations/{invitation}/events")),
        to(format!("/v1/invitations/{invitation}/resend"), json!({})),
        to(format!("/v1/invitations/{invitation}/revoke"), json!({})),
        at("/v1/users".into()),
        at(format!("/v1/users/{user}")),
        to(format!("/v1/users/{user}/resend-invitation"), json!({})),
        to("/v1/activations".into(), answers),
        to("/v1/activations/preview".into(), json!({ "token": token })),
    ];
    join_all(requests.into_iter().map(|(method, path, body)| async move {
        let request = admin.request(method, &path);
        let answer = Answer::of(if body.is_null() { request } else { request.json(&body) }).await;
        (path, answer)
    }))
    .await
}

fn is_unavailable(name: &str, answer: Answer) {
    assert_eq!(answer.status, 503, "{name}: {}", answer.text);
    let answer = answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "2", "{name}");
}

/// The page that people see: a kind word, a status for programs, and no trace of the database.
fn is_kind(page: &Answer) {
    assert_eq!(page.status, 503, "{}", page.text);
    assert!(page.header("content-type").starts_with("text/html"));
    assert_eq!(page.header("retry-after"), "2");
    assert!(
        page.text.contains("We are busy right now") && page.text.contains("your link still works"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn postgres_goes_away_and_comes_back() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
    let text = |name: &str| invitation[name].as_str().unwrap().to_owned();
    let ids = Ids { invitation: text("id"), user: text("user_id"), token: mail.token.clone() };
    let (admin, anonymous) = (app.admin(), app.anonymous());
    app.advance(TimeDelta::minutes(2));
    let page = format!("/activate?token={}", mail.token);
    // As many connections in the pool as it holds.
    join_all((0..32).map(|_| admin.get("/v1/invitations"))).await;

    app.database.drop_connections();
    for _ in 0..2 {
        let asked = Instant::now();
        for (name, answer) in everywhere(&admin, &ids).await {
            is_unavailable(&name, answer);
        }
        assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    }
    let form = [
        ("token", mail.token.as_str()),
        ("password", PASSWORD),
        ("first_name", "Ada"),
        ("last_name", "Lovelace"),
    ];
    let submit = || Answer::of(anonymous.request(Method::POST, "/activate").form(&form));
    is_kind(&anonymous.get(&page).await);
    let kept = submit().await;
    is_kind(&kept);
    assert!(kept.text.contains(r#"value="Lovelace""#) && !kept.text.contains(PASSWORD), "{}", kept.text);
    let ready = anonymous.get("/readyz").await.expect(503);
    assert_eq!(
        ready.body,
        json!({
            "status": "unavailable", "database": "unavailable", "migrations": "unavailable", "courier": "ok",
            "mail": "unknown"
        })
    );
    assert_eq!(ready.header("retry-after"), "2");
    anonymous.get("/healthz").await.expect(200);
    anonymous.get("/metrics").await.expect(200);
    admin.get("/v1/roles").await.expect(200);
    anonymous.get("/activate?token=forged").await.expect(404);
    assert!(app.parts.courier.step().await.is_err());

    app.database.bring_back();
    // Nothing was done behind the caller's back, and nothing needs a second try.
    assert_eq!(anonymous.get("/readyz").await.expect(200).body["status"], "ok");
    let listed = admin.get("/v1/invitations").await.expect(200);
    assert_eq!(listed.body["data"][0]["send_count"], 1);
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(app.parts.courier.step().await.unwrap(), Step::Idle { next_due: None });
    anonymous.get(&page).await.expect(200);
    submit().await.expect(200);
    assert_eq!(
        app.timeline(&ids.invitation).await,
        ["created", "email_queued", "email_sent", "opened", "activated"]
    );
}

/// A restart of the server while nobody asks anything: the pool is full of connections that are dead and do
/// not know it.
#[tokio::test]
async fn connections_that_died_in_the_pool_fail_at_most_the_first_request() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let admin = app.admin();
    for _ in 0..3 {
        join_all((0..32).map(|_| admin.get("/v1/invitations"))).await;
        app.database.drop_connections();
        app.database.bring_back();
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(admin.get("/v1/invitations").await.status);
        }
        assert!(statuses.iter().filter(|status| **status == 503).count() <= 1, "{statuses:?}");
        assert!(statuses[1..].iter().all(|status| *status == 200), "{statuses:?}");
    }
}

/// Connections are cut wherever they happen to be: before, in the middle of and after a transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_under_load_loses_nothing_that_was_answered() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let (admin, over, refused) = (app.admin(), Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let client = |client: usize| {
        let (admin, over, refused) = (admin.clone(), over.clone(), refused.clone());
        // On threads of their own: they go on while this one speaks to the server.
        tokio::spawn(async move {
            let mut invited = Vec::new();
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let body = json!({
                    "email": format!("person{number}@client{client}.example.com"), "roles": ["viewer"]
                });
                let answer = admin.post("/v1/system-users/invitations", &body).await;
                if answer.status == 201 {
                    invited.push(answer.text_of("id"));
                } else {
                    is_unavailable("invite", answer);
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
            invited
        })
    };
    let clients: Vec<_> = (0..16).map(client).collect();
    for _ in 0..3 {
        let before = app.database.count("invitations");
        let under_way = async || (app.database.count("invitations") > before + 20).then_some(());
        eventually("invitations are made", TIMEOUT, under_way).await;
        let before = refused.load(Ordering::Relaxed);
        app.database.drop_connections();
        let meanwhile = admin.get("/v1/users").await;
        assert!(matches!(meanwhile.status, 200 | 503), "{}", meanwhile.text);
        // An outage that ends before any client has noticed it would show nothing.
        let noticed = async || (refused.load(Ordering::Relaxed) > before).then_some(());
        eventually("an invitation is refused", TIMEOUT, noticed).await;
        app.database.bring_back();
    }
    over.store(true, Ordering::Relaxed);
    let mut invited = Vec::new();
    for client in clients {
        invited.extend(client.await.unwrap());
    }
    for id in &invited {
        admin.get(&format!("/v1/invitations/{id}")).await.expect(200);
    }
    // Cut off in the act of committing, a request is answered 503 although it was done: a few of them, never
    // the reverse.
    let made = usize::try_from(app.database.count("invitations")).unwrap();
    eprintln!("{} answered 201, {made} made, {} refused", invited.len(), refused.load(Ordering::Relaxed));
    assert!((0..=16 * 3).contains(&(made - invited.len())), "{made} made, {} answered", invited.len());
    for (table, rows) in [("letters", made), ("users", made), ("invitation_events", 2 * made)] {
        assert_eq!(usize::try_from(app.database.count(table)).unwrap(), rows, "{table}");
    }
    assert_eq!(app.letters().await.len(), made);
}

/// A load balancer that asks nothing but `/readyz` must learn that the database is back.
#[tokio::test]
async fn readiness_alone_finds_out_that_the_database_is_back() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    let anonymous = app.anonymous();
    join_all((0..16).map(|_| anonymous.get("/readyz"))).await;
    app.database.drop_connections();
    anonymous.get("/readyz").await.expect(503);
    app.database.bring_back();
    for _ in 0..4 {
        anonymous.get("/readyz").await.expect(200);
    }
}

/// The loop itself, in the real process: letters that were invited just before the outage go out after it.
#[tokio::test]
async fn the_courier_survives_an_outage() {
    let home = Home::new(Backend::Postgres, &[]);
    let server = home.start(&["serve"]);
    let caller = server.client(Some(home.token()));
    let body = |number: usize| json!({ "email": format!("ada{number}@example.com"), "roles": ["viewer"] });
    caller.post("/v1/system-users/invitations", &body(1)).await.expect(201);
    eventually("the first letter", TIMEOUT, async || (home.letters().len() == 1).then_some(())).await;
    home.database.drop_connections();
    let complains = async || server.log().contains("the courier cannot reach the outbox").then_some(());
    eventually("the courier notices", TIMEOUT, complains).await;
    caller.post("/v1/system-users/invitations", &body(2)).await.problem(503, "unavailable");
    home.database.bring_back();
    let invited =
        async || (caller.post("/v1/system-users/invitations", &body(2)).await.status == 201).then_some(());
    eventually("inviting works again", TIMEOUT, invited).await;
    eventually("the second letter", TIMEOUT, async || (home.letters().len() == 2).then_some(())).await;
    server.stop().await;
}

/// Somebody's tool sits in the file with a lock: writes wait as long as they are told to, then say so; reads
/// go on.
#[tokio::test]
async fn a_locked_sqlite_file_is_no_defect() {
    let app = TestApp::start(Backend::Sqlite, &[]).await;
    let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
    let admin = app.admin();
    app.advance(TimeDelta::minutes(2));
    let mut tool = SqliteConnection::establish(app.database.url.trim_start_matches("sqlite://")).unwrap();
    sql_query("BEGIN EXCLUSIVE").execute(&mut tool).unwrap();

    let asked = Instant::now();
    let resend = format!("/v1/invitations/{}/resend", invitation["id"].as_str().unwrap());
    let body = json!({ "email": "bob@example.com", "roles": ["viewer"] });
    let (anonymous, look) = (app.anonymous(), json!({ "token": mail.token }));
    let (invited, sent_anew, activated, listed, looked, courier) = tokio::join!(
        admin.post("/v1/system-users/invitations", &body),
        admin.post_empty(&resend),
        app.activate(&mail.token),
        admin.get("/v1/invitations"),
        anonymous.post("/v1/activations/preview", &look),
        app.parts.courier.step(),
    );
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    for (name, answer) in [("invite", invited), ("resend", sent_anew), ("activate", activated)] {
        is_unavailable(name, answer);
    }
    assert!(courier.is_err());
    listed.expect(200);
    looked.expect(200);

    sql_query("ROLLBACK").execute(&mut tool).unwrap();
    admin.post("/v1/system-users/invitations", &body).await.expect(201);
    app.letter().await;
    app.activate(&mail.token).await.expect(201);
}
