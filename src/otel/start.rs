//! Puts tracer and export together.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use opentelemetry::{InstrumentationScope, KeyValue, trace::TracerProvider};
use opentelemetry_sdk::{
    Resource,
    trace::{IdGenerator, RandomIdGenerator, SdkTracerProvider, SpanLimits},
};

use super::{
    collector::Collector, export::Export, settings::OtlpSettings, span::Tracer, span_queue::SpanQueue,
};
use crate::metrics::Metrics;

/// What the spans of this program need at most.
const LIMITS: SpanLimits = SpanLimits {
    max_events_per_span: 0,
    max_attributes_per_span: 16,
    max_links_per_span: 0,
    max_attributes_per_event: 0,
    max_attributes_per_link: 0,
};

/// The export that nothing runs yet, if there is one. Clones share it.
#[derive(Clone, Default)]
pub struct PendingExport(Arc<Mutex<Option<Export>>>);

impl PendingExport {
    /// The export, for the one that runs it.
    #[must_use]
    pub fn take(&self) -> Option<Export> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A tracer, and the export of its spans and of these metrics, which count since `started`.
///
/// # Errors
/// A sentence, when no HTTP client can be made.
pub fn start(
    settings: OtlpSettings,
    metrics: &Metrics,
    started: DateTime<Utc>,
) -> Result<(Tracer, PendingExport), String> {
    let resource = resource(settings.service_name.clone());
    let (queue, spans) = SpanQueue::new(metrics);
    let provider = SdkTracerProvider::builder()
        .with_sampler(settings.sampler.of_sdk(settings.ratio))
        .with_span_limits(LIMITS)
        .with_resource(resource.clone())
        .with_span_processor(queue)
        .build();
    let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"));
    let scope = scope.with_version(env!("CARGO_PKG_VERSION")).build();
    let tracer = Tracer::new(provider.tracer_with_scope(scope));
    let export = Export::new(Collector::new(settings)?, spans, &resource, (metrics, started));
    Ok((tracer, PendingExport(Arc::new(Mutex::new(Some(export))))))
}

/// What is exported: this process of the service. Without an id of its own its counters could not be told
/// from those of other processes.
fn resource(service_name: String) -> Resource {
    let instance = RandomIdGenerator::default().new_trace_id().to_string();
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", service_name),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance),
        ])
        .build()
}
