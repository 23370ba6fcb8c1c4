//! Erases a person: finds the rows that are about them, and takes their address and names out of each.
//!
//! The rows stay, since the history of others refers to them. `tests/it/privacy/columns.rs` lists every text
//! column: whether it is erased here, or why it holds no personal data.

mod accounts;
mod answers;
mod invitations;
mod people;
mod residue;
mod timeline;
mod traces;

use chrono::{DateTime, Utc};

pub use self::{
    residue::erase_residue,
    traces::{Traces, find, users_of},
};
use super::{Tx, error::DbFault, letters::unread_mail};

/// Erases the person with these traces, whose user is locked and who has no pending invitation.
///
/// The locks are taken in the order of all transactions: the user was first, the invitations and their
/// letters follow.
pub fn erase(tx: &mut Tx<'_>, traces: &Traces, now: DateTime<Utc>) -> Result<(), DbFault> {
    invitations::erase(tx, traces)?;
    timeline::erase(tx, traces)?;
    let renamed = accounts::erase(tx, traces)?;
    people::erase(tx, traces, now)?;
    unread_mail::erase(tx, traces.spellings.iter().map(String::as_str))?;
    answers::erase(tx, traces, &renamed)
}
