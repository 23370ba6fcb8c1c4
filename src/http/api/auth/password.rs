//! `POST /v1/auth/password`: a person changes their password.

use actix_web::{HttpResponse, post};
use utoipa::ToSchema;

use crate::domain::password::Password;
use crate::http::{
    extract::{
        client_address::client_address,
        command::Command,
        idempotency_key,
        members::{self, Members},
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
};
use crate::services;

/// The present password, and the new one.
#[derive(ToSchema)]
pub struct ChangePasswordRequest {
    /// The present password.
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// The new password, by the same rules as at activation.
    new_password: Password,
}

impl members::Request for ChangePasswordRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let password = members.required("password", |value| Ok(Password::new(&members::text(value)?)));
        let new = members.required("new_password", |value| Ok(Password::new(&members::text(value)?)));
        Some(Self { password: password?, new_password: new? })
    }
}

errors! {
    ChangePasswordErrors:
    IDEMPOTENCY_KEY_INVALID;
    FORBIDDEN = "the token is not a person's";
    RATE_LIMITED = "too many wrong passwords; with `Retry-After`";
}

/// Change the password
///
/// Replaces the caller's password. Their other sessions end, and the one of this request continues. A wrong
/// present password is 422 with the code `password_wrong` at `/password`; after several of them further
/// attempts have to wait, as at signing in. An `Idempotency-Key` is checked and has no effect: nothing of a
/// request with passwords is kept.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "changePassword",
    request_body(content = ChangePasswordRequest, examples(
        ("ChangePassword" = (summary = "The present password and a new one", value = json!({
            "password": sample_data::PASSWORD, "new_password": "eleven quiet lanterns drift past harbours"
        }))),
    )),
    responses((status = 204, description = "Changed."), ChangePasswordErrors),
    security(("access_token" = [])),
)]
#[post("/v1/auth/password")]
pub async fn change(command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    idempotency_key::check(&request)?;
    query.finish()?;
    let ChangePasswordRequest { password, new_password } = body.parse()?;
    let passwords = (password, new_password);
    services::change_password::change(&state.services, &actor, passwords, client_address(&request)).await?;
    Ok(HttpResponse::NoContent().finish())
}
