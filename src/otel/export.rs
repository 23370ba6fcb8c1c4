//! The task that sends spans and metrics to the collector.
//!
//! It costs requests nothing when the collector is away: the queue of spans has a limit, and what cannot be
//! sent after a few tries is dropped and counted.

use std::time::Duration;

use chrono::{DateTime, Utc};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use prost::Message;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    collector::{Collector, Refused, Signal},
    metric_data,
};
use crate::metrics::Metrics;

/// The most spans of a request.
const MAX_BATCH: usize = 512;
/// How long spans gather.
const GATHER: Duration = Duration::from_secs(1);
/// How often metrics are sent: what the specification has as the default.
const METRICS_EVERY: Duration = Duration::from_mins(1);
/// How often the same is sent at most.
const TRIES: u32 = 3;
/// How long the first retry waits; the second one twice as long.
const BACKOFF: Duration = Duration::from_secs(1);
/// The longest wait for which the collector may ask.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The metrics at a moment.
pub struct Reading {
    /// In the OpenMetrics text format.
    pub text: String,
    /// When they were read.
    pub at: DateTime<Utc>,
}

/// What sends spans and metrics.
pub struct Export {
    spans: mpsc::Receiver<SpanData>,
    outgoing: Outgoing,
}

/// What both kinds of messages need.
struct Outgoing {
    collector: Collector,
    resource: ResourceAttributesWithSchema,
    metrics: Metrics,
    /// Since when metrics count.
    started: DateTime<Utc>,
}

impl Export {
    pub(super) fn new(
        collector: Collector,
        spans: mpsc::Receiver<SpanData>,
        resource: &Resource,
        (metrics, started): (&Metrics, DateTime<Utc>),
    ) -> Self {
        let (resource, metrics) = (resource.into(), metrics.clone());
        Self { spans, outgoing: Outgoing { collector, resource, metrics, started } }
    }

    /// Sends spans as they end, and the metrics that `read` gives once a minute, until `stop` is cancelled.
    /// Then sends what is left, once.
    pub async fn run<R>(mut self, read: impl Fn() -> R, stop: CancellationToken)
    where
        R: Future<Output = Reading>,
    {
        let outgoing = &self.outgoing;
        tokio::join!(outgoing.send_spans(&mut self.spans, &stop), outgoing.send_metrics(read, &stop));
    }
}

impl Outgoing {
    async fn send_spans(&self, spans: &mut mpsc::Receiver<SpanData>, stop: &CancellationToken) {
        let mut channel = Channel::new(&self.collector, Signal::Spans);
        let mut batch = Vec::new();
        while let Some(1..) = stop.run_until_cancelled(spans.recv_many(&mut batch, MAX_BATCH)).await {
            if batch.len() < MAX_BATCH {
                stop.run_until_cancelled(sleep(GATHER)).await;
            }
            while batch.len() < MAX_BATCH
                && let Ok(span) = spans.try_recv()
            {
                batch.push(span);
            }
            self.send_batch(std::mem::take(&mut batch), &mut channel, stop).await;
        }
        // Spans that end from now on are dropped, and counted.
        spans.close();
        while spans.recv_many(&mut batch, MAX_BATCH).await > 0 {
            self.send_batch(std::mem::take(&mut batch), &mut channel, stop).await;
        }
    }

    async fn send_batch(&self, spans: Vec<SpanData>, channel: &mut Channel<'_>, stop: &CancellationToken) {
        let number = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        let message = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        if channel.send(message, stop).await {
            self.metrics.spans_sent(number);
        } else {
            self.metrics.spans_dropped(number);
        }
    }

    async fn send_metrics<R>(&self, read: impl Fn() -> R, stop: &CancellationToken)
    where
        R: Future<Output = Reading>,
    {
        let mut channel = Channel::new(&self.collector, Signal::Metrics);
        let mut due = interval_at(Instant::now() + METRICS_EVERY, METRICS_EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_last = stop.run_until_cancelled(due.tick()).await.is_none();
            let Reading { text, at } = read().await;
            let message = metric_data::message(&text, &self.resource.attributes.0, (self.started, at));
            // What is not sent is no loss: the next message has newer values.
            channel.send(message.encode_to_vec(), stop).await;
            if is_last {
                return;
            }
        }
    }
}

/// Sends messages of one kind, and logs when that fails, and when it succeeds again.
struct Channel<'a> {
    collector: &'a Collector,
    signal: Signal,
    is_failing: bool,
}

impl<'a> Channel<'a> {
    fn new(collector: &'a Collector, signal: Signal) -> Self {
        Self { collector, signal, is_failing: false }
    }

    /// Whether the collector took the message. It is sent again where that may help, but not after `stop`.
    async fn send(&mut self, message: Vec<u8>, stop: &CancellationToken) -> bool {
        let mut tries = 1;
        loop {
            let Err(refused) = self.collector.send(self.signal, message.clone()).await else {
                self.succeeded();
                return true;
            };
            let Some(wait) = refused.again_after.filter(|_| tries < TRIES) else {
                return self.failed(&refused);
            };
            let wait = wait.clamp(BACKOFF * tries, MAX_WAIT);
            if stop.run_until_cancelled(sleep(wait)).await.is_none() {
                return self.failed(&refused);
            }
            tries += 1;
        }
    }

    fn succeeded(&mut self) {
        if std::mem::take(&mut self.is_failing) {
            tracing::info!("the OpenTelemetry collector takes {} again", self.signal.as_str());
        }
    }

    fn failed(&mut self, refused: &Refused) -> bool {
        if !std::mem::replace(&mut self.is_failing, true) {
            let (signal, error) = (self.signal.as_str(), refused.why.as_str());
            tracing::warn!(error, "the OpenTelemetry collector does not take {signal}: they are dropped");
        }
        false
    }
}
