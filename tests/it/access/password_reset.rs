//! Resetting a forgotten password by a mailed link.

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::services::cleanup::sweep;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, Client, Mail, PASSWORD, TestApp, customers::text, json, on_both_databases};

const TOKEN: &str = "/v1/auth/token";
const RESET: &str = "/v1/auth/password-reset";
const CONFIRM: &str = "/v1/auth/password-reset/confirm";
const NEW: &str = "eleven quiet lanterns drift past harbours";

async fn ada(app: &TestApp) -> String {
    let (made, mail) = app.invite("Ada@example.com", &["viewer"]).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

async fn sign_in(app: &TestApp, password: &str) -> Answer {
    app.anonymous().post(TOKEN, &json!({ "email": "ada@example.com", "password": password })).await
}

fn bearer(app: &TestApp, tokens: &Value) -> Client {
    app.bearer(tokens["access_token"].as_str().unwrap())
}

async fn request(app: &TestApp, email: &str) -> Answer {
    app.anonymous().post(RESET, &json!({ "email": email })).await
}

/// A letter with a link, for Ada.
async fn link(app: &TestApp) -> Mail {
    request(app, "ada@example.com").await.expect(202);
    app.letter().await
}

async fn confirm(app: &TestApp, token: &str, password: &str) -> Answer {
    app.anonymous().post(CONFIRM, &json!({ "token": token, "password": password })).await
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn a_link_resets_the_password_once_and_ends_all_sessions(app: TestApp) {
        ada(&app).await;
        let tokens = sign_in(&app, PASSWORD).await.expect(200).body;
        let answer = request(&app, "ADA@example.com").await.expect(202);
        assert_eq!(answer.body, json!({ "status": "requested" }));
        let mail = app.letter().await;
        assert_eq!(mail.to, "Ada@example.com");
        assert!(mail.subject.contains("new password") && mail.text.contains("once"), "{mail:?}");
        assert!(mail.text.contains("/reset-password?token="), "{}", mail.text);
        // The old password works until another is chosen.
        sign_in(&app, PASSWORD).await.expect(200);
        confirm(&app, &mail.token, NEW).await.expect(204);
        bearer(&app, &tokens).get("/v1/me").await.problem(401, "unauthenticated");
        let spent = json!({ "refresh_token": tokens["refresh_token"] });
        app.anonymous().post("/v1/auth/refresh", &spent).await.problem(401, "session_ended");
        sign_in(&app, PASSWORD).await.problem(401, "invalid_credentials");
        let notice = app.letter().await;
        assert!(notice.subject.contains("was changed"), "{notice:?}");
        assert!(!notice.text.contains("token="), "{}", notice.text);
        confirm(&app, &mail.token, PASSWORD).await.problem(410, "reset_link_used");
        let tokens = sign_in(&app, NEW).await.expect(200).body;
        bearer(&app, &tokens).get("/v1/me").await.expect(200);
    }

    async fn each_dead_link_says_why(app: TestApp) {
        ada(&app).await;
        let first = link(&app).await;
        app.advance(TimeDelta::seconds(1));
        let second = link(&app).await;
        confirm(&app, &first.token, NEW).await.problem(410, "reset_link_superseded");
        app.advance(TimeDelta::minutes(60));
        confirm(&app, &second.token, NEW).await.problem(410, "reset_link_expired");
        let third = link(&app).await;
        app.advance(TimeDelta::minutes(59));
        // A refusal does not use it up.
        for (password, code) in
            [("short", "too_short"), ("Ada Lovelace Ada Lovelace", "password_contains_identity")]
        {
            let answer = confirm(&app, &third.token, password).await.expect(422);
            assert!(answer.text.contains(code) && answer.text.contains("\"/password\""), "{}", answer.text);
        }
        confirm(&app, &third.token, NEW).await.expect(204);
        app.letter().await;
        confirm(&app, &third.token, NEW).await.problem(410, "reset_link_used");
        let (rest, last) = third.token.split_at(third.token.len() - 1);
        let damaged = format!("{rest}{}", if last == "A" { "B" } else { "A" });
        let (_, invitation) = app.invite("eve@example.com", &["viewer"]).await;
        let tokens = sign_in(&app, NEW).await.expect(200).body;
        for token in [
            "",
            "x",
            &damaged,
            &invitation.token,
            tokens["refresh_token"].as_str().unwrap(),
            tokens["access_token"].as_str().unwrap(),
        ] {
            confirm(&app, token, NEW).await.problem(404, "reset_link_invalid");
        }
        // Nor is it a link to activate.
        let body = json!({ "token": third.token });
        app.anonymous().post("/v1/activations/preview", &body).await.problem(404, "activation_link_invalid");
        app.anonymous()
            .post(CONFIRM, &json!({ "token": 1 }))
            .await
            .faults(&[("/password", "required"), ("/token", "wrong_type")]);
        app.anonymous()
            .post(RESET, &json!({ "email": "no address" }))
            .await
            .faults(&[("/email", "invalid_email")]);
        app.anonymous()
            .post(RESET, &json!({ "address": "x" }))
            .await
            .faults(&[("/address", "unknown_member"), ("/email", "required")]);
        app.anonymous().post_empty(RESET).await.problem(400, "malformed_json");
        // Forgotten after a week.
        app.advance(TimeDelta::days(8));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("password_resets"), 0);
        assert_eq!(app.database.count("letters WHERE kind = 'password_reset'"), 0);
        confirm(&app, &third.token, NEW).await.problem(404, "reset_link_invalid");
    }

    async fn who_gets_no_letter_gets_the_same_answer(app: TestApp) {
        let user = ada(&app).await;
        app.invite("invited@example.com", &["viewer"]).await;
        app.database.execute(&format!("UPDATE users SET status = 'blocked' WHERE id = '{user}'"));
        let mut answers = Vec::new();
        for email in ["nobody@example.com", "invited@example.com", "ada@example.com"] {
            let answer = request(&app, email).await.expect(202);
            answers.push((answer.text.clone(), answer.header("content-type").to_owned()));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert!(app.letters().await.is_empty());
        assert_eq!(app.database.count("letters WHERE kind = 'password_reset' AND state = 'withdrawn'"), 3);
        app.database.execute(&format!("UPDATE users SET status = 'active' WHERE id = '{user}'"));
        // A link dies with its user.
        let mail = link(&app).await;
        app.database.execute(&format!("UPDATE users SET status = 'blocked' WHERE id = '{user}'"));
        confirm(&app, &mail.token, NEW).await.problem(404, "reset_link_invalid");
    }

    async fn of_many_with_one_link_one_resets(app: TestApp) {
        ada(&app).await;
        let mail = link(&app).await;
        let passwords: Vec<String> = (0..8).map(|number| format!("{NEW} number {number}")).collect();
        let answers = join_all(passwords.iter().map(|password| confirm(&app, &mail.token, password))).await;
        let mut winner = None;
        for (answer, password) in answers.into_iter().zip(&passwords) {
            if answer.status == 204 {
                assert!(winner.replace(password).is_none(), "two have reset it");
            } else {
                answer.problem(410, "reset_link_used");
            }
        }
        sign_in(&app, winner.unwrap()).await.expect(200);
        app.letter().await;
    }

    async fn a_change_of_the_password_uses_links_up_and_is_told(app: TestApp) {
        ada(&app).await;
        let mail = link(&app).await;
        let tokens = sign_in(&app, PASSWORD).await.expect(200).body;
        let change = json!({ "password": PASSWORD, "new_password": NEW });
        bearer(&app, &tokens).post("/v1/auth/password", &change).await.expect(204);
        assert!(app.letter().await.subject.contains("was changed"));
        confirm(&app, &mail.token, PASSWORD).await.problem(410, "reset_link_used");
    }

    /// A person who activated by a link that was handed over has not proven their address. The letter proves
    /// it; roles that were granted before may have been granted to another person.
    async fn a_reset_proves_the_address(app: TestApp) {
        let invite = json!({ "email": "ada@example.com", "roles": ["viewer"], "delivery": "link" });
        let made = app.admin().post("/v1/system-users/invitations", &invite).await.expect(201);
        let handed_over = made.text_of("activation_link");
        app.activate(handed_over.split_once("token=").unwrap().1).await.expect(201);
        let mail = link(&app).await;
        confirm(&app, &mail.token, NEW).await.expect(204);
        app.letter().await;
        let tokens = sign_in(&app, NEW).await.expect(200).body;
        let me = bearer(&app, &tokens).get("/v1/me").await.expect(200).body;
        assert_eq!(me["roles"], json!([]));
        let log = app.admin().get("/v1/audit-events?action=password_reset").await.expect(200).body;
        assert_eq!(log["data"][0]["details"]["roles"]["from"], json!(["viewer"]));
        assert_eq!(app.database.count("users WHERE address_proven_at IS NOT NULL"), 1);
    }

    async fn the_page_resets_and_a_scanner_does_not(app: TestApp) {
        ada(&app).await;
        let form = |path: &'static str, body: String| {
            let client = app.anonymous();
            async move { client.post_raw(path, "application/x-www-form-urlencoded", body).await }
        };
        let page = app.anonymous().get("/reset-password").await.expect(200);
        assert!(page.text.contains("action=\"/reset-password/request\""), "{}", page.text);
        let again = form("/reset-password/request", "email=nonsense".to_owned()).await.expect(422);
        assert!(again.text.contains("value=\"nonsense\""), "{}", again.text);
        let known = form("/reset-password/request", "email=ada%40example.com".to_owned()).await.expect(200);
        let unknown =
            form("/reset-password/request", "email=nobody%40example.com".to_owned()).await.expect(200);
        assert_eq!(known.text, unknown.text);
        let mail = app.letter().await;
        for _ in 0..2 {
            let path = format!("/reset-password?token={}", mail.token);
            let page = app.anonymous().get(&path).await.expect(200);
            assert!(
                page.text.contains("Ada@example.com") && page.text.contains("new-password"),
                "{}",
                page.text
            );
            assert_eq!(
                (page.header("cache-control"), page.header("referrer-policy")),
                ("no-store", "no-referrer")
            );
            assert!(page.header("content-security-policy").contains("form-action 'self'"));
        }
        let short = form("/reset-password", format!("token={}&password=short", mail.token)).await.expect(422);
        assert!(
            short.text.contains("aria-invalid") && !short.text.contains("value=\"short\""),
            "{}",
            short.text
        );
        let password = NEW.replace(' ', "+");
        let body = format!("token={}&password={password}", mail.token);
        let done = form("/reset-password", body.clone()).await.expect(200);
        assert!(done.text.contains("Your password is changed"), "{}", done.text);
        app.letter().await;
        sign_in(&app, NEW).await.expect(200);
        let used = form("/reset-password", body).await.expect(410);
        assert!(
            used.text.contains("has been used") && used.text.contains("action=\"/reset-password\""),
            "{}",
            used.text
        );
        app.anonymous().get("/reset-password?token=x").await.expect(404);
        form("/reset-password", "token=x&password=y".to_owned()).await.expect(404);
        app.anonymous().post_raw("/reset-password", "text/plain", "x").await.expect(415);
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "on")];

    async fn a_mailbox_gets_a_few_letters_a_day_and_strangers_use_up_no_invitations(app: TestApp) {
        ada(&app).await;
        for email in ["ada@example.com", "new@example.com"] {
            for _ in 0..8 {
                request(&app, email).await.expect(202);
            }
            app.advance(TimeDelta::minutes(1));
        }
        // Each but the last of them was superseded before the courier looked.
        assert_eq!(app.letters().await.len(), 1);
        // One client has half of what the mailbox has.
        assert_eq!(app.database.count("letters WHERE kind = 'password_reset'"), 6);
        app.invite("new@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(24));
        link(&app).await;
    }

    async fn requests_are_limited_by_address_as_signing_in_is(app: TestApp) {
        for _ in 0..10 {
            request(&app, "nobody@example.com").await.expect(202);
        }
        request(&app, "nobody@example.com").await.problem(429, "rate_limited");
        assert!(app.letters().await.is_empty());
    }
}

