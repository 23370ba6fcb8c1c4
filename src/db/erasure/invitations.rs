//! Erases a person from their invitations and letters, and their name from the invitations that they sent.

use diesel::prelude::*;

use super::traces::Traces;
use crate::db::{
    Tx,
    error::DbFault,
    invitations::erased_row,
    letters::{outbox, unread_mail},
    schema::{email_changes as changes, invitations, letters, password_resets as resets},
    sql::partial_index::sent_by_user,
};
use crate::domain::email::Email;

pub(super) fn erase(tx: &mut Tx<'_>, traces: &Traces) -> Result<(), DbFault> {
    for id in &traces.users {
        let erased = Email::erased(*id);
        diesel::update(invitations::table.filter(invitations::user_id.eq(id.as_str())))
            .set(erased_row(&erased))
            .execute(tx.writing())?;
    }
    diesel::update(invitations::table)
        .filter(sent_by_user())
        .filter(invitations::inviter_id.eq_any(traces.user_ids()))
        .set(invitations::inviter_name.eq(""))
        .execute(tx.writing())?;
    let theirs = letters::table.filter(letters::invitation_id.eq_any(&traces.invitations).assume_not_null());
    let ids: Vec<String> = theirs.select(letters::id).load(tx.reading())?;
    erase_letters(tx, traces, &ids)?;
    delete_notices(tx, traces)
}

/// Takes the recipient out of these letters, and what relays and providers said of them; and deletes what
/// came back about them and could not be read, whatever address it has.
pub(super) fn erase_letters(tx: &mut Tx<'_>, traces: &Traces, ids: &[String]) -> Result<(), DbFault> {
    let none = None::<&str>;
    let Some(user) = traces.users.last() else { return Ok(()) };
    diesel::update(letters::table.filter(letters::id.eq_any(ids)))
        .set((
            letters::recipient.eq(Email::erased(*user).as_str()),
            (letters::last_error.eq(none), letters::delivery_reason.eq(none)),
            letters::provider_message_id.eq(none),
        ))
        .execute(tx.writing())?;
    unread_mail::erase_about(tx, ids)
}

/// Deletes requests to reset the password or to change the address, and all letters about them. Another
/// user's request for one of these addresses goes too: its link does not work any more.
fn delete_notices(tx: &mut Tx<'_>, traces: &Traces) -> Result<(), DbFault> {
    let theirs = resets::table.filter(resets::email_key.eq_any(traces.keys()));
    let mut subjects: Vec<String> = theirs.select(resets::id).load(tx.reading())?;
    let changed: Vec<(String, String, String, String)> = changes::table
        .select((changes::id, changes::user_id, changes::old_email, changes::email))
        .load(tx.reading())?;
    let ids = traces.user_ids();
    let changed = changed.into_iter().filter(|(_, user, old, new)| {
        ids.contains(&user.as_str()) || traces.has_address(old) || traces.has_address(new)
    });
    subjects.extend(changed.map(|(id, ..)| id));
    subjects.extend(ids.into_iter().map(str::to_owned));
    let notices = letters::table.filter(letters::subject.eq_any(&subjects).assume_not_null());
    let notices: Vec<String> = notices.select(letters::id).load(tx.reading())?;
    unread_mail::erase_about(tx, &notices)?;
    outbox::delete_notices(tx, &subjects)?;
    diesel::delete(resets::table.filter(resets::id.eq_any(&subjects))).execute(tx.writing())?;
    diesel::delete(changes::table.filter(changes::id.eq_any(&subjects))).execute(tx.writing())?;
    Ok(())
}
