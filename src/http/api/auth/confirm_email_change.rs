//! `POST /v1/auth/email-change/confirm`: confirms a new address with a mailed link.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use utoipa::ToSchema;

use crate::domain::{password::Password, token::LinkToken};
use crate::http::{
    extract::{
        json_body::Body,
        members::{self, Members},
        origin::origin,
        query::Query,
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
    state::State,
};
use crate::services;

/// The link's token, and the person's password.
#[derive(ToSchema)]
pub struct ConfirmEmailChangeRequest {
    /// The token behind `?token=` in the link.
    token: LinkToken,
    /// The person's present password. Required, unless they have none, as staff who sign in at an identity
    /// provider alone.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Password>,
}

impl members::Request for ConfirmEmailChangeRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let token = members.required("token", members::text).map(LinkToken::from_text);
        let password = members.optional("password", |value| Ok(Password::new(&members::text(value)?)));
        Some(Self { token: token?, password })
    }
}

errors! {
    ConfirmEmailChangeErrors:
    EMAIL_LINK_INVALID;
    EMAIL_LINK_EXPIRED;
    EMAIL_LINK_USED;
    EMAIL_LINK_SUPERSEDED = "the change was requested anew since, or withdrawn";
    EMAIL_TAKEN = "another user has been given the address since";
    RATE_LIMITED = "too many requests from this address, or too many wrong passwords; with `Retry-After`";
}

/// Confirm a new address
///
/// The address that `PATCH /v1/users/{id}` requested counts from now on, for signing in too. The link works
/// for 24 hours, once; a refusal does not use it up. The link alone is not enough, since a mistyped address
/// may be a stranger's: a missing or wrong password is 422 at `/password`. Sessions continue.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "confirmEmailChange",
    request_body(content = ConfirmEmailChangeRequest, examples(
        ("ConfirmEmailChange" = (summary = "The token of the link, and the present password", value = json!({
            "token": sample_data::TOKEN, "password": sample_data::PASSWORD
        }))),
    )),
    responses((status = 204, description = "The address is changed."), ConfirmEmailChangeErrors),
    security(()),
)]
#[post("/v1/auth/email-change/confirm")]
pub async fn confirm(
    request: HttpRequest,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let ConfirmEmailChangeRequest { token, password } = body.parse()?;
    services::change_email::confirm(&state.services, &token, password, origin(&request)).await?;
    Ok(HttpResponse::NoContent().finish())
}
