//! `/v1/me`: who the caller is.

pub(in crate::http) mod get;
