//! `Idempotency-Key`: reads the header, runs the request once, and answers retries.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, ETAG, HeaderName, LOCATION, REFERRER_POLICY},
    },
    web::Data,
};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tracing::Instrument;

use super::etag;
use crate::http::{
    middleware::request_log::RequestId,
    response::{
        digest::digest,
        error_codes,
        problem::Problem,
        stored::{self, IssuedTo, StoredInvitation},
        views::{InvitationView, UserView},
    },
    state::State,
};
use crate::{
    domain::{actor::Actor, invitation::Invitation, token::hex, user::User},
    services::{
        ServiceError, api_clients,
        idempotency::{self, Begin, KeyedRequest, Render, StoredAnswer, Ticket},
        webhook_endpoints,
    },
};

/// The header.
pub(in crate::http) const KEY: &str = "idempotency-key";
/// The header that marks the answer to a retry.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key.
const MAX_KEY_LEN: usize = 255;
/// Statuses of errors that a later request with the same key may not meet again: these are not stored.
const NOT_STORED: [u16; 5] = [401, 403, 413, 415, 429];

/// The caller of an operation, and what handlers share.
pub type RequestContext = (Data<State>, Actor);

/// What a request asks for, or what is wrong with it.
pub type ParsedRequest<T> = Result<T, Problem>;

/// What is done for a request.
pub struct Steps<E, A, R, W> {
    /// Writes the answer that is stored with the effect.
    pub render: Render<E>,
    /// Whether the caller may ask for this: asked for a retry, before it is answered. A stored answer is
    /// given to it, where there is one. Its value is for `redact`.
    pub authorise: A,
    /// Takes out of a stored answer what the caller may no longer ask for.
    pub redact: R,
    /// Does it, and answers with what `render` writes.
    pub work: W,
}

/// The outcome of an operation, which becomes its answer.
pub trait IntoStoredAnswer: 'static {
    /// The answer, with this status.
    fn answer(&self, status: StatusCode, now: DateTime<Utc>) -> StoredAnswer;
}

impl IntoStoredAnswer for Invitation {
    fn answer(&self, status: StatusCode, now: DateTime<Utc>) -> StoredAnswer {
        let body = serde_json::to_string(&InvitationView::of(self, now)).unwrap_or_default();
        let location = (status == StatusCode::CREATED).then(|| format!("/v1/invitations/{}", self.id));
        let etag = Some(etag::quoted(&etag::of(self, body.as_bytes())));
        StoredAnswer { status: status.as_u16(), body, location, etag }
    }
}

impl IntoStoredAnswer for User {
    fn answer(&self, status: StatusCode, _: DateTime<Utc>) -> StoredAnswer {
        let body = serde_json::to_string(&UserView::from(self)).unwrap_or_default();
        let etag = Some(etag::quoted(&digest(body.as_bytes())));
        StoredAnswer { status: status.as_u16(), body, location: None, etag }
    }
}

/// Does `work` once for each key, and answers with its outcome; a retry gets the first answer, if `authorise`
/// still lets the caller ask for it.
pub async fn once<T: 'static, E: IntoStoredAnswer>(
    (request, state, actor): (&HttpRequest, Data<State>, Actor),
    (status, digest): (StatusCode, &[u8; 32]),
    asked: ParsedRequest<T>,
    authorise: impl AsyncFnOnce(RequestContext, T, Option<&StoredAnswer>) -> Result<(), Problem> + 'static,
    work: impl AsyncFnOnce(RequestContext, T, Option<Ticket<E>>) -> Result<E, Problem> + 'static,
) -> Result<HttpResponse, Problem> {
    let now = state.services.clock.now();
    let render: Render<E> = std::sync::Arc::new(move |outcome: &E| outcome.answer(status, now));
    let written = render.clone();
    let work = async move |caller: RequestContext, asked: T, ticket| {
        Ok(written(&work(caller, asked, ticket).await?))
    };
    let authorise = async move |caller: RequestContext, asked: T, stored: Option<&StoredAnswer>| {
        match authorise(caller, asked, stored).await {
            // The first request was refused for the same reason.
            Err(problem) if stored.is_some_and(|stored| is_same_problem(stored, &problem)) => Ok(()),
            authority => authority,
        }
    };
    let steps = Steps { render, authorise, redact: |stored, ()| stored, work };
    answer((request, state, actor), digest, asked, steps).await
}

/// Whether a stored answer is this problem.
fn is_same_problem(stored: &StoredAnswer, problem: &Problem) -> bool {
    stored.status == problem.code.status
        && stored::error_code(stored).is_some_and(|code| code == problem.code.code)
}

