//! `POST /v1/mail-events/{provider}`: what providers report of letters.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    post,
    web::{Data, Path, Payload},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    extract::{
        body_allowance::Allowance,
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
        delivery_reports::{Provider, WebhookError, WebhookRequest},
        field_error::FieldError,
    },
    services::{
        self, ServiceError,
        guess_guard::{Allowance as GuessAllowance, Scope},
    },
};

/// SendGrid sends hundreds of events at once, Postmark what a server said in full.
const ALLOWANCE: Allowance = Allowance { bytes: 1024 * 1024, time: Duration::from_secs(15) };

/// So many reports are in hand at once, and of one client: with all of them the memory grows by eight
/// megabytes.
pub(in crate::http) const MAX_BODIES: (usize, usize) = (8, 4);
/// Wrong secrets and signatures of one client, and of one network.
const CLIENT_GUESSES: GuessAllowance = GuessAllowance { free: 10, longest: Duration::from_mins(1) };
const NETWORK_GUESSES: GuessAllowance = GuessAllowance { free: 40, longest: Duration::from_mins(1) };

/// What was received.
#[derive(Serialize, ToSchema)]
pub struct ReceivedEvents {
    /// How many events were understood; those that say nothing new, and those of other letters, are counted
    /// too.
    #[schema(minimum = 0)]
    pub(in crate::http) received: usize,
}

errors! {
    ReceiveErrors:
    MAIL_EVENT_UNVERIFIED =
        "the secret or the signature is missing, wrong or too old (Resend 5 minutes, Mailgun 12 hours, \
         SendGrid 25 hours), or Mailgun's token came before with another event";
    NOT_FOUND = "there is no such provider, or its `MAIL_EVENTS_…` is not set";
    PAYLOAD_TOO_LARGE = "the body has more than 1 MiB";
    RATE_LIMITED =
        "too many requests, or too many wrong secrets or signatures, from this address; with `Retry-After`";
}

/// Report what became of letters
///
/// For the webhooks of mail providers, which prove themselves as each does it: `postmark` by the configured
/// secret, as the password of basic authentication or in `X-Mail-Events-Secret`; `sendgrid` by
/// `X-Twilio-Email-Event-Webhook-Signature` and `-Timestamp`; `mailgun` by `signature` in the body; `resend`
/// by `svix-id`, `svix-timestamp` and `svix-signature`. The body is the provider's own, in its own form.
///
/// Reports of reminders are in the timeline as such (`letter`); of these, only a bounce and a complaint show
/// in `delivery`. A report on a letter whose sending was never answered says that it was sent.
///
/// Headers are judged before a body is read, and only few bodies at once. After the tenth wrong secret or
/// signature from one address the next request from there waits, longer each time, up to a minute: 429 with
/// `Retry-After`.
///
/// An event that comes again, is about a letter of somebody else, or says nothing about the fate of one,
/// changes nothing.
#[utoipa::path(
    tag = "Operations",
    operation_id = "reportMailEvents",
    params(("provider" = String, Path, description = "`postmark`, `sendgrid`, `mailgun` or `resend`.", example = "postmark")),
    request_body(content = Value, description = "An object, or SendGrid's list of objects.", content_type = "application/json", examples(
        ("PostmarkBounce" = (summary = "Postmark: the mailbox does not exist", value = json!({
            "RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Metadata": { "letter": "ltr_01m86xvxh0e3pt0yekqqme4qcm" }, "Details": "smtp;550 5.1.1 unknown user",
            "BouncedAt": "2026-11-24T14:03:05.0000000Z"
        }))),
        ("SendgridDelivered" = (summary = "SendGrid: the letter has arrived", value = json!([{
            "event": "delivered", "timestamp": 1_795_529_000, "sg_event_id": "ZGVsaXZlcmVkLTA",
            "sg_message_id": "14c5d75ce93.recvd-0", "letter": "ltr_01m86xvxh0e3pt0yekqqme4qcm", "response": "250 OK"
        }]))),
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
    let provider = Provider::parse(&path).ok_or_else(unknown)?;
    let key = state.settings.mail_events.of(provider).ok_or_else(unknown)?;
    let (client, now) = (client_address(&request), state.services.clock.now());
    let guesses = guesses(&state, provider, client);
    if let Some(wait) = state.services.guesses.wait(&guesses) {
        state.metrics.report(provider.as_str(), LIMITED);
        return Err(ServiceError::too_many_guesses(wait).into());
    }
    let wrong = |unread| {
        if unread == WebhookError::Unverified {
            state.services.guesses.wrong(&guesses);
        }
        refused(&state, provider, unread)
    };
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    // Before any of the body is held: whoever proves nothing has none of it read.
    if !key.admits(&header, now) {
        return Err(wrong(WebhookError::Unverified));
    }
    let head = Head::of(&request);
    head.check(ALLOWANCE.bytes)?;
    let _permit = state.mail_event_bodies.acquire(client).await?;
    let bytes = head.read(payload.into_inner(), &ALLOWANCE).await?;
    if bytes.is_empty() {
        return Err(json_body::empty());
    }
    let posted = WebhookRequest { header: &header, body: &bytes, now };
    let verified = key.read(&posted).map_err(wrong)?;
    let received = verified.reports.len();
    let outcomes = services::delivery_reports::record(&state.services, provider, verified).await?;
    for outcome in outcomes.ok_or_else(|| refused(&state, provider, WebhookError::Unverified))? {
        state.metrics.report(provider.as_str(), outcome.as_str());
    }
    Ok(HttpResponse::Ok().json(ReceivedEvents { received }))
}

/// The outcomes that metrics tell of reports that were refused.
pub(in crate::http) const UNVERIFIED: &str = "unverified";
pub(in crate::http) const UNREADABLE: &str = "unreadable";
pub(in crate::http) const LIMITED: &str = "limited";

/// Whose wrong secrets and signatures are counted together.
fn guesses(state: &State, provider: Provider, client: ClientAddress) -> [Scope; 2] {
    let scope =
        |block, allowance| state.services.guesses.scope(("mail-events", provider.as_str(), block), allowance);
    [scope(client.host(), CLIENT_GUESSES), scope(client.network(), NETWORK_GUESSES)]
}

/// Which of the two it is, is not told.
fn unknown() -> Problem {
    Problem::new(
        error_codes::NOT_FOUND,
        "There is no mail provider of this name, or its MAIL_EVENTS_… is not set.",
    )
}

fn refused(state: &State, provider: Provider, unread: WebhookError) -> Problem {
    let (outcome, problem) = match unread {
        WebhookError::Unverified => (UNVERIFIED, unverified(provider)),
        WebhookError::NoJson => {
            (UNREADABLE, Problem::new(error_codes::MALFORMED_JSON, "The body is not JSON."))
        }
        WebhookError::OtherForm => {
            let words = format!("This is not what {} sends.", provider.title());
            (UNREADABLE, Problem::body(&[FieldError::new("", "wrong_type", words)].into()))
        }
    };
    state.metrics.report(provider.as_str(), outcome);
    tracing::warn!(provider = provider.as_str(), outcome, "a report was refused");
    problem
}

fn unverified(provider: Provider) -> Problem {
    // RFC 9110 §15.5.2 asks for a challenge; only Postmark's has a registered name.
    let challenge = if provider == Provider::Postmark { "Basic realm=\"mail-events\"" } else { "Signature" };
    Problem::new(
        error_codes::MAIL_EVENT_UNVERIFIED,
        "The secret or the signature is missing, wrong, too old, or was used for another event.",
    )
    .header(header::WWW_AUTHENTICATE, challenge)
}
