//! Behind a real PgBouncer: what breaks us is told at the start, and what we set reaches nobody else. Left
//! out where there is none (`make test-poolers` installs it).

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use tempfile::TempDir;

use crate::support::{
    Backend, Home, TestApp,
    cluster::{as_other_user, give_away},
    database::TestDatabase,
    eventually, json,
};

const TIMEOUT: Duration = Duration::from_mins(1);

/// A PgBouncer before the tests' server.
struct PgBouncer {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl PgBouncer {
    /// The program, if there is one.
    fn program() -> Option<PathBuf> {
        let given = std::env::var_os("PGBOUNCER").map(PathBuf::from);
        let known =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].map(PathBuf::from);
        let found = given.into_iter().chain(known).find(|path| path.exists());
        if found.is_none() {
            eprintln!("The test behind PgBouncer was left out: it needs pgbouncer (make test-poolers).");
        }
        found
    }

    /// Whether it keeps prepared statements in transaction mode, where it is told to.
    fn keeps_prepared_statements(program: &Path) -> bool {
        let said = Command::new(program).arg("--version").output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (1, 21)
    }

    fn start(program: &Path, database: &TestDatabase, settings: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("pgbouncer-").tempdir_in("/tmp").unwrap();
        give_away(folder.path());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        write_settings(folder.path(), port, database, settings);
        let child = as_other_user(program, &[&folder.path().join("pgbouncer.ini").display().to_string()])
            .spawn()
            .unwrap();
        let bouncer = Self { folder, port, child };
        let began = std::time::Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < TIMEOUT, "pgbouncer does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        bouncer
    }

