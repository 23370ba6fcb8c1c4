//! Revokes an API client: its secrets stop working at once, its tokens within a second in every process.

use chrono::TimeDelta;
use serde_json::json;

use super::admit;
use crate::{
    db::{self, Guarded, Tx, api_clients, users::revoked_tokens},
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        ids::ClientId,
        visibility::Visibility,
    },
    services::{ServiceError, Services, audit, client_token},
};

/// How long after its expiry a token is still named as revoked, for clocks that differ.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// Revokes a client. One that is revoked already stays so.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`], also for one that the caller may not see.
pub async fn revoke(services: &Services, actor: &Actor, id: ClientId) -> Result<(), ServiceError> {
    admit(actor)?;
    let (clock, actor) = (services.clock.clone(), actor.clone());
    let end = move |tx: &mut Tx<'_>| -> Result<(), ServiceError> {
        api_clients::get(tx.reading(), id, &Visibility::clients(&actor))?.ok_or(ServiceError::NotFound)?;
        let now = clock.now();
        if api_clients::revoke(tx, id, now)? == Guarded::Stale {
            return Ok(());
        }
        api_clients::delete_all(tx, id)?;
        // A token that another process issues at this moment is refused by the client's id as well.
        let last_expiry = now + client_token::lifetime() + MARGIN;
        revoked_tokens::insert(tx, id, (now, last_expiry))?;
        let done = (AuditAction::ApiClientRevoked, AuditOutcome::Succeeded);
        let event = audit::event(&clock, done, actor.who.clone(), id.to_string(), json!({}));
        Ok(db::audit::insert(tx, &[event])?)
    };
    services.db.write(end).await
}