async fn request_from(app: &TestApp, client: &str, email: &str) {
    let request = app.anonymous().request(reqwest::Method::POST, RESET).header("x-forwarded-for", client);
    Answer::of(request.json(&json!({ "email": email }))).await.expect(202);
}

on_both_databases! {
    with [("TRUSTED_PROXIES", "127.0.0.1"), ("MAIL_EVENTS_POSTMARK", "a-secret-for-postmark")];
    async fn a_stranger_does_not_use_up_what_the_person_may_request(app: TestApp) {
        ada(&app).await;
        for _ in 0..8 {
            request_from(&app, "203.0.113.7", "ada@example.com").await;
        }
        app.letters().await;
        request_from(&app, "198.51.100.1", "ada@example.com").await;
        let mail = app.letter().await;
        confirm(&app, &mail.token, NEW).await.expect(204);
    }

    async fn metrics_do_not_tell_whether_an_address_has_a_user(app: TestApp) {
        ada(&app).await;
        let mut seen = Vec::new();
        for email in ["ada@example.com", "nobody@example.com"] {
            request_from(&app, "203.0.113.7", email).await;
            app.letters().await;
            let metrics = app.anonymous().get("/metrics").await.expect(200).text;
            let letters: Vec<String> =
                metrics.lines().filter(|line| line.contains("letters_total{")).map(str::to_owned).collect();
            seen.push(letters);
        }
        assert!(!seen[0].is_empty());
        assert_eq!(seen[0], seen[1]);
    }

    async fn a_report_on_the_letter_suppresses_the_address(app: TestApp) {
        ada(&app).await;
        link(&app).await;
        let letter =
            app.database.texts("SELECT id AS text FROM letters WHERE kind = 'password_reset'").remove(0);
        let event = json!({
            "RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 1, "Metadata": { "letter": letter }
        });
        let request = app
            .anonymous()
            .request(reqwest::Method::POST, "/v1/mail-events/postmark")
            .header("x-mail-events-secret", "a-secret-for-postmark");
        Answer::of(request.json(&event)).await.expect(200);
        assert_eq!(app.database.count("letters WHERE fate = 'complained'"), 1);
        let list = app.admin().get("/v1/suppressions").await.expect(200).body;
        assert_eq!(list["data"][0]["email"], "ada@example.com", "{list}");
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];
    async fn the_last_admin_keeps_the_role(app: TestApp) {
        let invite = json!({ "email": "ada@example.com", "roles": ["admin"], "delivery": "link" });
        let made = app.admin().post("/v1/system-users/invitations", &invite).await.expect(201);
        let handed_over = made.text_of("activation_link");
        app.activate(handed_over.split_once("token=").unwrap().1).await.expect(201);
        let mail = link(&app).await;
        confirm(&app, &mail.token, NEW).await.expect(204);
        app.letter().await;
        let tokens = sign_in(&app, NEW).await.expect(200).body;
        let me = bearer(&app, &tokens).get("/v1/me").await.expect(200).body;
        assert_eq!(me["roles"], json!(["admin"]));
    }
}
