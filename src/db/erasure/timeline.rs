//! Erases a person from the timelines: those of their invitations, those of invitations that were once
//! addressed to them, and the entries of what they did.

use diesel::{prelude::*, sql_types::Text};
use serde_json::Value;

use super::{invitations::erase_letters, traces::Traces};
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::MultiBackend,
    schema::{invitation_events as events, letters},
    sql::{like, partial_index::made_by_user},
};
use crate::domain::{erasure::erased_details, event::EventType};

diesel::define_sql_function! {
    /// ASCII letters in lower case, on both databases.
    fn lower(text: Text) -> Text;
}

pub(super) fn erase(tx: &mut Tx<'_>, traces: &Traces) -> Result<(), DbFault> {
    for invitation in &traces.invitations {
        let theirs = events::table.filter(events::invitation_id.eq(invitation));
        let entries: Vec<(String, String)> =
            theirs.select((events::id, events::details)).load(tx.reading())?;
        rewrite(tx, &entries, |details| *details = erased_details(details.take()))?;
    }
    diesel::update(events::table)
        .filter(made_by_user())
        .filter(events::actor_id.eq_any(traces.user_ids()))
        .set(events::actor_name.eq(""))
        .execute(tx.writing())?;
    erase_reassigned(tx, traces)
}

/// Invitations that were reassigned from this person to another, or the other way round, have the address in
/// the details of that change; the letters to the earlier address are theirs. Every change in the table is
/// read: no index has the addresses.
fn erase_reassigned(tx: &mut Tx<'_>, traces: &Traces) -> Result<(), DbFault> {
    let mut found: Vec<(String, String, String)> = Vec::new();
    for one in &traces.spellings {
        let mentions = events::table
            .filter(events::event_type.eq(EventType::Updated.as_str()))
            .filter(lower(events::details).like(like::containing_exactly(one)).escape('\\'))
            .select((events::id, events::details, events::invitation_id))
            .into_boxed::<MultiBackend>();
        found.extend(mentions.load::<(String, String, String)>(tx.reading())?);
    }
    let entries: Vec<(String, String)> =
        found.iter().map(|(id, details, _)| (id.clone(), details.clone())).collect();
    rewrite(tx, &entries, |details| traces.identifiers.erase_from(details))?;
    let invitations: Vec<String> = found.into_iter().map(|(.., invitation)| invitation).collect();
    let sent: Vec<(String, Option<String>)> = letters::table
        .filter(letters::invitation_id.eq_any(&invitations).assume_not_null())
        .select((letters::id, letters::recipient))
        .load(tx.reading())?;
    let is_theirs = |to: &Option<String>| to.as_ref().is_some_and(|to| traces.has_address(to));
    let sent = sent.into_iter().filter(|(_, recipient)| is_theirs(recipient)).map(|(id, _)| id);
    erase_letters(tx, traces, &sent.collect::<Vec<_>>())
}

/// Writes those of these entries whose details change.
fn rewrite(tx: &mut Tx<'_>, entries: &[(String, String)], erase: impl Fn(&mut Value)) -> Result<(), DbFault> {
    for (id, text) in entries {
        // Details that cannot be read may hold anything.
        let mut details = serde_json::from_str(text).unwrap_or_default();
        erase(&mut details);
        let erased = if details.is_object() { details.to_string() } else { "{}".to_owned() };
        if erased != *text {
            diesel::update(events::table.find(id)).set(events::details.eq(erased)).execute(tx.writing())?;
        }
    }
    Ok(())
}
