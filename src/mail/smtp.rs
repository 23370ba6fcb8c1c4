//! Letters over SMTP to a mail relay.
//!
//! lettre's connections are used without lettre's transport and its pool. The pool takes a connection back when an attempt
//! is given up halfway, with the relay's late answer still on its way; the next letter would read that answer as its own,
//! and be thought sent. Here a connection goes back after a letter was taken, and is closed otherwise. It also shows which
//! command was refused, which decides what a refusal means.

mod door;
mod hello;
mod hint;
mod reach;
mod refusal;
mod talk;
mod tidy;
mod trust;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    Message,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        extension::ClientId,
    },
};
use secrecy::ExposeSecret;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

use self::{
    door::Door,
    refusal::{is_closing, is_final},
    talk::{Fault, Line, Stage},
};
use super::{
    fault::{self, Secrets},
    url::Relay,
};
use crate::domain::letter::{Letter, SendError, Wait};

/// How many connections wait for the next letter.
const PARKED: usize = 4;
/// How long they wait. Relays close after minutes, some of them after 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that has waited for less is not asked first whether it still answers: a fifth of the talk, while letters follow
/// each other.
const FRESH: Duration = Duration::from_secs(1);

/// How long to wait for a connection that is ready for a letter, for the answer to each command, and for the answer to the whole
/// letter. A relay that is slow with the last one takes the letter when nobody listens any more, and gets it again and again:
/// RFC 5321 §4.5.3.2.6 gives it ten minutes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    connect: Duration,
    reply: Duration,
    end: Duration,
}

const LIMITS: Limits = Limits { connect: Duration::from_secs(10), reply: Duration::from_secs(30), end: Duration::from_mins(10) };

/// A relay, and connections to it.
pub struct Smtp {
    relay: Relay,
    door: Door,
    hello: ClientId,
    limits: Limits,
    secrets: Secrets,
    parked: Mutex<Vec<(Instant, Line)>>,
}

/// What became of a letter.
type Handed = Result<(), (Stage, Fault)>;

impl Smtp {
    pub(super) fn new(relay: &Relay) -> Result<Self, String> {
        Self::with_limits(relay, LIMITS)
    }

    fn with_limits(relay: &Relay, limits: Limits) -> Result<Self, String> {
        let door = Door::new(relay).map_err(|fault| format!("no TLS to {} is possible: {fault}.", relay.describe()))?;
        let secrets = relay.login.as_ref().map(Secrets::of_login).unwrap_or_default();
        Ok(Self { relay: relay.clone(), door, hello: ClientId::default(), limits, secrets, parked: Mutex::default() })
    }

    pub(super) async fn send(&self, letter: &Letter, message: &Message) -> Result<(), SendError> {
        let waiting = match self.unpark().await {
            Some(line) => Some(self.hand_over(line, message).await),
            None => None,
        };
        let hung_up = |outcome: &Handed| matches!(outcome, Err((stage, error)) if is_closing(*stage, error));
        let outcome = match waiting.filter(|outcome| !hung_up(outcome)) {
            Some(outcome) => outcome,
            None => match self.connect().await {
                Ok(line) => self.hand_over(line, message).await,
                Err(fault) => Err(fault),
            },
        };
        outcome.map_err(|(stage, error)| self.refusal(stage, &error, letter))
    }

    /// Hands a letter over, and keeps the connection for the next one. After a fault it is dropped with whatever it still had to
    /// say.
    async fn hand_over(&self, mut line: Line, message: &Message) -> Handed {
        line.deliver(message, self.limits).await?;
        self.park(line);
        Ok(())
    }

    pub(super) fn describe(&self) -> String {
        self.relay.describe()
    }

    /// A connection that is ready for a letter, within the limit for it.
    async fn connect(&self) -> Result<Line, (Stage, Fault)> {
        let end = Instant::now() + self.limits.connect;
        let stream = self.door.reach(end).await.map_err(|fault| (Stage::Connect, fault))?;
        timeout_at(end, self.begin(stream)).await.unwrap_or(Err((Stage::Connect, Fault::Late)))
    }

    async fn begin(&self, stream: TcpStream) -> Result<Line, (Stage, Fault)> {
        let (connection, offers) = self.door.open(stream, &self.hello).await.map_err(|fault| (Stage::Connect, fault))?;
        let mut line = Line::new(connection, &offers);
        if let Some(login) = &self.relay.login {
            if !offers.is_extended() {
                return Err((Stage::Connect, Fault::NoExtensions("sign-in")));
            }
            if line.connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err((Stage::Connect, Fault::NoSignIn));
            }
            let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
            let signed_in = line.connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            signed_in.map_err(|error| (Stage::SignIn, Fault::Said(error)))?;
        }
        Ok(line)
    }

    /// A connection that waited and, where it waited for long, still answers.
    async fn unpark(&self) -> Option<Line> {
        loop {
            let (since, mut line) = self.parked.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let waited = since.elapsed();
            if waited < FRESH {
                return Some(line);
            }
            if waited < PATIENCE && timeout(self.limits.connect, line.connection.test_connected()).await == Ok(true) {
                return Some(line);
            }
        }
    }

    fn park(&self, line: Line) {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.retain(|(since, _)| since.elapsed() < PATIENCE);
        if parked.len() < PARKED {
            parked.push((Instant::now(), line));
        }
    }

    fn refusal(&self, stage: Stage, error: &Fault, letter: &Letter) -> SendError {
        let what = match stage {
            Stage::Connect | Stage::SignIn if error.is_late() => return self.later("did not answer in time", letter),
            _ if error.is_late() => return self.later("did not take the letter in time", letter),
            Stage::Connect => "cannot be used",
            Stage::SignIn => "refused the sign-in",
            Stage::Sender => "refused the sender",
            Stage::Recipient => "refused the recipient",
            Stage::Content => "refused the letter",
        };
        let said = fault::chain(error);
        let text = self.line(&format!("{what}: {said}"), letter);
        let code = error.status().filter(|_| error.is_permanent());
        if code.is_some_and(|code| is_final(stage, code, &said)) {
            return SendError::Never(text);
        }
        let time = Some(said).filter(|_| error.is_transient()).and_then(|said| hint::wait(&said));
        // Greylisting is of a recipient; what is said before there is one, or at the end of the talk, is of all of them.
        let every_letter = !matches!(stage, Stage::Recipient | Stage::Content) || error.status() == Some(421);
        SendError::Later { text, wait: time.map(|time| Wait { time, every_letter }) }
    }

    fn later(&self, what: &str, letter: &Letter) -> SendError {
        SendError::later(self.line(what, letter))
    }

    fn line(&self, what: &str, letter: &Letter) -> String {
        let text = format!("the relay {} {what}", self.relay.address());
        fault::clean(&text, letter, &self.secrets)
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

#[cfg(test)]
mod tests;
