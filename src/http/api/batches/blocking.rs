//! Work that takes milliseconds.

use actix_web::web;

use crate::{http::response::problem::Problem, services::ServiceError};

/// Runs what takes milliseconds, as a thousand items do, where it keeps no other request waiting.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    web::block(work).await.map_err(|_| ServiceError::Busy("The service is stopping.").into())
}
