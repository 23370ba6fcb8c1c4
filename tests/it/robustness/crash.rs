//! Processes that are killed, or asked to end, in the middle of their work: what was answered is kept, and is
//! sent.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::{
    clock::Clock,
    courier::Step,
    db::{
        DbFault, Guarded,
        letters::{
            mark_sent,
            outbox::{self, ClaimScope, Outcome},
        },
    },
    domain::{letter::Receipt, refusal_cause::RefusalCause},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Backend, Home, TestApp, eventually, json, on_both_databases, on_each};

/// How long work that is under way may take on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);
/// How many letters the courier has claimed at once, and how many of them may be sent and not yet recorded.
const CLAIMED: i64 = 256;
const UNRECORDED: i64 = 64;

/// What must hold in the database after a crash: everything of an invitation was written, or nothing.
fn nothing_is_torn(home: &Home) {
    let count = |from_where: &str| home.database.count(from_where);
    let invitations = count("invitations");
    assert_eq!(
        count("invitations i WHERE NOT EXISTS (SELECT 1 FROM letters l WHERE l.invitation_id = i.id)"),
        0
    );
    assert_eq!(count("users u WHERE NOT EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = u.id)"), 0);
    assert_eq!((count("users"), count("letters")), (invitations, invitations));
    for event in ["created", "email_queued"] {
        assert_eq!(count(&format!("invitation_events WHERE event_type = '{event}'")), invitations);
    }
}

