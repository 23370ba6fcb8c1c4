//! Databases that were migrated once, to be copied for each test: migrating takes longer than many a test.
//!
//! Tests are processes of their own. A template is named after its migrations, and serves all runs with them.

use std::path::{Path, PathBuf};

use diesel::{
    Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
};
use invitation_service::{config::Config, db::Db};
use sha2::{Digest, Sha256};

/// The key of the lock under which a template is made.
const LOCK: i64 = 7_316_425_001;

/// The name of a template on this server.
pub async fn postgres(server: &str) -> String {
    let name = format!("invitation_service_{}", version("postgres"));
    // Held until the connection is dropped.
    let mut guard = PgConnection::establish(server).unwrap();
    let mut run = |statement: &str| sql_query(statement).execute(&mut guard).unwrap();
    run(&format!("SELECT pg_advisory_lock({LOCK})"));
    if run(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'")) == 0 {
        let new = format!("{name}_new");
        run(&format!("DROP DATABASE IF EXISTS {new} WITH (FORCE)"));
        run(&format!("CREATE DATABASE {new} TEMPLATE template0"));
        migrate(&format!("{}/{new}", server.rsplit_once('/').unwrap().0)).await;
        run(&format!("ALTER DATABASE {new} ALLOW_CONNECTIONS false"));
        let others =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{new}'");
        while run(&others) > 0 {}
        run(&format!("ALTER DATABASE {new} RENAME TO {name}"));
    }
    name
}

/// The file of a template.
pub async fn sqlite() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{}.db", version("sqlite")));
    if !file.exists() {
        let place = tempfile::tempdir_in(folder).unwrap();
        let new = place.path().join("new.db");
        migrate(&format!("sqlite://{}", new.display())).await;
        let mut connection = SqliteConnection::establish(new.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        drop(connection);
        // Whoever is last replaces it by the same.
        std::fs::rename(new, &file).unwrap();
    }
    file
}

async fn migrate(url: &str) {
    let look_up = |name: &str| match name {
        "DATABASE_URL" => Some(url.to_owned()),
        "SECRET_KEY" => Some("a key for tests that nobody else has".to_owned()),
        _ => None,
    };
    let config = Config::read(look_up).map_err(|faults| format!("{faults:?}")).unwrap();
    Db::open(&config.database_url).unwrap().migrate().await.unwrap();
}

/// A digest of the migrations.
fn version(database: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    folders.sort();
    let mut digest = Sha256::new();
    for migration in folders {
        digest.update(migration.to_str().unwrap());
        digest.update(std::fs::read(migration.join("up.sql")).unwrap());
    }
    let digest: [u8; 32] = digest.finalize().into();
    let number = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    format!("{number:016x}")
}
