//! `GET /v1/invitations/{id}/events`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};

use crate::http::{
    extract::{
        auth::Caller,
        path::id,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::{
        page,
        problem::Problem,
        views::{EventView, Events},
    },
    state::State,
};
use crate::{domain::ids::InvitationId, services::queries};

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
            ("Timeline" = (
                summary = "From the invite to the first time that the link was opened",
                value = json!(sample_data::page(sample_data::timeline()))
            )),
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
