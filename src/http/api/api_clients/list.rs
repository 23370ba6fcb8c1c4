//! `GET /v1/api-clients`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::view::{ApiClientView, ApiClients};
use crate::http::{
    extract::{
        auth::Caller,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::{page, problem::Problem},
    state::State,
};
use crate::{
    domain::{api_client::ApiClientStatus, ids::AccountId},
    services::api_clients::{self, ClientQuery},
};

errors! {
    ListErrors:
    FORBIDDEN = "the token lacks `clients:manage`";
    CURSOR_MISMATCH;
}

/// List API clients
///
/// Newest first, those that were revoked too. A caller with accounts and without `accounts:read` sees the
/// clients of these accounts and of those below them.
#[utoipa::path(
    tag = "API clients",
    operation_id = "listApiClients",
    params(
        (
            "status" = Option<ApiClientStatus>, Query, description = "Those with this status.",
            example = "active"
        ),
        (
            "account_id" = Option<AccountId>, Query, description = "Those of this account itself.",
            example = json!(sample_data::acme().id)
        ),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = ApiClients, headers(("Link")), examples(
            ("ApiClients" = (
                summary = "The last page", value = json!(sample_data::page(vec![ApiClientView::example()]))
            )),
        )),
        ListErrors,
    ),
    security(("access_token" = ["clients:manage"])),
)]
#[get("/v1/api-clients")]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    api_clients::admit(&caller.0)?;
    let filters = ClientQuery {
        status: query.one_of("status", &ApiClientStatus::ALL, ApiClientStatus::as_str),
        account: query.parsed("account_id", "invalid_id", str::parse::<AccountId>),
    };
    let page = query.page();
    query.finish()?;
    let page = api_clients::list(&state.services, &caller.0, filters, page).await?;
    let now = state.services.clock.now();
    page::answer(&page, |client| ApiClientView::of(client, now), &request)
}
