//! What is looked at once, when the service starts: whether the server, and what stands before it, keeps the
//! promises that we make.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use tokio::time::timeout;

use super::{
    any_connection::AnyConnection,
    database_url::Dialect,
    pooled_connection::Manager,
    pooler_check::{self, PoolerFault},
    purpose::Purpose,
};
use crate::db::{Db, DbFault, OpenError, SILENT};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// A pooler stands before the server.
    pub pooled: bool,
    /// What an operator should know.
    pub cautions: Vec<&'static str>,
}

/// Settings that lose what was answered, where they are off, and what to say then.
const SAFETY: [(&str, &str); 3] = [
    (
        "fsync",
        "the server has fsync=off: when it crashes or loses power, invitations that were answered with 201 are lost, and the database \
         may be beyond repair",
    ),
    (
        "full_page_writes",
        "the server has full_page_writes=off: when it crashes or loses power, the database may be beyond repair, unless the file system \
         never writes half a page",
    ),
    (
        "synchronous_commit",
        "DATABASE_URL says synchronous_commit=off: when the server crashes, invitations that were answered with 201 just before are lost",
    ),
];

impl Db {
    /// Looks at the server, and whether a pooler before it can be worked through. Until it can, nothing is
    /// read or written.
    ///
    /// # Errors
    /// [`OpenError::Pooler`] when it cannot, and [`OpenError::Fault`] when the database is away.
    pub async fn examine(&self) -> Result<Findings, OpenError> {
        if self.maker.url.dialect() == Dialect::Sqlite {
            return Ok(Findings::default());
        }
        let manager = self.maker.manager(Purpose::Write);
        // Beside the lanes, which are closed while there is a fault.
        let recent_opens = tokio::task::spawn_blocking(move || examine(&manager));
        let (fault, findings) = timeout(self.patience, recent_opens)
            .await
            .map_err(|_| DbFault::unavailable(SILENT))?
            .map_err(|error| DbFault::Other(format!("the database thread failed: {error}")))??;
        self.maker.suitability.set(fault);
        fault.map_or(Ok(findings), |fault| Err(fault.into()))
    }

    /// Why the database cannot be worked with, through what stands before it; `None` when it can.
    #[must_use]
    pub fn pooler_fault(&self) -> Option<PoolerFault> {
        self.maker.suitability.fault()
    }

    /// Waits until the database can be worked with, through what stands before it.
    pub async fn suitable(&self) {
        self.maker.suitability.wait().await;
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
    // A server that took our settings with the first message is ours for as long as we are connected.
    let fault = if pooled { pooler_check::examine([&mut first, &mut connect()?.0])? } else { None };
    let mut any = AnyConnection::Postgres(first);
    let cautions = if fault.is_none() { cautions(&mut any, local.as_deref())? } else { Vec::new() };
    Ok((fault, Findings { pooled, cautions }))
}

/// Which of the settings are off, as a transaction of ours has them.
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
