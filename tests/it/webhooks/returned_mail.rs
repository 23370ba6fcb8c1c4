//! `POST /v1/mail-events/dsn` and `invitation-service bounce`: mail that was returned.

use chrono::TimeDelta;
use invitation_service::{courier::Step, domain::bounce_address::BounceKeys};
use reqwest::{Method, RequestBuilder};

use crate::support::{Answer, Backend, Client, Relay, TestApp, on_each, relay::Speaks};

const SECRET: &str = "a-secret-for-returned-mail";
const ROUTE: &str = "/v1/mail-events/dsn";

/// A service whose letters go through a relay, and one that was sent.
pub(super) struct Sent {
    pub(super) app: TestApp,
    pub(super) invitation: String,
    pub(super) letter: String,
}

impl Sent {
    pub(super) async fn new(backend: Backend) -> Self {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let url = relay.url();
        let variables = [
            ("MAIL_URL", url.as_str()),
            ("MAIL_EVENTS_DSN", SECRET),
            ("MAIL_ENVELOPE_FROM", "bounces@invite.example.com"),
        ];
        let app = TestApp::start(backend, &variables).await;
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
        relay.taken();
        let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
        app.advance(TimeDelta::seconds(30));
        Self { invitation: made["id"].as_str().unwrap().to_owned(), letter, app }
    }

    /// The address to which the letter is returned.
    pub(super) fn address(&self) -> String {
        address_of(&self.letter)
    }

    pub(super) async fn receive(&self, message: &str, recipient: &str) -> String {
        let answer = post(&self.app.anonymous(), message, Some(recipient)).await.expect(200);
        answer.body["outcome"].as_str().unwrap().to_owned()
    }

    pub(super) async fn delivery(&self) -> serde_json::Value {
        let path = format!("/v1/invitations/{}", self.invitation);
        self.app.admin().get(&path).await.expect(200).body["delivery"].clone()
    }

    pub(super) fn unread(&self) -> Vec<String> {
        self.app.database.texts("SELECT message AS text FROM unread_mail ORDER BY id")
    }
}

/// The address to which a letter is returned.
pub(super) fn address_of(letter: &str) -> String {
    let keys = BounceKeys::derive(&"a key for tests that nobody else has".into(), None);
    format!("{}@invite.example.com", keys.local_part("bounces", letter.parse().unwrap()))
}

pub(super) async fn post(client: &Client, message: &str, recipient: Option<&str>) -> Answer {
    let encoded = |to: &str| url::form_urlencoded::byte_serialize(to.as_bytes()).collect::<String>();
    let query = recipient.map(|to| format!("?recipient={}", encoded(to))).unwrap_or_default();
    let request = client.request(Method::POST, &format!("{ROUTE}{query}")).bearer_auth(SECRET);
    Answer::of(request.header("content-type", "message/rfc822").body(message.to_owned())).await
}

/// A report in the form of RFC 3464.
pub(super) fn report(action: &str, status: &str, said: &str) -> String {
    [
        "From: MAILER-DAEMON@relay.example.com",
        "To: bounces@invite.example.com",
        "Subject: Undelivered Mail Returned to Sender",
        "Date: Tue, 24 Nov 2026 12:00:20 +0000",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"",
        "",
        "--b1",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "Your message could not be delivered.",
        "",
        "--b1",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; relay.example.com",
        "",
        "Final-Recipient: rfc822; ada@example.com",
        &format!("Action: {action}"),
        &format!("Status: {status}"),
        &format!("Diagnostic-Code: smtp; {said}"),
        "",
        "--b1--",
        "",
    ]
    .join("\r\n")
}

