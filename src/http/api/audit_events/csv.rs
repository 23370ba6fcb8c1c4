//! Audit events as CSV.

use actix_web::HttpResponse;
use chrono::SecondsFormat;

use crate::http::response::{
    csv::{self, Table},
    problem::Problem,
};
use crate::{
    domain::actor::Actor,
    services::{
        Services,
        audit::{self, AuditQuery, StoredEvent},
        queries::PageRequest,
    },
};

const EVENTS: Table<StoredEvent> = Table {
    file: "audit-events.csv",
    header: &[
        "id",
        "at",
        "action",
        "outcome",
        "actor_type",
        "actor_id",
        "actor_name",
        "object",
        "request_id",
        "address",
        "user_agent",
        "details",
    ],
    row,
};

/// Every event that matches.
pub async fn events(
    services: &Services,
    actor: &Actor,
    filters: AuditQuery,
) -> Result<HttpResponse, Problem> {
    let (services, actor) = (services.clone(), actor.clone());
    let read = async move |page: PageRequest| audit::list(&services, &actor, filters.clone(), page).await;
    csv::export(EVENTS, false, read).await
}

fn row(StoredEvent { event, request_id, address, user_agent }: &StoredEvent) -> Vec<String> {
    let actor = event.actor.as_ref();
    let actor =
        |part: fn(&crate::domain::actor::ActorRef) -> &str| actor.map(part).unwrap_or_default().to_owned();
    vec![
        event.id.to_string(),
        event.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        event.action.as_str().to_owned(),
        event.outcome.as_str().to_owned(),
        actor(|actor| actor.kind.as_str()),
        actor(|actor| &actor.id),
        actor(|actor| &actor.name),
        event.object.clone().unwrap_or_default(),
        request_id.clone().unwrap_or_default(),
        address.clone().unwrap_or_default(),
        user_agent.clone().unwrap_or_default(),
        event.details.to_string(),
    ]
}
