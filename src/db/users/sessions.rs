//! Sessions of people who signed in.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::AnyConnection,
    schema::{sessions, users},
    sql::timestamp::At,
};
use crate::domain::{
    ids::{SessionId, UserId},
    session::{IDLE, Session},
};

#[derive(Queryable)]
pub(in crate::db) struct Row {
    id: String,
    user_id: String,
    generation: i32,
    credential: String,
    created_at: At,
    refreshed_at: At,
    ended_at: Option<At>,
}

impl TryFrom<Row> for Session {
    type Error = DbFault;

    fn try_from(row: Row) -> Result<Self, DbFault> {
        let unreadable = |column| DbFault::Corrupt { table: "sessions", column, row: row.id.clone() };
        Ok(Self {
            id: row.id.parse().map_err(|_| unreadable("id"))?,
            user: row.user_id.parse().map_err(|_| unreadable("user_id"))?,
            generation: row.generation,
            credential: row.credential.clone(),
            created_at: row.created_at.0,
            refreshed_at: row.refreshed_at.0,
            ended_at: row.ended_at.map(|at| at.0),
        })
    }
}

/// Inserts a new session.
pub fn insert(tx: &mut Tx<'_>, new: &Session) -> Result<(), DbFault> {
    let row = (
        sessions::id.eq(new.id.as_str()),
        sessions::user_id.eq(new.user.as_str()),
        sessions::generation.eq(new.generation),
        sessions::credential.eq(&new.credential),
        sessions::created_at.eq(At(new.created_at)),
        sessions::refreshed_at.eq(At(new.refreshed_at)),
    );
    diesel::insert_into(sessions::table).values(row).execute(tx.writing())?;
    Ok(())
}

/// One session.
pub fn get(connection: &mut AnyConnection, id: SessionId) -> Result<Option<Session>, DbFault> {
    let row = sessions::table.find(id.as_str()).first::<Row>(connection).optional()?;
    row.map(Session::try_from).transpose()
}

/// Spends the refresh token of this generation: for one of several callers at once it is applied.
pub fn refresh(
    tx: &mut Tx<'_>,
    (id, generation): (SessionId, i32),
    now: DateTime<Utc>,
) -> Result<Guarded, DbFault> {
    let changed = diesel::update(sessions::table.find(id.as_str()))
        .filter(sessions::generation.eq(generation).and(sessions::ended_at.is_null()))
        .set((sessions::generation.eq(generation + 1), sessions::refreshed_at.eq(At(now))))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Ends a session.
pub fn end(tx: &mut Tx<'_>, id: SessionId, now: DateTime<Utc>) -> Result<Guarded, DbFault> {
    let changed = diesel::update(sessions::table.find(id.as_str()))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Ends all sessions of a user except `kept`.
pub fn end_all(
    tx: &mut Tx<'_>,
    user: UserId,
    kept: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<(), DbFault> {
    let kept = kept.as_ref().map_or("", SessionId::as_str);
    diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user.as_str()).and(sessions::ended_at.is_null()))
        .filter(sessions::id.ne(kept))
        .set(sessions::ended_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(())
}

/// Binds the sessions of a user that began with the password of one mark to another mark: the person keeps
/// them.
pub fn rebind(tx: &mut Tx<'_>, user: UserId, (old, new): (&str, &str)) -> Result<(), DbFault> {
    diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user.as_str()).and(sessions::ended_at.is_null()))
        .filter(sessions::credential.eq(old))
        .set(sessions::credential.eq(new))
        .execute(tx.writing())?;
    Ok(())
}

/// Ends all access tokens of a user that were issued before `now`, also those that belong to no session.
pub fn end_tokens(tx: &mut Tx<'_>, user: UserId, now: DateTime<Utc>) -> Result<(), DbFault> {
    diesel::update(users::table.find(user.as_str()))
        .set(users::tokens_valid_from.eq(At(now)))
        .execute(tx.writing())?;
    Ok(())
}

/// Deletes sessions that were last refreshed so long ago that nothing can continue them.
pub fn delete_old(tx: &mut Tx<'_>, limit: usize, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let old = sessions::table
        .filter(sessions::refreshed_at.le(At(now - IDLE)))
        .select(sessions::id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load::<String>(tx.reading())?;
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq_any(old))).execute(tx.writing())?)
}
