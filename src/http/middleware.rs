//! What every request passes before and after its handler.

pub(super) mod accept;
pub(super) mod audit_denials;
pub(super) mod body_permits;
pub(super) mod browser_headers;
pub(super) mod cors;
pub(super) mod letter_quota;
pub(super) mod rate_limit;
pub(super) mod request_log;
pub(super) mod request_path;
