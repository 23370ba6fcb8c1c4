//! The numbers of invitations and users within a caller's visibility.
//!
//! Where a caller sees all of a kind, the numbers are read from `row_counts`, which triggers of the database
//! keep (migrations/…/2026-11-30-000004_counts). What depends on the time is no number there: the invitations
//! whose link has expired since the last sweep, and the letters with a valid lease, are counted by an index.
//! Below a caller's own accounts the rows are read by the indexes of these accounts.

mod invitations;
mod users;

pub use self::{invitations::invitations, users::users};
