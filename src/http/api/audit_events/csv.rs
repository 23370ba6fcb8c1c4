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

/// A file with one event, for the contract.
pub(super) const EXAMPLE: &str = "\
    id,at,action,outcome,actor_type,actor_id,actor_name,object,request_id,address,user_agent,details\r\n\
    \"aud_01m86xvxh0f46bs8r42wfv2z13\",\"2026-11-24T14:03:00.000Z\",\"invitation_created\",\"succeeded\",\
    \"user\",\"usr_01m0z63710esd8kaej1qkt44dk\",\"Grace Hopper\",\"inv_01m86xvxh0e3pt0yekqqme4qcm\",\
    \"req_01m86xvxh0f4xsjrspgpayc2qn\",\"203.0.113.7\",\"curl/8.14.1\",\
    \"{\"\"roles\"\":[\"\"viewer\"\"]}\"\r\n";

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
