//! The outermost layer: request ids, problem documents, one log line and one count a request.

use std::time::Instant;

use actix_cors::CorsError;
use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use tracing::Instrument;

use super::{browser_headers, cors};
use crate::domain::{
    actor::ActorRef,
    ids::{Id, Named},
    trace_parent::TraceParent,
};
use crate::http::{
    response::{
        error_codes,
        no_store::{NO_STORE_HEADERS, sealed},
        problem::Problem,
    },
    state::{METRICS_PATH, State},
};
use crate::{metrics::known_method, otel::Span};

/// Names the kind of thing whose ids begin with `req_`.
#[derive(Clone, Copy)]
struct RequestKind;
impl Named for RequestKind {
    const PREFIX: &'static str = "req";
}

/// Who a request was made by, for its log line and the audit log.
pub struct AuthenticatedCaller(pub ActorRef);

/// The id of a request, for answers and pages.
#[derive(Clone)]
pub struct RequestId(pub String);

/// Gives every request an id, writes problems, and logs a line that holds no query string: an activation
/// link's has a token.
pub async fn middleware(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let started = Instant::now();
    let state = request.app_data::<Data<State>>().cloned();
    let id = request_id(&request, state.as_ref().map(Data::get_ref));
    request.extensions_mut().insert(RequestId(id.clone()));
    if let Some(state) = &state {
        state.clients.of(&request);
    }
    let method = request.method().clone();
    if method == Method::HEAD {
        // Answered as GET is; the connection leaves the body out.
        request.head_mut().method = Method::GET;
    }
    let parent = trace_parent(&request);
    let span = server_span(&request, state.as_ref().map(Data::get_ref), parent);
    let trace_id = span.trace_id().or_else(|| parent.map(|parent| format!("{:032x}", parent.trace_id())));
    let log_span = tracing::info_span!("request", request_id = %id, trace_id);
    let answer = span.enclose(next.call(request).instrument(log_span.clone())).await?;
    let mut answer = complete(answer, state.as_ref().map(Data::get_ref), &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    let path = answer.request().match_info().as_str().to_owned();
    let https = state.as_ref().is_some_and(|state| state.settings.https);
    browser_headers::add(answer.headers_mut(), &path, https);
    let route = state.as_ref().and_then(|state| state.routes.find(answer.request()));
    let route = route.map_or_else(|| answer.request().match_pattern(), |route| Some(route.pattern.clone()));
    let route = route.unwrap_or_else(|| "unknown".to_owned());
    let (status, elapsed) = (answer.status().as_u16(), started.elapsed());
    let caller = answer.request().extensions().get::<AuthenticatedCaller>().map(|caller| caller.0.id.clone());
    if let Some(state) = &state {
        state.metrics.request(method.as_str(), &route, status, elapsed.as_secs_f64());
    }
    finish(&span, method.as_str(), &route, status);
    let milliseconds = elapsed.as_secs_f64() * 1000.0;
    let method = shown(method.as_str());
    log_span.in_scope(|| tracing::info!(method, route, status, milliseconds, caller, "request"));
    Ok(answer)
}

/// A method as log lines show it. A caller may invent one of any length; it is of ASCII letters (RFC 9110
/// §9.1).
fn shown(method: &str) -> &str {
    method.get(..32).unwrap_or(method)
}

/// Writes the body of a problem, and seals what may hold private data.
fn complete<B>(answer: ServiceResponse<B>, state: Option<&State>, id: &str) -> ServiceResponse<EitherBody<B>>
where
    B: MessageBody,
{
    let private = state.is_none_or(|state| state.routes.is_sealed(answer.request()));
    let seal = |response| if private { sealed(response) } else { response };
    match problem(&answer, state) {
        None => answer.map_into_left_body().map_response(private),
        Some(problem) => {
            let public_url = state.map_or("", |state| state.settings.public_url.as_str());
            let mut response = seal(problem.respond(public_url, id));
            // Every answer has the headers of its limit and of CORS, refusals included.
            let is_kept =
                |name: &HeaderName| name.as_str().starts_with("ratelimit") || cors::is_of_protocol(name);
            for (name, value) in answer.headers().iter().filter(|(name, _)| is_kept(name)) {
                response.headers_mut().insert(name.clone(), value.clone());
            }
            ServiceResponse::new(answer.into_parts().0, response).map_into_right_body()
        }
    }
}

/// The problem that an answer reports, if it does.
fn problem<B>(answer: &ServiceResponse<B>, state: Option<&State>) -> Option<Problem> {
    let error = answer.response().error()?;
    Some(match (error.as_error::<Problem>(), error.as_error::<CorsError>()) {
        (Some(problem), _) => problem.clone(),
        (None, Some(error)) => {
            let origins = state.map_or(&[][..], |state| &state.settings.cors_origins);
            cors::refusal(error, answer.request(), origins)
        }
        // Not one of ours: actix refused the request before a handler saw it.
        _ if answer.status().is_client_error() => {
            Problem::new(error_codes::NOT_FOUND, "There is nothing here.")
        }
        _ => Problem::new(
            error_codes::INTERNAL,
            "Something went wrong on our side. Tell operations the request_id.",
        ),
    })
}

trait Sealable {
    fn map_response(self, private: bool) -> Self;
}

impl<B> Sealable for ServiceResponse<B> {
    fn map_response(mut self, private: bool) -> Self {
        if private {
            for (name, value) in NO_STORE_HEADERS {
                self.headers_mut().insert(name, HeaderValue::from_static(value));
            }
        }
        self
    }
}

/// A new request id, made by the clock of the application.
pub(in crate::http) fn new_request_id(state: &State) -> String {
    state.services.clock.id::<RequestKind>().to_string()
}

/// The caller's own id when it is a sane one, else a new one.
fn request_id(request: &ServiceRequest, state: Option<&State>) -> String {
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        (1..=128).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match (given.filter(sane), state) {
        (Some(id), _) => id.to_owned(),
        (None, Some(state)) => new_request_id(state),
        (None, None) => Id::<RequestKind>::from_uuid(uuid::Uuid::nil()).to_string(),
    }
}

/// The span that a caller's `traceparent` names, so that traces and log lines meet across services.
fn trace_parent(request: &ServiceRequest) -> Option<TraceParent> {
    TraceParent::parse(request.headers().get("traceparent")?.to_str().ok()?)
}

/// The span of a request. Those of monitoring have none: they come every few seconds, and lead nowhere.
fn server_span(request: &ServiceRequest, state: Option<&State>, parent: Option<TraceParent>) -> Span {
    let is_probe = matches!(request.path(), METRICS_PATH | "/healthz" | "/readyz");
    let tracer = state.filter(|_| !is_probe).map(|state| state.tracer.clone()).unwrap_or_default();
    tracer.server("request", parent)
}

/// Says what became of the request, by the conventions for HTTP:
/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>. Neither path nor query is in a span: they
/// have ids and tokens.
fn finish(span: &Span, method: &str, route: &str, status: u16) {
    if !span.is_recording() {
        return;
    }
    let method = known_method(method).unwrap_or("_OTHER");
    span.rename(format!("{method} {route}"));
    span.set("http.request.method", method);
    span.set("http.route", route.to_owned());
    span.set("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.fail();
    }
}
