//! The outbox: letters to be sent, and the state of each.
//!
//! A letter is claimed with a lease: its next attempt moves to the lease's end, so that the letters of a
//! courier that dies become due again. A record of an outcome names its attempt; after the lease has expired
//! and another courier has claimed the letter, a late record changes nothing.

mod backlog;
mod claim;
mod give_up;
mod insert;
mod outcome;
mod record;
mod state;
mod withdraw;

pub(in crate::db) use self::insert::{NewRow, rows};
pub use self::{
    backlog::{Backlog, backlog, next_due},
    claim::{ClaimScope, Claimed, claim, renew},
    give_up::{Waiting, give_up, in_hand, queued_until},
    insert::{NewLetter, NewNotice, delete_notices, insert, insert_missing, insert_notice, set_aside},
    outcome::Outcome,
    record::record,
    state::LetterState,
    withdraw::{Settled, settle_activated, withdraw, withdraw_all},
};
