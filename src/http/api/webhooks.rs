//! `POST /v1/mail-events/{provider}`: the webhooks of mail providers, which report what became of letters.

pub mod allow;
mod ask;
mod guess;

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    post,
    web::{Data, Path, Payload},
};
use serde::Serialize;
use utoipa::ToSchema;

pub(in crate::http::api) use self::guess::guesses;
use self::{ask::Refusal, guess::delayed};
pub(in crate::http) use self::{ask::UNREACHABLE, guess::LIMITED};
use crate::http::{
    extract::{
        body_limit::BodyLimit,
        client_address::client_address,
        json_body::{self, Head},
        query::Query,
    },
    openapi::errors::errors,
    response::{error_codes, problem::Problem},
    state::State,
};
use crate::{
    domain::{
        client_address::ClientAddress,
        delivery_reports::{Provider, Verified, WebhookError, WebhookRequest, WebhookVerifier},
        field_error::FieldError,
    },
    services,
};

/// SendGrid sends hundreds of events at once; Postmark sends the whole reply of a server.
const BODY_LIMIT: BodyLimit = BodyLimit { bytes: 1024 * 1024, time: Duration::from_secs(15) };

/// How many bodies are read at the same time, in all and of one client. All of them together take eight
/// megabytes of memory.
pub(in crate::http) const MAX_BODIES: (usize, usize) = (8, 4);

/// What was received.
#[derive(Serialize, ToSchema)]
pub struct ReceivedEvents {
    /// How many events were read, including those that change nothing.
    #[schema(minimum = 0)]
    pub(in crate::http) received: usize,
}

errors! {
    ReceiveErrors:
    MAIL_EVENT_UNVERIFIED =
        "the secret or the signature is missing, wrong or older than the provider retries with it, or a \
         signed token was used for another event before";
    NOT_FOUND = "there is no such provider, or its `MAIL_EVENTS_…` is not set";
    PAYLOAD_TOO_LARGE = "the body has more than 1 MiB";
    RATE_LIMITED =
        "too many requests, or too many wrong secrets, from this address; with `Retry-After`";
}

/// Report what became of letters
///
/// For the webhooks of mail providers. Each proves its requests in its own way, by a secret or a signature in
/// headers or in the body, and sends its own form; `docs/operations.md` has a row for each.
///
/// Events of reminders are in the timeline as such (`letter`); of these, only a bounce and a complaint show
/// in `delivery`. An event of a letter whose sending was never answered also records that it was sent.
///
/// Headers are checked before a body is read, and few bodies are read at the same time. After the tenth wrong
/// secret from one address the next wrong one from there has to wait, longer each time, up to a minute: 429
/// with `Retry-After`. Wrong signatures are refused without a wait.
///
/// The first message of an Amazon SNS topic is answered by opening the URL in it, which confirms the
/// subscription, and the first event of Azure Event Grid by the code in it. Where Amazon cannot be asked for
/// the certificate of a signature, the answer is 503 with `Retry-After`.
///
/// An event that is repeated, is about no letter of this service, or does not concern delivery changes
/// nothing.
#[utoipa::path(
    tag = "Operations",
    operation_id = "reportMailEvents",
    params((
        "provider" = String, Path, description = "The provider's name: the scheme of its `MAIL_URL`.",
        example = "postmark"
    )),
    request_body(content = Value, description = "An object, or a list of them. Amazon SNS sends its \
        objects as `text/plain`; Event Grid may send `application/cloudevents+json` and \
        `application/cloudevents-batch+json`.",
        content_type = "application/json", examples(
        ("PostmarkBounce" = (summary = "Postmark: the mailbox does not exist", value = json!({
            "RecordType": "Bounce", "ID": 42, "Type": "HardBounce",
            "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Metadata": { "letter": "ltr_01m86xvxh0e3pt0yekqqme4qcm" }, "Details": "smtp;550 5.1.1 unknown \
                user",
            "BouncedAt": "2026-11-24T14:03:05.0000000Z"
        }))),
        ("SendgridDelivered" = (summary = "SendGrid: the letter was delivered", value = json!([{
            "event": "delivered", "timestamp": 1_795_529_000, "sg_event_id": "ZGVsaXZlcmVkLTA",
            "sg_message_id": "14c5d75ce93.recvd-0", "letter": "ltr_01m86xvxh0e3pt0yekqqme4qcm",
            "response": "250 OK"
        }]))),
        ("SesDelivery" = (summary = "Amazon SES through Amazon SNS: the letter was delivered", value = json!({
            "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:eu-central-1:123456789012:ses-events",
            "Message": "{\"eventType\":\"Delivery\",\"mail\":{\"tags\":{\"letter\":\
                [\"ltr_01m86xvxh0e3pt0yekqqme4qcm\"]}}}",
            "Timestamp": "2026-11-24T14:03:05.000Z", "SignatureVersion": "2", "Signature": "EXAMPLE==",
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem"
        }))),
    )),
    responses(
        (status = 200, description = "Received.", body = ReceivedEvents, examples(
            ("ReceivedEvents" = (summary = "One event", value = json!(ReceivedEvents { received: 1 }))),
        )),
        ReceiveErrors,
    ),
    security(()),
)]
#[post("/v1/mail-events/{provider}")]
pub async fn receive(
    request: HttpRequest,
    path: Path<String>,
    query: Query,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let (provider, verifier) = state.settings.webhooks.find(&path).ok_or_else(unknown)?;
    let (client, now) = (client_address(&request), state.services.clock.now());
    let refuse = |error| refused(&state, provider, verifier, error);
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    // Before any of the body is held in memory: a request that proves nothing has none of it read.
    if !verifier.admits(&WebhookRequest { header: &header, body: &[], document: None, now }) {
        return Err(not_admitted(&state, (provider, verifier), client));
    }
    let head = Head::of(&request).with_types(&request, verifier.media_types());
    head.check(BODY_LIMIT.bytes)?;
    let _permit = state.mail_event_bodies.acquire(client).await?;
    let bytes = head.read(payload.into_inner(), &BODY_LIMIT).await?;
    if bytes.is_empty() {
        return Err(json_body::empty());
    }
    let incoming = WebhookRequest { header: &header, body: &bytes, document: None, now };
    let document = document(&state, (provider, verifier), client, &incoming).await?;
    let incoming = WebhookRequest { document: document.as_deref(), ..incoming };
    let mut report = verifier.read(&incoming).map_err(refuse)?;
    if let Some(url) = report.confirm.take() {
        ask::confirm(&state, provider, &url).await?;
    }
    let (received, answer) = (report.events.len(), report.answer.take());
    apply(&state, (provider, verifier), report).await?;
    Ok(match answer {
        Some(answer) => HttpResponse::Ok().json(answer),
        None => HttpResponse::Ok().json(ReceivedEvents { received }),
    })
}

