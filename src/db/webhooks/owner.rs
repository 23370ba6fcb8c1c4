//! The owner of an endpoint: the user who made it, or the maker of the client by which it was made.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{api_clients as clients, letters, users, webhook_endpoints as endpoints},
    sql::timestamp::At,
};
use crate::domain::{
    actor::ActorKind,
    email::Email,
    ids::{UserId, WebhookEndpointId},
    letter::{LetterPurpose, LetterSubject},
    user::UserStatus,
    webhooks::WebhookStatus,
};

/// The most endpoints that a letter names.
const MAX_NAMED: i64 = 20;

/// That a user is active.
macro_rules! is_active {
    () => {
        users::removed_at.is_null().and(users::status.eq(UserStatus::Active.as_str()))
    };
}

/// The owner, with the present address: the first of the two makers who is an active user. `None` where
/// neither is: an endpoint that was made on the command line, or by a caller of an identity provider.
pub fn owner(
    connection: &mut AnyConnection,
    endpoint: WebhookEndpointId,
) -> Result<Option<(UserId, Email)>, DbFault> {
    let makers: Option<((String, String), (String, String))> = endpoints::table
        .inner_join(clients::table.on(clients::id.eq(endpoints::client_id)))
        .filter(endpoints::id.eq(endpoint.as_str()))
        .select((
            (endpoints::created_by_kind, endpoints::created_by_id),
            (clients::created_by_kind, clients::created_by_id),
        ))
        .first(connection)
        .optional()?;
    let Some((maker, of_client)) = makers else { return Ok(None) };
    let is_user = |(kind, _): &(String, String)| kind == ActorKind::User.as_str();
    let ids: Vec<String> = [maker, of_client].into_iter().filter(is_user).map(|(_, id)| id).collect();
    let active: Vec<(String, String)> = users::table
        .filter(users::id.eq_any(&ids))
        .filter(is_active!())
        .select((users::id, users::email))
        .load(connection)?;
    let first = ids.iter().find_map(|id| active.iter().find(|(known, _)| known == id));
    first
        .map(|(id, email)| {
            let corrupt = |column| DbFault::Corrupt { table: "users", column, row: id.clone() };
            let email = Email::parse(email).map_err(|_| corrupt("email"))?;
            Ok((id.parse().map_err(|_| corrupt("id"))?, email))
        })
        .transpose()
}

/// How many letters about disabled endpoints were put in for this owner after `since`.
pub fn letters_to(
    connection: &mut AnyConnection,
    owner: UserId,
    since: DateTime<Utc>,
) -> Result<usize, DbFault> {
    let subject = LetterSubject::User(owner).to_string();
    let number: i64 = letters::table
        .filter(letters::subject.eq(subject).assume_not_null())
        .filter(letters::kind.eq(LetterPurpose::WebhookDisabled.as_str()))
        .filter(letters::created_at.gt(At(since)))
        .count()
        .get_result(connection)?;
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

/// The disabled endpoints whose owner this user is, as [`owner`] has it, the oldest first, at most 20.
pub fn disabled_of(connection: &mut AnyConnection, user: UserId) -> Result<Vec<WebhookEndpointId>, DbFault> {
    let kind = ActorKind::User.as_str();
    let is_user_active = exists(users::table.filter(users::id.eq(user.as_str())).filter(is_active!()));
    // The maker of a client is the owner where that of the endpoint is not active.
    let maker = users::table.filter(users::id.eq(endpoints::created_by_id)).filter(is_active!());
    let has_active_maker = endpoints::created_by_kind.eq(kind).and(exists(maker));
    let made = endpoints::created_by_kind.eq(kind).and(endpoints::created_by_id.eq(user.as_str()));
    let made_client = clients::created_by_kind.eq(kind).and(clients::created_by_id.eq(user.as_str()));
    let ids: Vec<String> = endpoints::table
        .inner_join(clients::table.on(clients::id.eq(endpoints::client_id)))
        .filter(endpoints::status.eq(WebhookStatus::Disabled.as_str()).and(endpoints::deleted_at.is_null()))
        .filter(made.or(made_client.and(not(has_active_maker))))
        .filter(is_user_active)
        .order(endpoints::id)
        .limit(MAX_NAMED)
        .select(endpoints::id)
        .load(connection)?;
    let corrupt =
        |id: &str| DbFault::Corrupt { table: "webhook_endpoints", column: "id", row: id.to_owned() };
    ids.iter().map(|id| id.parse().map_err(|_| corrupt(id))).collect()
}
