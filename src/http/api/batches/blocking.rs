//! Work that takes milliseconds.

use actix_web::web;

use crate::{http::response::problem::Problem, services::ServiceError};

/// Runs work of milliseconds, such as reading a thousand items, where it does not delay other requests.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    web::block(work).await.map_err(|_| ServiceError::Busy("The service is stopping.").into())
}
