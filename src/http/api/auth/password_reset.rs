//! `POST /v1/auth/password-reset`: asks for a link to reset a forgotten password.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::email::Email;
use crate::http::{
    extract::{
        client_address::client_address,
        json_body::Body,
        members::{self, Members},
        query::Query,
    },
    openapi::errors::errors,
    response::problem::Problem,
    state::State,
};
use crate::services;

/// The address of the person who forgot their password.
#[derive(ToSchema)]
pub struct PasswordResetRequest {
    /// The address.
    email: Email,
}

impl members::Request for PasswordResetRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.required("email", members::parsed("invalid_email", Email::parse));
        Some(Self { email: email? })
    }
}

/// The answer, whether the address is known or not.
#[derive(Serialize, ToSchema)]
pub struct PasswordResetRequested {
    /// What happens next.
    status: PasswordResetStatus,
}

/// What happens with a request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PasswordResetStatus {
    /// A letter is sent, if an active user has the address.
    Requested,
}

const REQUESTED: PasswordResetRequested = PasswordResetRequested { status: PasswordResetStatus::Requested };

errors! {
    ResetRequestErrors:
    RATE_LIMITED = "too many requests from this address; with `Retry-After`";
}

/// Ask for a link to reset the password
///
/// Sends a letter with a link, if an active user has the address. The answer is the same 202 for every
/// address, after the same time. The link works once, for an hour, and a later one supersedes it. A mailbox
/// gets as many of these letters in 24 hours as of invitations (6, configurable), counted apart, and half as
/// many by requests of one network address; beyond that the answer is the same, and nothing is sent.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "requestPasswordReset",
    request_body(content = PasswordResetRequest, examples(
        ("PasswordReset" = (summary = "The person's address", value = json!({ "email": "ada@example.com" }))),
    )),
    responses(
        (status = 202, description = "Requested.", body = PasswordResetRequested, examples(
            ("PasswordResetRequested" = (summary = "Whatever the address", value = json!(REQUESTED))),
        )),
        ResetRequestErrors,
    ),
    security(()),
)]
#[post("/v1/auth/password-reset")]
pub async fn request(
    request: HttpRequest,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let PasswordResetRequest { email } = body.parse()?;
    services::reset_password::request(&state.services, email, client_address(&request)).await?;
    Ok(HttpResponse::Accepted().json(REQUESTED))
}
