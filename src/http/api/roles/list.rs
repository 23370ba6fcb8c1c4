//! `GET /v1/roles`: what the checkboxes of the invite form show.

use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::role::Role;
use crate::http::{
    extract::{auth::Caller, query::Query},
    response::{problem::Problem, representation, views::RoleView},
};

/// Every role.
#[derive(Serialize, ToSchema)]
#[schema(as = ListOfRoles)]
pub struct RoleList {
    /// The roles, the most powerful first.
    pub data: Vec<RoleView>,
}

impl RoleList {
    fn all() -> Self {
        Self { data: Role::ALL.into_iter().map(RoleView::from).collect() }
    }
}

/// List the roles of system users
///
/// With any valid token.
#[utoipa::path(
    tag = "System users",
    operation_id = "listRoles",
    responses((status = 200, description = "Every role, with what it allows.", body = RoleList, examples(
            ("Roles" = (summary = "All of them", value = json!(RoleList::all()))),
        ))),
    security(("access_token" = [])),
)]
#[get("/v1/roles")]
pub async fn list(_caller: Caller, query: Query, request: HttpRequest) -> Result<HttpResponse, Problem> {
    query.finish()?;
    representation::object(&request, &RoleList::all())
}
