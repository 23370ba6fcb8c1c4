//! HTTP: turns requests into values, asks a service, turns the outcome into an answer. No rule lives here.

pub mod activation_page;
pub mod api;
mod confirm_email_page;
mod extract;
mod form_page;
mod middleware;
mod openapi;
mod ops;
mod password_reset_page;
mod response;
mod router;
pub mod server;
mod state;

use std::sync::Arc;

use tokio::sync::Mutex;
use utoipa::openapi::OpenApi;

use self::{
    activation_page::html::Pages,
    api::{batches::memory_budget::MemoryBudget, webhooks},
    extract::client_address::ClientAddresses,
    middleware::{body_permits::BodyPermits, rate_limit::limits::Limits},
    openapi::{
        committed::{self, Contract},
        routes::{Route, RouteTable},
    },
    response::{document::Document, page::SharedLists},
};
pub use self::{
    ops::{courier_watch::CourierWatch, gauges::read_gauges},
    state::{ReturnedMailEntry, Settings, State},
};
use crate::{metrics::Metrics, otel::Tracer, services::Services};

/// The contract, as the handlers say it: what is committed, and served, is made of it.
#[must_use]
pub fn document() -> OpenApi {
    openapi::complete(router::collected())
}

impl State {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When a template or the contract cannot be built, which a test rules out.
    pub fn new(
        services: Services,
        courier: CourierWatch,
        (metrics, tracer): (Metrics, Tracer),
        settings: Settings,
    ) -> Result<Arc<Self>, Box<dyn std::error::Error>> {
        let contract = Contract::read()?;
        let served = openapi::served::served(&settings.public_url, settings.base_path.as_str());
        ops::outcomes::declare(&metrics, &contract, &settings.webhooks);
        Ok(Arc::new(Self {
            pages: Pages::new(settings.base_path.as_str())?,
            contract: Document::new(served.ok_or("the contract has no servers that can be replaced")?),
            routes: RouteTable::of(&contract),
            limits: Limits::new(settings.rate_limits, &services.clock),
            clients: ClientAddresses::new(settings.trusted_proxies.clone()),
            mail_event_bodies: BodyPermits::new(webhooks::MAX_BODIES.0, webhooks::MAX_BODIES.1),
            lists: SharedLists::default(),
            batches: MemoryBudget::new(),
            courier,
            metrics,
            tracer,
            gauge_reading: Mutex::default(),
            services,
            settings,
        }))
    }
}

/// What is decided by the route alone, for tests that walk all of them.
#[derive(Debug, Clone)]
pub struct RouteRules {
    /// The path, with parameters in braces.
    pub path: String,
    /// The methods that it knows, joined by commas.
    pub methods: String,
    /// The policy of its `RateLimit`, and the quota.
    pub limit: Option<(&'static str, u32)>,
    /// Whether its answers are kept out of caches.
    pub is_sealed: bool,
}

/// The contract as it is committed: served, it names `PUBLIC_URL` as its server.
#[must_use]
pub fn contract() -> &'static str {
    committed::TEXT
}

/// Every route of the contract.
#[must_use]
pub fn routes() -> Vec<RouteRules> {
    let rules = |route: &Route| RouteRules {
        path: route.pattern.clone(),
        methods: route.methods.clone(),
        limit: route.policy.map(|policy| (policy.as_str(), policy.quota().get())),
        is_sealed: route.is_sealed,
    };
    let table = Contract::read().map(|contract| RouteTable::of(&contract));
    table.iter().flat_map(RouteTable::all).map(rules).collect()
}
