//! Ending memberships: of a member by staff or an owner, and of oneself.

pub(in crate::http) mod leave;
pub(in crate::http) mod remove;