/// Takes the steps once for each key.
///
/// The caller of a retry is authorised as if the request were new; so is a caller whose key was used for
/// something else or is being worked on, before they learn that.
///
/// With a key the work is finished even when the caller disconnects. Given up halfway, it would leave the key
/// held, and callers who retry after a broken connection would wait until it expires.
pub async fn answer<E: 'static, T: 'static, D: 'static>(
    (request, state, actor): (&HttpRequest, Data<State>, Actor),
    digest: &[u8; 32],
    asked: ParsedRequest<T>,
    steps: Steps<
        E,
        impl AsyncFnOnce(RequestContext, T, Option<&StoredAnswer>) -> Result<D, Problem> + 'static,
        impl FnOnce(StoredAnswer, D) -> StoredAnswer + 'static,
        impl AsyncFnOnce(RequestContext, T, Option<Ticket<E>>) -> Result<StoredAnswer, Problem> + 'static,
    >,
) -> Result<HttpResponse, Problem> {
    let Some(key) = key(request)? else {
        let answer = (steps.work)((state.clone(), actor), asked?, None).await?;
        return respond(&state, &Answer::First(answer)).await;
    };
    let keyed =
        KeyedRequest { principal: actor.grant.clone(), key, fingerprint: fingerprint(request, digest) };
    let done = with_key((state.clone(), actor), request_id(request), keyed, asked, steps).in_current_span();
    let gone = |_| Problem::new(error_codes::INTERNAL, "The work on this request ended early.");
    let answer = actix_web::rt::spawn(done).await.map_err(gone)??;
    respond(&state, &answer).await
}

/// An answer to a request with or without a key.
enum Answer {
    /// To the first request.
    First(StoredAnswer),
    /// To a retry: what the first request was answered.
    Replayed(StoredAnswer),
}

