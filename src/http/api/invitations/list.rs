//! `GET /v1/invitations`.

use std::sync::Arc;

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
        list_order::InvitationOrder,
        visibility::Visibility,
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
/// Newest first, unless `sort` asks for another order. Filters combine with AND, the values of one filter
/// with OR. The list has the invitations that the caller may see.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "listInvitations",
    params(
        ("kind" = Option<Vec<InvitationKind>>, Query, style = Form, explode = false, description = "Those of \
            one of these kinds, separated by commas. 403 for a kind that the token may not see.",
            example = json!(["system_user"])),
        ("status" = Option<Vec<InvitationStatus>>, Query, style = Form, explode = false,
            description = "Those with one of these statuses, separated by commas.",
            example = json!(["pending", "expired"])),
        ("delivery" = Option<Vec<DeliveryState>>, Query, style = Form, explode = false, description = "Those \
            whose newest letter has one of these states, separated by commas.", example = json!(["bounced"])),
        ("account_id" = Option<AccountId>, Query, description = "Those to this account."),
        ("email" = Option<Email>, Query, description = "Those to exactly this address, without regard to \
            case.", example = "ada@example.com"),
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of address, name or \
            account name, without regard to case, accents or the number of blanks; a domain is found in \
            Unicode and in punycode. No control characters.", example = "ada"),
        ("sort" = Option<InvitationOrder>, Query, description = "The order; `-created_at` without it. In \
            that of `expires_at`, those come first that expire, or expired, first.", example = "expires_at"),
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
        kinds: query.any_of("kind", &InvitationKind::ALL, InvitationKind::as_str),
        statuses: query.any_of("status", &InvitationStatus::ALL, InvitationStatus::as_str),
        deliveries: query.any_of("delivery", &DeliveryState::ALL, DeliveryState::as_str),
        email: query.parsed("email", "invalid_email", Email::parse),
        account: query.parsed("account_id", "invalid_id", str::parse),
        search: query.search(),
        order: query
            .one_of("sort", &InvitationOrder::ALL, InvitationOrder::as_str)
            .unwrap_or(InvitationOrder::Newest),
    };
    let page = query.page();
    query.finish()?;
    let key = (Visibility::reading(&caller.0), filters, page);
    let make = async || {
        let (reader, filters, page) = key.clone();
        let page = queries::invitations(&state.services, &reader, filters, page).await?;
        let now = state.services.clock.now();
        page::render(&page, |row| InvitationView::of(row, now)).map(Arc::new)
    };
    let page = state.lists.invitations.answer(&key, make).await?;
    Ok(page::respond(&page, &request))
}
