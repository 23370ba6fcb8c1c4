//! Counters and gauges for Prometheus. The registry is a value, not a global: each service in a test has its
//! own.

mod gauges;

use std::sync::Arc;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

pub use self::gauges::Gauges;

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

/// The label of an opened link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LinkLabels {
    /// `valid` or `expired`.
    pub link: &'static str,
}

/// The label of a fault that the operator has to correct.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FaultLabels {
    /// The fault, in one word.
    pub fault: &'static str,
}

/// The outcomes of an attempt to send a letter, and of a letter that is never sent.
const LETTERS: [&str; 6] = ["sent", "deferred", "failed", "withdrawn", "untried", "handed_over"];

/// The states of a link that is opened.
const VALID: &str = "valid";
const EXPIRED: &str = "expired";

/// The buckets of the time to answer, in seconds.
const ANSWER_BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// The buckets of the time from an invitation to its activation, in minutes: up to a month, since a link that
/// has expired may be sent anew.
const ACTIVATION_BUCKETS: [u32; 13] = [1, 5, 15, 30, 60, 120, 240, 480, 960, 1_440, 2_880, 10_080, 43_200];

/// The outcomes of an attempt to deliver a webhook.
const WEBHOOKS: [&str; 3] = ["delivered", "deferred", "failed"];

/// What becomes of spans.
const SENT: &str = "sent";
const DROPPED: &str = "dropped";

/// All metrics. Cheap to clone; clones share the counters.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    invites: Family<OutcomeLabels, Counter>,
    first_openings: Family<LinkLabels, Counter>,
    activations: Family<OutcomeLabels, Counter>,
    activation_delay: Histogram,
    operator_faults: Family<FaultLabels, Counter>,
    letters: Family<OutcomeLabels, Counter>,
    webhooks: Family<OutcomeLabels, Counter>,
    reports: Family<ReportLabels, Counter>,
    suppressions: Family<OutcomeLabels, Counter>,
    otlp_spans: Family<OutcomeLabels, Counter>,
    /// What holds at the moment when metrics are read.
    pub gauges: Gauges,
}

impl Metrics {
    /// A registry with all metrics at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("invitation_service");
        let mut metrics = Self {
            registry: Arc::default(),
            requests: Family::default(),
            seconds: Histogram::new(ANSWER_BUCKETS),
            invites: Family::default(),
            first_openings: Family::default(),
            activations: Family::default(),
            activation_delay: Histogram::new(ACTIVATION_BUCKETS.map(|minutes| f64::from(minutes) * 60.0)),
            operator_faults: Family::default(),
            letters: Family::default(),
            webhooks: Family::default(),
            reports: Family::default(),
            suppressions: Family::default(),
            otlp_spans: Family::default(),
            gauges: Gauges::default(),
        };
        declare(&metrics.letters, LETTERS);
        declare(&metrics.webhooks, WEBHOOKS);
        declare(&metrics.suppressions, ["unsubscribed", "lifted"]);
        declare(&metrics.otlp_spans, [SENT, DROPPED]);
        for link in [VALID, EXPIRED] {
            drop(metrics.first_openings.get_or_create(&LinkLabels { link }));
        }
        metrics.register_requests(&mut registry);
        metrics.register_invitations(&mut registry);
        metrics.register_letters(&mut registry);
        metrics.gauges.register(&mut registry);
        metrics.registry = Arc::new(registry);
        metrics
    }

    fn register_requests(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to answer",
            Unit::Seconds,
            self.seconds.clone(),
        );
        let spans = "Spans by whether the OpenTelemetry collector took them";
        registry.register("otlp_spans", spans, self.otlp_spans.clone());
    }

    fn register_invitations(&self, registry: &mut Registry) {
        registry.register("invites", "Invites by outcome", self.invites.clone());
        registry.register(
            "first_openings",
            "Invitations whose link was opened for the first time, by a person or a mail scanner",
            self.first_openings.clone(),
        );
        registry.register("activations", "Activations by outcome", self.activations.clone());
        registry.register_with_unit(
            "activation_delay",
            "Time from an invitation to its activation",
            Unit::Seconds,
            self.activation_delay.clone(),
        );
    }

    fn register_letters(&self, registry: &mut Registry) {
        registry.register("letters", "Attempts to send a letter by outcome", self.letters.clone());
        registry.register(
            "operator_faults",
            "Attempts to send a letter that met a fault which the operator has to correct",
            self.operator_faults.clone(),
        );
        registry.register("webhooks", "Attempts to deliver a webhook by outcome", self.webhooks.clone());
        registry.register("mail_events", "Reports of providers by outcome", self.reports.clone());
        registry.register(
            "suppressions",
            "Addresses that recipients had put on the suppression list, and that staff removed from it",
            self.suppressions.clone(),
        );
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

    /// Creates the series of these faults that the operator has to correct.
    pub fn declare_operator_faults(&self, faults: impl IntoIterator<Item = &'static str>) {
        for fault in faults {
            drop(self.operator_faults.get_or_create(&FaultLabels { fault }));
        }
    }

    /// Counts an answered request.
    pub fn request(&self, method: &str, route: &str, status: u16, seconds: f64) {
        let method = known_method(method).unwrap_or("other");
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(seconds);
    }

    /// Counts an invite, by `201` or the code of its refusal.
    pub fn invite(&self, outcome: &str) {
        self.invites.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts an invitation whose link was opened for the first time, and was valid or had expired.
    pub fn first_opening(&self, is_valid: bool) {
        let link = if is_valid { VALID } else { EXPIRED };
        self.first_openings.get_or_create(&LinkLabels { link }).inc();
    }

    /// Counts an activation that is committed, so many seconds after the invitation.
    pub fn activated(&self, seconds: f64) {
        self.activation("activated");
        self.activation_delay.observe(seconds);
    }

    /// Counts an activation by its outcome: `activated`, or the code of its refusal.
    pub fn activation(&self, outcome: &str) {
        self.activations.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts an attempt to send a letter.
    pub fn letter(&self, outcome: &str) {
        self.letters.get_or_create(&OutcomeLabels { outcome: outcome.to_owned() }).inc();
    }

    /// Counts an attempt that met a fault which the operator has to correct.
    pub fn operator_fault(&self, fault: &'static str) {
        self.operator_faults.get_or_create(&FaultLabels { fault }).inc();
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

    /// Counts spans that the OpenTelemetry collector took.
    pub fn spans_sent(&self, number: u64) {
        self.otlp_spans.get_or_create(&OutcomeLabels { outcome: SENT.to_owned() }).inc_by(number);
    }

    /// Counts spans that were dropped: the queue was full, or the collector did not take them.
    pub fn spans_dropped(&self, number: u64) {
        self.otlp_spans.get_or_create(&OutcomeLabels { outcome: DROPPED.to_owned() }).inc_by(number);
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

/// A method that the API may have. A caller may invent methods, and each would create a series.
#[must_use]
pub fn known_method(method: &str) -> Option<&'static str> {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method)
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
