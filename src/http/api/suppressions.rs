//! `/v1/suppressions`: the addresses that are not written to, listed and lifted.

pub(in crate::http) mod lift;
pub(in crate::http) mod list;
pub(super) mod view;
