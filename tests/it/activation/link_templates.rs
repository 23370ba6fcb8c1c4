//! Links to pages whose routes are behind a `#`.

use crate::support::{
    PASSWORD, TestApp,
    customers::{SUB_ACCOUNTS, text},
    json, on_both_databases,
};

const NEW: &str = "eleven quiet lanterns drift past harbours";

on_both_databases! {
    with [
        ("ACTIVATION_URL", "https://portal.example.com/#/activate?token={token}"),
        ("PASSWORD_RESET_URL", "https://portal.example.com/#/reset?token={token}&from=mail"),
        ("EMAIL_CHANGE_URL", "https://portal.example.com/app/#!/confirm?token={token}"),
    ];

    async fn the_token_is_behind_the_sign(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        assert_eq!(mail.link, format!("https://portal.example.com/#/activate?token={}", mail.token));
        assert!(mail.html.replace("&#x2f;", "/").contains(&mail.link), "{}", mail.html);
        app.activate(&mail.token).await.expect(201);

        let ada = json!({ "email": "ada@example.com" });
        app.anonymous().post("/v1/auth/password-reset", &ada).await.expect(202);
        let reset = app.letter().await.link;
        let token = reset.strip_prefix("https://portal.example.com/#/reset?token=").unwrap();
        let token = token.strip_suffix("&from=mail").unwrap();
        let body = json!({ "token": token, "password": NEW });
        app.anonymous().post("/v1/auth/password-reset/confirm", &body).await.expect(204);
        // The page that asks for a link is opened without a token.
        let notice = app.letter().await;
        assert!(notice.text.contains("https://portal.example.com/#/reset?from=mail"), "{}", notice.text);
        assert!(!notice.text.contains("token="), "{}", notice.text);

        let patch = json!({ "email": "ada.king@example.com" });
        app.admin().change_user(text(&made, "/user_id"), "*", &patch).await.expect(200);
        let letters = app.letters().await;
        let mail = letters.iter().find(|mail| mail.to == "ada.king@example.com").unwrap();
        assert_eq!(mail.link, format!("https://portal.example.com/app/#!/confirm?token={}", mail.token));
        let body = json!({ "token": mail.token, "password": NEW });
        app.anonymous().post("/v1/auth/email-change/confirm", &body).await.expect(204);
    }

    async fn a_link_that_is_handed_over_has_it_there_too(app: TestApp) {
        let owner = app.owner("olivia@acme.example", "Acme").await;
        let driver = json!({
            "email": "dirk@acme.example", "role": "driver", "account_id": owner.account,
            "account_type": "consumer", "delivery": "link",
        });
        let made = owner.client.post(SUB_ACCOUNTS, &driver).await.expect(201);
        let link = made.text_of("activation_link");
        let token = link.strip_prefix("https://portal.example.com/#/activate?token=").unwrap();
        let body = json!({
            "token": token, "password": PASSWORD, "first_name": "Dirk", "last_name": "Driver"
        });
        app.anonymous().post("/v1/activations", &body).await.expect(201);
    }
}
