//! Spans from their beginning to the queue.

use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use tokio::sync::mpsc;

use super::{
    Tracer, child, current_parent,
    span_queue::{QUEUE, SpanQueue},
};
use crate::{domain::trace_parent::TraceParent, metrics::Metrics};

/// A tracer, and its spans as they end.
fn tracer(metrics: &Metrics) -> (Tracer, mpsc::Receiver<SpanData>) {
    let (queue, spans) = SpanQueue::new(metrics);
    let provider = SdkTracerProvider::builder().with_span_processor(queue).build();
    (Tracer::new(provider.tracer("test")), spans)
}

fn number(id: SpanId) -> u64 {
    u64::from_be_bytes(id.to_bytes())
}

#[tokio::test]
async fn a_tracer_that_is_off_makes_nothing() {
    let span = Tracer::default().server("request", TraceParent::new(1, 2, true));
    span.set("key", 1_i64);
    span.fail();
    let inside = span.enclose(async { (child("below").is_recording(), current_parent()) }).await;
    assert_eq!((inside, span.is_recording(), span.trace_id()), ((false, None), false, None));
}

#[tokio::test]
async fn a_span_continues_the_trace_of_its_parent_and_is_the_parent_of_what_it_encloses() {
    let (tracer, mut spans) = tracer(&Metrics::new());
    let request = tracer.server("request", TraceParent::new(0xabc, 0xdef, true));
    let work = async {
        let below = child("below");
        (current_parent().unwrap(), below.enclose(async { current_parent().unwrap() }).await)
    };
    let (outer, inner) = request.enclose(work).await;
    assert_eq!((outer.trace_id(), inner.trace_id(), current_parent()), (0xabc, 0xabc, None));
    assert_eq!(request.trace_id(), Some(format!("{:032x}", 0xabc)));
    drop(request);
    let ended = [spans.try_recv().unwrap(), spans.try_recv().unwrap()];
    assert_eq!(ended.each_ref().map(|span| &*span.name), ["below", "request"]);
    let ids = ended.each_ref().map(|span| (number(span.parent_span_id), number(span.span_context.span_id())));
    assert_eq!(ids, [(outer.span_id(), inner.span_id()), (0xdef, outer.span_id())]);
}

#[tokio::test]
async fn a_trace_that_is_not_recorded_is_continued_and_not_exported() {
    let (tracer, mut spans) = tracer(&Metrics::new());
    let request = tracer.server("request", TraceParent::new(0xabc, 0xdef, false));
    let inside = request.enclose(async { current_parent().unwrap() }).await;
    assert_eq!((inside.trace_id(), inside.is_sampled(), request.is_recording()), (0xabc, false, false));
    drop(request);
    assert!(spans.try_recv().is_err());
}

#[test]
fn what_the_queue_cannot_hold_is_dropped_and_counted() {
    let metrics = Metrics::new();
    let (tracer, mut spans) = tracer(&metrics);
    (0..QUEUE + 3).for_each(|_| drop(tracer.server("request", None)));
    let mut held = 0;
    while spans.try_recv().is_ok() {
        held += 1;
    }
    assert_eq!(held, QUEUE);
    let counted = metrics.render();
    assert!(counted.contains("otlp_spans_total{outcome=\"dropped\"} 3\n"), "{counted}");
}
