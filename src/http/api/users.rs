//! `/v1/users`: list, show, change, block, erase, export, resend the pending invitation.

mod access;
pub(in crate::http) mod block;
mod csv;
pub(in crate::http) mod erase;
pub(in crate::http) mod export;
mod export_view;
pub(in crate::http) mod get;
pub(in crate::http) mod list;
pub(in crate::http) mod resend_invitation;
pub(in crate::http) mod unblock;
pub(in crate::http) mod update;
