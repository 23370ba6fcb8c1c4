//! Records in the audit log which items of a batch the caller's token did not allow: a single request with
//! such an item would be 403, and recorded.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::json;

use crate::{
    domain::actor::ActorRef,
    http::{response::problem::Problem, state::State},
    services::{ServiceError, audit},
};

/// Records one event for each error code, with the number of items.
pub(super) async fn record<'a>(
    state: &State,
    caller: &ActorRef,
    route: &str,
    refusals: impl Iterator<Item = &'a ServiceError>,
) {
    let mut items = BTreeMap::<&str, u32>::new();
    for refusal in refusals {
        let code = Problem::of_item(refusal).code;
        if code.status == StatusCode::FORBIDDEN {
            *items.entry(code.code).or_default() += 1;
        }
    }
    for (code, items) in items {
        let details = json!({ "method": "POST", "route": route, "code": code, "items": items });
        audit::denied(&state.services, caller.clone(), None, details).await;
    }
}