on_each! {
    /// Sixteen clients invite, the process is killed, another one starts.
    async fn what_was_answered_survives_kill_nine(backend: Backend) {
        let home = Home::new(backend, &[]);
        let mut server = home.start(&["serve"]);
        let caller = server.client(Some(home.token()));
        let answered = Arc::<Mutex<Vec<String>>>::default();
        let clients: Vec<_> = (0..16)
            .map(|client| {
                let (caller, answered) = (caller.clone(), answered.clone());
                tokio::spawn(async move {
                    for number in 0.. {
                        let body = json!({
                            "email": format!("person{number}@client{client}.example.com"),
                            "roles": ["viewer"]
                        });
                        let request =
                            caller.request(reqwest::Method::POST, "/v1/system-users/invitations").json(&body);
                        // The server is gone, with or without a first half of its answer.
                        let Ok(response) = request.send().await else { break };
                        assert_eq!(response.status(), 201);
                        let Ok(text) = response.text().await else { break };
                        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
                        answered.lock().unwrap().push(answer["id"].as_str().unwrap().to_owned());
                    }
                })
            })
            .collect();
        let busy = async || (answered.lock().unwrap().len() > 200 && home.letters().len() > 8).then_some(());
        eventually("invitations are made and letters sent", TIMEOUT, busy).await;
        server.kill();
        for client in clients {
            client.await.unwrap();
        }
        let answered = std::mem::take(&mut *answered.lock().unwrap());
        let unsent = home.database.count("letters WHERE state = 'queued'");
        eprintln!("killed with {} invitations answered and {unsent} letters unsent", answered.len());
        nothing_is_torn(&home);

        let server = home.start(&["serve"]);
        let caller = server.client(Some(home.token()));
        caller.get("/readyz").await.expect(200);
        for id in &answered {
            caller.get(&format!("/v1/invitations/{id}")).await.expect(200);
        }
        let untouched = async || (home.database.count("letters WHERE attempts = 0") == 0).then_some(());
        eventually("every letter has been tried", TIMEOUT, untouched).await;
        server.stop().await;
        // What the dead process had in hand comes free when its lease ends, a minute after the claim.
        assert!(home.database.count("letters WHERE state <> 'sent'") <= CLAIMED);
        let later = home.parts(Clock::manual(Clock::system().now() + TimeDelta::seconds(61)));
        while let Step::Worked(_) = later.courier.step().await.unwrap() {}
        drop(later);

        nothing_is_torn(&home);
        assert_eq!(home.database.count("letters WHERE state <> 'sent'"), 0);
        let letters = home.letters();
        let invited: BTreeSet<String> =
            home.database.texts("SELECT email AS text FROM invitations").into_iter().collect();
        let reached: BTreeSet<String> = letters.iter().map(|letter| letter.to.clone()).collect();
        assert!(invited.len() >= answered.len());
        assert_eq!(reached, invited, "a letter for each invitation");
        // A letter that was sent and not recorded came twice, as the same letter: mail programs show it once.
        let distinct: BTreeSet<&str> = letters.iter().map(|letter| letter.message_id.as_str()).collect();
        assert_eq!(distinct.len(), invited.len());
        assert!(i64::try_from(letters.len() - distinct.len()).unwrap() <= UNRECORDED);
    }

    async fn a_kill_between_commit_and_send_loses_no_letter(backend: Backend) {
        let home = Home::new(backend, &[]);
        let mut server = home.start(&["serve", "--no-courier"]);
        let caller = server.client(Some(home.token()));
        assert_eq!(caller.get("/readyz").await.expect(200).body["courier"], "elsewhere");
        let mut ids = Vec::new();
        for number in 0..5 {
            let body = json!({ "email": format!("ada{number}@example.com"), "roles": ["viewer"] });
            ids.push(caller.post("/v1/system-users/invitations", &body).await.expect(201).text_of("id"));
        }
        server.kill();
        assert!(home.letters().is_empty());

        let server = home.start(&["serve"]);
        let caller = server.client(Some(home.token()));
        for id in ids {
            let sent = async || {
                let shown = caller.get(&format!("/v1/invitations/{id}")).await.expect(200);
                (shown.body["delivery"]["state"] == "sent").then_some(())
            };
            eventually("the letter is sent", TIMEOUT, sent).await;
        }
        assert_eq!(home.letters().len(), 5);
        server.stop().await;
    }

    /// Requests whose bodies are still on their way when the process is asked to end.
    async fn a_process_that_is_asked_to_end_answers_what_it_has_in_hand(backend: Backend) {
        let home = Home::new(backend, &[("LOG", "info")]);
        let mut server = home.start(&["serve"]);
        let token = home.token();
        let address = server.url.trim_start_matches("http://").to_owned();
        let body = |number: usize| {
            json!({ "email": format!("ada{number}@example.com"), "roles": ["viewer"] }).to_string()
        };
        let open = |number: usize| {
            let (address, token, length) = (address.clone(), token.clone(), body(number).len());
            async move {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                let head = format!(
                    "POST /v1/system-users/invitations HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer \
                    {token}\r\n\
                     Content-Type: application/json\r\nContent-Length: {length}\r\nExpect: \
                     100-continue\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await.unwrap();
                // Its answer to this says that it has the request in hand.
                let mut go_on = [0; 25];
                stream.read_exact(&mut go_on).await.unwrap();
                assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
                stream
            }
        };
        // And one connection that is merely kept open: it must not hold the end up.
        let caller = server.client(Some(token.clone()));
        caller.get("/healthz").await.expect(200);
        let streams = join_all((0..8).map(open)).await;
        server.terminate();
        eventually("it says that it stops", TIMEOUT, async || {
            server.log().contains("stopping").then_some(())
        })
        .await;
        for (number, mut stream) in streams.into_iter().enumerate() {
            stream.write_all(body(number).as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
        }
        let asked = std::time::Instant::now();
        assert!(server.ended().await.success());
        assert!(
            asked.elapsed() < Duration::from_secs(8),
            "an idle connection held the end up for {:?}",
            asked.elapsed()
        );
        nothing_is_torn(&home);
        assert_eq!(home.database.count("invitations"), 8);
    }
}

/// It says so itself, it is listed among those in this state, and not among those in the other.
async fn is_in_state(app: &TestApp, id: &str, state: &str, other: &str) {
    let admin = app.admin();
    let shown = admin.get(&format!("/v1/invitations/{id}")).await.expect(200);
    assert_eq!(shown.body["delivery"]["state"], state);
    for (asked, found) in [(state, 1), (other, 0)] {
        let list = admin.get(&format!("/v1/invitations?delivery={asked}")).await.expect(200);
        assert_eq!(list.body["data"].as_array().map(Vec::len), Some(found), "{asked}");
    }
}

on_both_databases! {
    async fn a_courier_that_dies_gives_its_letters_back(app: TestApp) {
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let id = app.admin().post("/v1/system-users/invitations", &body).await.expect(201).text_of("id");
        let start = app.now();
        let lease = start + TimeDelta::seconds(60);
        let db = &app.parts.services.db;
        // What the courier does first. Then it is killed: nothing is sent, nothing recorded.
        let claimed = db
            .write::<_, DbFault>(move |tx| outbox::claim(tx, ClaimScope::Due, 4, (start, lease)))
            .await
            .unwrap();
        assert_eq!(claimed.len(), 1);

        assert_eq!(app.parts.courier.step().await.unwrap(), Step::Idle { next_due: Some(lease) });
        app.advance(TimeDelta::milliseconds(59_999));
        assert_eq!(app.parts.courier.step().await.unwrap(), Step::Idle { next_due: Some(lease) });
        is_in_state(&app, &id, "sending", "queued").await;
        app.advance(TimeDelta::milliseconds(1));
        is_in_state(&app, &id, "queued", "sending").await;
        assert_eq!(app.parts.courier.step().await.unwrap(), Step::Worked(1));
        assert_eq!(app.mailbox.unread().len(), 1);
        let shown = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200);
        assert_eq!(shown.body["delivery"]["state"], "sent");
        assert_eq!(shown.body["delivery"]["attempts"], 2);

        // The first one was not dead, only slow: what it says now changes nothing.
        let (error, cause) = ("too late".to_owned(), RefusalCause::default());
        let late = Outcome::Failed { at: app.now(), error, cause, held_until: None };
        let letter = claimed.into_iter().next().unwrap();
        let recorded = db.write::<_, DbFault>(move |tx| outbox::record(tx, &letter, &late)).await.unwrap();
        assert_eq!(recorded, Guarded::Stale);
        let shown = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200);
        assert_eq!(shown.body["delivery"]["state"], "sent");
    }

    /// As when the database answered too late, and the courier told it again.
    async fn an_outcome_that_is_reported_twice_is_recorded_once(app: TestApp) {
        let (start, db) = (app.now(), &app.parts.services.db);
        for (name, outcome) in ["ada", "bob", "cy"].into_iter().zip([
            Outcome::Sent { at: start, receipt: Receipt { provider: None, message_id: None } },
            Outcome::Retry {
                at: start + TimeDelta::hours(1),
                error: "it hung up".to_owned(),
                cause: RefusalCause::default(),
                held_until: None,
            },
            Outcome::Failed {
                at: start,
                error: "no such person".to_owned(),
                cause: RefusalCause::default(),
                held_until: None,
            },
        ]) {
            app.invite_unsent(&format!("{name}@example.com"), &["viewer"]).await;
            let lease = start + TimeDelta::seconds(60);
            let claimed = db
                .write::<_, DbFault>(move |tx| outbox::claim(tx, ClaimScope::Due, 1, (start, lease)))
                .await
                .unwrap()
                .remove(0);
            let twice = vec![(claimed, outcome); 2];
            for recorded in [[Guarded::Applied, Guarded::Stale], [Guarded::Stale; 2]] {
                let twice = twice.clone();
                assert_eq!(
                    db.write::<_, DbFault>(move |tx| mark_sent::record(tx, &twice)).await.unwrap(),
                    recorded
                );
            }
        }
    }
}

