//! `/v1/users`: list, show, resend the pending invitation.

mod csv;
pub(in crate::http) mod get;
pub(in crate::http) mod list;
pub(in crate::http) mod resend_invitation;
