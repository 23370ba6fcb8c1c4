//! Where a request came from, for the audit log.

use actix_web::{HttpMessage, HttpRequest};

use super::{client_address::client_address, user_agent::user_agent};
use crate::{domain::origin::Origin, http::middleware::request_log::RequestId};

/// The origin of a request.
pub fn origin(request: &HttpRequest) -> Origin {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    Origin::new(id, client_address(request), user_agent(request).as_deref())
}
