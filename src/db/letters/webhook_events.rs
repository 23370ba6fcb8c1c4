//! Events and tokens that providers have sent: each counts once.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, select},
    prelude::*,
};

use crate::db::{
    Tx,
    error::DbFault,
    schema::{mail_events, mail_tokens},
    sql::timestamp::At,
};
use crate::domain::delivery_reports::{Provider, Token};

/// Whether an event was received before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum EventReceipt {
    /// This is the first time.
    First,
    /// It was received before.
    Repeated,
}

/// Whether a token may be used for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum TokenUse {
    /// It is spent for this event now, or was before.
    Spent,
    /// It was spent for another event.
    SpentBefore,
}

/// Records that an event is received.
pub fn receive(
    tx: &mut Tx<'_>,
    provider: Provider,
    event_id: &str,
    now: DateTime<Utc>,
) -> Result<EventReceipt, DbFault> {
    let row = (
        mail_events::provider.eq(provider.name),
        mail_events::event_id.eq(event_id),
        mail_events::received_at.eq(At(now)),
    );
    let written = each!(tx.writing(), c => {
        diesel::insert_into(mail_events::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    Ok(if written == 1 { EventReceipt::First } else { EventReceipt::Repeated })
}

/// Whether an event was received before.
pub fn is_received(tx: &mut Tx<'_>, provider: Provider, event_id: &str) -> Result<bool, DbFault> {
    let known = mail_events::table.find((provider.name, event_id));
    Ok(select(exists(known)).get_result(tx.reading())?)
}

/// Spends a token. Of several requests with one token at the same time, one spends it.
pub fn spend(
    tx: &mut Tx<'_>,
    provider: Provider,
    token: &Token,
    now: DateTime<Utc>,
) -> Result<TokenUse, DbFault> {
    let row = (
        mail_tokens::provider.eq(provider.name),
        mail_tokens::token.eq(&token.name),
        mail_tokens::event.eq(&token.event),
        mail_tokens::received_at.eq(At(now)),
    );
    // Waits for a transaction that is spending it at this moment, and sees what that one did.
    let written = each!(tx.writing(), c => {
        diesel::insert_into(mail_tokens::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    let spent = mail_tokens::table.find((provider.name, &token.name)).select(mail_tokens::event);
    let is_ours = written == 1 || spent.first::<String>(tx.reading())? == token.event;
    Ok(if is_ours { TokenUse::Spent } else { TokenUse::SpentBefore })
}

/// Deletes what was received before `before`, the oldest first, at most `most` of each table. Returns how
/// many were deleted.
pub fn delete_old(tx: &mut Tx<'_>, most: usize, before: DateTime<Utc>) -> Result<usize, DbFault> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut deleted = 0;
    macro_rules! delete_old_of {
        ($table:ident) => {
            let old = $table::table
                .filter($table::received_at.lt(At(before)))
                .select($table::received_at)
                .order($table::received_at)
                .limit(most)
                .load::<At>(tx.reading())?;
            if let Some(youngest) = old.last() {
                let old = $table::table.filter($table::received_at.le(At(youngest.0)));
                deleted += diesel::delete(old).execute(tx.writing())?;
            }
        };
    }
    delete_old_of!(mail_events);
    delete_old_of!(mail_tokens);
    Ok(deleted)
}
