//! Access tokens that were revoked before they expire, by their ids or by the id of their API client.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::db::{
    Tx, error::DbFault, pool::any_connection::AnyConnection, schema::revoked_tokens, sql::timestamp::At,
};
use crate::domain::ids::{ClientId, Id, Named, TokenId};

/// Revokes a token, or all tokens of a client, which expire at `expires_at` at the latest. Repeated, it has
/// no effect.
pub fn insert<K: Named>(
    tx: &mut Tx<'_>,
    id: Id<K>,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), DbFault> {
    let row = (
        revoked_tokens::id.eq(id.as_str()),
        revoked_tokens::revoked_at.eq(At(now)),
        revoked_tokens::expires_at.eq(At(expires_at)),
    );
    each!(tx.writing(), c => {
        diesel::insert_into(revoked_tokens::table).values(row).on_conflict_do_nothing().execute(c)?
    });
    Ok(())
}

/// The ids of the revoked tokens that may not have expired, and of the clients whose tokens these are.
pub fn list(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Vec<Uuid>, DbFault> {
    let unreadable =
        |id: &str| DbFault::Corrupt { table: "revoked_tokens", column: "id", row: id.to_owned() };
    let ids = revoked_tokens::table.filter(revoked_tokens::expires_at.gt(At(now))).select(revoked_tokens::id);
    let ids = ids.load::<String>(connection)?;
    let uuid = |id: &String| {
        let of_token = id.parse::<TokenId>().map(|id| id.uuid());
        of_token.or_else(|_| id.parse::<ClientId>().map(|id| id.uuid())).map_err(|_| unreadable(id))
    };
    ids.iter().map(uuid).collect()
}

/// Deletes the rows of tokens that have expired.
pub fn delete_old(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let expired = revoked_tokens::table.filter(revoked_tokens::expires_at.le(At(now)));
    Ok(diesel::delete(expired).execute(tx.writing())?)
}