fn not_admitted(
    state: &State,
    (provider, verifier): (Provider, &dyn WebhookVerifier),
    client: ClientAddress,
) -> Problem {
    if verifier.has_secret() {
        guessed(state, (provider, verifier), client)
    } else {
        refused(state, provider, verifier, WebhookError::Unverified)
    }
}

/// The document with which the request is verified, where it needs one.
async fn document(
    state: &State,
    (provider, verifier): (Provider, &dyn WebhookVerifier),
    client: ClientAddress,
    incoming: &WebhookRequest<'_>,
) -> Result<Option<Arc<[u8]>>, Problem> {
    let document = ask::document(state, (provider, verifier), client, incoming).await;
    document.map_err(|refusal| match refusal {
        Refusal::Error(error) => refused(state, provider, verifier, error),
        Refusal::Absent => guessed(state, (provider, verifier), client),
        Refusal::Limited(problem) | Refusal::Unreachable(problem) => problem,
    })
}

/// Applies the events of a request, and counts them.
async fn apply(
    state: &State,
    (provider, verifier): (Provider, &dyn WebhookVerifier),
    report: Verified,
) -> Result<(), Problem> {
    let outcomes = services::delivery_reports::record(&state.services, provider, report).await?;
    let outcomes = outcomes.ok_or_else(|| refused(state, provider, verifier, WebhookError::Unverified))?;
    for outcome in outcomes {
        state.metrics.report(provider.name, outcome.as_str());
    }
    Ok(())
}

/// The outcomes of refused requests, for metrics.
pub(in crate::http) const UNVERIFIED: &str = "unverified";
pub(in crate::http) const UNREADABLE: &str = "unreadable";

/// The answer to a wrong secret, which is counted; after several of them, that its address has to wait. The
/// right secret is let through all the same: a stranger may send wrong ones from the provider's addresses.
pub(super) fn guessed(
    state: &State,
    (provider, verifier): (Provider, &dyn WebhookVerifier),
    client: ClientAddress,
) -> Problem {
    let guesses = guesses(state, provider, client);
    if let Some(problem) = delayed(state, provider, &guesses) {
        return problem;
    }
    state.services.guesses.wrong(&guesses);
    refused(state, provider, verifier, WebhookError::Unverified)
}

/// The answer does not say which of the two it is.
fn unknown() -> Problem {
    Problem::new(
        error_codes::NOT_FOUND,
        "There is no mail provider of this name, or its MAIL_EVENTS_… is not set.",
    )
}

fn refused(
    state: &State,
    provider: Provider,
    verifier: &dyn WebhookVerifier,
    error: WebhookError,
) -> Problem {
    let (outcome, problem) = match error {
        WebhookError::Unverified => (UNVERIFIED, unverified(verifier)),
        WebhookError::NoJson => {
            (UNREADABLE, Problem::new(error_codes::MALFORMED_JSON, "The body is not JSON."))
        }
        WebhookError::OtherForm => {
            let words = format!("This is not what {} sends.", provider.title);
            (UNREADABLE, Problem::body(&[FieldError::new("", "wrong_type", words)].into()))
        }
    };
    state.metrics.report(provider.name, outcome);
    tracing::warn!(provider = provider.name, outcome, "a webhook's request was refused");
    problem
}

fn unverified(verifier: &dyn WebhookVerifier) -> Problem {
    Problem::new(
        error_codes::MAIL_EVENT_UNVERIFIED,
        "The secret or the signature is missing, wrong, too old, or was used for another event.",
    )
    .header(header::WWW_AUTHENTICATE, verifier.challenge())
}
