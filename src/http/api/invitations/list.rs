//! `GET /v1/invitations`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use crate::http::{
    extract::{
        auth::Caller,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::{
        page,
        problem::Problem,
        views::{InvitationView, Invitations},
    },
    state::State,
};
use crate::{
    domain::{
        email::Email,
        ids::AccountId,
        invitation::{DeliveryState, InvitationKind, InvitationStatus},
    },
    services::queries::{self, InvitationQuery},
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
        (
            "status" = Option<InvitationStatus>, Query, description = "Those with this status.",
            example = "pending"
        ),
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
