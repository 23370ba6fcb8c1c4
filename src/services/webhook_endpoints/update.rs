//! Changes a webhook endpoint, pauses it and activates it.

use std::collections::BTreeSet;

use serde_json::json;

use super::{is_staff, may_change};
use crate::{
    db::{self, Guarded, webhooks},
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        ids::WebhookEndpointId,
        webhooks::{EndpointUrl, WebhookEndpoint, WebhookEventType, WebhookStatus},
    },
    services::{ServiceError, Services, audit},
};

/// The change: a merge patch (RFC 7396); members that are absent stay.
#[derive(Debug, Clone, Default)]
pub struct EndpointPatch {
    /// Where it is.
    pub url: Option<EndpointUrl>,
    /// All types of events that it takes from now on.
    pub event_types: Option<BTreeSet<WebhookEventType>>,
    /// Active or paused.
    pub status: Option<WebhookStatus>,
}

/// Changes an endpoint. What waits for a paused endpoint is sent once it is active; what was held while it
/// was disabled is sent when it is asked for.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::ScopeExceedsYours`].
pub async fn update(
    services: &Services,
    actor: &Actor,
    id: WebhookEndpointId,
    patch: EndpointPatch,
) -> Result<WebhookEndpoint, ServiceError> {
    let (clock, actor) = (services.clock.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            webhooks::lock(tx, id)?;
            let old = may_change(tx.reading(), &actor, id)?;
            let (changed, names) = changed(&actor, &old, &patch);
            if names.is_empty() {
                return Ok(old);
            }
            if webhooks::update(tx, &changed)? == Guarded::Stale {
                return Err(ServiceError::NotFound);
            }
            let details = json!({ "changed": names, "status": changed.status.as_str() });
            let done = (AuditAction::WebhookEndpointUpdated, AuditOutcome::Succeeded);
            let event = audit::event(&clock, done, actor.who.clone(), id.to_string(), details);
            db::audit::insert(tx, &[event])?;
            Ok(changed)
        })
        .await
}

/// The endpoint afterwards, and the names of the members that changed.
fn changed(
    actor: &Actor,
    old: &WebhookEndpoint,
    patch: &EndpointPatch,
) -> (WebhookEndpoint, Vec<&'static str>) {
    let (mut new, mut names) = (old.clone(), Vec::new());
    if let Some(url) = patch.url.as_ref().filter(|url| **url != old.url) {
        (new.url, new.set_by_staff) = (url.clone(), is_staff(actor));
        // Another receiver, which has failed at nothing.
        new.failing_since = None;
        names.push("url");
    }
    if let Some(types) = patch.event_types.as_ref().filter(|types| **types != old.event_types) {
        new.event_types.clone_from(types);
        names.push("event_types");
    }
    if let Some(status) = patch.status.filter(|status| *status != old.status) {
        new.status = status;
        // What failed before the pause says nothing about now.
        (new.failing_since, new.disabled_at, new.disabled_reason) = (None, None, None);
        names.push("status");
    }
    (new, names)
}
