//! `GET /v1/delivery`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::view::DeliveryOverviewView;
use crate::http::{
    extract::{auth::Caller, query::Query},
    openapi::errors::errors,
    response::{problem::Problem, representation},
    state::State,
};
use crate::services;

errors! {
    DeliveryErrors:
    FORBIDDEN = "the token may read neither all staff nor all customers; an account owner's may not";
}

/// Show the overview of deliveries
///
/// What became of the letters that were put into the outbox in the last hour, the last 24 hours and the
/// last 7 days: by state, by the reason why they wait or did not arrive, by the recipient's domain, and by
/// the relay or provider that they were handed to last. Counted are the letters of invitations of the kinds
/// that the token may read, reminders and earlier letters of an invitation included; letters about
/// passwords and addresses are not. The numbers are those of `generated_at`; where a week has so many
/// letters that counting them takes seconds, what is more than an hour old was counted within the hour
/// before. While they are counted for the first time, the answer may be 503 with `Retry-After`.
#[utoipa::path(
    tag = "Operations",
    operation_id = "getDelivery",
    responses(
        (status = 200, description = "The overview.", body = DeliveryOverviewView, examples(
            ("DeliveryOverview" = (
                summary = "A relay that asked for a pause", value = json!(DeliveryOverviewView::example())
            )),
        )),
        DeliveryErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/delivery")]
pub async fn get(
    caller: Caller,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let overview = services::delivery_overview::get(&state.services, &caller.0).await?;
    representation::object(&request, &DeliveryOverviewView::from(&*overview))
}
