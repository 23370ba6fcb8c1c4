//! The one door through which events are written, in the transaction of their cause, with a delivery for each
//! endpoint that takes them.
//!
//! A deletion of an endpoint does not remove its row, so that a delivery which is written at the same moment
//! breaks no foreign key.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{
    deliveries::DeliveryState,
    erasure,
    receivers::{self, Lineage, Receiver, Topic},
};
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{invitations, memberships, user_roles, users, webhook_deliveries, webhook_events},
    sql::timestamp::At,
    visibility::accepted_by_person,
};
use crate::domain::{
    event::Event,
    ids::{AccountId, InvitationId, UserId, WebhookEndpointId, WebhookEventId},
    invitation::InvitationKind,
    webhooks::{
        InvitationFacts, TEST_EVENT, WebhookEventType, invitation_payload, test_payload, user_payload,
    },
};

rows! {
    struct EventRow<'a> of webhook_events {
        id: &'a str,
        event_type: &'a str,
        at: At,
        payload: &'a str,
        trace_parent: Option<String>,
    }
    insert
}

rows! {
    struct DeliveryRow<'a> of webhook_deliveries {
        endpoint_id: &'a str,
        event_id: &'a str,
        subject: &'a str,
        event_at: At,
        state: &'a str,
        attempts: i32,
        next_attempt_at: At,
    }
    insert
}

impl<'a> DeliveryRow<'a> {
    /// The delivery of an event, from its id, subject and time: due at once.
    fn new(endpoint_id: &'a str, (event_id, subject, at): (&'a str, &'a str, DateTime<Utc>)) -> Self {
        let state = DeliveryState::Pending.as_str();
        Self { endpoint_id, event_id, subject, event_at: At(at), state, attempts: 0, next_attempt_at: At(at) }
    }
}

/// An event to write.
pub(super) struct NewEvent {
    pub(super) id: WebhookEventId,
    pub(super) event_type: WebhookEventType,
    pub(super) at: DateTime<Utc>,
    /// The id of the person: events of one are sent in order, so that nothing comes after an erasure.
    pub(super) subject: String,
    pub(super) topic: Topic,
    pub(super) payload: String,
    /// The invitation, if it is about one.
    pub(super) invitation: Option<InvitationId>,
}

impl NewEvent {
    /// An event of an invitation.
    pub(super) fn of_invitation(
        (id, event_type, at): (WebhookEventId, WebhookEventType, DateTime<Utc>),
        facts: &InvitationFacts,
        entry: Option<&Event>,
    ) -> Self {
        Self {
            id,
            event_type,
            at,
            subject: facts.user_id.to_string(),
            topic: vec![(facts.kind, facts.account_id)],
            payload: invitation_payload(event_type, at, facts, entry),
            invitation: Some(facts.id),
        }
    }
}

/// Writes the events of a timeline's new entries.
pub(in crate::db) fn of_timeline(tx: &mut Tx<'_>, new: &[Event]) -> Result<(), DbFault> {
    let entries: Vec<(WebhookEventType, &Event)> =
        new.iter().filter_map(|entry| Some((WebhookEventType::of(entry)?, entry))).collect();
    let Some(now) = entries.iter().map(|(_, entry)| entry.at).max() else { return Ok(()) };
    let receivers = receivers::find(tx.reading(), now)?;
    if receivers.is_empty() {
        return Ok(());
    }
    let facts = facts(tx.reading(), entries.iter().map(|(_, entry)| entry.invitation_id))?;
    let events = entries.iter().filter_map(|(event_type, entry)| {
        let facts = facts.get(entry.invitation_id.as_str())?;
        // The entry's own id: it sorts by time, and one entry is one event.
        let id = WebhookEventId::from_uuid(entry.id.uuid());
        Some(NewEvent::of_invitation((id, *event_type, entry.at), facts, Some(entry)))
    });
    write(tx, &receivers, &events.collect::<Vec<_>>())
}

/// What bodies say about these invitations. Nothing about those of erased persons: what is recorded of them
/// later, as the outcome of a letter that was on its way, is news for no partner.
fn facts(
    connection: &mut AnyConnection,
    ids: impl Iterator<Item = InvitationId>,
) -> Result<HashMap<String, InvitationFacts>, DbFault> {
    let mut ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = invitations::table
        .filter(invitations::id.eq_any(ids))
        .filter(not(exists(
            users::table.filter(users::id.eq(invitations::user_id)).filter(users::erased_at.is_not_null()),
        )))
        .select((invitations::id, invitations::kind, invitations::user_id, invitations::account_id))
        .load::<(String, String, String, Option<String>)>(connection)?;
    rows.into_iter().map(|row| Ok((row.0.clone(), fact(row)?))).collect()
}

/// What a body says about one invitation, from its id, kind, user and account.
pub(super) fn fact(
    (id, kind, user_id, account_id): (String, String, String, Option<String>),
) -> Result<InvitationFacts, DbFault> {
    let corrupt = |column| DbFault::Corrupt { table: "invitations", column, row: id.clone() };
    let account_id = account_id.as_deref().map(str::parse).transpose();
    Ok(InvitationFacts {
        id: id.parse().map_err(|_| corrupt("id"))?,
        kind: kind.parse().map_err(|_| corrupt("kind"))?,
        user_id: user_id.parse().map_err(|_| corrupt("user_id"))?,
        account_id: account_id.map_err(|_| corrupt("account_id"))?,
    })
}

