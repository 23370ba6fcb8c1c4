//! Traces and metrics at an OpenTelemetry collector: from a request to its letters and webhooks.

use std::{collections::BTreeSet, time::Instant};

use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Answer, Backend, Home, TestApp,
    collector::{Collector, ENDPOINT, Exported, Exporting},
    json, on_each,
    receiver::{LOOPBACK, Receiver},
};

const INVITE: &str = "/v1/system-users/invitations";
const RESET: &str = "/v1/auth/password-reset";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const OFF: (&str, &str) = ("RATE_LIMITS", "off");

async fn started(backend: Backend, variables: &[(&str, &str)]) -> (TestApp, Exporting) {
    let app = TestApp::start(backend, variables).await;
    let export = app.export();
    (app, export)
}

/// Invites as an admin, with this header of a caller's trace.
async fn invite(app: &TestApp, email: &str, trace_parent: &str) -> Answer {
    let request = app.admin().request(Method::POST, INVITE).header("traceparent", trace_parent);
    Answer::of(request.json(&json!({ "email": email, "roles": ["viewer"] }))).await.expect(201)
}

fn trace_parents(app: &TestApp, table: &str) -> Vec<String> {
    let query =
        format!("SELECT trace_parent AS text FROM {table} WHERE trace_parent IS NOT NULL ORDER BY id");
    app.database.texts(&query)
}

fn parents(spans: &[Exported]) -> BTreeSet<&str> {
    spans.iter().map(|span| span.parent.as_str()).collect()
}

