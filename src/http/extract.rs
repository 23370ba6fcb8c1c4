//! What handlers take out of a request: the caller, the body, the query and the headers.

pub(super) mod auth;
pub(super) mod body_limit;
pub(super) mod client_address;
pub(super) mod command;
pub(super) mod etag;
pub(super) mod idempotency_key;
pub(super) mod json_body;
pub(super) mod json_fingerprint;
pub(super) mod language;
pub(super) mod media_type;
pub(super) mod members;
pub(super) mod origin;
pub(super) mod path;
pub(super) mod query;
pub(super) mod strict_json;
pub(super) mod token_request;
pub(super) mod user_agent;
