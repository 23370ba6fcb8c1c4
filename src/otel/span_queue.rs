//! The queue of spans that have ended and wait for their export.

use std::{fmt, time::Duration};

use opentelemetry::Context;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use tokio::sync::mpsc;

use crate::metrics::Metrics;

/// The most spans that wait, of about a kilobyte each.
pub(super) const QUEUE: usize = 2048;

/// Takes spans when they end, and never waits: a span that finds the queue full is dropped, and counted.
pub(super) struct SpanQueue {
    queue: mpsc::Sender<SpanData>,
    metrics: Metrics,
}

impl SpanQueue {
    /// A queue, and its other end.
    pub(super) fn new(metrics: &Metrics) -> (Self, mpsc::Receiver<SpanData>) {
        let (queue, spans) = mpsc::channel(QUEUE);
        (Self { queue, metrics: metrics.clone() }, spans)
    }
}

impl fmt::Debug for SpanQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpanQueue")
    }
}

impl SpanProcessor for SpanQueue {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.queue.try_send(span).is_err() {
            self.metrics.spans_dropped(1);
        }
    }

    /// The task of the export sends what is queued.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
