//! The secrets of endpoints: their hashes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx, error::DbFault, pool::any_connection::AnyConnection, schema::webhook_secrets as secrets,
    sql::timestamp::At,
};
use crate::domain::{
    api_client::SecretHash,
    ids::{SecretId, WebhookEndpointId},
    webhooks::WebhookSecretRecord,
};

type Row = (String, String, String, String, At, Option<At>);

/// The secrets of these endpoints, by endpoint, the newest first.
pub(super) fn of(
    connection: &mut AnyConnection,
    ids: &[&str],
) -> Result<HashMap<String, Vec<WebhookSecretRecord>>, DbFault> {
    let rows = secrets::table.filter(secrets::endpoint_id.eq_any(ids)).order(secrets::id.desc());
    let mut found: HashMap<String, Vec<WebhookSecretRecord>> = HashMap::new();
    for (id, endpoint, hash, hint, created_at, expires_at) in rows.load::<Row>(connection)? {
        let record = WebhookSecretRecord {
            id: id.parse().map_err(|_| DbFault::Corrupt {
                table: "webhook_secrets",
                column: "id",
                row: id,
            })?,
            hash: SecretHash::stored(hash),
            hint,
            created_at: created_at.0,
            expires_at: expires_at.map(|at| at.0),
        };
        found.entry(endpoint).or_default().push(record);
    }
    Ok(found)
}

/// Inserts a secret of an endpoint.
pub fn insert(
    tx: &mut Tx<'_>,
    endpoint: WebhookEndpointId,
    new: &WebhookSecretRecord,
) -> Result<(), DbFault> {
    let row = (
        secrets::id.eq(new.id.as_str()),
        secrets::endpoint_id.eq(endpoint.as_str()),
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

/// Deletes all secrets of an endpoint except these.
pub fn delete_others(tx: &mut Tx<'_>, endpoint: WebhookEndpointId, kept: &[SecretId]) -> Result<(), DbFault> {
    let kept: Vec<&str> = kept.iter().map(SecretId::as_str).collect();
    let others = secrets::endpoint_id.eq(endpoint.as_str()).and(secrets::id.ne_all(kept));
    diesel::delete(secrets::table.filter(others)).execute(tx.writing())?;
    Ok(())
}

/// Deletes all secrets of an endpoint.
pub(super) fn delete_all(tx: &mut Tx<'_>, endpoint: WebhookEndpointId) -> Result<(), DbFault> {
    let theirs = secrets::table.filter(secrets::endpoint_id.eq(endpoint.as_str()));
    diesel::delete(theirs).execute(tx.writing())?;
    Ok(())
}
