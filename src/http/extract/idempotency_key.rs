//! `Idempotency-Key`: which requests carry one, and what is answered to a retry.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, ETAG, HeaderName, LOCATION, REFERRER_POLICY},
    },
    web::Data,
};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tracing::Instrument;

use super::etag;
use crate::http::{
    middleware::request_log::RequestId,
    response::{error_codes, problem::Problem, views::InvitationView},
    state::State,
};
use crate::{
    domain::{
        actor::Actor,
        invitation::{DeliveryState, Invitation},
        token::hex,
    },
    services::{
        ServiceError,
        idempotency::{self, Begin, KeyedRequest, Render, StoredAnswer, Ticket},
    },
};

/// The header.
pub(in crate::http) const KEY: &str = "idempotency-key";
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key.
const MAX_KEY_LEN: usize = 255;
/// Refusals that a later request with the same key may escape: they are not kept.
const PASSING: [u16; 5] = [401, 403, 413, 415, 429];

/// For whom something is done.
pub type For = (Data<State>, Actor);

/// What was asked for, or what is wrong with it.
pub type Asked<T> = Result<T, Problem>;

/// Does `work` once for each key, and answers with the invitation that comes of it; a retry gets the first
/// answer, if `authorise` still lets the caller ask for it.
pub async fn once<T: 'static>(
    (request, state, actor): (&HttpRequest, Data<State>, Actor),
    (status, digest): (StatusCode, &[u8; 32]),
    asked: Asked<T>,
    authorise: impl AsyncFnOnce(For, T, Option<&StoredAnswer>) -> Result<(), Problem> + 'static,
    work: impl AsyncFnOnce(For, T, Option<Ticket>) -> Result<Invitation, Problem> + 'static,
) -> Result<HttpResponse, Problem> {
    let now = state.services.clock.now();
    let render: Render = std::sync::Arc::new(move |invitation| {
        let body = serde_json::to_string(&InvitationView::of(invitation, now)).unwrap_or_default();
        let location = (status == StatusCode::CREATED).then(|| format!("/v1/invitations/{}", invitation.id));
        StoredAnswer { status: status.as_u16(), body, location, etag: Some(etag::of(invitation)) }
    });
    let written = render.clone();
    let work = async move |caller: For, asked: T, ticket| Ok(written(&work(caller, asked, ticket).await?));
    let replay = async move |caller: For, asked, stored: Option<StoredAnswer>| match authorise(
        caller,
        asked,
        stored.as_ref(),
    )
    .await
    {
        // It was refused for the same reason then.
        Err(problem) if stored.as_ref().is_some_and(|stored| says(stored, &problem)) => Ok(stored),
        Err(problem) => Err(problem),
        Ok(()) => Ok(stored),
    };
    answer((request, state, actor), digest, asked, (render, replay, work)).await
}

/// Whether a stored answer is this problem.
fn says(stored: &StoredAnswer, problem: &Problem) -> bool {
    let code = |body: &str| {
        serde_json::from_str::<serde_json::Value>(body).is_ok_and(|body| body["code"] == problem.code.code)
    };
    stored.status == problem.code.status && code(&stored.body)
}

/// Does `work` once for each key. `render` writes what its ticket stores, and so the same as `work` answers.
///
/// A retry is judged as if it were new: `replay` is asked whether the caller may still do this, and gives the
/// stored answer, or as much of it as they may still be told. It is asked as well before a caller is told
/// that the key was used for something else or is being worked on, and is given nothing then.
///
/// With a key it is done to its end whether or not the caller stays: given up halfway, it would leave the key
/// held, and whoever comes back with it, as those do whose connection broke, would be kept waiting for
/// nobody.
pub async fn answer<E: 'static, T: 'static>(
    (request, state, actor): (&HttpRequest, Data<State>, Actor),
    digest: &[u8; 32],
    asked: Asked<T>,
    (render, replay, work): (
        Render<E>,
        impl AsyncFnOnce(For, T, Option<StoredAnswer>) -> Result<Option<StoredAnswer>, Problem> + 'static,
        impl AsyncFnOnce(For, T, Option<Ticket<E>>) -> Result<StoredAnswer, Problem> + 'static,
    ),
) -> Result<HttpResponse, Problem> {
    let Some(key) = key(request)? else {
        let answer = work((state.clone(), actor), asked?, None).await?;
        return Ok(respond(&state, &answer, false));
    };
    let keyed =
        KeyedRequest { principal: actor.grant.clone(), key, fingerprint: fingerprint(request, digest) };
    let done = with_key((state.clone(), actor), request_id(request), keyed, asked, (render, replay, work))
        .in_current_span();
    let gone = |_| Problem::new(error_codes::INTERNAL, "The work on this request ended early.");
    let (answer, replayed) = actix_web::rt::spawn(done).await.map_err(gone)??;
    Ok(respond(&state, &answer, replayed))
}