on_each! {
    async fn one_trace_leads_from_a_request_to_its_letter_and_its_webhooks(backend: Backend) {
        let (collector, receiver) = (Collector::start().await, Receiver::start().await);
        let (app, export) = started(backend, &[OFF, LOOPBACK, collector.variable()]).await;
        app.endpoint_of_all(&receiver, &["invitation.created", "invitation.sent"]).await;
        let made = invite(&app, "ada@example.com", &format!("00-{TRACE}-{CALLER}-01")).await;
        let letter = app.letter().await;
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.created", "invitation.sent"]);
        export.finish().await;

        let request = collector.only(TRACE, "POST /v1/system-users/invitations");
        assert_eq!((request.parent.as_str(), request.has_failed), (CALLER, false));
        let set = ["http.request.method", "http.route", "http.response.status_code"];
        assert_eq!(set.map(|name| request.attribute(name)), ["POST", INVITE, "201"]);
        let queues: Vec<Exported> = collector.named(TRACE, "transaction");
        let invites = queues.iter().find(|span| span.attribute("queue") == "invites").unwrap();
        assert_eq!(invites.parent, request.id);
        let sending = collector.only(TRACE, "send letter");
        assert_eq!(sending.parent, request.id);
        let set = ["letter.subject", "letter.purpose", "letter.attempt", "letter.outcome"];
        let id = made.text_of("id");
        assert_eq!(set.map(|name| sending.attribute(name)), [id.as_str(), "invitation", "1", "sent"]);
        let records = queues.iter().find(|span| span.attribute("queue") == "records").unwrap();
        assert_eq!(records.parent, sending.id);
        let webhooks = collector.named(TRACE, "send webhook");
        let types: Vec<&str> = webhooks.iter().map(|span| span.attribute("webhook.event.type")).collect();
        assert_eq!(types, ["invitation.created", "invitation.sent"]);
        assert_eq!((&webhooks[0].parent, &webhooks[1].parent), (&request.id, &sending.id));
        assert!(webhooks.iter().all(|span| span.attribute("http.response.status_code") == "204"));

        let resource = &collector.resources()[0];
        assert_eq!(resource["service.name"], "invitation-service");
        assert_eq!(resource["service.instance.id"].len(), 32);
        for text in ["ada@", "example.com", letter.token.as_str(), &receiver.url, "Bearer", "Grace"] {
            assert!(!collector.has_seen(text), "{text}");
        }
    }

    async fn invites_that_share_a_transaction_have_their_own_traces(backend: Backend) {
        let collector = Collector::start().await;
        let (app, export) = started(backend, &[OFF, collector.variable()]).await;
        let numbers = || 1..=12_u32;
        let header = |number: u32| format!("00-{number:032x}-{CALLER}-01");
        let invites = numbers().map(|number| {
            let (app, header) = (&app, header(number));
            async move { invite(app, &format!("p{number}@example.com"), &header).await.text_of("id") }
        });
        let ids = futures_util::future::join_all(invites).await;
        assert_eq!(app.letters().await.len(), 12);
        export.finish().await;
        for (number, id) in numbers().zip(ids) {
            let sending = collector.only(&format!("{number:032x}"), "send letter");
            assert_eq!(sending.attribute("letter.subject"), id);
        }
    }

    async fn a_caller_s_trace_is_read_by_its_form_alone_and_decides_nothing(backend: Backend) {
        let collector = Collector::start().await;
        let (app, export) = started(backend, &[OFF, collector.variable()]).await;
        let long = format!("00-{TRACE}-{CALLER}-01-{}", "a".repeat(4000));
        let wrong = [
            "'; DROP TABLE letters; --",
            &long,
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ];
        for (number, header) in wrong.iter().enumerate() {
            invite(&app, &format!("p{number}@example.com"), header).await;
        }
        // One that is not recorded goes on, and is not exported.
        invite(&app, "eve@example.com", &format!("00-{TRACE}-{CALLER}-00")).await;
        assert_eq!(app.letters().await.len(), wrong.len() + 1);
        export.finish().await;
        let stored = trace_parents(&app, "letters");
        assert_eq!(stored.len(), wrong.len() + 1, "{stored:?}");
        let (last, others) = stored.split_last().unwrap();
        assert!(last.starts_with(&format!("00-{TRACE}-")) && last.ends_with("-00"), "{last}");
        assert!(others.iter().all(|one| one.len() == 55 && one.ends_with("-01")), "{others:?}");
        let spans = collector.spans();
        assert!(spans.iter().all(|span| span.trace != TRACE), "{spans:?}");
        let requests: Vec<Exported> =
            spans.into_iter().filter(|span| span.name.starts_with("POST ")).collect();
        assert_eq!((requests.len(), parents(&requests)), (wrong.len(), BTreeSet::from([""])));
    }

    async fn without_a_collector_nothing_is_made_or_stored(backend: Backend) {
        let receiver = Receiver::start().await;
        let (app, export) = started(backend, &[OFF, LOOPBACK, ("OTEL_TRACES_SAMPLER", "always_on")]).await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        invite(&app, "ada@example.com", &format!("00-{TRACE}-{CALLER}-01")).await;
        app.letter().await;
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.created"]);
        for table in ["letters", "webhook_events"] {
            assert_eq!(trace_parents(&app, table), [""; 0], "{table}");
        }
        export.finish().await;
    }

    async fn a_collector_that_takes_nothing_costs_no_request_and_is_counted(backend: Backend) {
        let collector = Collector::start().await;
        let (app, export) = started(backend, &[OFF, collector.variable()]).await;
        collector.answer(503);
        for number in 0..5 {
            invite(&app, &format!("p{number}@example.com"), "none").await;
        }
        assert_eq!(app.letters().await.len(), 5);
        export.finish().await;
        let metrics = app.anonymous().get("/metrics").await.expect(200).text;
        let counted = |outcome: &str| {
            let name = format!("invitation_service_otlp_spans_total{{outcome=\"{outcome}\"}} ");
            let line = metrics.lines().find_map(|line| line.strip_prefix(&name)).unwrap();
            line.parse::<u64>().unwrap()
        };
        // Of each invite its own, that of its transaction, and those of its letter.
        assert!(counted("dropped") >= 20 && counted("sent") == 0, "{metrics}");
        assert!(collector.spans().is_empty());
    }

    async fn the_metrics_are_those_that_are_scraped(backend: Backend) {
        let collector = Collector::start().await;
        let (app, export) = started(backend, &[OFF, collector.variable()]).await;
        invite(&app, "ada@example.com", "none").await;
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        let scraped = app.anonymous().get("/metrics").await.expect(200).text;
        export.finish().await;
        assert_eq!(collector.metric("invitation_service_invites", "invited"), Some(2));
        assert_eq!(collector.metric("invitation_service_invitations", "pending"), Some(2));
        let families = scraped.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let with_series = families.filter(|name| {
            let mut rest = scraped.lines().filter_map(|line| line.strip_prefix(name));
            rest.any(|rest| rest.starts_with(['{', ' ', '_']))
        });
        let names: BTreeSet<String> = collector.metric_names().into_iter().collect();
        let missing: Vec<&str> = with_series.filter(|name| !names.contains(*name)).collect();
        assert!(missing.is_empty() && names.len() > 20, "{missing:?} are not in {names:?}");
        app.letters().await;
    }

    /// What became of a letter about an unknown address says that it is unknown.
    async fn nothing_says_whether_an_address_that_asks_for_a_reset_has_a_user(backend: Backend) {
        let collector = Collector::start().await;
        let (app, export) = started(backend, &[OFF, collector.variable()]).await;
        let (_, letter) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&letter.token).await.expect(201);
        for email in ["ada@example.com", "nobody@example.com"] {
            app.anonymous().post(RESET, &json!({ "email": email })).await.expect(202);
        }
        assert_eq!(app.letters().await.len(), 1);
        export.finish().await;
        let spans = collector.spans();
        let resets: Vec<&Exported> =
            spans.iter().filter(|span| span.attribute("letter.purpose") == "password_reset").collect();
        assert_eq!(resets.len(), 2, "{spans:?}");
        let said = |span: &Exported| (span.has_failed, span.attribute("letter.outcome").to_owned());
        assert!(resets.iter().all(|span| said(span) == (false, String::new())), "{resets:?}");
    }

    async fn the_program_sends_what_is_left_when_it_ends(backend: Backend) {
        let collector = Collector::start().await;
        let more = [
            collector.variable(),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=hidden%2Fkey"),
            ("OTEL_SERVICE_NAME", "invitations"),
            ("LOG", "trace"),
            ("LOG_FORMAT", "json"),
        ];
        let home = Home::new(backend, &more);
        let server = home.start(&["serve"]);
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let client = server.client(Some(home.token()));
        client.post(INVITE, &body).await.expect(201);
        client.get("/healthz").await.expect(200);
        let log = server.stop().await;
        let spans = collector.spans();
        let request = spans.iter().find(|span| span.name == "POST /v1/system-users/invitations").unwrap();
        assert!(request.parent.is_empty() && !spans.iter().any(|span| span.name.contains("/healthz")));
        assert_eq!(collector.metric("invitation_service_invites", "invited"), Some(1));
        assert!(collector.resources().iter().all(|one| one["service.name"] == "invitations"));
        assert!(collector.keys().iter().all(|key| key.as_deref() == Some("hidden/key")));
        assert!(!log.contains("hidden"), "{log}");
        // The line of the request names the trace.
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut of_invite = lines.filter(|line| line["route"] == INVITE);
        assert_eq!(of_invite.next().unwrap()["span"]["trace_id"], request.trace);
    }
}

#[tokio::test]
async fn a_collector_that_is_not_there_is_logged_once_and_delays_no_end() {
    // A port at which nothing listens.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let home = Home::new(Backend::Sqlite, &[(ENDPOINT, &format!("http://{free}"))]);
    let server = home.start(&["serve"]);
    let client = server.client(Some(home.token()));
    for number in 0..3 {
        let body = json!({ "email": format!("p{number}@example.com"), "roles": ["viewer"] });
        client.post(INVITE, &body).await.expect(201);
    }
    let stopping = Instant::now();
    let log = server.stop().await;
    assert!(stopping.elapsed().as_secs() < 15, "{:?}", stopping.elapsed());
    assert_eq!(log.matches("does not take spans").count(), 1, "{log}");
}
