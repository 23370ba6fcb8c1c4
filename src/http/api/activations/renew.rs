//! `POST /v1/activations/renew`.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::preview::PreviewRequest;
use crate::http::{
    extract::{json_body::Body, origin::origin, query::Query},
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
    state::State,
};
use crate::{domain::origin::Origin, services};

/// A letter with a new link is queued.
#[derive(Serialize, ToSchema)]
pub struct Renewal {
    /// To the same address as before, which the answer does not show.
    pub status: RenewalStatus,
}

/// The outcome of a renewal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RenewalStatus {
    /// The letter is queued.
    Sent,
}

errors! {
    RenewErrors:
    RENEWAL_DISABLED = "the operator does not allow it; ask the inviter";
    ACTIVATION_LINK_INVALID = "the token is forged or damaged";
    LINK_STILL_VALID = "the link still works; open it";
    INVITATION_REVOKED;
    ACTIVATION_LINK_USED;
    ACTIVATION_LINK_SUPERSEDED;
    RESEND_TOO_SOON = "a link was sent a moment ago; with `Retry-After`";
    RATE_LIMITED =
        "too many requests from this address, or too many letters to this mailbox; with `Retry-After`";
}

/// Ask for a new link in place of an expired one
///
/// Sends it to the same address as before.
#[utoipa::path(
    tag = "Activation",
    operation_id = "renewActivation",
    request_body(content = PreviewRequest, examples(
        ("Token" = (summary = "The token of a link", value = json!({ "token": sample_data::TOKEN }))),
    )),
    responses(
        (status = 202, description = "A letter with a new link is queued.", body = Renewal, examples(
            ("Renewal" = (summary = "Sent", value = json!(Renewal { status: RenewalStatus::Sent }))),
        )),
        RenewErrors,
    ),
    security(()),
)]
#[post("/v1/activations/renew")]
pub async fn renew(
    request: HttpRequest,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    send(origin(&request), query, body, &state).await
}

async fn send(origin: Origin, query: Query, body: Body, state: &State) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let PreviewRequest { token } = body.parse()?;
    services::renew::link(&state.services, &token, origin).await?;
    Ok(HttpResponse::Accepted().json(Renewal { status: RenewalStatus::Sent }))
}