/// The answer, and whether it was given before.
async fn with_key<E, T>(
    (state, actor): For,
    request_id: String,
    keyed: KeyedRequest,
    asked: Asked<T>,
    (render, replay, work): (
        Render<E>,
        impl AsyncFnOnce(For, T, Option<StoredAnswer>) -> Result<Option<StoredAnswer>, Problem>,
        impl AsyncFnOnce(For, T, Option<Ticket<E>>) -> Result<StoredAnswer, Problem>,
    ),
) -> Result<(StoredAnswer, bool), Problem> {
    // What cannot be read asks for nothing that the caller could lack the authority for.
    let judge = async |asked: Asked<T>, stored| match asked {
        Ok(asked) => replay((state.clone(), actor.clone()), asked, stored).await,
        Err(_) => Ok(stored),
    };
    let ticket = match idempotency::begin(&state.services, keyed, render).await {
        Ok(Begin::First(ticket)) => ticket,
        Ok(Begin::Replay(answer)) => {
            let answer = judge(asked, Some(answer)).await?;
            return answer
                .map(|answer| (answer, true))
                .ok_or_else(|| Problem::new(error_codes::INTERNAL, "The answer was lost."));
        }
        Err(refusal @ (ServiceError::IdempotencyInProgress | ServiceError::IdempotencyKeyReused)) => {
            judge(asked, None).await?;
            return Err(refusal.into());
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let worked = match asked {
        Ok(asked) => work((state.clone(), actor), asked, Some(ticket.clone())).await,
        Err(problem) => Err(problem),
    };
    match worked {
        Ok(answer) => Ok((answer, false)),
        Err(problem) => {
            let status = problem.code.status;
            let kept = (400..500).contains(&status) && !PASSING.contains(&status);
            ticket.close(&state.services, kept.then(|| refusal(&request_id, &state, &problem))).await;
            Err(problem)
        }
    }
}

fn refusal(request_id: &str, state: &State, problem: &Problem) -> StoredAnswer {
    let document = problem.document(&state.settings.public_url, request_id);
    StoredAnswer { status: problem.code.status, body: document.to_string(), location: None, etag: None }
}

/// The id of this request, as a problem names it.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// The link of an invitation that was just made, when whoever made it hands it over. It is made anew for each
/// answer, since no live link is ever stored, and only here: nobody else is shown it.
fn with_link(state: &State, answer: &StoredAnswer) -> Option<String> {
    if answer.status != 201 || !answer.body.contains(DeliveryState::HandedOver.as_str()) {
        return None;
    }
    let body: serde_json::Value = serde_json::from_str(&answer.body).ok()?;
    if body["delivery"]["state"] != DeliveryState::HandedOver.as_str() {
        return None;
    }
    let id = body["id"].as_str()?.parse().ok()?;
    let link = serde_json::to_string(state.services.link(id, 1).expose_secret()).ok()?;
    // The view's last member. The others stay as they are, in their order, which a value that is read and
    // written does not keep.
    Some(format!("{},\"activation_link\":{link}}}", answer.body.strip_suffix('}')?))
}

fn respond(state: &State, answer: &StoredAnswer, replayed: bool) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(location) = &answer.location {
        response.insert_header((LOCATION, location.as_str()));
    }
    if let Some(etag) = &answer.etag {
        response.insert_header((ETAG, etag.as_str()));
    }
    if replayed {
        response.insert_header((REPLAYED, "true"));
    }
    let link = with_link(state, answer);
    if link.is_some() {
        response.insert_header((CACHE_CONTROL, "no-store")).insert_header((REFERRER_POLICY, "no-referrer"));
    }
    let media_type = if status.is_success() { "application/json" } else { "application/problem+json" };
    response.content_type(media_type).body(link.unwrap_or_else(|| answer.body.clone()))
}

/// Two requests ask for the same when method, path and body are the same: the path as it is understood,
/// however it is escaped.
fn fingerprint(request: &HttpRequest, digest: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [request.method().as_str().as_bytes(), request.match_info().as_str().as_bytes(), digest] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
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
