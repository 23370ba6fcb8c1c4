//! Erases stored answers to requests with an `Idempotency-Key`.

use diesel::prelude::*;

use super::{timeline::lower, traces::Traces};
use crate::db::{Tx, error::DbFault, idempotency::ERASED, schema::idempotency_keys as keys, sql::like};

/// Takes away the stored answers that show this person, one of their invitations or one of these accounts.
/// An answer from before an invitation's address was corrected has another address, and another user. The
/// keys stay, so that a retry does not invite the person anew. Every stored answer is read: they are kept for
/// a day.
pub(super) fn erase(tx: &mut Tx<'_>, traces: &Traces, accounts: &[String]) -> Result<(), DbFault> {
    let others = traces.invitations.iter().chain(accounts).map(String::as_str);
    let ids = traces.user_ids().into_iter().chain(others);
    for shown in traces.spellings.iter().map(String::as_str).chain(ids) {
        let mentions = lower(keys::body.assume_not_null()).like(like::containing(shown)).escape('\\');
        diesel::update(keys::table.filter(keys::body.is_not_null()).filter(mentions))
            .set((
                (keys::status.eq(i32::from(ERASED.status)), keys::body.eq(ERASED.body)),
                (keys::location.eq(None::<&str>), keys::etag.eq(None::<&str>)),
            ))
            .execute(tx.writing())?;
    }
    Ok(())
}
