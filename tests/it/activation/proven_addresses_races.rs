//! The two links of one person at once, one mailed and one handed over: whoever comes first, the person at
//! the address has it.

use futures_util::future::{join, join_all};

use crate::{
    support::handed_over::{TAKEN, choose, go_on, hand_over, sign_in},
    support::{Answer, PASSWORD, TestApp, json, on_both_databases},
};

const ROUNDS: usize = 8;

fn person(round: usize) -> String {
    format!("grace{round}@operator.example")
}

/// Whoever reads the mail at this address has it now, and nobody else.
async fn belongs_to_its_person(app: &TestApp, email: &str, mailed: Answer) {
    let user = mailed.expect(201).body["user"].clone();
    assert_eq!((&user["first_name"], &user["system_roles"]), (&json!("Grace"), &json!(["admin"])));
    sign_in(app, email, TAKEN).await.problem(401, "invalid_credentials");
    let token = sign_in(app, email, PASSWORD).await.expect(200).text_of("access_token");
    let shown =
        app.bearer(&token).get(&format!("/v1/users/{}", user["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(shown.body["first_name"], "Grace");
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn of_a_new_person(app: TestApp) {
        let acme = app.owner("mallory@acme.example", "Acme").await;
        for round in 0..ROUNDS {
            let email = person(round);
            let (_, mail) = app.invite(&email, &["admin"]).await;
            let (_, token) = hand_over(&acme.client, &email, &acme.account).await;
            let by_letter = choose(&app, &mail.token, PASSWORD, "Grace");
            let by_hand = choose(&app, &token, TAKEN, "Mallory");
            // The one that is asked first tends to come first.
            let (mailed, handed_over) = if round % 2 == 0 {
                join(by_letter, by_hand).await
            } else {
                let (handed_over, mailed) = join(by_hand, by_letter).await;
                (mailed, handed_over)
            };
            match handed_over.status {
                201 => assert_eq!(handed_over.body["user"]["first_name"], "Mallory"),
                _ => drop(handed_over.faults(&[("/password", "password_wrong")])),
            }
            belongs_to_its_person(&app, &email, mailed).await;
        }
    }

    async fn of_a_person_whose_address_was_taken(app: TestApp) {
        let acme = app.owner("mallory@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        for round in 0..ROUNDS {
            let email = person(round);
            let (_, first) = hand_over(&acme.client, &email, &acme.account).await;
            choose(&app, &first, TAKEN, "Mallory").await.expect(201);
            let (_, mail) = app.invite(&email, &["admin"]).await;
            let (_, second) = hand_over(&zenith.client, &email, &zenith.account).await;
            let by_letter = choose(&app, &mail.token, PASSWORD, "Grace");
            let (mailed, handed_over) = join(by_letter, go_on(&app, &second, &email, TAKEN)).await;
            // With a password that was right, or that works no more.
            match handed_over.status {
                201 => {}
                _ => drop(handed_over.faults(&[("/password", "password_wrong")])),
            }
            belongs_to_its_person(&app, &email, mailed).await;
        }
    }

    async fn a_sign_in_with_the_old_password_gets_nothing_of_the_new_rights(app: TestApp) {
        let acme = app.owner("mallory@acme.example", "Acme").await;
        for round in 0..ROUNDS {
            let email = person(round);
            let (_, first) = hand_over(&acme.client, &email, &acme.account).await;
            choose(&app, &first, TAKEN, "Mallory").await.expect(201);
            let (_, mail) = app.invite(&email, &["admin"]).await;
            let attempts = join_all((0..6).map(|_| sign_in(&app, &email, TAKEN)));
            let (mailed, attempts) = join(choose(&app, &mail.token, PASSWORD, "Grace"), attempts).await;
            for attempt in attempts.into_iter().filter(|attempt| attempt.status != 401) {
                let token = attempt.expect(200).text_of("access_token");
                // It died with the password that it was got with.
                app.bearer(&token).get("/v1/users?kind=system_user").await.problem(401, "unauthenticated");
            }
            belongs_to_its_person(&app, &email, mailed).await;
        }
    }
}
