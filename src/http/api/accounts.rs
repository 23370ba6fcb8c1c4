//! `/v1/accounts`: list, show, and the sub-accounts of one.

pub(in crate::http) mod company;
pub(in crate::http) mod get;
pub(in crate::http) mod list;
mod page;
pub(in crate::http) mod sub_accounts;
pub(in crate::http) mod view;
