//! The owner of an endpoint: the user who made it, or the maker of the client by which it was made.

use diesel::prelude::*;

use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{api_clients as clients, users, webhook_endpoints as endpoints},
};
use crate::domain::{
    actor::ActorKind,
    email::Email,
    ids::{UserId, WebhookEndpointId},
    user::UserStatus,
};

/// The owner, with the present address. `None` where no active user of this service is: an endpoint that was
/// made on the command line, or by a caller of an identity provider.
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
    let is_user = |(kind, _): &(String, String)| kind == ActorKind::User.as_str();
    let Some((_, id)) = makers.and_then(|(maker, of_client)| [maker, of_client].into_iter().find(is_user))
    else {
        return Ok(None);
    };
    let row: Option<(String, String)> = users::table
        .filter(users::id.eq(id))
        .filter(users::removed_at.is_null().and(users::status.eq(UserStatus::Active.as_str())))
        .select((users::id, users::email))
        .first(connection)
        .optional()?;
    row.map(|(id, email)| {
        let corrupt = |column| DbFault::Corrupt { table: "users", column, row: id.clone() };
        let email = Email::parse(&email).map_err(|_| corrupt("email"))?;
        Ok((id.parse().map_err(|_| corrupt("id"))?, email))
    })
    .transpose()
}
