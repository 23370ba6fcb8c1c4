//! OpenTelemetry: spans, and their export with the metrics to a collector, by OTLP over HTTP.
//!
//! As [`Metrics`], the tracer is a value and no global: each service in a test has its own. In which span a
//! task works is the current context of the `opentelemetry` crate. The tracer is in it, so that [`child`]
//! makes a span wherever a request, a letter or a webhook leads. Without a collector there is no tracer, no
//! span and no task.
//!
//! Attributes are routes, ids, numbers and words of this program: no address, name, token or text from
//! outside.
//!
//! [`Metrics`]: crate::metrics::Metrics

mod collector;
mod export;
mod headers;
mod metric_data;
mod sampling;
mod settings;
mod span;
mod span_queue;
mod start;
#[cfg(test)]
mod tests;

pub use self::{
    export::{Export, Reading},
    headers::OtlpHeaders,
    sampling::TraceSampler,
    settings::OtlpSettings,
    span::{Span, Tracer, child, current_parent},
    start::{PendingExport, start},
};
