//! Tokens as they arrive: broken over lines, escaped, wrapped, or with the whole link around them.

use chrono::TimeDelta;
use reqwest::Method;

use crate::support::{Answer, PASSWORD, TestApp, json, on_both_databases};

/// What mail programs and people make of a token.
fn damaged(app: &TestApp, token: &str) -> Vec<String> {
    let (head, tail) = token.split_at(40);
    vec![
        format!(" {token} "),
        format!("{head} {tail}"),
        format!("{head}\r\n{tail}"),
        format!("{head}=\r\n{tail}"),
        format!("{token}\n"),
        format!("{token}."),
        format!("{token}>"),
        format!("<{token}>"),
        format!("({token})"),
        format!("\u{200b}{head}\u{200b}{tail}\u{feff}"),
        format!("{head}%0D%0A{tail}"),
        format!("{head}%0d%0a{tail}"),
        format!("{token}%20"),
        format!("{token}%E2%80%8B"),
        format!("3D{token}"),
        format!("=3D{token}"),
        format!("token={token}"),
        format!("token=3D{token}"),
        format!("?token={token}&utm_source=mail"),
        format!("{}/activate?token={token}", app.url),
        format!("<{}/activate?token={token}>", app.url),
        format!(
            "https://safelinks.example/?url=https%3A%2F%2Finvitations.example%2Factivate\
            %3Ftoken%3D{token}&data=05"
        ),
        format!("{token}&nbsp;"),
        format!("\"{token}\","),
    ]
}

/// Percent-encoded whole, as a browser writes a value into a query.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn a_preview_and_the_page_find_the_token(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        for sent in damaged(&app, &mail.token) {
            let shown = app.anonymous().post("/v1/activations/preview", &json!({ "token": sent })).await;
            assert_eq!(
                (shown.status, &shown.body["email"]),
                (200, &json!("ada@example.com")),
                "{sent:?}: {}",
                shown.text
            );
            let page = app.anonymous().get(&format!("/activate?token={}", encoded(&sent))).await;
            assert_eq!(page.status, 200, "{sent:?}: {}", page.text);
        }
        // As the request line has it, and not as a browser would write it.
        let (head, tail) = mail.token.split_at(40);
        for query in [
            format!("token=3D{}", mail.token),
            format!("token={head}%0D%0A{tail}"),
            format!("token={head}+{tail}"),
            format!("token={}.", mail.token),
            format!("token%3D{}", mail.token),
            format!("amp;token={}", mail.token),
            format!("TOKEN={}", mail.token),
            format!("token={head}&{tail}"),
            format!("utm_source=x&token={}&utm_medium=y", mail.token),
        ] {
            let page = app.anonymous().get(&format!("/activate?{query}")).await;
            assert_eq!(page.status, 200, "{query}: {}", page.text);
        }
    }

    async fn each_of_them_activates_in_the_api(app: TestApp) {
        let (_, first) = app.invite("first@example.com", &["viewer"]).await;
        let forms = damaged(&app, &first.token).len();
        for form in 0..forms {
            let (_, mail) = app.invite(&format!("ada{form}@example.com"), &["viewer"]).await;
            let sent = damaged(&app, &mail.token).swap_remove(form);
            let answer = app.activate(&sent).await;
            assert_eq!(answer.status, 201, "{sent:?}: {}", answer.text);
        }
    }

    async fn each_of_them_activates_on_the_page(app: TestApp) {
        let (_, first) = app.invite("first@example.com", &["viewer"]).await;
        let forms = damaged(&app, &first.token).len();
        for form in 0..forms {
            let (_, mail) = app.invite(&format!("ada{form}@example.com"), &["viewer"]).await;
            let sent = damaged(&app, &mail.token).swap_remove(form);
            let fields = [
                ("token", sent.as_str()),
                ("password", PASSWORD),
                ("first_name", "Ada"),
                ("last_name", "Lovelace"),
            ];
            let answer = Answer::of(app.anonymous().request(Method::POST, "/activate").form(&fields)).await;
            assert_eq!(answer.status, 200, "{sent:?}: {}", answer.text);
        }
    }

    async fn an_expired_one_is_renewed(app: TestApp) {
        let (_, first) = app.invite("first@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(25));
        let mut token = first.token;
        for form in [1, 8, 10, 14, 19] {
            let sent = damaged(&app, &token).swap_remove(form);
            let answer = app.anonymous().post("/v1/activations/renew", &json!({ "token": sent })).await;
            assert_eq!(answer.status, 202, "{sent:?}: {}", answer.text);
            token = app.letter().await.token;
            app.advance(TimeDelta::hours(25));
        }
        let fields = [("token", format!("3D{token}."))];
        Answer::of(app.anonymous().request(Method::POST, "/activate/renew").form(&fields)).await.expect(200);
        app.letter().await;
    }

    async fn what_lacks_a_letter_or_has_another_is_none(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let (head, tail) = mail.token.split_at(40);
        let other = if head.ends_with('A') { "B" } else { "A" };
        for sent in [
            head.to_owned(),
            tail.to_owned(),
            mail.token[1..].to_owned(),
            mail.token[..75].to_owned(),
            format!("{}{other}{tail}", &head[..39]),
            format!("{head}x{tail}"),
            format!("{tail}{head}"),
            mail.token.to_lowercase(),
            "token=".to_owned(),
            "3D".to_owned(),
            "%".to_owned(),
        ] {
            app.activate(&sent).await.problem(404, "activation_link_invalid");
            app.anonymous()
                .post("/v1/activations/preview", &json!({ "token": sent }))
                .await
                .problem(404, "activation_link_invalid");
        }
        app.anonymous().get("/activate").await.expect(400);
        app.anonymous().get("/activate?utm_source=x").await.expect(400);
        app.activate(&mail.token).await.expect(201);
    }
}
