//! `/v1/system-users`: invite a colleague.

pub(in crate::http) mod invite;
