//! `/v1/account-owners`: invite the owner of an account.

pub(in crate::http) mod invite;
