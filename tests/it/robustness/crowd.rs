//! A thousand invites, many at once, with duplicates and faulty ones among them; and the same with a kill in
//! the middle, after which every request is sent again with its key.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    sync::atomic::{AtomicUsize, Ordering},
};

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use invitation_service::{clock::Clock, courier::Step, http::CourierWatch};
use serde_json::Value;

use crate::support::{Answer, Backend, Client, Home, TestApp, json, on_both_databases, on_each};

const INVITE: &str = "/v1/system-users/invitations";
const OWNER: &str = "/v1/account-owners/invitations";
const CROWD: usize = 1000;
/// How many requests are under way together.
const AT_ONCE: usize = 250;
/// Those who are invited, at least once.
const PEOPLE: i64 = 850;

/// What becomes of a request when all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// It invites, or another one for the same person does.
    Person(usize),
    /// It is faulty in itself.
    Fault,
}

/// 850 people, a hundred of them twice and written otherwise the second time, and fifty faulty requests; in
/// no order.
fn crowd() -> Vec<(Due, &'static str, Value)> {
    let request = |number: usize| match number {
        0..850 if number.is_multiple_of(5) => {
            (Due::Person(number), OWNER, json!({ "email": format!("person{number}@example.com") }))
        }
        0..850 => (
            Due::Person(number),
            INVITE,
            json!({ "email": format!("person{number}@example.com"), "roles": ["viewer"] }),
        ),
        850..950 => {
            let twin = (number - 850) * 5 + 1;
            (
                Due::Person(twin),
                INVITE,
                json!({ "email": format!("PERSON{twin}@Example.COM"), "roles": ["admin"] }),
            )
        }
        950..980 => (Due::Fault, INVITE, json!({ "email": format!("person{number}"), "roles": ["viewer"] })),
        _ => {
            (Due::Fault, INVITE, json!({ "email": format!("person{number}@example.com"), "roles": ["king"] }))
        }
    };
    // 389 and 1000 have no common divisor.
    (0..CROWD).map(|place| request(place * 389 % CROWD)).collect()
}

/// Each person was invited by exactly one of their requests, and the others were told by which; the faulty
/// ones were refused.
fn check(requests: &[(Due, &str, Value)], answers: &[Answer]) {
    let mut invited: BTreeMap<usize, String> = BTreeMap::new();
    for ((due, ..), answer) in requests.iter().zip(answers) {
        match (due, answer.status) {
            (Due::Person(person), 201) => {
                assert_eq!(invited.insert(*person, answer.text_of("id")), None, "{person} was invited twice");
            }
            (Due::Person(_), 409) => assert_eq!(answer.body["code"], "invitation_pending"),
            (Due::Fault, 422) => {}
            _ => panic!("{due:?}: {} {}", answer.status, answer.text),
        }
    }
    for ((due, ..), answer) in requests.iter().zip(answers).filter(|(_, answer)| answer.status == 409) {
        let Due::Person(person) = due else { continue };
        assert_eq!(invited.get(person), Some(&answer.text_of("invitation_id")), "{due:?}");
    }
    assert_eq!(i64::try_from(invited.len()).unwrap(), PEOPLE);
}

fn rows(count: impl Fn(&str) -> i64) {
    assert_eq!(["users", "invitations", "letters"].map(&count), [PEOPLE; 3]);
    assert_eq!(
        (count("accounts"), count("invitation_events WHERE event_type IN ('created', 'email_queued')")),
        (170, 2 * PEOPLE)
    );
    assert_eq!(count("(SELECT 1 FROM users GROUP BY email_key HAVING COUNT(*) > 1) twice"), 0);
}

async fn keyed(client: &Client, number: usize, (_, path, body): &(Due, &str, Value)) -> Option<Answer> {
    let request =
        client.request(reqwest::Method::POST, path).header("idempotency-key", format!("row-{number}"));
    let response = request.json(body).send().await.ok()?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    // Half an answer is none.
    let text = response.text().await.ok()?;
    let body = serde_json::from_str(&text).ok()?;
    Some(Answer { status, headers, text, body })
}

on_both_databases! {
    async fn a_thousand_get_the_right_answers_and_leave_the_right_rows(app: TestApp) {
        let (admin, requests) = (app.admin(), crowd());
        // The client has one thread, and the server waits 5 s for a request on a new connection.
        let sending = requests.iter().map(|(_, path, body)| admin.post(path, body));
        let answers: Vec<Answer> = stream::iter(sending).buffered(AT_ONCE).collect().await;
        check(&requests, &answers);
        rows(|table| app.database.count(table));
        let reached: BTreeSet<String> =
            app.letters().await.into_iter().map(|letter| letter.to.to_lowercase()).collect();
        assert_eq!(i64::try_from(reached.len()).unwrap(), PEOPLE);
    }
}

on_each! {
    async fn a_kill_in_the_middle_and_a_retry_of_everything_invite_everybody_once(backend: Backend) {
        let home = Home::new(backend, &[]);
        let mut server = home.start(&["serve"]);
        let (token, requests) = (home.token(), crowd());
        let client = server.client(Some(token.clone()));
        let answered = AtomicUsize::new(0);
        let send = |number: usize| {
            let (client, request, answered) = (&client, &requests[number], &answered);
            async move {
                let answer = keyed(client, number, request).await;
                answered.fetch_add(usize::from(answer.is_some()), Ordering::Relaxed);
                answer
            }
        };
        let mut sending = stream::iter(0..CROWD).map(send).buffered(64);
        let mut before = Vec::new();
        while let Some(answer) = sending.next().await {
            before.push(answer);
            if before.len() == 300 {
                server.kill();
            }
        }
        drop(sending);
        let kept = before.iter().flatten().count();
        assert!((300..CROWD).contains(&kept), "{kept}");

        // Keys that the dead process had in hand come free a minute after it took them.
        let parts = home.parts(Clock::manual(Clock::system().now() + TimeDelta::seconds(61)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (handle, running) = parts.serve(listener, CourierWatch::elsewhere()).unwrap();
        tokio::spawn(running);
        let again = Client { url, ..client.clone() };
        let retry = |number: usize| {
            let (again, request) = (&again, &requests[number]);
            async move { keyed(again, number, request).await.unwrap() }
        };
        let after: Vec<Answer> = stream::iter(0..CROWD).map(retry).buffered(64).collect().await;
        check(&requests, &after);
        for (first, second) in
            before.iter().zip(&after).filter_map(|(first, second)| Some((first.as_ref()?, second)))
        {
            assert_eq!((first.status, &first.text), (second.status, &second.text));
            assert_eq!(second.header("idempotency-replayed"), "true");
        }
        rows(|table| home.database.count(table));
        while let Step::Worked(_) = parts.courier.step().await.unwrap() {}
        handle.stop(false).await;
        assert_eq!(home.database.count("letters WHERE state <> 'sent'"), 0);
        let letters = home.letters();
        let reached: BTreeSet<&str> = letters.iter().map(|letter| letter.message_id.as_str()).collect();
        assert_eq!(i64::try_from(reached.len()).unwrap(), PEOPLE);
        // What was sent and not recorded when the process died.
        assert!(letters.len() - reached.len() <= 64, "{}", letters.len());
    }
}
