//! `POST /v1/mail-events/dsn`: mail that was returned to `MAIL_ENVELOPE_FROM`.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, post,
    web::{Data, Payload},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::webhooks::{LIMITED, UNVERIFIED, guesses};
use crate::http::{
    extract::{
        body_limit::BodyLimit,
        client_address::client_address,
        json_body::{self, Head},
        media_type,
        query::Query,
    },
    openapi::errors::errors,
    response::{error_codes, problem::Problem},
    state::State,
};
use crate::{
    domain::{client_address::ClientAddress, returned_mail::RETURNED_MAIL, shared_secret::CHALLENGE},
    services::{self, ServiceError},
};

/// The longest message, in bytes. Relays return the headers, or the whole of a letter of 8 KB; the rest of a
/// message that quotes more says nothing that its beginning does not.
pub(in crate::http) const MAX_MESSAGE: usize = 1024 * 1024;
const BODY_LIMIT: BodyLimit = BodyLimit { bytes: MAX_MESSAGE, time: Duration::from_secs(15) };
/// The media type of a message (RFC 2046 §5.2.1).
const MESSAGE: &str = "message/rfc822";

/// A report (RFC 3464).
const EXAMPLE: &str = "From: MAILER-DAEMON@relay.example.com\r\n\
    To: bounces+ltr_01m86xvxh0e3pt0yekqqme4qcm.0123456789abcdef@invite.example.com\r\n\
    Subject: Undelivered Mail Returned to Sender\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
    --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example.com\r\n\r\n\
    Final-Recipient: rfc822; ada@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\
    Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b--\r\n";

/// What became of a message.
#[derive(Serialize, ToSchema)]
pub struct ReceivedMail {
    /// What it reported of a letter: `bounced`, `deferred`, `delivered`, `complained`; `failed` (the fault
    /// is the operator's), `outranked`, `repeated`, `unknown_letter`, `ignored`. Or `automatic_reply`,
    /// `forged`, and `unread`: it is kept for 14 days, for staff to look at.
    #[schema(example = "bounced")]
    pub(in crate::http) outcome: &'static str,
}

errors! {
    ReceiveMailErrors:
    MALFORMED_JSON = "the body is empty";
    MAIL_EVENT_UNVERIFIED = "the secret is missing or wrong";
    NOT_FOUND = "`MAIL_EVENTS_DSN` is not set";
    PAYLOAD_TOO_LARGE = "the message has more than 1 MiB: send its beginning";
    UNSUPPORTED_MEDIA_TYPE = "the body is not `message/rfc822`";
    RATE_LIMITED = "too many requests, or too many wrong secrets, from this address; with `Retry-After`";
}

/// Receive returned mail
///
/// For mail servers that pass on what comes to `MAIL_ENVELOPE_FROM`: reports of failures and delays,
/// automatic replies, and whatever else arrives there. `invitation-service bounce` calls it. The secret is
/// `MAIL_EVENTS_DSN`, as a bearer token, as the password of basic authentication, or in
/// `X-Mail-Events-Secret`.
///
/// The body is the message as it came, with its headers. A report changes `delivery` and the timeline of the
/// letter's invitation. Which letter it is, is known by the address that it came to (`recipient`, or in the
/// message), else by the envelope id or the `Message-ID` that the report quotes. An automatic reply, a
/// message to an address with a wrong check, and one that is repeated change nothing; nor does a later report
/// of the same kind, or one of lower rank (`outranked`). The answer 200 means that it is stored.
#[utoipa::path(
    tag = "Operations",
    operation_id = "receiveReturnedMail",
    params((
        "recipient" = Option<String>, Query,
        description = "The address that it came to. Of one that is longer than 320 characters, the beginning \
            is kept with a message that could not be read.",
        example = "bounces+ltr_01m86xvxh0e3pt0yekqqme4qcm.0123456789abcdef@invite.example.com"
    )),
    request_body(content = String, description = "The message (RFC 5322).", content_type = "message/rfc822",
        examples(("Report" = (summary = "The mailbox does not exist", value = json!(EXAMPLE))))),
    responses(
        (status = 200, description = "Stored.", body = ReceivedMail, examples(
            ("ReceivedMail" = (summary = "The letter bounced", value = json!({ "outcome": "bounced" }))),
        )),
        ReceiveMailErrors,
    ),
    security(()),
)]
#[post("/v1/mail-events/dsn")]
pub async fn receive(
    request: HttpRequest,
    mut query: Query,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let recipient = query.text("recipient");
    query.finish()?;
    let Some(entry) = &state.settings.returned_mail else {
        return Err(Problem::new(
            error_codes::NOT_FOUND,
            "No returned mail is taken: MAIL_EVENTS_DSN is not set.",
        ));
    };
    let client = client_address(&request);
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    // The right secret is not made to wait for the wrong ones of others at the same address.
    if !entry.secret.admits(&header) {
        return Err(wrong_secret(&state, client));
    }
    if !media_type::is(&request, MESSAGE) {
        let words = "The body must be a message, with Content-Type: message/rfc822.";
        return Err(Problem::new(error_codes::UNSUPPORTED_MEDIA_TYPE, words));
    }
    let head = Head::of(&request);
    head.check(BODY_LIMIT.bytes)?;
    let _permit = state.mail_event_bodies.acquire(client).await?;
    let message = head.read_any(payload.into_inner(), &BODY_LIMIT).await?;
    if message.is_empty() {
        return Err(json_body::empty());
    }
    let received =
        services::returned_mail::receive(&state.services, entry.reader.clone(), message.to_vec(), recipient)
            .await?;
    state.metrics.report(RETURNED_MAIL.name, received.as_str());
    Ok(HttpResponse::Ok().json(ReceivedMail { outcome: received.as_str() }))
}

/// Counts a wrong secret; after several of them, its address has to wait.
fn wrong_secret(state: &State, client: ClientAddress) -> Problem {
    let guesses = guesses(state, RETURNED_MAIL, client);
    if let Some(wait) = state.services.guesses.wait(&guesses) {
        state.metrics.report(RETURNED_MAIL.name, LIMITED);
        return ServiceError::too_many_guesses(wait).into();
    }
    state.services.guesses.wrong(&guesses);
    state.metrics.report(RETURNED_MAIL.name, UNVERIFIED);
    let words = "The secret is missing or wrong: it is the value of MAIL_EVENTS_DSN.";
    let problem = Problem::new(error_codes::MAIL_EVENT_UNVERIFIED, words);
    problem.header(actix_web::http::header::WWW_AUTHENTICATE, CHALLENGE)
}