    fn reload(&self, database: &TestDatabase, settings: &str) {
        write_settings(self.folder.path(), self.port, database, settings);
        let reload =
            Command::new("sh").args(["-c", &format!("kill -HUP {}", self.child.id())]).status().unwrap();
        assert!(reload.success());
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/inv", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_settings(folder: &Path, port: u16, database: &TestDatabase, settings: &str) {
    let url = url::Url::parse(&database.url).unwrap();
    let server = format!(
        "host={} port={} dbname={} user=postgres",
        url.host_str().unwrap(),
        url.port().unwrap(),
        url.path().trim_start_matches('/')
    );
    let text = format!(
        "[databases]\ninv = {server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = \
        {port}\nunix_socket_dir =\n\
         auth_type = any\nadmin_users = postgres\ndefault_pool_size = 40\nmax_client_conn = \
         200\nserver_lifetime = 3600\n{settings}\n"
    );
    let file = folder.join("pgbouncer.ini");
    fs::write(&file, text).unwrap();
    give_away(&file);
}

/// What another client of the pool finds set.
fn seen_by_another_client(url: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let mut client = PgConnection::establish(url).unwrap();
    let names = [
        "lock_timeout",
        "statement_timeout",
        "idle_in_transaction_session_timeout",
        "enable_seqscan",
        "plan_cache_mode",
    ];
    client
        .transaction(|client| {
            let value = |name| {
                let row: Setting =
                    sql_query(format!("SELECT current_setting('{name}') AS text")).get_result(client)?;
                diesel::QueryResult::Ok(row.text)
            };
            names.into_iter().map(value).collect()
        })
        .unwrap()
}

const UNTOUCHED: [&str; 5] = ["0", "0", "0", "on", "auto"];

#[tokio::test]
async fn transaction_mode_without_prepared_statements_is_found_out_at_the_start() {
    let Some(program) = PgBouncer::program() else { return };
    let database = TestDatabase::new(Backend::Postgres);
    let bouncer = PgBouncer::start(&program, &database, "pool_mode = transaction");
    if PgBouncer::keeps_prepared_statements(&program) {
        bouncer.reload(&database, "pool_mode = transaction\nmax_prepared_statements = 0");
    }
    let home = Home::new(Backend::Postgres, &[("DATABASE_URL", &bouncer.url())]);
    let server = home.start(&["serve"]);
    let caller = server.client(Some(home.token()));
    for _ in 0..3 {
        let ready = caller.get("/readyz").await.expect(503);
        let reason = ready.text_of("reason");
        assert!(
            reason.contains("pool_mode = session") && reason.contains("max_prepared_statements"),
            "{reason}"
        );
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        caller.post("/v1/system-users/invitations", &body).await.problem(503, "unavailable");
        caller.get("/v1/invitations").await.problem(503, "unavailable");
    }
    caller.get("/healthz").await.expect(200);
    assert!(
        server.log().contains("not ready: ") && server.log().contains("max_prepared_statements"),
        "{}",
        server.log()
    );
    assert_eq!(seen_by_another_client(&bouncer.url()), UNTOUCHED);
    let migrated = home.run(&["migrate"]);
    assert!(
        !migrated.status.success()
            && String::from_utf8_lossy(&migrated.stderr).contains("max_prepared_statements")
    );

    // Set right, it needs no other start.
    bouncer.reload(&database, "pool_mode = session");
    let ready = async || (caller.get("/readyz").await.status == 200).then_some(());
    eventually("it is ready", TIMEOUT, ready).await;
    let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
    caller.post("/v1/system-users/invitations", &body).await.expect(201);
    eventually("the letter", TIMEOUT, async || (home.letters().len() == 1).then_some(())).await;
    server.stop().await;
}

#[tokio::test]
async fn statement_mode_is_found_out_too() {
    let Some(program) = PgBouncer::program() else { return };
    let database = TestDatabase::new(Backend::Postgres);
    let bouncer = PgBouncer::start(&program, &database, "pool_mode = statement");
    let home = Home::new(Backend::Postgres, &[("DATABASE_URL", &bouncer.url())]);
    let server = home.start(&["serve"]);
    let ready = server.client(None).get("/readyz").await.expect(503);
    assert!(ready.text_of("reason").contains("pool_mode = session"), "{}", ready.text);
    assert!(server.log().contains("not ready: "), "{}", server.log());
    server.stop().await;
}

/// Everything works, and nobody else in the pool finds anything set: refused `options`, or dropped ones.
#[tokio::test]
async fn settings_reach_no_other_client_of_the_pool() {
    let Some(program) = PgBouncer::program() else { return };
    let mut modes = vec!["pool_mode = session", "pool_mode = session\nignore_startup_parameters = options"];
    if PgBouncer::keeps_prepared_statements(&program) {
        modes.extend([
            "pool_mode = transaction\nmax_prepared_statements = 200",
            "pool_mode = transaction\nmax_prepared_statements = 200\nignore_startup_parameters = \
            options\nserver_round_robin = 1",
        ]);
    }
    for mode in modes {
        let database = TestDatabase::new(Backend::Postgres);
        // Between two clients a server's session forgets prepared statements, and no settings.
        let bouncer =
            PgBouncer::start(&program, &database, &format!("{mode}\nserver_reset_query = DEALLOCATE ALL"));
        let app = TestApp::start(Backend::Postgres, &[("DATABASE_URL", &bouncer.url())]).await;
        let findings = app.parts.services.db.examine().await.unwrap();
        assert!(findings.pooled, "{mode}");
        let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let id = invitation["id"].as_str().unwrap();
        app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200);
        app.admin().get("/v1/invitations").await.expect(200);
        app.anonymous().get("/readyz").await.expect(200);
        app.activate(&mail.token).await.expect(201);
        let timeouts = app.parts.services.db.read::<_, invitation_service::db::DbFault>(|connection| {
            let held = "SELECT 1 WHERE current_setting('lock_timeout') = '5s' AND \
                current_setting('synchronous_commit') = 'on'";
            Ok(sql_query(held).execute(connection)?)
        });
        assert_eq!(timeouts.await.unwrap(), 1, "{mode}");
        let planner = app.parts.services.db.write::<_, invitation_service::db::DbFault>(|tx| {
            let held = "SELECT 1 WHERE current_setting('enable_seqscan') = 'off' AND \
                current_setting('jit') = 'off'";
            Ok(sql_query(held).execute(tx.reading())?)
        });
        assert_eq!(planner.await.unwrap(), 1, "{mode}");
        drop(app);
        // Whichever server's connection it is given.
        for _ in 0..20 {
            assert_eq!(seen_by_another_client(&bouncer.url()), UNTOUCHED, "{mode}");
        }
    }
}