on_each! {
    async fn a_failure_shows_on_the_invitation_and_stops_further_letters(backend: Backend) {
        let sent = Sent::new(backend).await;
        assert_eq!(sent.delivery().await["state"], "sent");
        let gone = report("failed", "5.1.1", "550 5.1.1 no such user");
        assert_eq!(sent.receive(&gone, &sent.address()).await, "bounced");
        let delivery = sent.delivery().await;
        assert_eq!(delivery["state"], "bounced", "{delivery}");
        assert_eq!(sent.app.timeline(&sent.invitation).await.pop().unwrap(), "email_bounced");
        let event = sent.app.events(&sent.invitation).await.pop().unwrap();
        assert_eq!(event["actor"]["id"], "dsn", "{event}");
        let suppressed = sent.app.admin().get("/v1/suppressions").await.expect(200).body;
        assert_eq!(suppressed["data"][0]["email"], "ada@example.com", "{suppressed}");
        // Reported again, it counts once.
        assert_eq!(sent.receive(&gone, &sent.address()).await, "repeated");
        assert_eq!(sent.app.timeline(&sent.invitation).await.len(), 4);
    }

    async fn a_delay_is_no_failure_and_a_full_mailbox_suppresses_nothing(backend: Backend) {
        let sent = Sent::new(backend).await;
        let late = report("delayed", "4.4.1", "connect to mx.example.com: timed out");
        assert_eq!(sent.receive(&late, &sent.address()).await, "deferred");
        assert_eq!(sent.delivery().await["state"], "deferred");
        let full = report("failed", "5.2.2", "552 5.2.2 mailbox full");
        assert_eq!(sent.receive(&full, &sent.address()).await, "bounced");
        assert_eq!(sent.delivery().await["state"], "bounced");
        let suppressed = sent.app.admin().get("/v1/suppressions").await.expect(200).body;
        assert_eq!(suppressed["data"].as_array().unwrap().len(), 0, "{suppressed}");
    }

    async fn a_report_proves_that_a_relay_accepted_the_letter(backend: Backend) {
        let sent = Sent::new(backend).await;
        // As if the relay's answer had been lost, and the letter given up.
        sent.app.database.execute("UPDATE letters SET state = 'failed', sent_at = NULL");
        let late = report("delayed", "4.4.1", "connect to mx.example.com: timed out");
        assert_eq!(sent.receive(&late, &sent.address()).await, "deferred");
        assert_eq!(sent.delivery().await["state"], "deferred");
        let provider = "SELECT coalesce(provider, 'none') AS text FROM letters";
        assert_eq!(sent.app.database.texts(provider), ["none"], "a relay is no provider");
        let gone = report("failed", "5.1.1", "550 5.1.1 no such user");
        assert_eq!(sent.receive(&gone, &sent.address()).await, "bounced");
    }

    async fn a_forged_address_an_automatic_reply_and_noise_change_nothing(backend: Backend) {
        let sent = Sent::new(backend).await;
        let before = sent.delivery().await;
        let forged = format!("bounces+{}.0123456789abcdef@invite.example.com", sent.letter);
        let gone = report("failed", "5.1.1", "550 5.1.1 no such user");
        assert_eq!(sent.receive(&gone, &forged).await, "forged");
        let away = "From: ada@example.com\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\n\
            Back on Monday.\r\n";
        assert_eq!(sent.receive(away, &sent.address()).await, "automatic_reply");
        assert!(sent.unread().is_empty());
        let noise = "From: eve@example.net\r\nSubject: Cheap watches\r\n\r\nBuy them at \
            https://example.net/?token=abcdefgh\r\n";
        assert_eq!(sent.receive(noise, "bounces@invite.example.com").await, "unread");
        assert_eq!(sent.receive(noise, "bounces@invite.example.com").await, "unread");
        let kept = sent.unread();
        assert_eq!(kept.len(), 1);
        assert!(kept[0].contains("Cheap watches") && !kept[0].contains("abcdefgh"), "{kept:?}");
        assert_eq!(sent.delivery().await, before);
        let metrics = sent.app.anonymous().get("/metrics").await.expect(200).text;
        for outcome in ["forged", "automatic_reply", "unread"] {
            let line = format!("provider=\"dsn\",outcome=\"{outcome}\"}}");
            let line = metrics.lines().find(|known| known.contains(&line)).unwrap_or(&metrics);
            assert!(!line.ends_with(" 0"), "{line}");
        }
        // Kept for two weeks.
        sent.app.advance(TimeDelta::days(15));
        let stop = tokio_util::sync::CancellationToken::new();
        invitation_service::services::cleanup::sweep(&sent.app.parts.services, &stop).await.unwrap();
        assert!(sent.unread().is_empty());
    }

    async fn whoever_has_no_secret_is_refused_before_the_body(backend: Backend) {
        let sent = Sent::new(backend).await;
        let anonymous = sent.app.anonymous();
        let of = |secret: Option<&str>, kind: &str, body: Vec<u8>| {
            let request = anonymous.request(Method::POST, ROUTE).header("content-type", kind).body(body);
            Answer::of(secret.iter().fold(request, RequestBuilder::bearer_auth))
        };
        for wrong in [None, Some("a-secret-for-somebody-else")] {
            let refused = of(wrong, "message/rfc822", vec![b'x'; 2_000_000]).await.expect(401);
            assert_eq!(refused.body["code"], "mail_event_unverified");
        }
        of(Some(SECRET), "application/json", b"{}".to_vec()).await.expect(415);
        of(Some(SECRET), "message/rfc822", Vec::new()).await.expect(400);
        of(Some(SECRET), "message/rfc822", vec![b'x'; 1_048_577]).await.expect(413);
        let unknown = anonymous.request(Method::POST, &format!("{ROUTE}?to=x")).bearer_auth(SECRET);
        Answer::of(unknown.header("content-type", "message/rfc822").body("x")).await.expect(422);
        let without = TestApp::start(backend, &[]).await;
        post(&without.anonymous(), "x", None).await.expect(404);
    }
}
