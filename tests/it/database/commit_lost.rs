//! A COMMIT that happened and whose answer is lost on its way: nobody is told that it did not happen, nor
//! does it again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::support::{Answer, Backend, TestApp, database::TestDatabase, eventually, json};

const TIMEOUT: Duration = Duration::from_mins(1);

/// Stands between the service and PostgreSQL, and cuts the connection at the `left`th commit's answer, once.
struct Cut {
    url: String,
    left: Arc<AtomicI64>,
}

impl Cut {
    async fn before(database: &TestDatabase) -> Self {
        let mut url = Url::parse(&database.url).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let commits = left.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, commits.clone()));
            }
        });
        Self { url: url.to_string(), left }
    }

    fn cuts_at(&self, commit: i64) {
        self.left.store(commit, Ordering::SeqCst);
    }
}

async fn pass(client: TcpStream, server: TcpStream, left: Arc<AtomicI64>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asks = tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
    let mut answers = vec![0; 65_536];
    while let Ok(length @ 1..) = from_server.read(&mut answers).await {
        let forwarded = answers.get(..length).unwrap();
        // CommandComplete, as the protocol has it: "COMMIT" and a zero.
        if forwarded.windows(7).any(|words| words == b"COMMIT\0") && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            break;
        }
        if to_client.write_all(forwarded).await.is_err() {
            break;
        }
    }
    asks.abort();
}

/// The clock stands still, so that no key ends by itself.
#[tokio::test]
async fn a_key_that_was_taken_by_a_commit_in_doubt_is_given_back() {
    let database = TestDatabase::new(Backend::Postgres);
    let cut = Cut::before(&database).await;
    let app = TestApp::start(Backend::Postgres, &[("DATABASE_URL", &cut.url)]).await;
    let admin = app.admin();
    let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
    let invite = async || {
        let request = admin.request(Method::POST, "/v1/system-users/invitations");
        Answer::of(request.header("idempotency-key", "order-1").json(&body)).await
    };
    // The first commit takes the key.
    cut.cuts_at(1);
    let first = invite().await.problem(503, "unavailable");
    assert!(!first.header("retry-after").is_empty());
    assert_eq!(database.count("invitations"), 0);
    let invited = async || {
        let again = invite().await;
        assert!(matches!(again.status, 201 | 409), "{}", again.text);
        (again.status == 201).then_some(())
    };
    eventually("a retry is not kept out", TIMEOUT, invited).await;
    assert_eq!(database.count("invitations"), 1);
}

#[tokio::test]
async fn many_who_share_a_commit_are_answered_that_it_is_in_doubt() {
    let database = TestDatabase::new(Backend::Postgres);
    let cut = Cut::before(&database).await;
    let app = TestApp::start(Backend::Postgres, &[("DATABASE_URL", &cut.url), ("WRITE_BATCH", "16")]).await;
    let admin = app.admin();
    // The first two commits are for those who came first; the rest have gathered by then, and need two more
    // at least.
    cut.cuts_at(3);
    let body = |number: i32| json!({ "email": format!("person-{number}@example.com"), "roles": ["viewer"] });
    let bodies: Vec<_> = (0..64).map(body).collect();
    let answers = join_all(bodies.iter().map(|body| admin.post("/v1/system-users/invitations", body))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201) + count(503), count(201) < 64), (64, true), "{answers:?}");
    assert!(count(503) > 1, "nobody shared that commit");
    // It had happened: everybody is invited, once.
    assert_eq!(database.count("invitations"), 64);
    for (answer, body) in answers.iter().zip(&bodies) {
        if answer.status == 503 {
            assert!(!answer.header("retry-after").is_empty());
            admin.post("/v1/system-users/invitations", body).await.problem(409, "invitation_pending");
        }
    }
}
