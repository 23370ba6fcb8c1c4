//! The members that requests about endpoints share.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::webhooks::{EndpointUrl, ReceiverNetworks, WebhookEventType};
use crate::http::extract::members::{self, MemberError, Members};

/// A URL to which webhooks can be sent.
pub fn url(value: Value, networks: &ReceiverNetworks) -> Result<EndpointUrl, MemberError> {
    let url = EndpointUrl::parse(&members::text(value)?, networks);
    url.map_err(|error| MemberError(error.code(), error.to_string()))
}

/// The types of events: at least one, each once.
pub fn event_types(members: &mut Members) -> Option<BTreeSet<WebhookEventType>> {
    let mut seen = BTreeSet::new();
    members.list("event_types", |value| {
        let one: WebhookEventType = members::parsed("unknown_event_type", str::parse)(value)?;
        if seen.insert(one) {
            Ok(())
        } else {
            Err(MemberError("duplicate_event_type", format!("{} is named twice.", one.as_str())))
        }
    })?;
    if seen.is_empty() {
        let words = "An endpoint takes at least one type of event.".to_owned();
        members.fault("event_types", MemberError("too_few", words));
        return None;
    }
    Some(seen)
}
