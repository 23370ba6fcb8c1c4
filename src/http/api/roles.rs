//! `/v1/roles`: the roles of system users.

pub(in crate::http) mod list;
