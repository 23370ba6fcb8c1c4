//! Checks at start whether the server and its pooler have the settings that the service depends on.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use tokio::time::timeout;

use super::{
    any_connection::AnyConnection, database_url::Dialect, pooled_connection::Manager, pooler_check,
    pooler_fault::PoolerFault, purpose::Purpose,
};
use crate::db::{Db, DbFault, NO_ANSWER, OpenError};

/// The result of the check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Whether a pooler is in front of the server.
    pub pooled: bool,
    /// Warnings for the operator.
    pub cautions: Vec<&'static str>,
}

/// Settings that can lose committed data when they are off, and the warning for each.
const SAFETY: [(&str, &str); 3] = [
    (
        "fsync",
        "the server has fsync=off: after a crash or power failure, invitations that were answered with 201 \
        are lost, and the database may be beyond repair",
    ),
    (
        "full_page_writes",
        "the server has full_page_writes=off: after a crash or power failure, the database may be beyond \
        repair, unless the file system writes pages atomically",
    ),
    (
        "synchronous_commit",
        "DATABASE_URL has synchronous_commit=off: after a crash of the server, the newest invitations that \
        were answered with 201 are lost",
    ),
];

impl Db {
    /// Checks the server and its pooler. Until the pooler is suitable, reads and writes are refused.
    ///
    /// # Errors
    /// [`OpenError::Pooler`] when it is unsuitable, and [`OpenError::Fault`] when the database is
    /// unreachable.
    pub async fn examine(&self) -> Result<Findings, OpenError> {
        if self.pools.url.dialect() == Dialect::Sqlite {
            return Ok(Findings::default());
        }
        let manager = self.pools.manager(Purpose::Write);
        // Not through the pools, which refuse work while there is a fault.
        let task = tokio::task::spawn_blocking(move || examine(&manager));
        let (fault, findings) = timeout(self.time_limit, task)
            .await
            .map_err(|_| DbFault::unavailable(NO_ANSWER))?
            .map_err(|error| DbFault::Other(format!("the database thread failed: {error}")))??;
        self.pools.suitability.set(fault);
        fault.map_or(Ok(findings), |fault| Err(fault.into()))
    }

    /// Why the pooler is unsuitable; `None` when it is suitable.
    #[must_use]
    pub fn pooler_fault(&self) -> Option<PoolerFault> {
        self.pools.suitability.fault()
    }

    /// Waits until the pooler is suitable.
    pub async fn suitable(&self) {
        self.pools.suitability.wait().await;
    }
}

fn examine(manager: &Manager) -> Result<(Option<PoolerFault>, Findings), DbFault> {
    let connect = || manager.postgres().map_err(|error| DbFault::unavailable(error.to_string()));
    let (mut first, local) = match connect() {
        Err(_)
            if manager
                .bare()
                .is_ok_and(|mut connection| pooler_check::refuses_transactions(&mut connection)) =>
        {
            return Ok((Some(PoolerFault::StatementMode), Findings::default()));
        }
        connected => connected?,
    };
    let pooled = local.is_some();
    // A server that accepted our settings in the startup message is not behind a transaction pooler.
    let fault = if pooled { pooler_check::examine([&mut first, &mut connect()?.0])? } else { None };
    let mut any = AnyConnection::Postgres(first);
    let cautions = if fault.is_none() { cautions(&mut any, local.as_deref())? } else { Vec::new() };
    Ok((fault, Findings { pooled, cautions }))
}

/// The warnings for the settings that are off, as seen in one of our transactions.
fn cautions(connection: &mut AnyConnection, local: Option<&str>) -> Result<Vec<&'static str>, DbFault> {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let names = SAFETY.map(|(name, _)| format!("'{name}'")).join(", ");
    let question = format!("SELECT name FROM pg_settings WHERE name IN ({names}) AND setting = 'off'");
    super::transaction::begin(connection, local)?;
    let off = match connection {
        AnyConnection::Postgres(connection) => {
            sql_query(question).get_results::<Setting>(connection).map_err(DbFault::from)
        }
        AnyConnection::Sqlite(_) => Ok(Vec::new()),
    };
    let off = super::transaction::finish(connection, off)?;
    let is_off = |name: &str| off.iter().any(|setting| setting.name == name);
    Ok(SAFETY.into_iter().filter(|(name, _)| is_off(name)).map(|(_, words)| words).collect())
}
