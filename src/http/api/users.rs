//! `/v1/users`: list (as CSV too), count, show, change, block, erase, export, resend the pending invitation.

mod access;
pub(in crate::http) mod block;
pub(in crate::http) mod counts;
mod csv;
pub(in crate::http) mod erase;
pub(in crate::http) mod export;
pub(in crate::http) mod export_csv;
mod export_view;
pub(in crate::http) mod get;
pub(in crate::http) mod list;
pub(in crate::http) mod resend_invitation;
pub(in crate::http) mod unblock;
pub(in crate::http) mod update;

use actix_web::guard::GuardContext;

use crate::http::openapi::routes::is_path;

/// `counts` is not an id: it is a path of its own, without PATCH and DELETE.
fn names_one(request: &GuardContext<'_>) -> bool {
    !is_path(&request.head().uri, "/v1/users/counts")
}
