//! `POST /v1/activations/renew`, and the button on an expired link's page.

use chrono::TimeDelta;
use reqwest::Method;

use crate::support::{
    Answer, TestApp,
    customers::{OWNERS, text},
    json, on_both_databases,
};

async fn renew(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post("/v1/activations/renew", &json!({ "token": token })).await
}

async fn post_empty(app: &TestApp, token: &str) -> Answer {
    Answer::of(app.anonymous().request(Method::POST, "/activate/renew").form(&[("token", token)])).await
}

on_both_databases! {
    async fn a_fresh_link_to_the_same_address(app: TestApp) {
        let body = json!({ "email": "Ada@example.com", "account_type": "consumer", "account_name": "Ada" });
        let (made, old) = app.invite_by(OWNERS, body).await;
        renew(&app, &old.token).await.problem(409, "link_still_valid");
        assert_eq!(app.letters().await.len(), 0);
        app.advance(TimeDelta::hours(24));
        let answer = renew(&app, &old.token).await.expect(202);
        assert_eq!(
            (answer.header("cache-control"), answer.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        assert!(answer.header("ratelimit").starts_with("\"public\";r="), "{:?}", answer.headers);
        // Neither the link nor the address is told to whoever asks.
        assert!(!answer.text.to_lowercase().contains("ada"), "{}", answer.text);
        let new = app.letter().await;
        assert_eq!((new.to.as_str(), new.token == old.token), ("Ada@example.com", false));
        let shown =
            app.admin().get(&format!("/v1/invitations/{}", text(&made, "/id"))).await.expect(200).body;
        assert_eq!(
            (&shown["status"], &shown["send_count"], &shown["expires_at"]),
            (&json!("pending"), &json!(2), &json!("2026-11-26T12:00:00.000Z"))
        );
        let events = app.events(text(&made, "/id")).await;
        let resent = events.iter().find(|event| event["type"] == "resent").unwrap();
        assert_eq!(resent["actor"]["type"], "link");
        renew(&app, &old.token).await.problem(410, "activation_link_superseded");
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        renew(&app, &new.token).await.problem(409, "link_still_valid");
        app.activate(&new.token).await.expect(201);
        renew(&app, &new.token).await.problem(410, "activation_link_used");
        renew(&app, &old.token).await.problem(410, "activation_link_used");
        assert_eq!(app.letters().await.len(), 0);
    }

    async fn other_dead_links(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(25));
        let last = if mail.token.ends_with('A') { "B" } else { "A" };
        let changed = format!("{}{last}", &mail.token[..mail.token.len() - 1]);
        for forged in ["x", "", &mail.token[1..], &mail.token[..40], &changed] {
            renew(&app, forged).await.problem(404, "activation_link_invalid");
        }
        let (again, _) = app.invite("ada@example.com", &["viewer"]).await;
        renew(&app, &mail.token).await.problem(410, "activation_link_superseded");
        app.admin().post_empty(&format!("/v1/invitations/{}/revoke", text(&again, "/id"))).await.expect(200);
        renew(&app, &mail.token).await.problem(410, "activation_link_superseded");
        let (other, mail) = app.invite("eve@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(25));
        app.admin().post_empty(&format!("/v1/invitations/{}/revoke", text(&other, "/id"))).await.expect(200);
        renew(&app, &mail.token).await.problem(410, "invitation_revoked");
        app.anonymous().post("/v1/activations/renew", &json!({})).await.faults(&[("/token", "required")]);
        let more = json!({ "token": mail.token, "email": "eve@example.com" });
        app.anonymous().post("/v1/activations/renew", &more).await.faults(&[("/email", "unknown_member")]);
        assert_eq!(app.letters().await.len(), 0);
        assert_ne!(made["id"], again["id"]);
    }

    async fn the_button_does_the_same(app: TestApp) {
        let (_, old) = app.invite("ada@example.com", &["viewer"]).await;
        let living = post_empty(&app, &old.token).await.expect(200);
        assert!(living.text.contains("<h1>Activate your account</h1>"), "{}", living.text);
        app.advance(TimeDelta::hours(24));
        let page = app.anonymous().get(&format!("/activate?token={}", old.token)).await.expect(410);
        let hidden = format!("<input type=\"hidden\" name=\"token\" value=\"{}\">", old.token);
        assert!(
            page.text.contains("action=\"/activate/renew\"") && page.text.contains(&hidden),
            "{}",
            page.text
        );
        // Looking, however often, sends nothing: a scanner's GET is no press.
        app.anonymous().get(&format!("/activate/renew?token={}", old.token)).await.expect(405);
        assert_eq!(app.letters().await.len(), 0);
        let sent = post_empty(&app, &old.token).await.expect(200);
        assert!(
            sent.text.contains("EV Charging")
                && !sent.text.contains("ada@")
                && !sent.text.contains(&old.token),
            "{}",
            sent.text
        );
        assert_eq!(
            (sent.header("cache-control"), sent.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        let new = app.letter().await;
        let again = post_empty(&app, &old.token).await.expect(410);
        assert!(again.text.contains("<h1>There is a newer link</h1>"), "{}", again.text);
        app.activate(&new.token).await.expect(201);
        post_empty(&app, &new.token).await.expect(410);
        post_empty(&app, "forged").await.expect(404);
        post_empty(&app, "").await.expect(400);
        assert_eq!(app.letters().await.len(), 0);
    }
}

mod switched_off {
    use super::*;

    on_both_databases! { with [("SELF_RENEWAL", "off")];
        async fn ask_the_inviter(app: TestApp) {
            let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
            renew(&app, &mail.token).await.problem(403, "renewal_disabled");
            app.advance(TimeDelta::hours(24));
            renew(&app, &mail.token).await.problem(403, "renewal_disabled");
            post_empty(&app, &mail.token).await.expect(403);
            let page = app.anonymous().get(&format!("/activate?token={}", mail.token)).await.expect(410);
            let text = &page.text;
            assert!(text.contains("Grace Hopper") && !text.contains("action=\"/activate/renew\""), "{text}");
            assert_eq!(app.letters().await.len(), 0);
        }
    }
}

mod throttled {
    use super::*;

    on_both_databases! { with [("INVITATION_TTL", "30s"), ("RESEND_COOLDOWN", "60s")];
        async fn two_sendings_keep_their_distance(app: TestApp) {
            let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
            app.advance(TimeDelta::seconds(30));
            let refused = renew(&app, &mail.token).await.problem(429, "resend_too_soon");
            assert_eq!(refused.header("retry-after"), "30");
            assert_eq!(post_empty(&app, &mail.token).await.expect(429).header("retry-after"), "30");
            assert_eq!(app.letters().await.len(), 0);
            app.advance(TimeDelta::seconds(30));
            renew(&app, &mail.token).await.expect(202);
            app.activate(&app.letter().await.token).await.expect(201);
        }
    }
}
