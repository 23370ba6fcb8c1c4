//! Counters and gauges for Prometheus. The registry is a value, not a global: each service in a test has its
//! own.

use std::sync::{Arc, atomic::AtomicU64};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// The labels of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The HTTP method.
    pub method: String,
    /// The route's pattern, never the path itself.
    pub route: String,
    /// The status code.
    pub status: u16,
}

/// The label of an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    /// The outcome, in one word.
    pub outcome: String,
}

/// The labels of a provider's report.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReportLabels {
    /// The provider.
    pub provider: String,
    /// The reported event, or the reason why it was ignored.
    pub outcome: String,
}

/// The outcomes of an attempt to send a letter, and of a letter that is never sent.
const LETTERS: [&str; 6] = ["sent", "deferred", "failed", "withdrawn", "untried", "handed_over"];

/// The outcomes of an attempt to deliver a webhook.
const WEBHOOKS: [&str; 3] = ["delivered", "deferred", "failed"];

/// All metrics. Cheap to clone; clones share the counters.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    invites: Family<OutcomeLabels, Counter>,
    activations: Family<OutcomeLabels, Counter>,
    letters: Family<OutcomeLabels, Counter>,
    webhooks: Family<OutcomeLabels, Counter>,
    reports: Family<ReportLabels, Counter>,
    suppressions: Family<OutcomeLabels, Counter>,
    queued: Gauge,
    oldest: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// A registry with all metrics at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("invitation_service");
        let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
        let (requests, seconds) = (Family::default(), Histogram::new(buckets));
        let (invites, activations) = (Family::default(), Family::default());
        let letters = Family::default();
        declare(&letters, LETTERS);
        let webhooks = Family::default();
        declare(&webhooks, WEBHOOKS);
        let reports = Family::default();
        let suppressions: Family<OutcomeLabels, Counter> = Family::default();
        for outcome in ["unsubscribed", "lifted"] {
            let _ = suppressions.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() });
        }
        let (queued, oldest) = (Gauge::default(), Gauge::default());
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to answer",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("invites", "Invites by outcome", invites.clone());
        registry.register("activations", "Activations by outcome", activations.clone());
        registry.register("letters", "Attempts to send a letter by outcome", letters.clone());
        registry.register("webhooks", "Attempts to deliver a webhook by outcome", webhooks.clone());
        registry.register("mail_events", "Reports of providers by outcome", reports.clone());
        registry.register(
            "suppressions",
            "Addresses that recipients had put on the suppression list, and that staff removed from it",
            suppressions.clone(),
        );
        registry.register("outbox_queued", "Letters that are to be sent", queued.clone());
        registry.register_with_unit(
            "outbox_oldest",
            "Age of the oldest letter to be sent",
            Unit::Seconds,
            oldest.clone(),
        );
        Self {
            registry: Arc::new(registry),
            requests,
            seconds,
            invites,
            activations,
            letters,
            webhooks,
            reports,
            suppressions,
            queued,
            oldest,
        }
    }

    /// Creates the series of these outcomes of invites at zero. Otherwise an alert on an increase misses the
    /// first event, since the series starts with it.
    pub fn declare_invites<'a>(&self, outcomes: impl IntoIterator<Item = &'a str>) {
        declare(&self.invites, outcomes);
    }

    /// Creates the series of these outcomes of activations.
    pub fn declare_activations<'a>(&self, outcomes: impl IntoIterator<Item = &'a str>) {
        declare(&self.activations, outcomes);
    }

    /// Creates the series of these outcomes of a provider's reports.
    pub fn declare_reports<'a>(&self, provider: &str, outcomes: impl IntoIterator<Item = &'a str>) {
        for outcome in outcomes {
            let labels = ReportLabels { provider: provider.to_owned(), outcome: outcome.to_owned() };
            drop(self.reports.get_or_create(&labels));
        }
    }

    /// Counts an answered request.
    pub fn request(&self, method: &str, route: &str, status: u16, seconds: f64) {
        // A caller may invent methods, and each would create a series.
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(seconds);
    }

    /// Counts an invite, by `201` or the code of its refusal.
    pub fn invite(&self, outcome: &str) {
        self.invites.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts an activation, by the same labels.
    pub fn activation(&self, outcome: &str) {
        self.activations.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts an attempt to send a letter.
    pub fn letter(&self, outcome: &str) {
        self.letters.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts an attempt to deliver a webhook.
    pub fn webhook(&self, outcome: &str) {
        self.webhooks.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts what a provider reported.
    pub fn report(&self, provider: &str, outcome: &str) {
        let labels = ReportLabels { provider: provider.to_owned(), outcome: outcome.to_owned() };
        self.reports.get_or_create(&labels).inc();
    }

    /// Counts an address that a recipient had put on the suppression list, or that staff removed from it.
    pub fn suppression(&self, outcome: &str) {
        self.suppressions.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Sets the gauges of the outbox.
    pub fn outbox(&self, queued: i64, oldest_seconds: f64) {
        self.queued.set(queued);
        self.oldest.set(oldest_seconds);
    }

    /// All metrics, in the OpenMetrics text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a `String` does not fail.
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}

fn declare<'a>(family: &Family<OutcomeLabels, Counter>, outcomes: impl IntoIterator<Item = &'a str>) {
    for outcome in outcomes {
        drop(family.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }));
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
