//! What strangers can do by writing to the return address, or by guessing the secret of returned mail.

use chrono::TimeDelta;
use reqwest::Method;

use crate::support::{Answer, TestApp, on_both_databases};

const SECRET: &str = "a-secret-for-returned-mail";

async fn receive(app: &TestApp, client: &str, secret: &str, message: &str) -> Answer {
    let request = app
        .anonymous()
        .request(Method::POST, "/v1/mail-events/dsn")
        .header("x-forwarded-for", client)
        .header("content-type", "message/rfc822")
        .bearer_auth(secret);
    Answer::of(request.body(message.to_owned())).await
}

on_both_databases! {
    with [("TRUSTED_PROXIES", "127.0.0.1"), ("MAIL_EVENTS_DSN", SECRET)];

    async fn no_more_than_a_thousand_unread_messages_are_kept(app: TestApp) {
        let row = |number: usize| {
            format!("('ret_{number:04}', 'd{number}', 'no_report', 'old', '2026-11-20 12:00:00.000000+00')")
        };
        let rows: Vec<String> = (0..1000).map(row).collect();
        let into = "INSERT INTO unread_mail (id, digest, reason, message, received_at) VALUES";
        app.database.execute(&format!("{into} {}", rows.join(", ")));
        for number in 0..3 {
            let noise = format!("From: eve@example.net\r\nSubject: Offer {number}\r\n\r\nBuy!\r\n");
            let kept = receive(&app, "203.0.113.7", SECRET, &noise).await.expect(200);
            assert_eq!(kept.body["outcome"], "unread");
        }
        assert_eq!(app.database.count("unread_mail"), 1000);
        assert_eq!(app.database.count("unread_mail WHERE message LIKE '%Offer%'"), 3);
        // The oldest go.
        assert_eq!(app.database.count("unread_mail WHERE id IN ('ret_0000', 'ret_0001', 'ret_0002')"), 0);
    }

    async fn guesses_at_the_secret_are_slowed_down(app: TestApp) {
        for _ in 0..10 {
            receive(&app, "203.0.113.7", "a-wrong-secret-for-it", "x").await.expect(401);
        }
        let wrong = "another-wrong-secret";
        let refused = receive(&app, "203.0.113.7", wrong, "x").await.problem(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), "1");
        // A mail server that has the right one does not wait for others at its address.
        receive(&app, "203.0.113.7", SECRET, "x").await.expect(200);
        receive(&app, "203.0.113.8", wrong, "x").await.expect(401);
        app.advance(TimeDelta::seconds(1));
        receive(&app, "203.0.113.7", wrong, "x").await.expect(401);
    }
}