async fn with_key<E, T, D>(
    caller: RequestContext,
    request_id: String,
    keyed: KeyedRequest,
    asked: ParsedRequest<T>,
    steps: Steps<
        E,
        impl AsyncFnOnce(RequestContext, T, Option<&StoredAnswer>) -> Result<D, Problem>,
        impl FnOnce(StoredAnswer, D) -> StoredAnswer,
        impl AsyncFnOnce(RequestContext, T, Option<Ticket<E>>) -> Result<StoredAnswer, Problem>,
    >,
) -> Result<Answer, Problem> {
    let Steps { render, authorise, redact, work } = steps;
    match idempotency::begin(&caller.0.services, keyed, render).await {
        Ok(Begin::First(ticket)) => first(caller, request_id, ticket, asked, work).await,
        // A request that cannot be read asks for nothing that the caller could lack the authority for.
        Ok(Begin::Replay(stored)) => match asked {
            Ok(asked) => {
                let allowed = authorise(caller, asked, Some(&stored)).await?;
                Ok(Answer::Replayed(redact(stored, allowed)))
            }
            Err(_) => Ok(Answer::Replayed(stored)),
        },
        Err(
            error @ (ServiceError::IdempotencyInProgress
            | ServiceError::IdempotencyKeyReused
            | ServiceError::IdempotencyAnswerErased),
        ) => {
            if let Ok(asked) = asked {
                authorise(caller, asked, None).await?;
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Does the work of the first request with a key.
async fn first<E, T>(
    (state, actor): RequestContext,
    request_id: String,
    ticket: Ticket<E>,
    asked: ParsedRequest<T>,
    work: impl AsyncFnOnce(RequestContext, T, Option<Ticket<E>>) -> Result<StoredAnswer, Problem>,
) -> Result<Answer, Problem> {
    let worked = match asked {
        Ok(asked) => work((state.clone(), actor), asked, Some(ticket.clone())).await,
        Err(problem) => Err(problem),
    };
    match worked {
        Ok(answer) => Ok(Answer::First(answer)),
        Err(problem) => {
            let status = problem.code.status;
            if (400..500).contains(&status) && !NOT_STORED.contains(&status) {
                ticket.keep_refusal(&state.services, refusal(&request_id, &state, &problem)).await;
            } else {
                ticket.release(&state.services).await;
            }
            Err(problem)
        }
    }
}

fn refusal(request_id: &str, state: &State, problem: &Problem) -> StoredAnswer {
    let document = problem.document(&state.settings.public_url, request_id);
    StoredAnswer { status: problem.code.status, body: document.to_string(), location: None, etag: None }
}

/// The id of this request, as problems have it.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// The body with the link, where the caller of an invite delivers it. The link is made for each answer, since
/// no live link is stored, and in these answers only.
fn with_link(state: &State, answer: &StoredAnswer) -> Option<String> {
    if answer.status != StatusCode::CREATED.as_u16() {
        return None;
    }
    let invitation = StoredInvitation::of(answer).filter(StoredInvitation::is_by_link)?;
    let link = state.services.link(invitation.id, 1);
    stored::with_member(answer, "activation_link", link.expose_secret()).ok()
}

/// The body with the new secret of an API client or a webhook endpoint, where the request made one. It is
/// derived for each answer, since it is not stored.
async fn with_secret(state: &State, answer: &Answer) -> Result<Option<String>, Problem> {
    let (Answer::First(stored) | Answer::Replayed(stored)) = answer;
    let (services, is_first) = (&state.services, matches!(answer, Answer::First(_)));
    let shown = |secret: &str| stored::with_member(stored, "secret", secret).ok();
    Ok(match stored::issued_secret(stored) {
        None => None,
        Some(IssuedTo::Client(client, secret)) => {
            let secret = if is_first {
                services.client_secret_keys.make(client, secret)
            } else {
                api_clients::shown_again(services, client, secret).await?
            };
            secret.and_then(|secret| shown(secret.expose()))
        }
        Some(IssuedTo::Endpoint(endpoint, secret)) => {
            let secret = if is_first {
                services.webhook_secret_keys.make(endpoint, secret)
            } else {
                webhook_endpoints::shown_again(services, endpoint, secret).await?
            };
            secret.and_then(|secret| shown(secret.expose()))
        }
    })
}

async fn respond(state: &State, answer: &Answer) -> Result<HttpResponse, Problem> {
    let (Answer::First(stored) | Answer::Replayed(stored)) = answer;
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(location) = &stored.location {
        response.insert_header((LOCATION, [state.settings.base_path.as_str(), location].concat()));
    }
    if let Some(etag) = &stored.etag {
        response.insert_header((ETAG, etag.as_str()));
    }
    if matches!(answer, Answer::Replayed(_)) {
        response.insert_header((REPLAYED, "true"));
    }
    let whole = match with_link(state, stored) {
        Some(body) => Some(body),
        None => with_secret(state, answer).await?,
    };
    if whole.is_some() {
        response.insert_header((CACHE_CONTROL, "no-store")).insert_header((REFERRER_POLICY, "no-referrer"));
    }
    let media_type = if status.is_success() { "application/json" } else { "application/problem+json" };
    Ok(response.content_type(media_type).body(whole.unwrap_or_else(|| stored.body.clone())))
}

/// Two requests ask for the same when method, path and body are the same; of the path, its escapes decoded.
fn fingerprint(request: &HttpRequest, digest: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [request.method().as_str().as_bytes(), request.match_info().as_str().as_bytes(), digest] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Checks the key of a request whose answer is not stored.
///
/// # Errors
/// 400 for a key that is none.
pub fn check(request: &HttpRequest) -> Result<(), Problem> {
    key(request).map(drop)
}

/// The key, quoted as the draft has it (a structured-field string, RFC 8941 §3.3.3) or bare.
fn key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let invalid = || {
        let words =
            format!("An Idempotency-Key has 1 to {MAX_KEY_LEN} visible ASCII characters, and is given once.");
        Problem::new(error_codes::IDEMPOTENCY_KEY_INVALID, words)
    };
    let mut values = request.headers().get_all(KEY);
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| invalid())?.trim();
    let key = match text.strip_prefix('"') {
        None => text.to_owned(),
        Some(quoted) => unquote(quoted).ok_or_else(invalid)?,
    };
    let good = (1..=MAX_KEY_LEN).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if good && values.next().is_none() { Ok(Some(key)) } else { Err(invalid()) }
}

fn unquote(quoted: &str) -> Option<String> {
    let inner = quoted.strip_suffix('"')?;
    let mut key = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => key.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            other => key.push(other),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_key_is_read_quoted_or_bare_and_refused_otherwise() {
        let read = |value: &str| {
            let request = TestRequest::default().insert_header(("idempotency-key", value)).to_http_request();
            key(&request).map_err(|problem| problem.code.code)
        };
        assert_eq!(read("abc-1"), Ok(Some("abc-1".to_owned())));
        assert_eq!(read("\"abc-1\""), Ok(Some("abc-1".to_owned())));
        assert_eq!(read(r#""a\"b\\c""#), Ok(Some("a\"b\\c".to_owned())));
        for bad in ["", "\"\"", "\"abc", "a b", r#""a\c""#, "\"a\"b\"", &"x".repeat(256)] {
            assert_eq!(read(bad), Err("idempotency_key_invalid"), "{bad}");
        }
        assert_eq!(key(&TestRequest::default().to_http_request()).map_err(|_| ()), Ok(None));
    }
}
