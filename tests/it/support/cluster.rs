//! PostgreSQL servers of a test's own, which it may stop, promote and spoil. They never belong to root.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use tempfile::TempDir;

/// A server, gone when it is dropped.
pub struct Cluster {
    folder: TempDir,
    pub port: u16,
}

impl Cluster {
    /// A new server with these lines in its configuration.
    pub fn start(settings: &str) -> Self {
        let cluster = Self::empty();
        run(
            "initdb",
            &[
                "-D",
                &cluster.data(),
                "-U",
                "postgres",
                "--auth=trust",
                "-E",
                "UTF8",
                "--no-sync",
                "--locale=C",
            ],
        );
        let common = "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = \
            120\nshared_buffers = 32MB\n";
        cluster.configure(&format!("{common}{settings}"));
        cluster.up();
        cluster
    }

    /// A standby of this one.
    pub fn standby(&self) -> Self {
        let standby = Self::empty();
        let from = format!("host=127.0.0.1 port={} user=postgres", self.port);
        run("pg_basebackup", &["-D", &standby.data(), "-d", &from, "-R", "-c", "fast", "--no-sync"]);
        standby.up();
        standby
    }

    fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("cluster-").tempdir_in("/tmp").unwrap();
        give_away(folder.path());
        // Free a moment ago, which is as much as can be known.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port }
    }

    fn data(&self) -> String {
        self.path("data").display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, lines: &str) {
        let file = self.path("data/postgresql.conf");
        let text = fs::read_to_string(&file).unwrap() + "\n" + lines;
        fs::write(&file, text).unwrap();
    }

    /// Starts it, and waits until it takes connections.
    pub fn up(&self) {
        let log = self.path("data/log").display().to_string();
        let port = format!("-p {}", self.port);
        run("pg_ctl", &["-D", &self.data(), "-l", &log, "-o", &port, "-t", "60", "-w", "-s", "start"]);
    }

    /// Stops it, and cuts whoever is connected.
    pub fn down(&self) {
        run("pg_ctl", &["-D", &self.data(), "-m", "fast", "-t", "60", "-w", "-s", "stop"]);
    }

    /// Makes a standby take writes.
    pub fn promote(&self) {
        run("pg_ctl", &["-D", &self.data(), "-t", "60", "-w", "-s", "promote"]);
    }

    /// Makes it follow another one from its next start on.
    pub fn follow(&self, primary: &Self) {
        self.configure(&format!("primary_conninfo = 'host=127.0.0.1 port={} user=postgres'\n", primary.port));
        let signal = self.path("data/standby.signal");
        fs::write(&signal, "").unwrap();
        give_away(&signal);
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url()).unwrap()
    }

    /// Sets something for everybody who is connected, and for whoever comes.
    pub fn set(&self, name: &str, value: &str) {
        let mut connection = self.connect();
        connection.batch_execute(&format!("ALTER SYSTEM SET {name} = '{value}'")).unwrap();
        connection.batch_execute("SELECT pg_reload_conf()").unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.path("data/postmaster.pid").exists() {
            let _ = command("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "-s", "stop"]).status();
        }
    }
}

/// Whom servers belong to where tests run as root: PostgreSQL and PgBouncer refuse it.
fn server_user() -> Option<(u32, u32)> {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    is_root.then(|| of("postgres").or_else(|| of("nobody")).unwrap())
}

/// Makes a file or a folder theirs.
pub fn give_away(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    if let Some((user, group)) = server_user() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// A program that runs as theirs, with nothing of our environment.
pub fn as_other_user(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command
}

/// PostgreSQL's own programs.
pub fn command(program: &str, arguments: &[&str]) -> Command {
    let folder = std::env::var("PGBIN").expect("PGBIN is not set: run the tests by `make test`");
    as_other_user(&Path::new(&folder).join(program), arguments)
}

fn run(program: &str, arguments: &[&str]) {
    let status = command(program, arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}: {status}");
}
