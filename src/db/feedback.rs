//! What providers report of letters: which letter is meant, whether the event is new, and what becomes of the letter.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    Tx,
    codec::At,
    fault::DbFault,
    schema::{invitations, letters, mail_events},
};
use crate::domain::{
    feedback::{Fate, Provider},
    ids::{InvitationId, LetterId},
};

/// A letter that reports are about.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The letter.
    pub id: LetterId,
    /// Its invitation.
    pub invitation_id: InvitationId,
    /// Whether a newer letter was sent since.
    pub superseded: bool,
    /// The provider's name for it.
    pub message_id: Option<String>,
    /// What was reported before.
    pub fate: Option<Fate>,
}

/// The letters of these ids, unless another provider took them, and those that this provider took under these names.
pub fn reported(tx: &mut Tx<'_>, provider: Provider, ids: &[LetterId], message_ids: &[String]) -> Result<Vec<Reported>, DbFault> {
    let ids: Vec<&str> = ids.iter().map(LetterId::as_str).collect();
    let ours = letters::provider.is_null().or(letters::provider.eq(provider.as_str()).assume_not_null());
    let named = letters::provider.eq(provider.as_str()).and(letters::provider_message_id.eq_any(message_ids)).assume_not_null();
    let rows = letters::table
        .inner_join(invitations::table.on(invitations::id.eq(letters::invitation_id)))
        .filter(letters::id.eq_any(ids).and(ours).or(named))
        .select((
            letters::id,
            letters::invitation_id,
            (letters::generation, invitations::generation),
            letters::provider_message_id,
            letters::fate,
        ))
        .load::<(String, String, (i32, i32), Option<String>, Option<String>)>(tx.reading())?;
    let unreadable = |column, id: &str| DbFault::Corrupt { table: "letters", column, row: id.to_owned() };
    rows.into_iter()
        .map(|(id, invitation, (generation, newest), message_id, fate)| {
            let known = |fate: &String| Fate::ALL.into_iter().find(|known| known.as_str() == fate);
            Ok(Reported {
                invitation_id: invitation.parse().map_err(|_| unreadable("invitation_id", &id))?,
                superseded: generation != newest,
                message_id,
                fate: fate.map(|fate| known(&fate).ok_or_else(|| unreadable("fate", &id))).transpose()?,
                id: id.parse().map_err(|_| unreadable("id", &id))?,
            })
        })
        .collect()
}

/// Whether this event comes for the first time.
pub fn is_new(tx: &mut Tx<'_>, provider: Provider, event_id: &str, now: DateTime<Utc>) -> Result<bool, DbFault> {
    let row =
        (mail_events::provider.eq(provider.as_str()), mail_events::event_id.eq(event_id), mail_events::received_at.eq(At(now)));
    let written =
        each!(tx.writing(), c => diesel::insert_into(mail_events::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(written == 1)
}

/// Writes a fate down, unless what was reported before outranks it, or is the same and later. `true` when it was written.
pub fn tell(tx: &mut Tx<'_>, letter: LetterId, (fate, at): (Fate, DateTime<Utc>), reason: Option<&str>) -> Result<bool, DbFault> {
    let lower: Vec<&str> = Fate::ALL.into_iter().filter(|one| *one < fate).map(Fate::as_str).collect();
    let earlier = letters::fate.eq(fate.as_str()).and(letters::fate_at.le(At(at))).assume_not_null();
    let outranked = letters::fate.eq_any(lower).assume_not_null();
    let changed = diesel::update(letters::table)
        .filter(letters::id.eq(letter.as_str()))
        .filter(letters::fate.is_null().or(outranked).or(earlier))
        .set((letters::fate.eq(fate.as_str()), letters::fate_at.eq(At(at)), letters::fate_reason.eq(reason)))
        .execute(tx.writing())?;
    Ok(changed == 1)
}

/// Forgets events that came before `before`, the oldest first: at most so many.
pub fn forget(tx: &mut Tx<'_>, most: i64, before: DateTime<Utc>) -> Result<(), DbFault> {
    let old = mail_events::table
        .filter(mail_events::received_at.lt(At(before)))
        .select(mail_events::received_at)
        .order(mail_events::received_at)
        .limit(most)
        .load::<At>(tx.reading())?;
    if let Some(youngest) = old.last() {
        diesel::delete(mail_events::table).filter(mail_events::received_at.le(At(youngest.0))).execute(tx.writing())?;
    }
    Ok(())
}
