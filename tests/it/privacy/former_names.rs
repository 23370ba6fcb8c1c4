//! An account that was named after a person loses that name with them, whatever they are called by then.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    PASSWORD, TestApp,
    customers::{SUB_ACCOUNTS, text, with},
    handed_over::link_of,
    on_both_databases,
};

const EMAIL: &str = "zebulonia@acme.example";

/// Invites and activates a business driver, and gives their account and user.
async fn driver(app: &TestApp, delivery: &str, name: &str) -> (String, String) {
    let acme = app.owner("olga@acme.example", "Acme").await;
    let name = if name.is_empty() { json!({}) } else { json!({ "sub_account_name": name }) };
    let invite = json!({
        "email": EMAIL, "role": "driver", "account_id": acme.account, "account_type": "business",
        "delivery": delivery,
    });
    let made = app.admin().post(SUB_ACCOUNTS, &with(invite, name)).await.expect(201);
    let token = if delivery == "link" { link_of(&made).1 } else { app.letter().await.token };
    let person = json!({
        "token": token, "password": PASSWORD, "first_name": "Zebulonia", "last_name": "Quixwell",
        "account": { "company": crate::support::customers::company() },
    });
    app.anonymous().post("/v1/activations", &person).await.expect(201);
    (text(&made.body, "/account/id").to_owned(), text(&made.body, "/user_id").to_owned())
}

async fn name_of(app: &TestApp, account: &str) -> Value {
    app.admin().get(&format!("/v1/accounts/{account}")).await.expect(200).body["name"].clone()
}

async fn erase(app: &TestApp, user: &str) {
    app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
}

/// Changes the person's names one after the other, erases them, and looks for the account's name.
async fn is_gone_after(app: &TestApp, (account, user): (String, String), changes: &[Value]) {
    let before = name_of(app, &account).await;
    for change in changes {
        app.admin().change_user(&user, "*", change).await.expect(200);
    }
    assert_eq!(name_of(app, &account).await, before);
    erase(app, &user).await;
    assert_eq!(name_of(app, &account).await, json!(account));
    let columns = ["name", "name_key", "search_text"];
    for column in columns {
        let left = format!("accounts WHERE LOWER({column}) LIKE '%quixwell%'");
        assert_eq!(app.database.count(&left), 0, "{column}");
    }
    let found = app.admin().get("/v1/accounts?search=quixwell").await.expect(200).body;
    assert_eq!(found["data"], json!([]));
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn after_both_names_were_changed(app: TestApp) {
        let made = driver(&app, "email", "").await;
        assert_eq!(name_of(&app, &made.0).await, "Zebulonia Quixwell");
        is_gone_after(&app, made, &[json!({ "first_name": "Ada", "last_name": "King" })]).await;
    }

    async fn after_the_first_name_was_changed(app: TestApp) {
        let made = driver(&app, "email", "").await;
        is_gone_after(&app, made, &[json!({ "first_name": "Ada" })]).await;
    }

    async fn after_the_names_were_changed_twice(app: TestApp) {
        let made = driver(&app, "email", "ZEBULONIA QUIXWELL's wallbox").await;
        let changes = [json!({ "last_name": "King" }), json!({ "first_name": "Ada", "last_name": "Byron" })];
        is_gone_after(&app, made, &changes).await;
    }

    async fn when_the_timeline_does_not_name_the_person(app: TestApp) {
        let made = driver(&app, "link", "").await;
        is_gone_after(&app, made, &[json!({ "first_name": "Ada", "last_name": "King" })]).await;
    }

    async fn an_account_that_is_not_named_after_the_person_keeps_its_name(app: TestApp) {
        let (account, user) = driver(&app, "email", "Quixwell van 3").await;
        app.admin().change_user(&user, "*", &json!({ "last_name": "King" })).await.expect(200);
        erase(&app, &user).await;
        assert_eq!(name_of(&app, &account).await, "Quixwell van 3");
    }
}
