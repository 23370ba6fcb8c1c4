//! A primary that becomes a standby, behind one address: what was just written is found, and nothing is asked
//! of the old one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{RunQueryDsl, sql_query};
use futures_util::future::join_all;
use invitation_service::{
    db::{DatabaseUrl, Db},
    domain::ids::InvitationId,
};

use crate::support::{
    Answer, Backend, Client, TestApp, cluster::Cluster, eventually, forwarder::Forwarder, json,
};

const TIMEOUT: Duration = Duration::from_mins(1);
/// Quick, and as safe as a test needs it.
const QUICK: &str = "fsync = off\nfull_page_writes = off\n";

/// Invites somebody by a link, and looks the invitation and the link up at once; says how it went.
async fn invite_and_look(admin: &Client, anonymous: &Client, email: &str) -> Vec<Answer> {
    let body = json!({ "email": email, "roles": ["viewer"], "delivery": "link" });
    let invited = admin.post("/v1/system-users/invitations", &body).await;
    if invited.status != 201 {
        return vec![invited];
    }
    let id = invited.text_of("id");
    let link = invited.text_of("activation_link");
    let token = link.split_once("token=").unwrap().1.to_owned();
    let shown = admin.get(&format!("/v1/invitations/{id}")).await;
    let opened = anonymous.post("/v1/activations/preview", &json!({ "token": token })).await;
    vec![invited, shown, opened]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_behind_one_address_loses_sight_of_nothing() {
    let first = Cluster::start(QUICK);
    let second = first.standby();
    let address = Forwarder::to(first.port).await;
    let app =
        TestApp::start(Backend::Postgres, &[("DATABASE_URL", &address.url()), ("RATE_LIMITS", "off")]).await;
    let (admin, anonymous, over) = (app.admin(), app.anonymous(), Arc::<AtomicBool>::default());
    let client = |client: usize| {
        let (admin, anonymous, over) = (admin.clone(), anonymous.clone(), over.clone());
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let email = format!("person{number}@client{client}.example.com");
                answers.extend(invite_and_look(&admin, &anonymous, &email).await);
            }
            answers
        })
    };
    let clients: Vec<_> = (0..4).map(client).collect();
    anonymous.get("/readyz").await.expect(200);
    let works = async || (admin.get("/v1/invitations").await.status == 200).then_some(());
    eventually("it works", TIMEOUT, works).await;

    tokio::task::block_in_place(|| {
        first.down();
        second.promote();
        // Back, as a standby of the new one, and still behind the address.
        first.follow(&second);
        first.up();
    });
    for _ in 0..3 {
        // Time for every connection to be made anew, were it to be had.
        join_all((0..16).map(|_| admin.get("/v1/invitations"))).await;
        let ready = anonymous.get("/readyz").await.expect(503);
        assert_eq!(ready.body["database"], "unavailable", "{}", ready.text);
    }
    address.turn_to(second.port);
    let ready = async || (anonymous.get("/readyz").await.status == 200).then_some(());
    eventually("it is ready", TIMEOUT, ready).await;
    let since = Instant::now();
    let mut number = 0;
    while since.elapsed() < Duration::from_secs(3) {
        number += 1;
        for answer in invite_and_look(&admin, &anonymous, &format!("later{number}@example.com")).await {
            assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        }
    }
    over.store(true, Ordering::Relaxed);
    let mut statuses = std::collections::BTreeMap::new();
    for client in clients {
        for answer in client.await.unwrap() {
            *statuses.entry(answer.status).or_insert(0) += 1;
        }
    }
    eprintln!("{statuses:?}, and {number} invitations after it");
    assert!(statuses.keys().all(|status| matches!(status, 200 | 201 | 503)), "{statuses:?}");
    assert!(statuses.contains_key(&503), "a failover that nobody noticed");
}