/// Writes an event of a user, for those who know the user; that of an erasure for all who see a role, a
/// membership or an invitation, before these are gone.
pub fn of_user(
    tx: &mut Tx<'_>,
    (id, event_type, at): (WebhookEventId, WebhookEventType, DateTime<Utc>),
    user: UserId,
) -> Result<(), DbFault> {
    let receivers = receivers::find(tx.reading(), at)?;
    if receivers.is_empty() {
        return Ok(());
    }
    let (subject, payload) = (user.to_string(), user_payload(event_type, at, user));
    let topic = topic_of(tx.reading(), user, event_type)?;
    let event = NewEvent { id, event_type, at, subject, topic, payload, invitation: None };
    write(tx, &receivers, &[event])?;
    if event_type == WebhookEventType::UserErased { erasure::end_earlier(tx, user, (id, at)) } else { Ok(()) }
}

/// What an event of a user is about. An erasure is about all roles, memberships and invitations: who sees one
/// of them may have stored the person. Any other event is for those who know the user
/// (`visibility::known_users`): who only invited a person learns nothing of what they are elsewhere.
fn topic_of(
    connection: &mut AnyConnection,
    user: UserId,
    event_type: WebhookEventType,
) -> Result<Topic, DbFault> {
    let is_erasure = event_type == WebhookEventType::UserErased;
    let roles: i64 =
        user_roles::table.filter(user_roles::user_id.eq(user.as_str())).count().get_result(connection)?;
    let joined = memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::user_id.eq(user.as_str()))
        .select(memberships::account_id);
    let joined: Vec<String> = if is_erasure {
        joined.load(connection)?
    } else {
        joined.filter(accepted_by_person()).load(connection)?
    };
    let mut topic = if is_erasure { invited_to(connection, user)? } else { Vec::new() };
    topic.extend((roles > 0).then_some((InvitationKind::SystemUser, None)));
    for id in &joined {
        topic.push((InvitationKind::SubAccount, Some(account(id, ("memberships", user))?)));
    }
    Ok(topic)
}

/// The kind and the account of each invitation of a user.
fn invited_to(connection: &mut AnyConnection, user: UserId) -> Result<Topic, DbFault> {
    let rows: Vec<(String, Option<String>)> = invitations::table
        .filter(invitations::user_id.eq(user.as_str()))
        .select((invitations::kind, invitations::account_id))
        .load(connection)?;
    let unreadable = || DbFault::Corrupt { table: "invitations", column: "kind", row: user.to_string() };
    let mut topic = Topic::with_capacity(rows.len());
    for (kind, id) in &rows {
        let kind = kind.parse::<InvitationKind>().map_err(|_| unreadable())?;
        topic.push((kind, id.as_deref().map(|id| account(id, ("invitations", user))).transpose()?));
    }
    Ok(topic)
}

/// The account in a row of this table that belongs to this user.
fn account(id: &str, (table, user): (&'static str, UserId)) -> Result<AccountId, DbFault> {
    let unreadable = || DbFault::Corrupt { table, column: "account_id", row: user.to_string() };
    id.parse::<AccountId>().map_err(|_| unreadable())
}

/// Writes events, each with its deliveries.
pub(super) fn write(tx: &mut Tx<'_>, receivers: &[Receiver], events: &[NewEvent]) -> Result<(), DbFault> {
    let lineage = Lineage::of(tx.reading(), receivers, events.iter().map(|event| &event.topic))?;
    let takers = |event: &NewEvent| {
        receivers.iter().filter(|one| one.takes(event.event_type, &event.topic, &lineage)).collect::<Vec<_>>()
    };
    let taken: Vec<(&NewEvent, Vec<&Receiver>)> =
        events.iter().map(|event| (event, takers(event))).filter(|(_, takers)| !takers.is_empty()).collect();
    let parents = tx.trace_parents();
    let rows = taken.iter().map(|(event, _)| EventRow {
        id: event.id.as_str(),
        event_type: event.event_type.as_str(),
        at: At(event.at),
        payload: &event.payload,
        trace_parent: event.invitation.map_or_else(|| parents.of_only_item(), |id| parents.of(id)),
    });
    let rows: Vec<EventRow<'_>> = rows.collect();
    for some in rows.chunks(MAX_ROWS) {
        EventRow::insert(tx.writing(), some)?;
    }
    let deliveries = taken.iter().flat_map(|(event, takers)| {
        let of_event = (event.id.as_str(), event.subject.as_str(), event.at);
        takers.iter().map(move |taker| DeliveryRow::new(&taker.endpoint, of_event))
    });
    let deliveries: Vec<DeliveryRow<'_>> = deliveries.collect();
    for some in deliveries.chunks(MAX_ROWS) {
        DeliveryRow::insert(tx.writing(), some)?;
    }
    Ok(())
}

/// The most rows of one statement: of seven columns at most, within SQLite's limit of 32,766 parameters.
const MAX_ROWS: usize = 4096;

/// Writes the event with which an endpoint is tried.
pub fn test(
    tx: &mut Tx<'_>,
    (id, at): (WebhookEventId, DateTime<Utc>),
    endpoint: WebhookEndpointId,
) -> Result<(), DbFault> {
    let payload = test_payload(at, endpoint);
    let event = EventRow {
        id: id.as_str(),
        event_type: TEST_EVENT,
        at: At(at),
        payload: &payload,
        trace_parent: tx.trace_parents().of_only_item(),
    };
    EventRow::insert(tx.writing(), &[event])?;
    // It is about nothing else, so that it waits for no other event.
    let delivery = DeliveryRow::new(endpoint.as_str(), (id.as_str(), id.as_str(), at));
    DeliveryRow::insert(tx.writing(), &[delivery])?;
    Ok(())
}
