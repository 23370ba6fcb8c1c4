//! Erases the user: ends sessions, memberships and roles, and leaves a row without personal data.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::traces::Traces;
use crate::db::{
    Tx,
    error::DbFault,
    schema::{former_addresses, letter_counts, memberships, sessions, user_roles, users},
    sql::timestamp::At,
};
use crate::domain::{
    email::Email,
    letter_quota::{LimitScope, mailbox},
    user::UserStatus,
};

pub(super) fn erase(tx: &mut Tx<'_>, traces: &Traces, now: DateTime<Utc>) -> Result<(), DbFault> {
    let ids = traces.user_ids();
    diesel::delete(sessions::table.filter(sessions::user_id.eq_any(&ids))).execute(tx.writing())?;
    diesel::delete(memberships::table.filter(memberships::user_id.eq_any(&ids))).execute(tx.writing())?;
    diesel::delete(user_roles::table.filter(user_roles::user_id.eq_any(&ids))).execute(tx.writing())?;
    diesel::delete(former_addresses::table.filter(former_addresses::user_id.eq_any(&ids)))
        .execute(tx.writing())?;
    diesel::delete(letter_counts::table.filter(letter_counts::subject.eq_any(counted(traces))))
        .execute(tx.writing())?;
    for id in &traces.users {
        let (email, none) = (Email::erased(*id), None::<&str>);
        // As a user who never activated and was removed, whom no query shows.
        diesel::update(users::table.find(id.as_str()))
            .set((
                (
                    users::email.eq(email.as_str()),
                    users::email_key.eq(email.key()),
                    users::search_text.eq(""),
                ),
                (users::first_name.eq(none), users::last_name.eq(none), users::password_hash.eq(none)),
                users::status.eq(UserStatus::Invited.as_str()),
                (users::activated_at.eq(None::<At>), users::address_proven_at.eq(None::<At>)),
                users::tokens_valid_from.eq(None::<At>),
                (users::removed_at.eq(At(now)), users::erased_at.eq(At(now))),
            ))
            .execute(tx.writing())?;
    }
    Ok(())
}

/// What the letters to these mailboxes are counted by.
fn counted(traces: &Traces) -> Vec<String> {
    let scope = LimitScope::Mailbox.as_str();
    let mailboxes = traces.addresses.iter().chain(&traces.corrected).map(mailbox);
    mailboxes.flat_map(|to| ["", "reset:", "notice:"].map(|kind| format!("{scope}:{kind}{to}"))).collect()
}
