//! Reminders: once for each link, to those whose link is about to die and to nobody else.

use chrono::TimeDelta;
use invitation_service::courier::{Courier, LastReminderScan, Step};
use serde_json::json;

use crate::support::{Backend, Relay, TestApp, on_each, relay::Speaks};

async fn reminding(backend: Backend) -> TestApp {
    TestApp::start(backend, &[("REMINDER_BEFORE", "4h")]).await
}

/// Another courier of the same database, which has not looked who is to be reminded.
fn another(app: &TestApp) -> Courier {
    Courier { last_reminder_scan: LastReminderScan::default(), ..app.parts.courier.clone() }
}

async fn drain(courier: &Courier) {
    while let Step::Worked(_) = courier.step().await.unwrap() {}
}

on_each! {
    async fn comes_once_and_gives_no_further_time(backend: Backend) {
        let app = reminding(backend).await;
        let (invited, letter) = app.invite("ada@example.com", &["viewer"]).await;
        let id = invited["id"].as_str().unwrap();
        app.advance(TimeDelta::hours(20) - TimeDelta::minutes(2));
        assert!(app.letters().await.is_empty());
        app.advance(TimeDelta::minutes(2));
        let reminder = app.letter().await;
        assert_eq!((&reminder.to, &reminder.link), (&letter.to, &letter.link));
        assert!(
            reminder.subject != letter.subject && reminder.message_id != letter.message_id,
            "{}",
            reminder.subject
        );
        let shown = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body;
        for member in ["expires_at", "last_sent_at", "send_count"] {
            assert_eq!(shown[member], invited[member], "{member}");
        }
        assert_eq!(app.timeline(id).await, ["created", "email_queued", "email_sent", "email_sent"]);
        assert_eq!(app.events(id).await[3]["details"], json!({ "attempt": 1, "letter": "reminder" }));
        app.advance(TimeDelta::hours(2));
        assert!(app.letters().await.is_empty(), "twice");
        app.activate(&reminder.token).await.expect(201);
    }
}

on_each! {
    async fn is_not_sent_for_a_link_that_is_dead_or_was_never_mailed(backend: Backend) {
        let app = reminding(backend).await;
        let admin = app.admin();
        let (_, active) = app.invite("active@example.com", &["viewer"]).await;
        app.activate(&active.token).await.expect(201);
        let (revoked, _) = app.invite("revoked@example.com", &["viewer"]).await;
        admin
            .post_empty(&format!("/v1/invitations/{}/revoke", revoked["id"].as_str().unwrap()))
            .await
            .expect(200);
        let by_hand = json!({ "email": "by-hand@example.com", "roles": ["viewer"], "delivery": "link" });
        admin.post("/v1/system-users/invitations", &by_hand).await.expect(201);
        let (resent, _) = app.invite("resent@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(10));
        admin
            .post_empty(&format!("/v1/invitations/{}/resend", resent["id"].as_str().unwrap()))
            .await
            .expect(200);
        let fresh = app.letter().await;
        // The first link would die in four hours; the second one has ten more.
        app.advance(TimeDelta::hours(10));
        assert!(app.letters().await.is_empty());
        app.advance(TimeDelta::hours(10));
        let reminder = app.letter().await;
        assert_eq!((reminder.to, reminder.link), (fresh.to, fresh.link));
    }
}

on_each! {
    async fn is_off_unless_asked_for(backend: Backend) {
        let app = TestApp::start(backend, &[]).await;
        app.invite("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(23));
        assert!(app.letters().await.is_empty());
    }
}

on_each! {
    async fn that_waits_is_not_sent_when_the_link_died_meanwhile(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let app = TestApp::start(backend, &[("REMINDER_BEFORE", "4h"), ("MAIL_URL", &relay.url())]).await;
        for name in ["late", "active", "waiting"] {
            app.invite_unsent(&format!("{name}@example.com"), &["viewer"]).await;
        }
        drain(&app.parts.courier).await;
        let letters = relay.taken();
        assert_eq!(letters.len(), 3);
        relay.down().await;
        app.advance(TimeDelta::hours(21));
        drain(&app.parts.courier).await;
        let active = letters.iter().find(|letter| letter.to.contains("active")).unwrap();
        app.activate(&active.token).await.expect(201);
        relay.up();
        app.advance(TimeDelta::minutes(1));
        drain(&app.parts.courier).await;
        let mut last_reminder_scan: Vec<String> = relay.taken().into_iter().map(|letter| letter.to).collect();
        last_reminder_scan.sort();
        assert_eq!(last_reminder_scan, ["late@example.com", "waiting@example.com"]);
    }
}

on_each! {
    /// The relay stays away until the link has died of age.
    async fn never_comes_after_the_link_has_died(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let app = TestApp::start(backend, &[("REMINDER_BEFORE", "4h"), ("MAIL_URL", &relay.url())]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        drain(&app.parts.courier).await;
        assert_eq!(relay.taken().len(), 1);
        relay.down().await;
        app.advance(TimeDelta::hours(21));
        drain(&app.parts.courier).await;
        assert_eq!(app.database.count("letters WHERE kind = 'reminder' AND state = 'queued'"), 1);
        relay.up();
        app.advance(TimeDelta::hours(4));
        drain(&app.parts.courier).await;
        assert!(relay.taken().is_empty());
        assert_eq!(app.database.count("letters WHERE kind = 'reminder' AND state = 'withdrawn'"), 1);
    }
}

on_each! {
    async fn comes_once_from_two_couriers(backend: Backend) {
        let app = reminding(backend).await;
        for number in 0..40 {
            app.invite_unsent(&format!("person-{number}@example.com"), &["viewer"]).await;
        }
        let (first, second) = (another(&app), another(&app));
        tokio::join!(drain(&first), drain(&second));
        let links = |letters: Vec<crate::support::Mail>| {
            let mut links: Vec<String> = letters.into_iter().map(|letter| letter.link).collect();
            links.sort();
            links
        };
        let invited = links(app.letters().await);
        app.advance(TimeDelta::hours(21));
        tokio::join!(drain(&first), drain(&second));
        assert_eq!(invited.len(), 40);
        assert_eq!(links(app.letters().await), invited);
    }
}
