//! The settings of the export.

use std::time::Duration;

use url::Url;

use super::{headers::OtlpHeaders, sampling::TraceSampler};

/// What the configuration says about the export.
#[derive(Debug, Clone)]
pub struct OtlpSettings {
    /// Where the collector is; `/v1/traces` and `/v1/metrics` are below it.
    pub endpoint: Url,
    /// Headers of requests to it.
    pub headers: OtlpHeaders,
    /// The name of the service, as traces show it.
    pub service_name: String,
    /// Which traces are recorded.
    pub sampler: TraceSampler,
    /// The share of traces, from 0 to 1, for samplers that take one.
    pub ratio: f64,
    /// How long a request may take.
    pub timeout: Duration,
}
