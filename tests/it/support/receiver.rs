//! Webhook endpoints, and a partner's server that receives for them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use invitation_service::{
    db::{
        DbFault,
        webhooks::{self, Attempt, Claimed},
    },
    domain::ids::WebhookEndpointId,
};
use reqwest::Method;
use serde_json::Value;
use sha2::Sha256;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use super::{Answer, Client, TestApp, api_clients::ApiClient, customers::with, json};

pub const ENDPOINTS: &str = "/v1/webhook-endpoints";
/// Lets webhooks go to the receiver.
pub const LOOPBACK: (&str, &str) = ("WEBHOOK_NETWORKS", "127.0.0.0/8");

/// A webhook as it was received.
#[derive(Debug, Clone)]
pub struct Received {
    pub id: String,
    pub timestamp: String,
    pub signatures: Vec<String>,
    pub text: String,
    pub body: Value,
}

impl Received {
    fn of(request: &Request) -> Self {
        assert_eq!(request.method.as_str(), "POST");
        let header = |name: &str| request.headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/json");
        let text = String::from_utf8(request.body.clone()).unwrap();
        Self {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signatures: header("webhook-signature").split(' ').map(str::to_owned).collect(),
            body: serde_json::from_str(&text).unwrap(),
            text,
        }
    }

    /// The type of the event.
    pub fn event(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    /// Whether one of the signatures is that of this secret, as the specification computes it.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.text).as_bytes());
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.signatures.contains(&wanted)
    }
}

/// A partner's server; it answers until the test ends.
pub struct Receiver {
    pub url: String,
    status: Arc<AtomicU16>,
    received: Arc<Mutex<Vec<Received>>>,
    _server: MockServer,
}

impl Receiver {
    /// One that accepts everything, for now.
    pub async fn start() -> Self {
        Self::start_slow(Duration::ZERO).await
    }

    /// The same, which takes this time for each answer.
    pub async fn start_slow(time: Duration) -> Self {
        // One of its own, which ends with the receiver.
        let server = MockServer::builder().start().await;
        let (status, received) = (Arc::new(AtomicU16::new(204)), Arc::<Mutex<Vec<Received>>>::default());
        let (answer, requests) = (status.clone(), received.clone());
        let respond = move |request: &Request| {
            requests.lock().unwrap().push(Received::of(request));
            ResponseTemplate::new(answer.load(Ordering::Relaxed)).set_delay(time)
        };
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { url: format!("{}/hooks", server.uri()), status, received, _server: server }
    }

    /// Moves all endpoints to this receiver, also those of programs, which may not be there.
    pub fn take_over(&self, app: &TestApp) {
        let change = format!("UPDATE webhook_endpoints SET url = '{}', set_by_staff = TRUE", self.url);
        assert!(app.database.execute(&change) > 0);
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// What was received since the last call, in its order.
    pub fn received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }

    /// The types of what was received since the last call.
    pub fn types(&self) -> Vec<String> {
        self.received().iter().map(|one| one.event().to_owned()).collect()
    }
}

/// An endpoint, as the answer that made it shows it.
pub struct Endpoint {
    pub id: String,
    pub secret: String,
    /// The client that it belongs to.
    pub client: ApiClient,
}

impl Endpoint {
    pub fn path(&self) -> String {
        format!("{ENDPOINTS}/{}", self.id)
    }

    /// The endpoint as it is now.
    pub async fn shown(&self, app: &TestApp) -> Value {
        app.admin().get(&self.path()).await.expect(200).body
    }

    /// Changes it as an admin.
    pub async fn patch(&self, app: &TestApp, patch: Value) -> Answer {
        patch_endpoint(&app.admin(), &self.path(), &patch).await
    }

    /// Sends its events of the last hours again, as an admin.
    pub async fn replay(&self, app: &TestApp, members: Value) -> Answer {
        app.admin().post(&format!("{}/replay", self.path()), &members).await
    }

