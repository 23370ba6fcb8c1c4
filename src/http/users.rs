//! `/v1/users`: list, show, and the button that resends.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::StatusCode,
    post,
    web::{Data, Path},
};

use super::{
    State,
    auth::Caller,
    body::Body,
    csv, idempotency,
    invitations::id,
    negotiate,
    problem::Problem,
    query::Query,
    views::{self, InvitationView, List, UserView},
};
use crate::{
    domain::{
        account::MemberRole,
        role::Role,
        user::{UserKind, UserStatus},
    },
    services::{
        self, browse,
        browse::{AnyRole, UserQuery},
    },
};

/// What `role` takes.
const ROLES: [AnyRole; 7] = [
    AnyRole::System(Role::Admin),
    AnyRole::System(Role::UserManager),
    AnyRole::System(Role::CustomerSupport),
    AnyRole::System(Role::Finance),
    AnyRole::System(Role::Viewer),
    AnyRole::Member(MemberRole::AccountOwner),
    AnyRole::Member(MemberRole::Driver),
];

fn role_name(role: AnyRole) -> &'static str {
    match role {
        AnyRole::System(role) => role.as_str(),
        AnyRole::Member(role) => role.as_str(),
    }
}

/// List users
///
/// Newest first. Filters combine with AND. A person is in the list from the first invitation on. With `Accept: text/csv` all
/// that match are exported as CSV (RFC 4180), with a header line; `limit` and `cursor` are set aside.
#[utoipa::path(
    tag = "Users",
    operation_id = "listUsers",
    params(
        ("kind" = Option<String>, Query, description = "`system_user` or `customer`. 403 for a kind that the token may not see.", example = "system_user"),
        ("status" = Option<String>, Query, description = "`invited`, `active` or `blocked`.", example = "active"),
        ("role" = Option<String>, Query, description = "Those who hold this role: a system role, `account_owner` or `driver`.", example = "viewer"),
        ("account_id" = Option<String>, Query, description = "Those who belong, or are invited, to this account."),
        ("search" = Option<String>, Query, description = "Any part of address, name or account name, without regard to case; at most 256 characters.", example = "ada"),
        ("limit" = Option<i64>, Query, description = "From 1; above 200 is taken as 200. Default 50.", example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before, with the same filters."),
    ),
    responses(
        (status = 200, description = "A page; or every match, as CSV.", content(
            (List<UserView> = "application/json"),
            (String = "text/csv", example = "id,email,first_name,last_name,status,system_roles,memberships,created_at,activated_at\r\n"),
        ),
            headers(("Link" = String, description = "The next page, `rel=\"next\"`; none on the last page."))),
        (status = 422, description = "`validation_failed` with every faulty parameter, or `cursor_mismatch`."),
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/users")]
pub async fn list(caller: Caller, mut query: Query, request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let filters = UserQuery {
        kind: query.one_of("kind", &UserKind::ALL, UserKind::as_str),
        status: query.one_of("status", &UserStatus::ALL, UserStatus::as_str),
        role: query.one_of("role", &ROLES, role_name),
        account: query.parsed("account_id", "invalid_id", str::parse),
        search: query.search(),
    };
    let page = query.page();
    query.finish()?;
    if negotiate::prefers_csv(&request) {
        return csv::users(&state.services, &caller.0, filters).await;
    }
    let page = browse::users(&state.services, &caller.0, filters, page).await?;
    Ok(views::list(&page, |user| UserView::from(user), &request))
}

/// Show a user
#[utoipa::path(
    tag = "Users",
    operation_id = "getUser",
    params(("id" = String, Path, description = "`usr_…`", example = "usr_01kavx6e9kfzabv5qhm1p4d6xn")),
    responses(
        (status = 200, description = "The user.", body = UserView),
        (status = 404, description = "`not_found`: there is none, or this token may not see them."),
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/users/{id}")]
pub async fn get(caller: Caller, path: Path<String>, query: Query, state: Data<State>) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let user = browse::user(&state.services, &caller.0, id(&path)?).await?;
    Ok(HttpResponse::Ok().json(UserView::from(&user)))
}

/// Resend a user's invitation
///
/// The button on the user's page: resends the one invitation of theirs that awaits an answer.
#[utoipa::path(
    tag = "Users",
    operation_id = "resendUserInvitation",
    params(("id" = String, Path, description = "`usr_…`", example = "usr_01kavx6e9kfzabv5qhm1p4d6xn")),
    responses(
        (status = 200, description = "Sent anew.", body = InvitationView),
        (status = 403, description = "`forbidden`, or `role_exceeds_yours`."),
        (status = 404, description = "`not_found`."),
        (status = 409, description = "`invitation_not_pending`, or `ambiguous_invitation` with `candidates`."),
        (status = 429, description = "`resend_too_soon`, with `Retry-After`."),
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[post("/v1/users/{id}/resend-invitation")]
pub async fn resend(
    request: HttpRequest,
    caller: Caller,
    path: Path<String>,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let wanted = id(&path)?;
    idempotency::once((&request, &state, &caller.0), StatusCode::OK, body, async |body, ticket| {
        body.expect_none()?;
        Ok(services::resend::user(&state.services, &caller.0, wanted, ticket).await?)
    })
    .await
}
