//! The body of a batch: how much it may be, and how it is read.

use std::time::Duration;

use actix_web::{HttpRequest, web::Payload};

use super::{envelope::Envelope, item, memory_budget::BodyPermit, run_blocking};
use crate::http::{
    State,
    extract::json_body::{self, Allowance, Head},
    response::problem::Problem,
};
use crate::{
    domain::{account::AccountName, actor::ActorRef, email::Email},
    services::{
        ServiceError,
        invite::{Invite, batch::MAX_BATCH},
    },
};

/// As many bytes as a thousand full items have, and no more; at a slow 1 Mbit/s they take a minute.
pub(in crate::http) const ALLOWANCE: Allowance =
    Allowance { bytes: MAX_BATCH * ITEM - ", ".len() + ENVELOPE.len(), time: Duration::from_mins(1) };
const ENVELOPE: &str = r#"{"invitations": [], "validate_only": false}"#;

/// The item with the most and the longest members, in the longest way that they are written without being padded: with a blank
/// after each colon and comma, and every character beyond ASCII escaped, as Python does it.
const ITEM: usize = "{}".len()
    + member("kind", "sub_account".len())
    + member("email", Email::LONGEST_LOCAL + "@".len() + ESCAPED * (Email::MAX_LEN - Email::LONGEST_LOCAL - "@".len()))
    + member("role", "account_owner".len())
    + member("account_name", ESCAPED * AccountName::MAX_LEN)
    + member("reimbursement_rate", "99.9999".len())
    + member("used_by", "subsidiary".len())
    + member("sub_account_name", ESCAPED * AccountName::MAX_LEN)
    + member("account_type", "business".len())
    + member("locale", LANGUAGE_TAG);
/// A character outside the basic plane: two surrogates of six bytes each (RFC 8259 §7).
const ESCAPED: usize = r"\ud83d\ude00".len();
/// RFC 5646 §4.4.1: what a tag needs at most.
const LANGUAGE_TAG: usize = 35;

/// `"name": "value", `; the last one's comma stands behind the item.
const fn member(name: &str, value: usize) -> usize {
    r#""": "", "#.len() + name.len() + value
}

/// A batch that was read.
pub(super) struct Received {
    /// What tells two bodies apart.
    pub(super) digest: [u8; 32],
    /// What it asks for, or what is wrong with it as a whole.
    pub(super) asked: Result<Asked, Problem>,
    /// Given back when the batch is done.
    pub(super) _room: BodyPermit,
}

/// What a batch asks for.
pub(super) struct Asked {
    /// Each item, or what is faulty in it.
    pub(super) items: Vec<Result<Invite, ServiceError>>,
    /// Whether to judge and nothing else.
    pub(super) validate_only: bool,
}

/// Reads the body and every item of it.
///
/// # Errors
/// As for any body that does not arrive: 400, 408, 413, 415; 503 when too many batches are under way, of this caller or of all.
pub(super) async fn receive(
    request: &HttpRequest,
    payload: Payload,
    (state, who): (&State, &ActorRef),
) -> Result<Received, Problem> {
    let head = Head::of(request);
    head.check(ALLOWANCE.bytes)?;
    let room = state.batches.room(who, head.length).await?;
    let bytes = head.read(payload.into_inner(), &ALLOWANCE).await?;
    let (digest, asked) = run_blocking(move || (head.fingerprint(&bytes), asked(&bytes))).await?;
    Ok(Received { digest, asked, _room: room })
}

fn asked(text: &[u8]) -> Result<Asked, Problem> {
    if text.is_empty() {
        return Err(json_body::empty());
    }
    let Envelope { items, validate_only } = Envelope::open(text)?;
    let read = |(index, item)| item::read(item).map_err(|error| json_body::no_json(&format!("/invitations/{index}: {error}")));
    let items: Result<_, Problem> = items.into_iter().enumerate().map(read).collect();
    Ok(Asked { items: items?, validate_only })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_names_the_limit() {
        let tenths = ALLOWANCE.bytes.div_ceil(100_000);
        let said = format!("{}.{} MB", tenths / 10, tenths % 10);
        let info = include_str!("../../openapi/info.md");
        assert!(info.contains(&said), "{} bytes: {said}", ALLOWANCE.bytes);
    }
}
