//! `/v1/invitations`: list, show, change, timeline, resend, revoke.

pub mod update;

use actix_web::{
    HttpRequest, HttpResponse, get,
    guard::GuardContext,
    http::StatusCode,
    post,
    web::{Data, Path},
};
use utoipa::ToSchema;

use crate::http::{
    extract::{
        auth::Caller,
        command::Command,
        idempotency_key::{self, RequestContext},
        json_body::EmptyRequest,
        members::{self, Members},
        path::id,
        query::{Paging, Query},
    },
    middleware::letter_quota::QuotaStatuses,
    openapi::{domain_schemas::LanguageTag, errors::errors, routes::is_path, sample_data},
    response::{
        page,
        problem::Problem,
        representation,
        views::{EventView, Events, InvitationView, Invitations},
    },
    state::State,
};
use crate::{
    domain::{
        actor::Actor,
        email::Email,
        ids::{AccountId, Id, InvitationId, Named},
        invitation::{DeliveryState, InvitationKind, InvitationStatus},
        locale::Locale,
    },
    services::{
        self, ServiceError, Services,
        idempotency::{StoredAnswer, Ticket},
        invite::Sent,
        queries::{self, InvitationQuery},
    },
};

errors! {
    ListErrors:
    FORBIDDEN = "the token may see no invitation, or none of this kind";
    CURSOR_MISMATCH;
}

/// List invitations
///
/// Newest first. Filters combine with AND. The list has the invitations that the caller may see.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "listInvitations",
    params(
        ("kind" = Option<InvitationKind>, Query, description = "Those of this kind. 403 for a kind that the \
            token may not see.", example = "system_user"),
        ("status" = Option<InvitationStatus>, Query, description = "Those with this status.", example = "pending"),
        ("delivery" = Option<DeliveryState>, Query, description = "Those whose newest letter has this \
            state.", example = "bounced"),
        ("account_id" = Option<AccountId>, Query, description = "Those to this account."),
        ("email" = Option<Email>, Query, description = "Those to exactly this address, without regard to \
            case.", example = "ada@example.com"),
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of address, name or \
            account name, without regard to case; a domain is found in Unicode and in punycode. No control \
            characters.", example = "ada"),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Invitations, headers(("Link")), examples(
            ("Invitations" = (summary = "The last page", value = json!(sample_data::page(vec![
                sample_data::for_dirk(), sample_data::for_ada_sent()
            ])))),
        )),
        ListErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/invitations")]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let filters = InvitationQuery {
        kind: query.one_of("kind", &InvitationKind::ALL, InvitationKind::as_str),
        status: query.one_of("status", &InvitationStatus::ALL, InvitationStatus::as_str),
        delivery: query.one_of("delivery", &DeliveryState::ALL, DeliveryState::as_str),
        email: query.parsed("email", "invalid_email", Email::parse),
        account: query.parsed("account_id", "invalid_id", str::parse),
        search: query.search(),
    };
    let page = query.page();
    query.finish()?;
    let page = queries::invitations(&state.services, &caller.0, filters, page).await?;
    let now = state.services.clock.now();
    page::answer(&page, |row| InvitationView::of(row, now), &request)
}

/// `batch` is not an id: it is a path of its own, without GET and PATCH.
fn names_one(request: &GuardContext<'_>) -> bool {
    !is_path(&request.head().uri, "/v1/invitations/batch")
}

errors! {
    GetErrors:
    NOT_FOUND = "there is no such invitation, or this token may not see it";
}