#[tokio::test]
async fn a_second_process_in_one_sqlite_file_says_so_and_ends() {
    let home = Home::new(Backend::Sqlite, &[]);
    let server = home.start(&["serve"]);
    for arguments in [&["serve"][..], &["serve", "--no-courier"], &["courier"], &["migrate"]] {
        let second = home.run(arguments);
        assert!(!second.status.success());
        let said = String::from_utf8(second.stderr).unwrap();
        assert!(
            said.contains("is in use by another process") && said.contains("PostgreSQL"),
            "{arguments:?}: {said}"
        );
        assert!(said.lines().count() == 1 && second.stdout.is_empty(), "{said}");
    }
    // The first one is none the worse for it, and its end frees the file.
    server.client(None).get("/readyz").await.expect(200);
    server.stop().await;
    home.print(&["migrate"]);
}

/// A relay that never says a word has a letter, and an operator has no time for it.
#[tokio::test]
async fn a_second_signal_ends_a_process_at_once() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = format!("smtp://{}?tls=none", silent.local_addr().unwrap());
    let home = Home::new(Backend::Sqlite, &[("MAIL_URL", &relay)]);
    let mut server = home.start(&["serve"]);
    let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
    server.client(Some(home.token())).post("/v1/system-users/invitations", &body).await.expect(201);
    let _held = silent.accept().unwrap();
    server.terminate();
    eventually("it says that it stops", TIMEOUT, async || server.log().contains("stopping").then_some(()))
        .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.terminate();
    let asked = std::time::Instant::now();
    let status = server.ended().await;
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(status.code(), Some(1));
    assert!(server.log().contains("second stop signal"), "{}", server.log());
    assert_eq!(home.database.count("letters WHERE state = 'queued'"), 1);
}
