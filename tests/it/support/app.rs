//! The service in this process: real HTTP on a port of its own, a manual clock, and a courier that works when
//! it is told to.

use std::{
    net::TcpListener,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::{
    app::{Parts, run_key_refresh},
    clock::Clock,
    config::Config,
    courier::Step,
    domain::{
        actor::{ActorKind, ActorRef},
        permission::Permission,
        role::Role,
    },
    http::CourierWatch,
    services::access_token::Grant,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Answer, Backend, Client, Mail, PASSWORD, database::TestDatabase, mailbox::Mailbox};

/// A running service. Dropping it asserts that no letter was left unread.
pub struct TestApp {
    pub url: String,
    pub clock: Clock,
    pub parts: Parts,
    pub database: TestDatabase,
    pub mailbox: Mailbox,
    http: reqwest::Client,
    server: actix_web::dev::ServerHandle,
    stop: CancellationToken,
}

impl TestApp {
    /// Starts the service on a database of its own, with these variables beside the tests' own.
    pub async fn start(backend: Backend, variables: &[(&str, &str)]) -> Self {
        Self::start_with(backend, variables, |_| ()).await
    }

    /// The same with parts that are changed before they run.
    pub async fn start_with(
        backend: Backend,
        variables: &[(&str, &str)],
        change: impl FnOnce(&mut Parts),
    ) -> Self {
        let (database, mailbox) = (TestDatabase::migrated(backend).await, Mailbox::new());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mail = format!("directory:{}", mailbox.path().display());
        let own = [
            ("DATABASE_URL", database.url.as_str()),
            ("PUBLIC_URL", url.as_str()),
            ("MAIL_URL", mail.as_str()),
            ("SECRET_KEY", "a key for tests that nobody else has"),
        ];
        let look_up = |name: &str| {
            let found = variables.iter().chain(&own).find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let config = Config::read(look_up).map_err(|faults| format!("{faults:?}")).unwrap();
        let start = DateTime::parse_from_rfc3339("2026-11-24T12:00:00.000Z").unwrap().to_utc();
        let clock = Clock::manual(start);
        let mut parts = Parts::new(&config, clock.clone()).unwrap();
        change(&mut parts);
        parts.services.db.migrate().await.unwrap();
        let watch = CourierWatch::here(Arc::new(AtomicBool::new(true)));
        let (server, running) = parts.serve(listener, watch).unwrap();
        tokio::spawn(running);
        let (services, stop) = (parts.services.clone(), CancellationToken::new());
        tokio::spawn(run_key_refresh(services, stop.clone()));
        // reqwest asks for a TLS provider even where nothing is encrypted; a second installation is refused
        // and harmless.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The service closes a connection that was idle for 5 seconds: one that a test has left for nearly as
        // long is not used again.
        let client = reqwest::Client::builder().no_proxy().pool_idle_timeout(Duration::from_secs(2));
        let http = client.timeout(Duration::from_secs(30)).build().unwrap();
        Self { url, clock, parts, database, mailbox, http, server, stop }
    }

    /// A caller without a token.
    pub fn anonymous(&self) -> Client {
        Client { http: self.http.clone(), url: self.url.clone(), token: None }
    }

    /// A caller with this text as a token.
    pub fn bearer(&self, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..self.anonymous() }
    }

    /// A caller with these roles and permissions.
    pub fn caller(&self, roles: &[Role], scope: &[Permission]) -> Client {
        self.caller_named("Grace Hopper", roles, scope)
    }

    /// A caller whom people know by this name.
    pub fn caller_named(&self, name: &str, roles: &[Role], scope: &[Permission]) -> Client {
        let grant = Grant {
            holder: ActorRef {
                kind: ActorKind::Cli,
                id: "grace".to_owned(),
                name: name.to_owned(),
                origin: None,
            },
            roles: roles.to_vec(),
            scope: scope.to_vec(),
            accounts: Vec::new(),
            lifetime: Duration::from_hours(7 * 24),
        };
        self.bearer(&self.parts.services.access_tokens.issue(&grant, self.clock.now()).unwrap())
    }

    /// A caller of that id, with these roles.
    pub fn client_named(&self, id: &str, roles: &[Role]) -> Client {
        let grant = Grant {
            holder: ActorRef {
                kind: ActorKind::Client,
                id: id.to_owned(),
                name: id.to_owned(),
                origin: None,
            },
            roles: roles.to_vec(),
            scope: Vec::new(),
            accounts: Vec::new(),
            lifetime: Duration::from_hours(7 * 24),
        };
        self.bearer(&self.parts.services.access_tokens.issue(&grant, self.clock.now()).unwrap())
    }

    pub fn admin(&self) -> Client {
        self.caller(&[Role::Admin], &[])
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Moves time.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Lets the courier work until nothing is due, and gives the letters that came since the last look.
    pub async fn letters(&self) -> Vec<Mail> {
        while let Step::Worked(_) = self.parts.courier.step().await.unwrap() {}
        self.mailbox.unread()
    }

    /// The one letter that came since the last look.
    pub async fn letter(&self) -> Mail {
        let mut letters = self.letters().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }

    /// Invites a system user as an admin, and gives the invitation and its letter.
    pub async fn invite(&self, email: &str, roles: &[&str]) -> (Value, Mail) {
        let body = json!({ "email": email, "roles": roles });
        let answer = self.admin().post("/v1/system-users/invitations", &body).await.expect(201);
        (answer.body, self.letter().await)
    }

    /// Invites a system user as an admin, and leaves the letter in the outbox.
    pub async fn invite_unsent(&self, email: &str, roles: &[&str]) -> Value {
        let body = json!({ "email": email, "roles": roles });
        self.admin().post("/v1/system-users/invitations", &body).await.expect(201).body
    }

    /// Activates with a name and a good password.
    pub async fn activate(&self, token: &str) -> Answer {
        let body =
            json!({ "token": token, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace" });
        self.anonymous().post("/v1/activations", &body).await
    }

    /// An invitation's timeline, oldest first.
    pub async fn events(&self, invitation: &str) -> Vec<Value> {
        let answer = self.admin().get(&format!("/v1/invitations/{invitation}/events")).await.expect(200);
        answer.body["data"].as_array().unwrap().clone()
    }

    /// The types in an invitation's timeline, oldest first.
    pub async fn timeline(&self, invitation: &str) -> Vec<String> {
        self.events(invitation).await.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        self.stop.cancel();
        if !std::thread::panicking() {
            let left: Vec<String> = self.mailbox.unread().into_iter().map(|mail| mail.subject).collect();
            assert!(left.is_empty(), "letters that the test did not look at: {left:?}");
        }
    }
}
