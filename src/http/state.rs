//! What handlers need, and what the configuration says about HTTP.

use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::Mutex;

use super::{
    activation_page::html::Pages,
    api::batches::memory_budget::MemoryBudget,
    extract::client_address::ClientAddresses,
    middleware::{body_permits::BodyPermits, rate_limit::limits::Limits},
    openapi::routes::RouteTable,
    ops::courier_watch::CourierWatch,
    response::{document::Document, page::SharedLists},
};
use crate::{
    domain::{
        base_path::BasePath, delivery_reports::Webhooks, locale::Locale, returned_mail::ReturnedMailReader,
        shared_secret::SharedSecret, time_zone::TimeZone,
    },
    metrics::Metrics,
    otel::Tracer,
    services::Services,
};

/// Everything that handlers need. One for the whole process, shared by its workers.
pub struct State {
    /// The operations.
    pub services: Services,
    /// The activation page.
    pub pages: Pages,
    /// The contract, one for all answers.
    pub contract: Document,
    /// The paths of the contract, for telling 405 from 404.
    pub(super) routes: RouteTable,
    /// How often the public routes may be called.
    pub(super) limits: Limits,
    /// Whom proxies speak for.
    pub(super) clients: ClientAddresses,
    /// How many bodies of webhooks are read at the same time.
    pub(super) mail_event_bodies: BodyPermits,
    /// Lists whose requests share answers.
    pub(super) lists: SharedLists,
    /// Limits how many bytes of batches are held at once.
    pub(super) batches: MemoryBudget,
    /// Whether the courier of this process is running.
    pub courier: CourierWatch,
    /// Counts.
    pub metrics: Metrics,
    /// Makes the spans of requests.
    pub(super) tracer: Tracer,
    /// Held while gauges are read, which is done once for all that ask at the same time.
    pub(super) gauge_reading: Mutex<()>,
    /// What the configuration says about HTTP.
    pub settings: Settings,
}

/// Where metrics are, on either listener.
pub const METRICS_PATH: &str = "/metrics";

/// What the configuration says about HTTP.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether the service is reached by https only.
    pub https: bool,
    /// Where callers reach the service, without a slash at its end: `type` in a problem is built from it.
    pub public_url: String,
    /// Its origin, as browsers send it.
    pub origin: String,
    /// What it has before the paths of the service.
    pub base_path: BasePath,
    /// The language of the page when the invitation names none.
    pub locale: Locale,
    /// The time zone of the page.
    pub time_zone: TimeZone,
    /// The webhooks of mail providers, and what verifies their requests.
    pub webhooks: Webhooks,
    /// How returned mail is taken; without it none is.
    pub returned_mail: Option<ReturnedMailEntry>,
    /// The origins of web pages that may call the API from a browser.
    pub cors_origins: Vec<String>,
    /// Whether metrics have a listener of their own, and are not served with the API.
    pub metrics_apart: bool,
    /// Whether the public routes are limited.
    pub rate_limits: bool,
    /// Whose `X-Forwarded-For` or `Forwarded` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// How returned mail is taken.
#[derive(Clone)]
pub struct ReturnedMailEntry {
    /// The secret of those who pass it on.
    pub secret: SharedSecret,
    /// Reads it.
    pub reader: Arc<dyn ReturnedMailReader>,
}

impl std::fmt::Debug for ReturnedMailEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReturnedMailEntry")
    }
}

impl Settings {
    /// Whether this path of the contract is with the API: metrics may have a listener of their own.
    #[must_use]
    pub fn has_here(&self, pattern: &str) -> bool {
        !self.metrics_apart || pattern != METRICS_PATH
    }
}
