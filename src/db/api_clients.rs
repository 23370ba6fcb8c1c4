//! API clients.

mod list;
mod secrets;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

pub use self::{
    list::{ClientFilter, list},
    secrets::{delete_all, delete_others, expire, insert as insert_secret, touch},
};
use super::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{api_clients as clients, users},
    sql::timestamp::At,
    visibility,
};
use crate::domain::{
    actor::{ActorKind, ActorRef},
    api_client::{ApiClient, ClientName, SecretRecord},
    ids::ClientId,
    permission::Permission,
    visibility::Visibility,
};

#[derive(Queryable)]
struct Row {
    id: String,
    name: String,
    scopes: String,
    account_id: Option<String>,
    networks: String,
    expires_at: Option<At>,
    created_by_kind: String,
    created_by_id: String,
    created_by_name: Option<String>,
    created_at: At,
    revoked_at: Option<At>,
    last_used_at: Option<At>,
}

/// A row, and the names of the user who made it.
type Joined = (Row, Option<String>, Option<String>);

impl Row {
    fn client(self, maker: [Option<String>; 2], secrets: Vec<SecretRecord>) -> Result<ApiClient, DbFault> {
        let unreadable = |column| DbFault::Corrupt { table: "api_clients", column, row: self.id.clone() };
        let scopes: Result<BTreeSet<Permission>, _> = self.scopes.split(' ').map(str::parse).collect();
        let account = self.account_id.as_deref().map(str::parse).transpose();
        let names = || maker.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(ApiClient {
            id: self.id.parse().map_err(|_| unreadable("id"))?,
            scopes: scopes.map_err(|_| unreadable("scopes"))?,
            account: account.map_err(|_| unreadable("account_id"))?,
            networks: self.networks.parse().map_err(|_| unreadable("networks"))?,
            expires_at: self.expires_at.map(|at| at.0),
            created_by: ActorRef {
                kind: self.created_by_kind.parse().map_err(|_| unreadable("created_by_kind"))?,
                id: self.created_by_id,
                name: self.created_by_name.unwrap_or_else(names),
                origin: None,
            },
            created_at: self.created_at.0,
            revoked_at: self.revoked_at.map(|at| at.0),
            last_used_at: self.last_used_at.map(|at| at.0),
            name: ClientName::stored(self.name),
            secrets,
        })
    }
}

/// Inserts a client and its secrets.
pub fn insert(tx: &mut Tx<'_>, new: &ApiClient) -> Result<(), DbFault> {
    let scopes = new.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    // A user's name is read from the users, so that it is erased with them.
    let name = Some(&new.created_by.name).filter(|_| new.created_by.kind != ActorKind::User);
    let row = (
        clients::id.eq(new.id.as_str()),
        clients::name.eq(new.name.as_str()),
        clients::scopes.eq(scopes),
        clients::account_id.eq(new.account.map(|id| id.to_string())),
        clients::networks.eq(new.networks.to_string()),
        clients::expires_at.eq(new.expires_at.map(At)),
        clients::created_by_kind.eq(new.created_by.kind.as_str()),
        clients::created_by_id.eq(&new.created_by.id),
        clients::created_by_name.eq(name),
        clients::created_at.eq(At(new.created_at)),
    );
    diesel::insert_into(clients::table).values(row).execute(tx.writing())?;
    new.secrets.iter().try_for_each(|secret| insert_secret(tx, new.id, secret))
}

/// One client, if it is visible.
pub fn get(
    connection: &mut AnyConnection,
    id: ClientId,
    visibility: &Visibility,
) -> Result<Option<ApiClient>, DbFault> {
    let row = clients::table
        .left_join(users::table.on(users::id.eq(clients::created_by_id)))
        .filter(clients::id.eq(id.as_str()))
        .select((clients::all_columns, users::first_name.nullable(), users::last_name.nullable()))
        .into_boxed::<MultiBackend>()
        .filter(visibility::clients(visibility))
        .first::<Joined>(connection)
        .optional()?;
    // Read for an unknown id too, so that it takes as long.
    let secrets = secrets::of(connection, &[id.as_str()])?;
    Ok(whole(row.into_iter().collect(), secrets)?.pop())
}

/// Rows with their secrets.
fn whole(
    rows: Vec<Joined>,
    mut secrets: HashMap<String, Vec<SecretRecord>>,
) -> Result<Vec<ApiClient>, DbFault> {
    let rows = rows.into_iter().map(|(row, first, last)| {
        let secrets = secrets.remove(&row.id).unwrap_or_default();
        row.client([first, last], secrets)
    });
    rows.collect()
}

/// Locks a client until the end of the transaction, so that of two rotations one waits for the other.
pub fn lock(tx: &mut Tx<'_>, id: ClientId) -> Result<(), DbFault> {
    let one = clients::table.find(id.as_str()).select(clients::id);
    match tx.writing() {
        AnyConnection::Postgres(c) => one.for_no_key_update().first::<String>(c).optional()?,
        // A write transaction locks the whole file.
        AnyConnection::Sqlite(_) => None,
    };
    Ok(())
}

/// Revokes a client that was not revoked before.
pub fn revoke(tx: &mut Tx<'_>, id: ClientId, now: DateTime<Utc>) -> Result<Guarded, DbFault> {
    let changed = diesel::update(clients::table.find(id.as_str()))
        .filter(clients::revoked_at.is_null())
        .set(clients::revoked_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}
