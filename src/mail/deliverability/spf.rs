//! SPF (RFC 7208): the record of a domain with all that it includes, and what receivers find for a letter.
//!
//! `mail-auth`, which the tests compare this with, is not used here: its verifier says pass or fail, and
//! neither which term cannot be read nor how many look-ups a record needs. It has no limit for look-ups that
//! find nothing, and takes the first name of an address for `%{p}` without looking whether that name leads
//! back. Its program code would come on top: the record has to be read here all the same.

mod check;
mod macros;
mod record;
mod tree;

pub(super) use self::{
    check::{Delivery, Judgement, check_host},
    record::{Qualifier, is_spf},
    tree::SpfTree,
};

/// The most terms that ask the DNS; with more, receivers report an error (§4.6.4).
const MAX_LOOKUPS: usize = 10;
/// The most look-ups that find nothing, likewise.
const MAX_VOID: usize = 2;
/// The most mail hosts of a term `mx`, likewise; the most names of an address that are looked at.
const MAX_NAMES: usize = 10;
