//! Sends letters over SMTP to a mail relay.
//!
//! lettre's connections are used without lettre's transport and its pool, where a letter can read the reply
//! to an earlier one (findings/lettre-pool-late-answer.sh). Here a connection is returned to the pool only
//! after a letter was accepted, and is closed otherwise. This code also knows which command was refused,
//! which determines the meaning of a refusal.

mod classify_reply;
mod connect;
mod ehlo;
mod fault;
mod happy_eyeballs;
mod host_name;
mod limits;
mod passed_through;
mod probe;
mod reply_sanitizer;
mod retry_after;
mod session;
mod tls_verifier;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use secrecy::ExposeSecret;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

pub use self::host_name::EhloName;
#[cfg(test)]
pub(super) use self::probe::ProbeTls;
use self::{
    classify_reply::{is_closing, sender_side_fault},
    connect::{Connector, OpenedSession},
    fault::{SmtpFault, Stage},
    limits::{LIMITS, Limits},
    session::{Reports, SmtpSession},
};
pub(super) use self::{
    passed_through::is_ses_relay,
    probe::{Probe, ProbeFault},
};
use super::{
    fault::{Secrets, chain, clean},
    message::MessageBuilder,
    server_url::Login,
    url::Relay,
};
use crate::domain::{
    enhanced_status::Blame,
    letter::{Letter, SendError, Wait},
    mail_fault::MailFault,
    refusal_cause::RefusalCause,
    relay_reply::Reply,
};

/// The most idle connections.
const MAX_IDLE: usize = 4;
/// How long they stay open. Relays close them after minutes, some after 30 seconds.
const IDLE_TTL: Duration = Duration::from_secs(20);

/// A connection that was idle for less is reused without a check: the check would be a fifth of the commands,
/// while letters follow each other.
const FRESH: Duration = Duration::from_secs(1);

/// A relay, and connections to it.
pub struct Smtp {
    relay: Relay,
    connector: Connector,
    hello: EhloName,
    limits: Limits,
    secrets: Secrets,
    idle: Mutex<Vec<(Instant, SmtpSession)>>,
}

/// The outcome of a letter.
type Delivery = Result<(), Undelivered>;

/// Why it was not accepted.
#[derive(Debug)]
enum Undelivered {
    /// An error of the relay, or of the connection to it.
    Relay(Stage, SmtpFault),
    /// The message could not be built.
    Unwritten(SendError),
}

impl From<(Stage, SmtpFault)> for Undelivered {
    fn from((stage, fault): (Stage, SmtpFault)) -> Self {
        Self::Relay(stage, fault)
    }
}

impl Smtp {
    pub(super) fn new(relay: &Relay, hello: EhloName) -> Result<Self, String> {
        Ok(Self { hello, ..Self::with_limits(relay, LIMITS)? })
    }

    fn with_limits(relay: &Relay, limits: Limits) -> Result<Self, String> {
        let connector = Connector::new(relay)
            .map_err(|fault| format!("no TLS to {} is possible: {fault}.", relay.describe()))?;
        let secrets = relay.login.as_ref().map(Secrets::of_login).unwrap_or_default();
        Ok(Self {
            relay: relay.clone(),
            connector,
            hello: EhloName::default(),
            limits,
            secrets,
            idle: Mutex::default(),
        })
    }

    pub(super) async fn send(&self, letter: &Letter, builder: &MessageBuilder) -> Result<(), SendError> {
        let waiting = match self.checkout().await {
            Some(session) => Some(self.deliver(session, letter, builder).await),
            None => None,
        };
        let hung_up = |outcome: &Delivery| match outcome {
            Err(Undelivered::Relay(stage, error)) => is_closing(*stage, error),
            _ => false,
        };
        let outcome = match waiting.filter(|outcome| !hung_up(outcome)) {
            Some(outcome) => outcome,
            None => match self.connect().await {
                Ok(session) => self.deliver(session, letter, builder).await,
                Err(fault) => Err(fault.into()),
            },
        };
        outcome.map_err(|undelivered| match undelivered {
            Undelivered::Relay(stage, error) => self.refusal(stage, &error, letter, builder),
            Undelivered::Unwritten(error) => error,
        })
    }

    /// Sends a letter, and returns the connection to the pool. After an error the connection is dropped, with
    /// any outstanding replies.
    async fn deliver(&self, mut session: SmtpSession, letter: &Letter, builder: &MessageBuilder) -> Delivery {
        let headers = passed_through::headers(&self.relay.host, letter.id);
        let message =
            builder.message_with(letter, session.wire(), headers).map_err(Undelivered::Unwritten)?;
        let source = builder.source(&message, letter).map_err(Undelivered::Unwritten)?;
        let reports = Reports { letter: letter.id, success: builder.sender.asks_for_success };
        session.deliver(message.envelope(), source, &reports, self.limits).await?;
        self.return_to_pool(session);
        Ok(())
    }

    pub(super) fn describe(&self) -> String {
        self.relay.describe()
    }

    /// A connection that is ready for a letter, within its timeout.
    async fn connect(&self) -> Result<SmtpSession, (Stage, SmtpFault)> {
        let end = Instant::now() + self.limits.connect;
        let stream = self.connector.reach(end).await.map_err(|fault| (Stage::Connect, fault))?;
        timeout_at(end, self.begin(stream)).await.unwrap_or(Err((Stage::Connect, SmtpFault::TimedOut)))
    }

