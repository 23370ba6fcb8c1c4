//! What the holder of an activation link can do: look, and activate. The link's token is the only credential.

mod activate;
mod form;
mod page;
mod preview;
mod renew;

pub use activate::*;
pub use form::*;
pub use preview::*;
pub use renew::*;

use actix_web::{HttpRequest, http::header};

/// Who looks, as far as they say.
fn user_agent(request: &HttpRequest) -> Option<&str> {
    request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok())
}
