//! The real binary: in a folder of its own, on a database of its own, killed when it is dropped.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use invitation_service::{app::Parts, clock::Clock, config::Config};
use tempfile::TempDir;

use super::{Backend, Client, Mail, database::TestDatabase, mailbox::parse};

const BINARY: &str = env!("CARGO_BIN_EXE_invitation-service");
/// How long a process may take to start or to end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where processes run: a folder, a database, and the variables that all of them are given. Of two values for
/// one variable the later one holds, and an empty one is none.
pub struct Home {
    pub folder: TempDir,
    pub database: TestDatabase,
    variables: Vec<(String, String)>,
}

impl Home {
    pub fn new(backend: Backend, variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new(backend);
        let folder = tempfile::tempdir().unwrap();
        let mail = format!("directory:{}/data/mail", folder.path().display());
        let own = [
            ("DATABASE_URL", database.url.as_str()),
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("RATE_LIMITS", "off"),
            ("SECRET_KEY", "a key for tests that nobody else has"),
            ("MAIL_URL", mail.as_str()),
        ];
        let variables = own
            .iter()
            .chain(variables)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Self { folder, database, variables }
    }

    /// Gives processes that are started from now on another value.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The binary with these arguments and nothing of the caller's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        let variables = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        command.args(arguments).current_dir(self.path()).env_clear().envs(variables).stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs it to its end, which must be a good one, and gives what it printed.
    #[track_caller]
    pub fn print(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a process that stays, and waits until it listens or says what it does.
    pub fn start(&self, arguments: &[&str]) -> Process {
        Process::start(self.command(arguments))
    }

    /// Starts the server where it may open so many files.
    pub fn serve_with_descriptors(&self, descriptors: usize) -> Process {
        let mut command = Command::new("/bin/sh");
        let variables = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let script = format!("ulimit -n {descriptors} && exec \"$0\" serve");
        command
            .args(["-c", &script, BINARY])
            .current_dir(self.path())
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null());
        Process::start(command)
    }

    /// An access token of a running or a later server.
    pub fn token(&self) -> String {
        self.print(&["token", "--role", "admin", "--subject", "Grace Hopper"]).trim().to_owned()
    }

    /// The service's parts in this process, with the processes' configuration and another clock.
    pub fn parts(&self, clock: Clock) -> Parts {
        let look_up = |name: &str| {
            self.variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let config = Config::read(look_up).map_err(|faults| format!("{faults:?}")).unwrap();
        Parts::new(&config, clock).unwrap()
    }

    /// Every letter in the folder that letters go to by default.
    pub fn letters(&self) -> Vec<Mail> {
        let Ok(files) = std::fs::read_dir(self.path().join("data/mail")) else { return Vec::new() };
        let files = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "eml"));
        files.map(|path| parse(&std::fs::read(path).unwrap())).collect()
    }
}

/// A running process.
pub struct Process {
    child: Child,
    pub url: String,
    out: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, log) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<String>>::default());
        let (tell, lines) = mpsc::channel();
        let readers = vec![
            collect(child.stdout.take().unwrap(), out.clone(), Some(tell)),
            collect(child.stderr.take().unwrap(), log.clone(), None),
        ];
        let mut process = Self { child, url: String::new(), out, log, readers };
        let listens =
            |line: &str| Some(line.split_once("listens at")?.1.split_whitespace().next()?.to_owned());
        loop {
            match lines.recv_timeout(TIMEOUT) {
                // The courier alone listens nowhere, and says in one line what it does.
                Ok(line) if line.contains("invitation-service courier:") => return process,
                Ok(line) => {
                    if let Some(url) = listens(&line) {
                        process.url = url;
                        return process;
                    }
                }
                Err(error) => panic!("it did not start ({error}): {}{}", process.out(), process.log()),
            }
        }
    }

    /// What it has printed so far.
    pub fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// How much memory it has, in KiB.
    pub fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub fn client(&self, token: Option<String>) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No connection is kept: a test that waits for a command does not see that the server closes an idle
        // one meanwhile.
        let http =
            reqwest::Client::builder().no_proxy().timeout(TIMEOUT).pool_max_idle_per_host(0).build().unwrap();
        Client { http, url: self.url.clone(), token }
    }

    /// `kill -9`: it gets no chance to tidy up.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let printed =
            Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().unwrap();
        assert!(printed.success());
    }

    /// Waits for its end, and for its last words.
    pub async fn ended(&mut self) -> ExitStatus {
        let status =
            super::eventually("the process ends", TIMEOUT, async || self.child.try_wait().unwrap()).await;
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        status
    }

    /// Asks it to end, waits, and finds that it ended well.
    pub async fn stop(mut self) -> String {
        self.terminate();
        let status = self.ended().await;
        assert!(status.success(), "{status}: {}", self.log());
        self.log()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already, perhaps.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- what the process printed\n{}--- what it logged\n{}", self.out(), self.log());
        }
    }
}

fn collect(
    from: impl Read + Send + 'static,
    into: Arc<Mutex<String>>,
    tell: Option<mpsc::Sender<String>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut text = into.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
            drop(text);
            if let Some(tell) = &tell {
                // Nobody listens any more once it has started.
                let _ = tell.send(line);
            }
        }
    })
}
