//! `POST /v1/auth/password-reset/confirm`: chooses a new password with a mailed link.

use actix_web::{HttpResponse, post, web::Data};
use utoipa::ToSchema;

use crate::domain::{password::Password, token::LinkToken};
use crate::http::{
    extract::{
        json_body::Body,
        members::{self, Members},
        query::Query,
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
    state::State,
};
use crate::services;

/// The link's token, and the new password.
#[derive(ToSchema)]
pub struct ConfirmPasswordResetRequest {
    /// The token behind `?token=` in the link.
    token: LinkToken,
    /// The new password, by the same rules as at activation.
    password: Password,
}

impl members::Request for ConfirmPasswordResetRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let token = members.required("token", members::text).map(LinkToken::from_text);
        let password = members.required("password", |value| Ok(Password::new(&members::text(value)?)));
        Some(Self { token: token?, password: password? })
    }
}

errors! {
    ConfirmResetErrors:
    RESET_LINK_INVALID;
    RESET_LINK_EXPIRED;
    RESET_LINK_USED = "the password was changed since, with this link or in another way";
    RESET_LINK_SUPERSEDED = "another link was requested since";
}

/// Reset the password
///
/// Chooses a new password with the link of the letter. The link is used up; a refusal does not use it up. All
/// sessions of the person end, with all their access tokens, and a letter tells them that the password was
/// changed. The person is not signed in by it.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "confirmPasswordReset",
    request_body(content = ConfirmPasswordResetRequest, examples(
        ("ConfirmPasswordReset" = (summary = "The token of the link, and a new password", value = json!({
            "token": sample_data::TOKEN, "password": sample_data::PASSWORD
        }))),
    )),
    responses((status = 204, description = "The password is changed."), ConfirmResetErrors),
    security(()),
)]
#[post("/v1/auth/password-reset/confirm")]
pub async fn confirm(query: Query, body: Body, state: Data<State>) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let ConfirmPasswordResetRequest { token, password } = body.parse()?;
    services::reset_password::confirm(&state.services, &token, password).await?;
    Ok(HttpResponse::NoContent().finish())
}