/// The server says so itself: connections that there are stay, and take no writes any more.
#[tokio::test]
async fn a_server_that_stops_taking_writes_is_not_believed_when_it_knows_nothing() {
    let server = Cluster::start(QUICK);
    let app = TestApp::start(Backend::Postgres, &[("DATABASE_URL", &server.url())]).await;
    let (admin, anonymous) = (app.admin(), app.anonymous());
    let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
    let unknown: InvitationId = app.clock.id();
    let unknown = &format!("/v1/invitations/{unknown}");
    admin.get(unknown).await.expect(404);

    server.set("default_transaction_read_only", "on");
    let refuses = async || (admin.get(unknown).await.status == 503).then_some(());
    eventually("what is not known there is not said to be missing", TIMEOUT, refuses).await;
    for _ in 0..3 {
        admin.get(unknown).await.problem(503, "unavailable");
        let body = json!({ "email": "bob@example.com", "roles": ["viewer"] });
        admin.post("/v1/system-users/invitations", &body).await.problem(503, "unavailable");
        app.activate(&mail.token).await.problem(503, "unavailable");
        assert_eq!(anonymous.get("/readyz").await.expect(503).body["database"], "unavailable");
    }
    // Whoever sets it back must not be refused.
    let mut connection = server.connect();
    for statement in [
        "SET default_transaction_read_only = off",
        "ALTER SYSTEM RESET default_transaction_read_only",
        "SELECT pg_reload_conf()",
    ] {
        sql_query(statement).execute(&mut connection).unwrap();
    }
    let ready = async || (anonymous.get("/readyz").await.status == 200).then_some(());
    eventually("it is ready", TIMEOUT, ready).await;
    app.activate(&mail.token).await.expect(201);
}

/// libpq's own list: the one that takes writes is found wherever it stands in it.
#[tokio::test]
async fn a_list_of_hosts_leads_to_the_one_that_takes_writes() {
    let first = Cluster::start(QUICK);
    let second = first.standby();
    for hosts in [
        format!("127.0.0.1:{},127.0.0.1:{}", second.port, first.port),
        format!("127.0.0.1:1,127.0.0.1:{}", first.port),
    ] {
        let url = format!("postgres://postgres@{hosts}/postgres");
        let app = TestApp::start(Backend::Postgres, &[("DATABASE_URL", &url)]).await;
        let email = format!("ada@host{}.example.com", hosts.len());
        let (invitation, mail) = app.invite(&email, &["viewer"]).await;
        app.admin().get(&format!("/v1/invitations/{}", invitation["id"].as_str().unwrap())).await.expect(200);
        app.activate(&mail.token).await.expect(201);
        app.anonymous().get("/readyz").await.expect(200);
    }
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres?target_session_attrs=any", second.port);
    let database = DatabaseUrl::parse(&url).unwrap();
    let fault = Db::open(&database).unwrap().is_migrated().await.unwrap_err();
    assert!(fault.to_string().contains("takes no writes"), "{fault}");
}

/// Every COMMIT waits for a standby that is gone.
#[tokio::test]
async fn readiness_asks_whether_a_write_commits() {
    let server = Cluster::start(QUICK);
    let app = TestApp::start(Backend::Postgres, &[("DATABASE_URL", &server.url())]).await;
    let (admin, anonymous) = (app.admin(), app.anonymous());
    anonymous.get("/readyz").await.expect(200);
    let size = || {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            size: i64,
        }
        let tables = "SELECT sum(pg_relation_size(oid))::bigint AS size FROM pg_class WHERE relnamespace = \
            'public'::regnamespace";
        let row: Row = sql_query(tables).get_result(&mut server.connect()).unwrap();
        row.size
    };
    let before = size();
    let waiting = || {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let hanging = "SELECT count(*) AS count FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        let row: Row = sql_query(hanging).get_result(&mut server.connect()).unwrap();
        row.count
    };
    server.set("synchronous_standby_names", "gone");
    let away = async || (anonymous.get("/readyz").await.status == 503).then_some(());
    eventually("it is not ready", TIMEOUT, away).await;
    let asked = Instant::now();
    for ready in join_all((0..32).map(|_| anonymous.get("/readyz"))).await {
        let ready = ready.expect(503);
        assert_eq!(
            (&ready.body["database"], &ready.body["migrations"]),
            (&json!("unavailable"), &json!("ok")),
            "{}",
            ready.text
        );
        assert!(ready.text_of("reason").contains("not committed"), "{}", ready.text);
    }
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(waiting(), 1, "probes hang beside each other");
    admin.get("/v1/invitations").await.expect(200);
    // One who sets it back must not wait for the same standby.
    let mut connection = server.connect();
    for statement in [
        "SET synchronous_commit = off",
        "ALTER SYSTEM RESET synchronous_standby_names",
        "SELECT pg_reload_conf()",
    ] {
        sql_query(statement).execute(&mut connection).unwrap();
    }
    let ready = async || (anonymous.get("/readyz").await.status == 200).then_some(());
    eventually("it is ready", TIMEOUT, ready).await;
    assert!(anonymous.get("/readyz").await.expect(200).body.get("reason").is_none());
    assert_eq!(size(), before, "readiness fills the database");
}
