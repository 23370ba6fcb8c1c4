//! `POST /v1/invitations/{id}/resend`.

use actix_web::{HttpResponse, http::StatusCode, post, web::Path};
use utoipa::ToSchema;

use super::may_act_on;
use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        members::{self, Members},
        path::id,
    },
    middleware::letter_quota::QuotaStatuses,
    openapi::{domain_schemas::LanguageTag, errors::errors, sample_data},
    response::{problem::Problem, views::InvitationView},
};
use crate::{
    domain::{
        actor::Actor,
        ids::{Id, InvitationId, Named},
        locale::Locale,
    },
    services::{
        self, ServiceError, Services,
        idempotency::{StoredAnswer, Ticket},
        invite::Sent,
    },
};

/// What a resend may change; the body may be left out.
#[derive(ToSchema)]
pub struct ResendRequest {
    /// The language of letter and page from now on; unchanged when it is left out.
    #[schema(value_type = Option<LanguageTag>)]
    pub locale: Option<Locale>,
}

impl members::Request for ResendRequest {
    fn read(members: &mut Members) -> Option<Self> {
        Some(Self { locale: members.optional("locale", members::parsed("unknown_locale", Locale::parse)) })
    }
}

errors! {
    ResendErrors:
    FORBIDDEN;
    ROLE_EXCEEDS_YOURS = "a role of the invitation allows more than the token does";
    NOT_FOUND = "there is no such invitation, or this token may not see it";
    INVITATION_NOT_PENDING;
    INVITATION_PENDING = "a newer invitation, `invitation_id`, took its place";
    RESEND_TOO_SOON = "the invitation was sent a moment ago; with `Retry-After`";
}

/// Resend an invitation
///
/// Sends a new link, valid for 24 hours, for the same invitation, expired or not; the old link stops working
/// at once. An invitation can be sent once a minute (configurable). With `locale` the letter is written in
/// another language than before.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "resendInvitation",
    params(("id" = InvitationId, Path, description = "The invitation.")),
    request_body(content = Option<ResendRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
        ("ResendInGerman" = (summary = "In another language from now on", value = json!({ "locale": "de" }))),
    )),
    responses(
        (status = 200, description = "Resent.", body = InvitationView, headers(("ETag")), examples(
            ("ResentInvitation" = (
                summary = "A letter with a new link is queued",
                value = json!(sample_data::for_ada_resent(600))
            )),
        )),
        ResendErrors,
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[post("/v1/invitations/{id}/resend")]
pub async fn resend(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let authorise = async |caller: RequestContext, invitation, _: Option<&StoredAnswer>| {
        may_act_on(&caller, invitation).await
    };
    resend_once(&path, command, authorise, services::resend::invitation).await
}

/// Resends once for each key: an invitation, or that of a user.
pub(in crate::http::api) async fn resend_once<K: Named + 'static>(
    path: &str,
    Command { request, state, actor, query, body }: Command,
    permit: impl AsyncFnOnce(RequestContext, Id<K>, Option<&StoredAnswer>) -> Result<(), Problem> + 'static,
    send: impl AsyncFnOnce(
        &Services,
        &Actor,
        (Id<K>, Option<Locale>),
        Option<Ticket>,
    ) -> Result<Sent, ServiceError>
    + 'static,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let digest = *body.digest();
    let asked = body.parse_if_any().and_then(|asked: ResendRequest| Ok((id(path)?, asked.locale)));
    let quota_statuses = QuotaStatuses::of(&request);
    let work = async move |(state, actor): RequestContext, wanted, ticket| {
        Ok(quota_statuses.sent(send(&state.services, &actor, wanted, ticket).await)?)
    };
    let permit = async |caller: RequestContext, (wanted, _), stored: Option<&StoredAnswer>| {
        permit(caller, wanted, stored).await
    };
    idempotency_key::once((&request, state, actor), (StatusCode::OK, &digest), asked, permit, work).await
}
