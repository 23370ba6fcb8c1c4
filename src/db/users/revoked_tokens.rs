//! Access tokens that were revoked before they expire.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx, error::DbFault, pool::any_connection::AnyConnection, schema::revoked_tokens, sql::timestamp::At,
};
use crate::domain::ids::TokenId;

/// Revokes a token, which expires at `expires_at` at the latest. Repeated, it has no effect.
pub fn insert(
    tx: &mut Tx<'_>,
    id: TokenId,
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

/// The revoked tokens that may not have expired.
pub fn list(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Vec<TokenId>, DbFault> {
    let unreadable =
        |id: &str| DbFault::Corrupt { table: "revoked_tokens", column: "id", row: id.to_owned() };
    let ids = revoked_tokens::table.filter(revoked_tokens::expires_at.gt(At(now))).select(revoked_tokens::id);
    let ids = ids.load::<String>(connection)?;
    ids.iter().map(|id| id.parse().map_err(|_| unreadable(id))).collect()
}

/// Deletes the rows of tokens that have expired.
pub fn forget(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let expired = revoked_tokens::table.filter(revoked_tokens::expires_at.le(At(now)));
    Ok(diesel::delete(expired).execute(tx.writing())?)
}
