//! Changes that run at the same time lose no number.

use std::collections::BTreeMap;

use super::{agree::agree, recount::recount};
use crate::support::{Client, TestApp, batches::RESEND, customers::OWNERS, json, on_both_databases};

const CALLERS: usize = 8;
const ROUNDS: usize = 6;

/// Invites, resends and revokes, about people of whom another caller invites some as well.
async fn stir(admin: Client, number: usize) {
    for round in 0..ROUNDS {
        let mut ids = Vec::new();
        for (path, email) in [
            ("/v1/system-users/invitations", format!("own{number}-{round}@example.com")),
            ("/v1/system-users/invitations", format!("shared{round}@example.com")),
            (OWNERS, format!("shared{round}@example.com")),
            (OWNERS, format!("neighbour{}-{round}@example.com", number / 2)),
        ] {
            let body = match path {
                OWNERS => json!({ "email": email }),
                _ => json!({ "email": email, "roles": ["viewer"] }),
            };
            let answer = admin.post(path, &body).await;
            assert!([201, 409].contains(&answer.status), "{}", answer.text);
            let id = &answer.body[if answer.status == 201 { "id" } else { "invitation_id" }];
            ids.extend(id.as_str().map(str::to_owned));
        }
        admin.post(RESEND, &json!({ "ids": ids })).await.expect(200);
        for id in ids.iter().skip(round % 2).step_by(2) {
            let answer = admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await;
            assert!([200, 409].contains(&answer.status), "{}", answer.text);
        }
    }
}

async fn activate(anonymous: Client, token: String) {
    let body = json!({
        "token": token, "password": crate::support::PASSWORD, "first_name": "Ada", "last_name": "Lovelace"
    });
    let answer = anonymous.post("/v1/activations", &body).await;
    assert!([201, 410, 422].contains(&answer.status), "{}", answer.text);
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s"), ("LETTERS_PER_MAILBOX", "off")];

    async fn eight_callers_at_once_lose_no_number(app: TestApp) {
        let admin = app.admin();
        let callers = (0..CALLERS).map(|number| tokio::spawn(stir(admin.clone(), number)));
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        recount(&app);
        let letters = app.letters().await;
        recount(&app);
        // The newest link of each person, some twice, while others are revoked.
        let newest: BTreeMap<String, String> =
            letters.into_iter().map(|letter| (letter.to, letter.token)).collect();
        let mut tasks = Vec::new();
        for (number, token) in newest.into_values().enumerate().take(3 * CALLERS) {
            for _ in 0..=(number % 2) {
                tasks.push(tokio::spawn(activate(app.anonymous(), token.clone())));
            }
        }
        tasks.extend((0..2).map(|number| tokio::spawn(stir(admin.clone(), number))));
        for task in tasks {
            task.await.unwrap();
        }
        app.letters().await;
        recount(&app);
        agree(&[("admin", admin)]).await;
    }
}
