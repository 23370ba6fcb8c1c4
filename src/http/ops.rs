//! Endpoints for operations: health, readiness, metrics and the documentation.

pub(super) mod courier_watch;
pub(super) mod docs;
pub(super) mod gauges;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod openings;
pub(super) mod outcomes;
pub(super) mod swagger_ui;