    async fn begin(&self, stream: TcpStream) -> Result<SmtpSession, (Stage, SmtpFault)> {
        let hello = self.hello.over(&stream);
        let mut opened =
            self.connector.open(stream, &hello).await.map_err(|fault| (Stage::Connect, fault))?;
        if let Some(login) = &self.relay.login {
            sign_in(&mut opened, login).await?;
        }
        Ok(SmtpSession::new(opened.connection, &opened.capabilities))
    }

    /// An idle connection; when it was idle for long, one that still answers.
    async fn checkout(&self) -> Option<SmtpSession> {
        loop {
            let (since, mut session) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let waited = since.elapsed();
            if waited < FRESH {
                return Some(session);
            }
            if waited < IDLE_TTL
                && timeout(self.limits.connect, session.connection.test_connected()).await == Ok(true)
            {
                return Some(session);
            }
        }
    }

    fn return_to_pool(&self, session: SmtpSession) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, _)| since.elapsed() < IDLE_TTL);
        if idle.len() < MAX_IDLE {
            idle.push((Instant::now(), session));
        }
    }

    fn refusal(
        &self,
        stage: Stage,
        error: &SmtpFault,
        letter: &Letter,
        builder: &MessageBuilder,
    ) -> SendError {
        if error.is_late() {
            let early = matches!(stage, Stage::Connect | Stage::SignIn);
            return self.later(
                if early { "did not answer in time" } else { "did not accept the letter in time" },
                letter,
            );
        }
        let said = chain(error);
        let cause = cause_of(stage, error, &said, letter, builder);
        let ours = cause.operator_fault();
        let what = match (stage, ours) {
            (Stage::Connect, _) => "cannot be used",
            (Stage::SignIn, _) => "refused the sign-in",
            (Stage::Sender, _) => "refused the sender",
            (Stage::Recipient | Stage::Content, Some(_)) => "refuses mail from this service",
            (Stage::Recipient, None) => "refused the recipient",
            (Stage::Content, None) => "refused the letter",
        };
        let text = self.line(&format!("{what}: {said}"), letter);
        if error.is_permanent() && ours.is_none() {
            return SendError::Permanent { text, cause };
        }
        let time = Some(said).filter(|_| error.is_transient()).and_then(|said| retry_after::wait(&said));
        // Greylisting concerns a recipient; a reply before any recipient, or the closing of the connection
        // (421), concerns all letters.
        let every_letter = !matches!(stage, Stage::Recipient | Stage::Content) || error.status() == Some(421);
        SendError::Temporary { text, wait: time.map(|time| Wait { time, every_letter }), cause }
    }

    fn later(&self, what: &str, letter: &Letter) -> SendError {
        SendError::temporary(self.line(what, letter))
    }

    fn line(&self, what: &str, letter: &Letter) -> String {
        let text = format!("the relay {} {what}", self.relay.address());
        clean(&text, letter, &self.secrets)
    }
}

/// Signs in with user and password.
async fn sign_in(opened: &mut OpenedSession, login: &Login) -> Result<(), (Stage, SmtpFault)> {
    if !opened.capabilities.is_extended() {
        return Err((Stage::Connect, SmtpFault::NoExtensions("sign-in")));
    }
    if opened.connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
        return Err((Stage::Connect, SmtpFault::NoSignIn));
    }
    let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
    let signed_in = opened.connection.auth(DEFAULT_MECHANISMS, &credentials).await;
    signed_in.map(drop).map_err(|error| (Stage::SignIn, SmtpFault::Protocol(error)))
}

/// The cause of a refusal: a fault on our side that it states, or else what the table says of its code or its
/// words. Quoted texts of the letter are ignored.
fn cause_of(
    stage: Stage,
    error: &SmtpFault,
    said: &str,
    letter: &Letter,
    builder: &MessageBuilder,
) -> RefusalCause {
    let (sender, wire) = (builder.envelope_sender(letter).to_string(), letter.to.wire());
    let subject = builder.write(letter).map(|words| words.subject).unwrap_or_default();
    let recipient_accepted = stage == Stage::Content;
    let mut content = letter.chosen_names();
    content.push(&subject);
    if !recipient_accepted {
        // The relay has not read the letter yet.
        content.clear();
    }
    let reply = Reply {
        text: said,
        sender: &sender,
        recipient: &[letter.to.as_str(), &wire, letter.to.key()],
        recipient_accepted,
        content: &content,
    };
    let is_refusal = error.is_permanent() || error.is_transient();
    let judged = RefusalCause::of_reply(&reply, error.is_transient());
    match sender_side_fault(stage, error, &reply) {
        Some(fault) => {
            let status = judged.status.filter(|_| is_refusal);
            RefusalCause { status, ..RefusalCause::of_fault(fault) }
        }
        None if !is_refusal || !matches!(stage, Stage::Recipient | Stage::Content) => RefusalCause::default(),
        // The recipient was accepted, so it is the letter that was refused.
        None if recipient_accepted && error.is_permanent() && !judged.is_known() => {
            RefusalCause { blame: Some(Blame::Content), ..RefusalCause::of_fault(MailFault::Blocked) }
        }
        None => judged,
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

#[cfg(test)]
mod tests;