    /// Claims one delivery to it, as a dispatcher does, and makes no attempt.
    pub async fn claim(&self, app: &TestApp) -> Claimed {
        let (id, now) = (self.id.parse::<WebhookEndpointId>().unwrap(), app.now());
        let lease = (now, now + TimeDelta::seconds(90));
        let db = &app.parts.dispatcher.db;
        let claim = db.write::<_, DbFault>(move |tx| webhooks::claim(tx, id, 1, lease));
        claim.await.unwrap().remove(0)
    }

    /// The attempts to deliver to it, newest first.
    pub async fn attempts(&self, app: &TestApp) -> Vec<Value> {
        let page = app.admin().get(&format!("{}/attempts", self.path())).await.expect(200).body;
        page["data"].as_array().unwrap().clone()
    }
}

/// A PATCH of an endpoint.
pub async fn patch_endpoint(caller: &Client, path: &str, patch: &Value) -> Answer {
    Answer::of(caller.request(Method::PATCH, path).json(patch)).await
}

impl TestApp {
    /// Makes an endpoint at this URL as an admin, for a new client with these members beside a name.
    pub async fn webhook_endpoint(&self, url: &str, types: &[&str], client: Value) -> Endpoint {
        let client = self.api_client(client).await;
        let body = json!({ "client_id": client.id, "url": url, "event_types": types });
        let made = self.admin().post(ENDPOINTS, &body).await.expect(201);
        Endpoint { id: made.text_of("id"), secret: made.text_of("secret"), client }
    }

    /// An endpoint of a client that reads everything.
    pub async fn endpoint_of_all(&self, receiver: &Receiver, types: &[&str]) -> Endpoint {
        let scopes = json!({ "scopes": ["system_users:read", "customers:read", "webhooks:manage"] });
        self.webhook_endpoint(&receiver.url, types, scopes).await
    }

    /// Lets the dispatcher work until nothing is due.
    pub async fn dispatch(&self) {
        while self.parts.dispatcher.step().await.unwrap() > 0 {}
    }

    /// An attempt at a claimed delivery, now, which was answered with this status.
    pub fn attempt(&self, claimed: &Claimed, status: i32) -> Attempt {
        Attempt {
            id: self.clock.id(),
            endpoint: claimed.endpoint,
            event: claimed.event,
            event_type: claimed.event_type.clone(),
            attempt: claimed.attempt,
            at: self.now(),
            status: Some(status),
            error: None,
            milliseconds: 1,
        }
    }

    /// Copies the one event so many times, with its delivery, beside the service.
    pub fn copy_webhooks(&self, copies: usize) {
        let numbers = format!(
            "WITH RECURSIVE n (k) AS (SELECT 1000000000001 UNION ALL \
             SELECT k + 1 FROM n WHERE k < 1000000000000 + {copies})"
        );
        for (table, columns, values) in [
            ("webhook_events", "id, event_type, at, payload", "event_type, at, payload"),
            (
                "webhook_deliveries",
                "event_id, endpoint_id, subject, event_at, state, attempts, next_attempt_at",
                "endpoint_id, subject, event_at, state, 0, event_at",
            ),
        ] {
            let rows = format!("SELECT 'msg_01mzzzzzzze08' || k, {values} FROM {table}, n");
            let insert = format!("{numbers} INSERT INTO {table} ({columns}) {rows}");
            assert_eq!(self.database.execute(&insert), copies);
        }
    }

    /// The states of all deliveries, by the order of their events.
    pub fn deliveries(&self) -> Vec<String> {
        self.database.texts("SELECT state AS text FROM webhook_deliveries ORDER BY event_id")
    }

    /// When deliveries that wait are tried next, each time once.
    pub fn times_of_waiting(&self) -> Vec<String> {
        let times = "SELECT DISTINCT CAST(next_attempt_at AS TEXT) AS text FROM webhook_deliveries \
            WHERE state = 'pending'";
        self.database.texts(times)
    }
}

impl ApiClient {
    /// A body of an endpoint for this client, with these members in place of its own.
    pub fn endpoint_body(&self, members: Value) -> Value {
        let types = json!(["invitation.created"]);
        let body = json!({ "client_id": self.id, "url": "https://fleet.example.com/hooks" });
        with(with(body, json!({ "event_types": types })), members)
    }
}
