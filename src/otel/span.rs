//! Spans, and the tracer that makes them.

use std::borrow::Cow;

use opentelemetry::{
    Context, KeyValue, Value,
    trace::{
        FutureExt, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
        Tracer as _, WithContext,
    },
};
use opentelemetry_sdk::trace::SdkTracer;

use crate::domain::trace_parent::TraceParent;

/// Makes the spans with which work begins. Cheap to clone. One that is off, as the default, makes none.
#[derive(Clone, Default)]
pub struct Tracer(Option<SdkTracer>);

/// The tracer of the current span, in the context.
struct Current(SdkTracer);

impl Tracer {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Self(Some(tracer))
    }

    /// A span of a request that is answered. `parent` is what the caller says.
    pub fn server(&self, name: &'static str, parent: Option<TraceParent>) -> Span {
        self.begin(SpanKind::Server, name, parent)
    }

    /// A span of work that was put into a queue, in the span `parent`.
    pub fn consumer(&self, name: &'static str, parent: Option<TraceParent>) -> Span {
        self.begin(SpanKind::Consumer, name, parent)
    }

    fn begin(&self, kind: SpanKind, name: &'static str, parent: Option<TraceParent>) -> Span {
        let Some(tracer) = &self.0 else { return Span(None) };
        let root = Context::new();
        begin(
            tracer,
            kind,
            name,
            &parent.map_or(root.clone(), |parent| root.with_remote_span_context(of(parent))),
        )
    }
}

fn of(parent: TraceParent) -> SpanContext {
    let (trace_id, span_id) = (TraceId::from(parent.trace_id()), SpanId::from(parent.span_id()));
    let flags = TraceFlags::NOT_SAMPLED.with_sampled(parent.is_sampled());
    SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE)
}

fn begin(tracer: &SdkTracer, kind: SpanKind, name: &'static str, parent: &Context) -> Span {
    let span = tracer.span_builder(name).with_kind(kind).start_with_context(tracer, parent);
    Span(Some(Context::new().with_span(span).with_value(Current(tracer.clone()))))
}

/// A span below the current one. Outside of any it is none.
pub fn child(name: &'static str) -> Span {
    let context = Context::current();
    context
        .get::<Current>()
        .map_or(Span(None), |Current(tracer)| begin(tracer, SpanKind::Internal, name, &context))
}

/// The current span, as the parent of others.
pub fn current_parent() -> Option<TraceParent> {
    Context::map_current(parent_of)
}

fn parent_of(context: &Context) -> Option<TraceParent> {
    let span = context.span();
    let span = span.span_context();
    let trace_id = u128::from_be_bytes(span.trace_id().to_bytes());
    let span_id = u64::from_be_bytes(span.span_id().to_bytes());
    TraceParent::new(trace_id, span_id, span.is_sampled())
}

/// A span, which ends when it is dropped; or none.
#[must_use = "a span ends when it is dropped"]
pub struct Span(Option<Context>);

impl Span {
    /// Does `work` in this span: it is the current one there.
    pub fn enclose<F: Future>(&self, work: F) -> WithContext<F> {
        work.with_context(self.0.clone().unwrap_or_default())
    }

    /// Whether attributes of it are exported.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.0.as_ref().is_some_and(|context| context.span().is_recording())
    }

    /// Sets an attribute: a route, an id, a number, or a word of this program.
    pub fn set(&self, key: &'static str, value: impl Into<Value>) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(key, value));
        }
    }

    /// Gives it another name, with few different values.
    pub fn rename(&self, name: impl Into<Cow<'static, str>>) {
        if let Some(context) = &self.0 {
            context.span().update_name(name);
        }
    }

    /// Says that the work failed. Why is in the attributes and in the log.
    pub fn fail(&self) {
        if let Some(context) = &self.0 {
            context.span().set_status(Status::error(""));
        }
    }

    /// The id of its trace, in hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        self.0.as_ref().map(|context| context.span().span_context().trace_id().to_string())
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(context) = &self.0 {
            context.span().end();
        }
    }
}
