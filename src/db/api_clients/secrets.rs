//! The secrets of API clients: their hashes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{api_client_secrets as secrets, api_clients as clients},
    sql::timestamp::At,
};
use crate::domain::{
    api_client::{SecretHash, SecretRecord},
    ids::{ClientId, SecretId},
};

type Row = (String, String, String, String, At, Option<At>, Option<At>);

/// The secrets of these clients, by client, the newest first.
pub(super) fn of(
    connection: &mut AnyConnection,
    ids: &[&str],
) -> Result<HashMap<String, Vec<SecretRecord>>, DbFault> {
    let rows = secrets::table.filter(secrets::client_id.eq_any(ids)).order(secrets::id.desc());
    let mut found: HashMap<String, Vec<SecretRecord>> = HashMap::new();
    for (id, client, hash, hint, created_at, expires_at, last_used_at) in rows.load::<Row>(connection)? {
        let record = SecretRecord {
            id: id.parse().map_err(|_| DbFault::Corrupt {
                table: "api_client_secrets",
                column: "id",
                row: id,
            })?,
            hash: SecretHash::stored(hash),
            hint,
            created_at: created_at.0,
            expires_at: expires_at.map(|at| at.0),
            last_used_at: last_used_at.map(|at| at.0),
        };
        found.entry(client).or_default().push(record);
    }
    Ok(found)
}

/// Inserts a secret of a client.
pub fn insert(tx: &mut Tx<'_>, client: ClientId, new: &SecretRecord) -> Result<(), DbFault> {
    let row = (
        secrets::id.eq(new.id.as_str()),
        secrets::client_id.eq(client.as_str()),
        secrets::hash.eq(new.hash.as_str()),
        secrets::hint.eq(&new.hint),
        secrets::created_at.eq(At(new.created_at)),
    );
    diesel::insert_into(secrets::table).values(row).execute(tx.writing())?;
    Ok(())
}

/// Ends a secret at this time.
pub fn expire(tx: &mut Tx<'_>, id: SecretId, at: DateTime<Utc>) -> Result<(), DbFault> {
    diesel::update(secrets::table.find(id.as_str()))
        .set(secrets::expires_at.eq(At(at)))
        .execute(tx.writing())?;
    Ok(())
}

/// Deletes all secrets of a client except these.
pub fn delete_others(tx: &mut Tx<'_>, client: ClientId, kept: &[SecretId]) -> Result<(), DbFault> {
    let kept: Vec<&str> = kept.iter().map(SecretId::as_str).collect();
    let others = secrets::client_id.eq(client.as_str()).and(secrets::id.ne_all(kept));
    diesel::delete(secrets::table.filter(others)).execute(tx.writing())?;
    Ok(())
}

/// Deletes all secrets of a client.
pub fn delete_all(tx: &mut Tx<'_>, client: ClientId) -> Result<(), DbFault> {
    diesel::delete(secrets::table.filter(secrets::client_id.eq(client.as_str()))).execute(tx.writing())?;
    Ok(())
}

/// Notes that a token was issued for a secret.
pub fn touch(
    tx: &mut Tx<'_>,
    (client, secret): (ClientId, SecretId),
    now: DateTime<Utc>,
) -> Result<(), DbFault> {
    // In the order in which a rotation locks them.
    diesel::update(clients::table.find(client.as_str()))
        .set(clients::last_used_at.eq(At(now)))
        .execute(tx.writing())?;
    diesel::update(secrets::table.find(secret.as_str()))
        .set(secrets::last_used_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(())
}
