//! The log of attempts to deliver to a webhook endpoint.

use super::visible;
use crate::{
    db::webhooks::{self, Attempt},
    domain::{
        actor::Actor,
        ids::{WebhookAttemptId, WebhookEndpointId, WebhookEventId},
    },
    services::{
        ServiceError, Services, cursor,
        queries::{self, Page, PageRequest},
    },
};

/// Lists the attempts of 30 days that are kept, newest first; of one event if it is named.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::DamagedCursor`],
/// [`ServiceError::CursorMismatch`].
pub async fn attempts(
    services: &Services,
    actor: &Actor,
    (id, event): (WebhookEndpointId, Option<WebhookEventId>),
    page: PageRequest,
) -> Result<Page<Attempt>, ServiceError> {
    let bound = format!("{id}/{event:?}");
    let before: Option<WebhookAttemptId> =
        page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let (actor, limit) = (actor.clone(), page.limit + 1);
    let rows = services
        .db
        .read(move |connection| -> Result<Vec<Attempt>, ServiceError> {
            visible(connection, &actor, id)?;
            Ok(webhooks::list_attempts(connection, (id, event), before, limit)?)
        })
        .await?;
    Ok(queries::cut(rows, page.limit, &bound, |row| row.id))
}
