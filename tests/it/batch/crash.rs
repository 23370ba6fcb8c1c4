//! A process that is killed in the middle of a batch: all of it is there or nothing, and a retry makes it
//! exactly once.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use invitation_service::{clock::Clock, courier::Step};
use serde_json::{Value, json};

use crate::support::{
    Backend, Home,
    batches::{BATCH, RESEND, colleague, results, words},
    extent::rounds,
    on_each,
};

/// How many people are in a batch.
const PEOPLE: usize = rounds(100, 200);
/// In so many steps the kill moves through the time that a batch takes, and past it.
const STEPS: u32 = 7;

fn batch(round: u32) -> Value {
    let items: Vec<Value> =
        (0..PEOPLE).map(|number| colleague(&format!("person{number}@round{round}.example"))).collect();
    json!({ "invitations": items })
}

/// As if a minute had passed: whoever held a key is known to be gone.
fn let_go(home: &Home) {
    home.database
        .execute("UPDATE idempotency_keys SET held_until = '2020-01-01T00:00:00.000Z' WHERE status IS NULL");
}

fn count(home: &Home, from_where: &str) -> usize {
    usize::try_from(home.database.count(from_where)).unwrap()
}

on_each! {
    async fn a_batch_of_invites_is_made_whole_and_once(backend: Backend) {
        let home = Home::new(backend, &[]);
        let mut server = home.start(&["serve", "--no-courier"]);
        let token = home.token();
        let began = Instant::now();
        let first = server.client(Some(token.clone())).keyed(BATCH, "round-0", &batch(0)).await;
        let whole = began.elapsed();
        assert_eq!(words(&results(&first)), vec!["invited"; PEOPLE]);
        let (mut found, mut unanswered) = (Vec::new(), 0);
        for round in 1..=STEPS {
            let (caller, key, body) =
                (server.client(Some(token.clone())), format!("round-{round}"), batch(round));
            let sent = tokio::spawn({
                let (caller, key, body) = (caller.clone(), key.clone(), body.clone());
                async move {
                    caller
                        .request(reqwest::Method::POST, BATCH)
                        .header("idempotency-key", key)
                        .json(&body)
                        .send()
                        .await
                }
            });
            tokio::time::sleep(whole * (round - 1) / (STEPS - 2)).await;
            server.kill();
            unanswered += u32::from(sent.await.unwrap().is_err());
            let of_round =
                |table: &str, column: &str| format!("{table} WHERE {column} LIKE '%@round{round}.example'");
            let made = count(&home, &of_round("invitations", "email_key"));
            assert!([0, PEOPLE].contains(&made), "{made} of {PEOPLE} in round {round}");
            assert_eq!(count(&home, &of_round("users", "email_key")), made);
            let stored = format!("idempotency_keys WHERE key = '{key}' AND status = 200");
            assert_eq!(count(&home, &stored), usize::from(made > 0), "an answer goes with its effect");
            found.push(made);

            let_go(&home);
            server = home.start(&["serve", "--no-courier"]);
            let caller = server.client(Some(token.clone()));
            let retried = caller.keyed(BATCH, &key, &body).await;
            assert_eq!(words(&results(&retried)), vec!["invited"; PEOPLE], "round {round}");
            assert_eq!(retried.header("idempotency-replayed") == "true", made > 0);
            assert_eq!(caller.keyed(BATCH, &key, &body).await.expect(200).text, retried.text);
            assert_eq!(count(&home, &of_round("invitations", "email_key")), PEOPLE);
        }
        eprintln!("a batch took {whole:?}; after each kill there were {found:?}; {unanswered} had no answer");
        assert!(found.contains(&0), "no kill came before a commit: {found:?}");
        server.stop().await;
        let all = PEOPLE * (STEPS as usize + 1);
        for table in [
            "users",
            "invitations",
            "letters WHERE state = 'queued'",
            "invitation_events WHERE event_type = 'created'",
        ] {
            assert_eq!(count(&home, table), all, "{table}");
        }
        let parts = home.parts(Clock::system());
        while let Step::Worked(_) = parts.courier.step().await.unwrap() {}
        let letters = home.letters();
        assert_eq!(letters.len(), all);
        assert_eq!(letters.iter().map(|letter| letter.to.as_str()).collect::<BTreeSet<_>>().len(), all);
    }

    async fn a_batch_of_resends_is_sent_whole_and_once(backend: Backend) {
        let home = Home::new(backend, &[("RESEND_COOLDOWN", "0s")]);
        let mut server = home.start(&["serve", "--no-courier"]);
        let token = home.token();
        let made = server.client(Some(token.clone())).many(BATCH, batch(0)).await;
        let body = json!({
            "ids": made.iter().map(|result| result["invitation"]["id"].clone()).collect::<Vec<_>>()
        });
        let began = Instant::now();
        server.client(Some(token.clone())).many(RESEND, body.clone()).await;
        let whole = began.elapsed().max(Duration::from_millis(30));
        let mut sent = 2;
        for round in 1..=STEPS {
            let (caller, key) = (server.client(Some(token.clone())), format!("round-{round}"));
            let request = caller
                .request(reqwest::Method::POST, RESEND)
                .header("idempotency-key", key.clone())
                .json(&body)
                .send();
            let request = tokio::spawn(request);
            tokio::time::sleep(whole * (round - 1) / (STEPS - 2)).await;
            server.kill();
            drop(request.await.unwrap());
            let resent = count(&home, &format!("invitations WHERE send_count = {}", sent + 1));
            assert!([0, PEOPLE].contains(&resent), "{resent} of {PEOPLE} in round {round}");
            assert_eq!(
                count(&home, &format!("letters WHERE state = 'queued' AND generation = {}", sent + 1)),
                resent
            );

            let_go(&home);
            server = home.start(&["serve", "--no-courier"]);
            let retried = server.client(Some(token.clone())).keyed(RESEND, &key, &body).await;
            assert_eq!(words(&results(&retried)), vec!["resent"; PEOPLE]);
            assert_eq!(retried.header("idempotency-replayed") == "true", resent > 0);
            sent += 1;
            assert_eq!(count(&home, &format!("invitations WHERE send_count = {sent}")), PEOPLE);
            assert_eq!(count(&home, "letters WHERE state = 'queued'"), PEOPLE);
        }
        assert_eq!(count(&home, "letters"), PEOPLE * sent);
        server.stop().await;
    }
}
