//! Links that an inviter hands over, and what the person who has one does with it.

use reqwest::Method;

use super::{Answer, Client, TestApp, customers::SUB_ACCOUNTS, json};

/// The password of a person who activates an address that is not theirs.
pub const TAKEN: &str = "nine crooked ladders at dusk";
pub const GRACE: &str = "grace@operator.example";

/// Invites a driver below an account, by a link that whoever invites is given.
pub async fn hand_over(caller: &Client, email: &str, account: &str) -> (String, String) {
    let body = json!({
        "email": email, "role": "driver", "account_id": account, "account_type": "consumer",
        "sub_account_name": "Home",
        "delivery": "link",
    });
    link_of(&caller.post(SUB_ACCOUNTS, &body).await.expect(201))
}

/// The invitation's id and the token.
pub fn link_of(invited: &Answer) -> (String, String) {
    let token = invited.text_of("activation_link").split_once("/activate?token=").unwrap().1.to_owned();
    (invited.text_of("id"), token)
}

/// Activates as somebody new.
pub async fn choose(app: &TestApp, token: &str, password: &str, first_name: &str) -> Answer {
    let body =
        json!({ "token": token, "password": password, "first_name": first_name, "last_name": "Hopper" });
    app.anonymous().post("/v1/activations", &body).await
}

/// Goes on as somebody who is active by a link that was handed over.
pub async fn go_on(app: &TestApp, token: &str, email: &str, password: &str) -> Answer {
    let body = json!({
        "token": token, "email": email, "password": password, "first_name": "Somebody", "last_name": "Else"
    });
    app.anonymous().post("/v1/activations", &body).await
}

pub async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/v1/auth/token", &json!({ "email": email, "password": password })).await
}

/// An owner's own account, and an address that its owner has taken: active, with a password of the owner's
/// choice.
pub async fn taken(app: &TestApp, email: &str) -> (Client, String) {
    let acme = app.owner("mallory@acme.example", "Acme").await;
    let (_, token) = hand_over(&acme.client, email, &acme.account).await;
    choose(app, &token, TAKEN, "Mallory").await.expect(201);
    sign_in(app, email, TAKEN).await.expect(200);
    (acme.client, acme.account)
}

/// Sends the page's form.
pub async fn submit_form(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    Answer::of(app.anonymous().request(Method::POST, "/activate").form(fields)).await
}
