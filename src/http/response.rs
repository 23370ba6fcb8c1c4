//! What answers are made of: views of objects, pages of lists, and problems.

pub(super) mod coalesced;
pub(super) mod compression;
pub(super) mod counts;
pub(super) mod csv;
pub(super) mod digest;
pub(super) mod document;
pub(super) mod error_codes;
pub(super) mod field_error_codes;
pub(super) mod list;
pub(super) mod no_store;
pub(super) mod page;
pub(super) mod problem;
pub(super) mod representation;
pub(super) mod stored;
pub(super) mod views;
