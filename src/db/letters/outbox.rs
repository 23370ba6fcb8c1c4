//! The outbox: letters that are to be sent, and how far each has come.
//!
//! A letter is claimed with a lease: its next attempt moves to the lease's end, so that a courier that dies
//! gives its letters back by doing nothing. Whoever records an outcome names the attempt it belongs to; after
//! the lease has run out and another courier has claimed the letter, the late record changes nothing.

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
    claim::{Claimed, Which, claim, renew},
    give_up::{Waiting, give_up, in_hand, waiting_since},
    insert::{NewLetter, insert, insert_missing, set_aside},
    outcome::Outcome,
    record::record,
    state::LetterState,
    withdraw::{settle, withdraw, withdraw_all},
};
