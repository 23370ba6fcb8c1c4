//! The body of a batch, read item by item.

use actix_web::{HttpRequest, web::Payload};

use super::{
    blocking::run_blocking,
    body_size::BODY_LIMIT,
    envelope::Envelope,
    item::{self, Read},
    memory_budget::BodyPermit,
};
use crate::http::{
    extract::json_body::{self, Head},
    response::problem::Problem,
    state::State,
};
use crate::{
    domain::actor::ActorRef,
    services::{ServiceError, invite::Invite},
};

/// A batch that was read.
pub(super) struct Received {
    /// The fingerprint of the body.
    pub(super) digest: [u8; 32],
    /// Its items, or what is wrong with the body as a whole.
    pub(super) asked: Result<ParsedRequest, Problem>,
    /// Released when the batch is done.
    pub(super) _permit: BodyPermit,
}

/// The items of a batch.
pub(super) struct ParsedRequest {
    /// Each item, or what is faulty in it.
    pub(super) items: Vec<Result<Invite, ServiceError>>,
    /// Whether to validate only.
    pub(super) validate_only: bool,
}

/// Reads the body and every item of it.
///
/// # Errors
/// 400, 408, 413 and 415 as for any body; 503 when too many batches are being processed, of this caller or of
/// all.
pub(super) async fn receive(
    request: &HttpRequest,
    payload: Payload,
    (state, who): (&State, &ActorRef),
) -> Result<Received, Problem> {
    let head = Head::of(request);
    head.check(BODY_LIMIT.bytes)?;
    let permit = state.batches.reserve(who, head.length).await?;
    let bytes = head.read(payload.into_inner(), &BODY_LIMIT).await?;
    let (digest, asked) = run_blocking(move || (head.fingerprint(&bytes), asked(&bytes))).await?;
    Ok(Received { digest, asked, _permit: permit })
}

fn asked(text: &[u8]) -> Result<ParsedRequest, Problem> {
    if text.is_empty() {
        return Err(json_body::empty());
    }
    let Envelope { items, validate_only } = Envelope::open(text)?;
    let read = |(index, text)| match item::read(text) {
        Read::Invite(invite) => Ok(Ok(invite)),
        Read::Faulty(faults) => Ok(Err(ServiceError::Invalid(faults))),
        Read::NotJson(error) => Err(json_body::no_json(&format!("/invitations/{index}: {error}"))),
    };
    let items: Result<_, Problem> = items.into_iter().enumerate().map(read).collect();
    Ok(ParsedRequest { items: items?, validate_only })
}
