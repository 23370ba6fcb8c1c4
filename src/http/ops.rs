//! Endpoints for operations: health, readiness, metrics and the documentation.

pub(super) mod docs;
pub(super) mod health;
pub(super) mod outcomes;
