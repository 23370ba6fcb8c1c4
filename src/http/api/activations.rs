//! What the holder of an activation link can do: look, and activate. The link's token is the only credential.

mod activate;
mod preview;
mod renew;

pub use activate::*;
pub use preview::*;
pub use renew::*;

use std::borrow::Cow;

use actix_web::{HttpRequest, http::header};

/// Who looks, as far as they say. What is no UTF-8 in it is replaced: half a name tells more than none.
pub(in crate::http) fn user_agent(request: &HttpRequest) -> Option<Cow<'_, str>> {
    request.headers().get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()))
}
