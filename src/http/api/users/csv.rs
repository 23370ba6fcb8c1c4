//! Users as CSV.

use actix_web::HttpResponse;
use chrono::{DateTime, SecondsFormat, Utc};

use crate::http::response::{
    csv::{self, Table},
    problem::Problem,
};
use crate::{
    domain::{actor::Actor, user::User, visibility::Visibility},
    services::{
        Services,
        queries::{self, PageRequest, UserQuery},
    },
};

const USERS: Table<User> = Table {
    file: "users.csv",
    header: &[
        "id",
        "email",
        "first_name",
        "last_name",
        "status",
        "system_roles",
        "memberships",
        "created_at",
        "activated_at",
    ],
    row,
};

/// Every user that matches; after a byte order mark when the caller asks for one.
pub async fn users(
    services: &Services,
    actor: &Actor,
    filters: UserQuery,
    byte_order_mark: bool,
) -> Result<HttpResponse, Problem> {
    let (services, reader) = (services.clone(), Visibility::reading(actor));
    let read = async move |page: PageRequest| queries::users(&services, &reader, filters.clone(), page).await;
    csv::export(USERS, byte_order_mark, read).await
}

fn row(user: &User) -> Vec<String> {
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let memberships = user.memberships.iter().map(|one| {
        let name = one.account_name.as_deref().unwrap_or_default();
        format!("{name} ({}, {})", one.account_id, one.role.as_str())
    });
    vec![
        user.id.to_string(),
        user.email.as_str().to_owned(),
        user.first_name.clone().unwrap_or_default(),
        user.last_name.clone().unwrap_or_default(),
        user.status.as_str().to_owned(),
        user.system_roles.names().join("; "),
        memberships.collect::<Vec<_>>().join("; "),
        user.created_at.map(instant).unwrap_or_default(),
        user.activated_at.map(instant).unwrap_or_default(),
    ]
}
