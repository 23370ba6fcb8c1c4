//! An OpenTelemetry collector, which decodes what it is sent.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    time::Duration,
};

use invitation_service::{app::run_export, http::CourierWatch};
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data, number_data_point::Value as Number},
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use super::TestApp;

pub const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// How long the last messages may take.
const SOON: Duration = Duration::from_secs(20);

/// A span as it arrived, its ids in hexadecimal digits.
#[derive(Debug, Clone)]
pub struct Exported {
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty where it has no parent.
    pub parent: String,
    pub has_failed: bool,
    pub attributes: BTreeMap<String, String>,
}

impl Exported {
    fn of(span: &Span) -> Self {
        let status = span.status.as_ref().map(|status| status.code);
        Self {
            name: span.name.clone(),
            trace: hexadecimal(&span.trace_id),
            id: hexadecimal(&span.span_id),
            parent: hexadecimal(&span.parent_span_id),
            has_failed: status == Some(i32::from(StatusCode::Error)),
            attributes: attributes(&span.attributes),
        }
    }

    /// An attribute, or nothing.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn attributes(of: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    of.iter().map(|attribute| (attribute.key.clone(), text(attribute))).collect()
}

/// What has arrived.
#[derive(Default)]
struct Arrived {
    spans: Vec<Exported>,
    /// Of the newest message.
    metrics: Vec<Metric>,
    resources: Vec<BTreeMap<String, String>>,
    /// Header and body of each request.
    requests: Vec<(Option<String>, Vec<u8>)>,
}

impl Arrived {
    fn take(&mut self, request: &Request, is_accepted: bool) {
        let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-type").as_deref(), Some("application/x-protobuf"));
        self.requests.push((header("api-key"), request.body.clone()));
        if !is_accepted {
            return;
        }
        match request.url.path() {
            "/otlp/v1/traces" => {
                let message = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
                for part in message.resource_spans {
                    self.resources.push(attributes(&part.resource.unwrap().attributes));
                    let spans = part.scope_spans.iter().flat_map(|scope| &scope.spans);
                    self.spans.extend(spans.map(Exported::of));
                }
            }
            "/otlp/v1/metrics" => {
                let message = ExportMetricsServiceRequest::decode(request.body.as_slice()).unwrap();
                let [part] = message.resource_metrics.as_slice() else { panic!("{message:?}") };
                self.resources.push(attributes(&part.resource.as_ref().unwrap().attributes));
                self.metrics.clone_from(&part.scope_metrics[0].metrics);
            }
            other => panic!("{other}"),
        }
    }
}

/// A collector that listens until the test ends.
pub struct Collector {
    pub url: String,
    status: Arc<AtomicU16>,
    arrived: Arc<Mutex<Arrived>>,
    _server: MockServer,
}

impl Collector {
    /// One that accepts everything, for now.
    pub async fn start() -> Self {
        let server = MockServer::builder().start().await;
        let (status, arrived) = (Arc::new(AtomicU16::new(200)), Arc::<Mutex<Arrived>>::default());
        let (answer, taken) = (status.clone(), arrived.clone());
        let respond = move |request: &Request| {
            let status = answer.load(Ordering::Relaxed);
            taken.lock().unwrap().take(request, status == 200);
            ResponseTemplate::new(status)
        };
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { url: format!("{}/otlp", server.uri()), status, arrived, _server: server }
    }

    /// The variable that leads to it.
    pub fn variable(&self) -> (&'static str, &str) {
        (ENDPOINT, &self.url)
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// Every span that it took.
    pub fn spans(&self) -> Vec<Exported> {
        self.arrived.lock().unwrap().spans.clone()
    }

    /// The spans of a trace with this name.
    pub fn named(&self, trace: &str, name: &str) -> Vec<Exported> {
        self.spans().into_iter().filter(|span| span.trace == trace && span.name == name).collect()
    }

    /// The only one of them.
    #[track_caller]
    pub fn only(&self, trace: &str, name: &str) -> Exported {
        let mut found = self.named(trace, name);
        assert_eq!(found.len(), 1, "{name} of {trace}: {:?}", self.spans());
        found.remove(0)
    }

    /// The names of the newest metrics.
    pub fn metric_names(&self) -> Vec<String> {
        self.arrived.lock().unwrap().metrics.iter().map(|metric| metric.name.clone()).collect()
    }

    /// The newest value of a counter or gauge with this value of its only label.
    pub fn metric(&self, name: &str, label: &str) -> Option<i64> {
        let arrived = self.arrived.lock().unwrap();
        let points = match arrived.metrics.iter().find(|metric| metric.name == name)?.data.as_ref()? {
            Data::Sum(sum) => &sum.data_points,
            Data::Gauge(gauge) => &gauge.data_points,
            other => panic!("{other:?}"),
        };
        let has_label = |labels: &[KeyValue]| attributes(labels).into_values().eq([label.to_owned()]);
        match points.iter().find(|point| has_label(&point.attributes))?.value? {
            Number::AsInt(number) => Some(number),
            Number::AsDouble(number) => panic!("{number}"),
        }
    }

    /// What the messages are about, each with its attributes.
    pub fn resources(&self) -> Vec<BTreeMap<String, String>> {
        self.arrived.lock().unwrap().resources.clone()
    }

    /// The header `api-key` of each request.
    pub fn keys(&self) -> Vec<Option<String>> {
        self.arrived.lock().unwrap().requests.iter().map(|(key, _)| key.clone()).collect()
    }

    /// Whether this text is anywhere in what has arrived.
    pub fn has_seen(&self, text: &str) -> bool {
        let arrived = self.arrived.lock().unwrap();
        let is_in = |body: &[u8]| body.windows(text.len()).any(|part| part == text.as_bytes());
        arrived.requests.iter().any(|(_, body)| is_in(body))
    }
}

/// The export of a service, as the program runs it.
pub struct Exporting {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl TestApp {
    /// Starts the export.
    pub fn export(&self) -> Exporting {
        let courier = CourierWatch::here(Arc::new(AtomicBool::new(true)));
        let stop = CancellationToken::new();
        let task = tokio::spawn(run_export(self.parts.clone(), courier, stop.clone()));
        Exporting { task, stop }
    }
}

impl Exporting {
    /// Waits until everything so far was sent, or given up.
    pub async fn finish(self) {
        self.stop.cancel();
        timeout(SOON, self.task).await.expect("the export ends").unwrap();
    }
}
