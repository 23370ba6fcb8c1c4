//! Many at once: `POST /v1/invitations/batch` and `POST /v1/invitations/batch/resend`.

mod blocking;
mod body_size;
mod denials;
mod envelope;
pub(in crate::http) mod invites;
mod item;
pub(in crate::http) mod memory_budget;
mod read;
pub(in crate::http) mod resends;
mod results;
pub mod validate_row;
