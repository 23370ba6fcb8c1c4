//! What ends when a person is erased: an endpoint that learns of the erasure learns nothing of the person
//! after it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    schema::webhook_deliveries as deliveries,
    sql::{partial_index::is_unaccepted, timestamp::At},
};
use crate::domain::ids::{UserId, WebhookEventId};

/// Deletes what was not accepted of the earlier events of a person by those endpoints to which the event of
/// the erasure, written at `now`, goes. It waits for attempts that are under way, until their leases end.
pub(super) fn end_earlier(
    tx: &mut Tx<'_>,
    user: UserId,
    (erased, now): (WebhookEventId, DateTime<Utc>),
) -> Result<(), DbFault> {
    let takers: Vec<String> = deliveries::table
        .filter(deliveries::event_id.eq(erased.as_str()))
        .select(deliveries::endpoint_id)
        .load(tx.reading())?;
    let earlier = deliveries::subject.eq(user.as_str()).and(deliveries::event_id.ne(erased.as_str()));
    let ended: Vec<(String, Option<At>)> = diesel::delete(deliveries::table)
        .filter(earlier.and(is_unaccepted()).and(deliveries::endpoint_id.eq_any(takers)))
        .returning((deliveries::endpoint_id, deliveries::leased_until))
        .get_results(tx.writing())?;
    let mut under_way: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for (endpoint, leased_until) in ended {
        if let Some(At(until)) = leased_until.filter(|until| until.0 > now) {
            let last = under_way.entry(endpoint).or_insert(until);
            *last = until.max(*last);
        }
    }
    for (endpoint, until) in under_way {
        diesel::update(deliveries::table.find((endpoint.as_str(), erased.as_str())))
            .set(deliveries::next_attempt_at.eq(At(until)))
            .execute(tx.writing())?;
    }
    Ok(())
}
