//! Attempts that are more than are kept of an endpoint: replays and tests can write any number of them.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Nullable, Text},
};

use crate::db::{
    Tx, error::DbFault, pool::any_connection::AnyConnection, schema::webhook_attempts as attempts,
};
use crate::domain::webhooks::KEPT_ATTEMPTS;

/// How many endpoints are looked at together: each costs a walk along [`KEPT_ATTEMPTS`] entries of an index.
const MAX_LOOKED_AT: usize = 20;
/// How many attempts one transaction deletes.
const MAX_BATCH: i64 = 1000;

/// An endpoint, deleted or not, and where its surplus begins.
#[derive(Debug, Clone, QueryableByName)]
pub struct LoggedEndpoint {
    /// Its id.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// The newest attempt that is to be deleted, with all older ones; `None` where all are kept.
    #[diesel(sql_type = Nullable<Text>)]
    pub surplus: Option<String>,
}

/// Some of the endpoints whose id is greater than `after`, in the order of their ids; none behind the last
/// one.
pub fn logged_endpoints(connection: &mut AnyConnection, after: &str) -> Result<Vec<LoggedEndpoint>, DbFault> {
    // Along the index `webhook_attempts_of_endpoint`, from its end. A pair is compared, so that the index of
    // the key alone does not serve: where most attempts are of one endpoint, PostgreSQL would walk along that
    // one for all endpoints. An id is less than `~`.
    let query = sql_query(format!(
        "SELECT id, (SELECT logged.id FROM webhook_attempts AS logged \
             WHERE (logged.endpoint_id, logged.id) > (webhook_endpoints.id, '') \
                 AND (logged.endpoint_id, logged.id) < (webhook_endpoints.id, '~') \
             ORDER BY logged.endpoint_id DESC, logged.id DESC LIMIT 1 OFFSET {KEPT_ATTEMPTS}) AS surplus \
         FROM webhook_endpoints WHERE id > $1 ORDER BY id LIMIT {MAX_LOOKED_AT}"
    ));
    let query = query.bind::<Text, _>(after);
    let rows: Vec<LoggedEndpoint> = each!(connection, c => query.load(c))?;
    Ok(rows)
}

/// Deletes surplus attempts of an endpoint, a batch of the oldest ones. Returns their number, 0 when none is
/// left.
pub fn delete_surplus_attempts(tx: &mut Tx<'_>, endpoint: &LoggedEndpoint) -> Result<usize, DbFault> {
    let Some(newest) = &endpoint.surplus else { return Ok(0) };
    let up_to = |last: &str| {
        attempts::table
            .filter(attempts::endpoint_id.eq(endpoint.id.clone()).and(attempts::id.le(last.to_owned())))
    };
    let oldest: Vec<String> =
        up_to(newest).order(attempts::id).limit(MAX_BATCH).select(attempts::id).load(tx.reading())?;
    let Some(last) = oldest.last() else { return Ok(0) };
    // By a range of the index, as they were found.
    Ok(diesel::delete(up_to(last)).execute(tx.writing())?)
}
