//! `/v1/users`: list, show, resend the pending invitation.

pub(in crate::http) mod csv;

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path},
};

use super::invitations::{ResendRequest, may_act_on, resend_once};
use crate::http::{
    extract::{
        auth::Caller,
        command::Command,
        idempotency_key::RequestContext,
        path::id,
        query::{Paging, Query},
    },
    middleware::accept,
    openapi::{errors::errors, sample_data},
    response::{
        compression, page,
        problem::Problem,
        representation,
        stored::StoredInvitation,
        views::{InvitationView, UserView, Users},
    },
    state::State,
};
use crate::{
    domain::{
        ids::{AccountId, UserId},
        user::{UserKind, UserStatus},
    },
    services::{
        self,
        idempotency::StoredAnswer,
        queries::{self, AnyRole, UserQuery},
    },
};

errors! {
    ListErrors:
    FORBIDDEN = "the token may see no user, or none of this kind";
    NOT_ACCEPTABLE = "the `Accept` header rules out both JSON and CSV";
    CURSOR_MISMATCH;
}

/// List users
///
/// Newest first. Filters combine with AND. A person is in the list from the first invitation on. With
/// `Accept: text/csv` all matches are exported as CSV (RFC 4180), with a header line; `limit` and `cursor`
/// are ignored. Every cell is quoted, and an apostrophe precedes what a spreadsheet could read as a formula.
#[utoipa::path(
    tag = "Users",
    operation_id = "listUsers",
    params(
        ("kind" = Option<UserKind>, Query, description = "Those of this kind. 403 for a kind that the token \
            may not see.", example = "system_user"),
        ("status" = Option<UserStatus>, Query, description = "Those with this status.", example = "active"),
        ("role" = Option<AnyRole>, Query, description = "Those who hold this role, a system user's or a \
            member's.", example = "viewer"),
        ("account_id" = Option<AccountId>, Query, description = "Members of this account, and people invited \
            to it."),
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of address, name or \
            account name, without regard to case; a domain is found in Unicode and in punycode. No control \
            characters.", example = "ada"),
        ("bom" = Option<bool>, Query, description = "`true` puts a byte order mark (U+FEFF) before the CSV. \
            Without it, Excel reads the file in the system's legacy code page and shows `ü` as `Ã¼`; other \
            programs read the mark as a part of the first column's name. JSON never has one.", example = false),
        Paging,
    ),
    responses(
        (status = 200, description = "A page; or all matches as CSV.", content(
            (Users = "application/json", examples(
            ("Users" = (summary = "The last page", value = json!(sample_data::page(vec![
                sample_data::dirk(), sample_data::ada(), sample_data::olivia()
            ])))),
        )),
            (String = "text/csv"),
        ), headers(("Link"), ("Content-Disposition"))),
        ListErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/users")]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let filters = UserQuery {
        kind: query.one_of("kind", &UserKind::ALL, UserKind::as_str),
        status: query.one_of("status", &UserStatus::ALL, UserStatus::as_str),
        role: query.one_of("role", &AnyRole::all(), AnyRole::as_str),
        account: query.parsed("account_id", "invalid_id", str::parse),
        search: query.search(),
    };
    let page = query.page();
    let byte_order_mark = query.one_of("bom", &[true, false], |mark| if mark { "true" } else { "false" });
    query.finish()?;
    if accept::prefers_csv(&request) {
        let csv =
            csv::users(&state.services, &caller.0, filters, byte_order_mark.unwrap_or_default()).await?;
        return Ok(compression::stream(&request, csv));
    }
    let page = queries::users(&state.services, &caller.0, filters, page).await?;
    page::answer(&page, |user| UserView::from(user), &request)
}

errors! {
    GetErrors:
    NOT_FOUND = "there is no such user, or this token may not see them";
}

/// Show a user
#[utoipa::path(
    tag = "Users",
    operation_id = "getUser",
    params(("id" = UserId, Path, description = "The user.")),
    responses(
        (status = 200, description = "The user.", body = UserView, examples(
            ("User" = (summary = "A colleague", value = json!(sample_data::ada()))),
        )),
        GetErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/users/{id}")]
pub async fn get(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let user = queries::user(&state.services, &caller.0, id(&path)?).await?;
    representation::object(&request, &UserView::from(&user))
}

errors! {
    ResendErrors:
    FORBIDDEN;
    ROLE_EXCEEDS_YOURS = "a role of the invitation allows more than the token does";
    NOT_FOUND = "there is no such user, or this token may not see them";
    INVITATION_NOT_PENDING = "no invitation of the user awaits an answer";
    AMBIGUOUS_INVITATION = "several invitations of the user await an answer, `candidates`";
    RESEND_TOO_SOON = "the invitation was sent a moment ago; with `Retry-After`";
}

/// Resend a user's invitation
///
/// Resends the user's pending invitation, when there is exactly one.
#[utoipa::path(
    tag = "Users",
    operation_id = "resendUserInvitation",
    params(("id" = UserId, Path, description = "The user.")),
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
#[post("/v1/users/{id}/resend-invitation")]
pub async fn resend(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let authorise = async |caller: RequestContext, user, stored: Option<&StoredAnswer>| {
        // A retry is about the invitation that was resent then, whichever awaits an answer by now.
        match stored.and_then(StoredInvitation::of) {
            Some(resent) => may_act_on(&caller, resent.id).await,
            None => Ok(services::resend::authority::over_user(&caller.0.services, &caller.1, user).await?),
        }
    };
    resend_once(&path, command, authorise, services::resend::user).await
}
