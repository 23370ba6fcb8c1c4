//! Letters over SMTP to a mail relay.
//!
//! lettre's connections are used without lettre's transport and its pool. The pool takes a connection back when an attempt
//! is given up halfway, with the relay's late answer still on its way; the next letter would read that answer as its own,
//! and be thought sent. Here a connection goes back after a letter was taken, and is closed otherwise. It also shows which
//! command was refused, which decides what a refusal means.

mod hint;
mod talk;

use std::{
    fmt, fs,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use lettre::{
    Message,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::ExposeSecret;
use tokio::time::{error::Elapsed, timeout};

use self::talk::{Fault, Line, Stage};
use super::{
    fault,
    url::{Relay, TlsUse},
};
use crate::domain::letter::{Letter, SendError, Wait};

/// How many connections wait for the next letter.
const PARKED: usize = 4;
/// How long they wait. Relays close after minutes, some of them after 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that has waited for less is not asked first whether it still answers: a fifth of the talk, while letters follow
/// each other.
const FRESH: Duration = Duration::from_secs(1);

/// How long to wait for a connection that is ready for a letter, and for a letter to be taken. Together they stay below
/// the courier's patience of 35 seconds and its lease of 60, after which another courier may try the same letter.
#[derive(Debug, Clone, Copy)]
struct Limits {
    connect: Duration,
    letter: Duration,
}

const LIMITS: Limits = Limits { connect: Duration::from_secs(10), letter: Duration::from_secs(25) };

/// A relay, and connections to it.
pub struct Smtp {
    relay: Relay,
    tls: Option<TlsParameters>,
    hello: ClientId,
    limits: Limits,
    parked: Mutex<Vec<(Instant, Line)>>,
}

/// What became of a letter; the outer error is the end of patience.
type Handed = Result<Result<(), (Stage, Fault)>, Elapsed>;

impl Smtp {
    pub(super) fn new(relay: &Relay) -> Result<Self, String> {
        Self::with_limits(relay, LIMITS)
    }

    fn with_limits(relay: &Relay, limits: Limits) -> Result<Self, String> {
        let tls = match relay.tls {
            TlsUse::None => None,
            _ => Some(trust(relay).map_err(|fault| format!("no TLS to {} is possible: {fault}.", relay.describe()))?),
        };
        Ok(Self { relay: relay.clone(), tls, hello: ClientId::default(), limits, parked: Mutex::default() })
    }

    pub(super) async fn send(&self, letter: &Letter, message: &Message) -> Result<(), SendError> {
        let waiting = match self.unpark().await {
            Some(line) => Some(self.hand_over(line, message).await),
            None => None,
        };
        let hung_up = |outcome: &Handed| matches!(outcome, Ok(Err((stage, error))) if is_closing(*stage, error));
        let outcome = match waiting.filter(|outcome| !hung_up(outcome)) {
            Some(outcome) => outcome,
            None => match timeout(self.limits.connect, self.connect()).await {
                Ok(Ok(line)) => self.hand_over(line, message).await,
                Ok(Err((stage, error))) => return Err(self.refusal(stage, &error, letter)),
                Err(_) => return Err(self.later("did not answer in time", letter)),
            },
        };
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err((stage, error))) => Err(self.refusal(stage, &error, letter)),
            Err(_) => Err(self.later("did not take the letter in time", letter)),
        }
    }

    /// Hands a letter over, and keeps the connection for the next one. On a timeout it is dropped with whatever it still had
    /// to say.
    async fn hand_over(&self, mut line: Line, message: &Message) -> Handed {
        let outcome = timeout(self.limits.letter, line.deliver(message)).await;
        if matches!(outcome, Ok(Ok(()))) {
            self.park(line);
        }
        outcome
    }

    pub(super) fn describe(&self) -> String {
        self.relay.describe()
    }

    async fn connect(&self) -> Result<Line, (Stage, Fault)> {
        let at = |stage| move |error| (stage, Fault::Said(error));
        let wrapped = self.tls.clone().filter(|_| self.relay.tls == TlsUse::Implicit);
        let server = (self.relay.host.as_str(), self.relay.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, Some(self.limits.connect), &self.hello, wrapped, None)
            .await
            .map_err(at(Stage::Connect))?;
        let upgrade = match self.relay.tls {
            TlsUse::Required => true,
            TlsUse::Offered => connection.can_starttls(),
            TlsUse::Implicit | TlsUse::None => false,
        };
        if let Some(tls) = self.tls.clone().filter(|_| upgrade) {
            connection.starttls(tls, &self.hello).await.map_err(at(Stage::Connect))?;
        }
        let mut line = Line::new(connection, &self.hello).await.map_err(at(Stage::Connect))?;
        if let Some(login) = &self.relay.login {
            let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
            line.connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(at(Stage::SignIn))?;
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
        let text = format!("the relay {}:{} {what}", self.relay.host, self.relay.port);
        fault::clean(&text, letter, self.relay.login.as_ref().map(|login| &login.password))
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

/// Whom to believe that the relay is the relay: the system's authorities, or those of the file alone. The name is always
/// checked.
fn trust(relay: &Relay) -> Result<TlsParameters, String> {
    let mut tls = TlsParameters::builder(relay.host.clone());
    if let Some(path) = &relay.ca {
        let pem = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        // Without any certificate, lettre would trust nobody and say so at the first letter.
        if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err(format!("{} holds no PEM certificate", path.display()));
        }
        let authorities = Certificate::from_pem(&pem).map_err(|error| format!("{}: {}", path.display(), fault::chain(&error)))?;
        tls = tls.certificate_store(CertificateStore::None).add_root_certificate(authorities);
    }
    tls.build().map_err(|error| fault::chain(&error))
}

/// Whether a connection that had waited was closed without a word about this letter, so that another may take it at once:
/// after its last letter, as some relays do after so many, or with 421, which may come at any command (RFC 5321 §3.8). When
/// nothing is said after the content, the letter may have been taken; that is no case for haste.
fn is_closing(stage: Stage, error: &Fault) -> bool {
    match (stage, error.status()) {
        (_, Some(421)) => true,
        (Stage::Sender, _) => !error.is_permanent(),
        (Stage::Recipient, None) => !error.is_timeout(),
        _ => false,
    }
}

/// Whether a permanent refusal (5xx) is about this letter for good.
///
/// What is said before a recipient is named is about us: a banner (554, 521), AUTH (535, 534), a sender whom the relay
/// does not let us use (550, 553). Every letter would meet the same, and an operator can put it right, so that letters
/// wait. After that a refusal is about the recipient or the letter, but for replies that still speak of the talk itself:
/// 502 to 504 (commands and their order, RFC 5321 §4.2.3), 521 (a host that takes no mail at all, RFC 7504), and 530, 534,
/// 535, 538 (sign in first, RFC 4954 §6). Relays that want a sign-in before they relay have no code of their own for it:
/// Postfix says 554, Exim and Exchange 550, all of them with the word "relay".
fn is_final(stage: Stage, code: u16, said: &str) -> bool {
    let about_us = matches!(code, 502..=504 | 521 | 530 | 534 | 535 | 538);
    match stage {
        Stage::Connect | Stage::SignIn | Stage::Sender => false,
        Stage::Recipient => !about_us && !said.to_ascii_lowercase().contains("relay"),
        Stage::Content => !about_us,
    }
}

#[cfg(test)]
mod tests;
