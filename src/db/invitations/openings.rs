//! Which invitations were looked at.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::db::{error::DbFault, pool::any_connection::AnyConnection, schema::invitation_events as events};
use crate::domain::{event::EventType, ids::InvitationId};

/// Those of these invitations whose link was opened before, by the index of timelines.
pub fn opened(
    connection: &mut AnyConnection,
    ids: &[InvitationId],
) -> Result<HashSet<InvitationId>, DbFault> {
    let texts = ids.iter().map(InvitationId::as_str);
    let openings = events::table
        .filter(events::event_type.eq(EventType::Opened.as_str()))
        .select(events::invitation_id)
        .distinct();
    let found: Vec<String> = match connection {
        AnyConnection::Postgres(c) => {
            openings.filter(events::invitation_id.eq_any(texts.collect::<Vec<_>>())).load(c)?
        }
        AnyConnection::Sqlite(c) => {
            let mut found = Vec::new();
            for id in texts {
                found.extend(openings.filter(events::invitation_id.eq(id)).load::<String>(c)?);
            }
            found
        }
    };
    let corrupt = |id: &String| DbFault::Corrupt {
        table: "invitation_events",
        column: "invitation_id",
        row: id.clone(),
    };
    found.into_iter().map(|id| id.parse().map_err(|_| corrupt(&id))).collect()
}