/// Show an invitation
///
/// The part of `ETag` before the dot covers the members that PATCH can change, and `If-Match` is compared by it
/// alone: a change is not refused because a letter was sent meanwhile. The whole tag covers the answer, for
/// `If-None-Match`.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "getInvitation",
    params(("id" = InvitationId, Path, description = "The invitation.")),
    responses(
        (status = 200, description = "The invitation.", body = InvitationView, headers(("ETag")), examples(
            ("SentInvitation" = (summary = "The letter was sent", value = json!(sample_data::for_ada_sent()))),
            ("BouncedInvitation" = (summary = "There is no such mailbox", value = json!(sample_data::for_ada_bounced()))),
        )),
        GetErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/invitations/{id}", guard = "names_one")]
pub async fn get(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let invitation = queries::invitation(&state.services, &caller.0, id(&path)?).await?;
    representation::invitation(&request, &invitation, state.services.clock.now())
}

errors! {
    EventsErrors:
    NOT_FOUND = "there is no such invitation, or this token may not see it";
    CURSOR_MISMATCH;
}

/// Show the timeline of an invitation
///
/// Oldest first: who did what, and when. `opened` has the program that opened the link, which helps to tell a
/// mail scanner from a person.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "listInvitationEvents",
    params(
        ("id" = InvitationId, Path, description = "The invitation."),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Events, headers(("Link")), examples(
            ("Timeline" = (summary = "From the invite to the first time that the link was opened", value = json!(sample_data::page(sample_data::timeline())))),
        )),
        EventsErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/invitations/{id}/events")]
pub async fn events(
    caller: Caller,
    path: Path<String>,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let page = query.page();
    query.finish()?;
    let page = queries::timeline(&state.services, &caller.0, id(&path)?, page).await?;
    page::answer(&page, |event| EventView::from(event), &request)
}

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
            ("ResentInvitation" = (summary = "A letter with a new link is queued", value = json!(sample_data::for_ada_resent(600)))),
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
pub(super) async fn resend_once<K: Named + 'static>(
    path: &str,
    Command { request, state, actor, query, body }: Command,
    authorise: impl AsyncFnOnce(RequestContext, Id<K>, Option<&StoredAnswer>) -> Result<(), Problem> + 'static,
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
    let authorise = async |caller: RequestContext, (wanted, _), stored: Option<&StoredAnswer>| {
        authorise(caller, wanted, stored).await
    };
    idempotency_key::once((&request, state, actor), (StatusCode::OK, &digest), asked, authorise, work).await
}

/// Whether the caller may resend and revoke this invitation, whatever its state.
pub(in crate::http) async fn may_act_on(
    (state, actor): &RequestContext,
    id: InvitationId,
) -> Result<(), Problem> {
    Ok(services::resend::authority::over_invitation(&state.services, actor, id).await?)
}

errors! {
    RevokeErrors:
    FORBIDDEN;
    ROLE_EXCEEDS_YOURS = "a role of the invitation allows more than the token does";
    NOT_FOUND = "there is no such invitation, or this token may not see it";
    INVITATION_NOT_PENDING;
}

/// Revoke an invitation
///
/// The link stops working, and a letter that is still queued is not sent. A person who never activated and
/// has no other pending invitation is removed from the user list. Their address can be invited again.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "revokeInvitation",
    params(("id" = InvitationId, Path, description = "The invitation.")),
    request_body(content = Option<EmptyRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
    )),
    responses(
        (status = 200, description = "Revoked.", body = InvitationView, headers(("ETag")), examples(
            ("RevokedInvitation" = (summary = "The link no longer works", value = json!(sample_data::for_ada_revoked()))),
        )),
        RevokeErrors,
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[post("/v1/invitations/{id}/revoke")]
pub async fn revoke(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    let digest = *body.digest();
    let asked = body.expect_none().and_then(|()| id(&path));
    let work = async |(state, actor): RequestContext, invitation, ticket| {
        Ok(services::revoke::invitation(&state.services, &actor, invitation, ticket).await?)
    };
    let authorise = async |caller: RequestContext, invitation, _: Option<&StoredAnswer>| {
        may_act_on(&caller, invitation).await
    };
    idempotency_key::once((&request, state, actor), (StatusCode::OK, &digest), asked, authorise, work).await
}
