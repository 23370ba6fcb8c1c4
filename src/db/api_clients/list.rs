//! The list of API clients.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{Joined, secrets, whole};
use crate::db::{
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{api_clients as clients, users},
    sql::timestamp::At,
    visibility,
};
use crate::domain::{
    api_client::{ApiClient, ApiClientStatus},
    ids::{AccountId, ClientId},
    visibility::Visibility,
};

/// Which clients a list shows.
#[derive(Debug, Clone)]
pub struct ClientFilter {
    /// What the caller may see.
    pub visibility: Visibility,
    /// With this status at this time.
    pub status: Option<(ApiClientStatus, DateTime<Utc>)>,
    /// Of this account.
    pub account: Option<AccountId>,
    /// Older than this one.
    pub before: Option<ClientId>,
    /// The maximum number of rows.
    pub limit: i64,
}

/// The clients that match `filter`, newest first.
pub fn list(connection: &mut AnyConnection, filter: &ClientFilter) -> Result<Vec<ApiClient>, DbFault> {
    let mut query = clients::table
        .left_join(users::table.on(users::id.eq(clients::created_by_id)))
        .select((clients::all_columns, users::first_name.nullable(), users::last_name.nullable()))
        .order(clients::id.desc())
        .limit(filter.limit)
        .into_boxed::<MultiBackend>()
        .filter(visibility::clients(&filter.visibility));
    query = match filter.status {
        None => query,
        Some((ApiClientStatus::Revoked, _)) => query.filter(clients::revoked_at.is_not_null()),
        Some((ApiClientStatus::Expired, now)) => query
            .filter(clients::revoked_at.is_null())
            .filter(clients::expires_at.le(At(now)).assume_not_null()),
        Some((ApiClientStatus::Active, now)) => {
            let goes_on = clients::expires_at.gt(At(now)).assume_not_null();
            query.filter(clients::revoked_at.is_null()).filter(clients::expires_at.is_null().or(goes_on))
        }
    };
    if let Some(account) = filter.account {
        query = query.filter(clients::account_id.eq(account.to_string()).assume_not_null());
    }
    if let Some(before) = filter.before {
        query = query.filter(clients::id.lt(before.to_string()));
    }
    let rows = query.load::<Joined>(connection)?;
    let ids: Vec<&str> = rows.iter().map(|(row, ..)| row.id.as_str()).collect();
    let secrets = secrets::of(connection, &ids)?;
    whole(rows, secrets)
}
