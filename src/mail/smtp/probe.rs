//! Connects to a relay to learn what it offers, and sends no letter.

use std::{net::SocketAddr, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use rustls::{ProtocolVersion, pki_types::UnixTime};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    Smtp,
    connect::OpenedSession,
    fault::{SmtpFault, Stage},
    sign_in,
    tls_verifier::is_valid_at,
};
use crate::mail::fault::{chain, clean_text};

/// A certificate that is not valid for so long has to be renewed soon.
const RENEWAL: TimeDelta = TimeDelta::days(14);

/// What a relay shows of itself.
#[derive(Debug)]
pub(in crate::mail) struct Probe {
    pub peer: SocketAddr,
    /// Our address on this connection.
    pub local: SocketAddr,
    /// What EHLO said.
    pub hello: String,
    /// `None` for a session in the clear.
    pub tls: Option<ProbeTls>,
    /// Whether user and password are accepted; `None` where there are none.
    pub sign_in: Option<Result<(), ProbeFault>>,
    /// Whether it knows EHLO.
    pub is_extended: bool,
    /// The lines of its answer to EHLO, in upper case.
    pub extensions: Vec<String>,
}

/// Why no letter could be sent, for people; without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mail) enum ProbeFault {
    /// It may be otherwise soon, or from another network: the relay was not reached, did not answer in time,
    /// or said "not now".
    Passing(String),
    Final(String),
}

/// The encryption of the session.
#[derive(Debug)]
pub(in crate::mail) struct ProbeTls {
    /// As `TLS 1.3`.
    pub version: String,
    /// Whether the certificate is invalid in 14 days.
    pub expires_soon: bool,
}

impl Smtp {
    /// Connects and signs in as for a letter, within 10 seconds each.
    ///
    /// # Errors
    /// Why no letter could be sent.
    pub(in crate::mail) async fn probe(&self, now: DateTime<Utc>) -> Result<Probe, ProbeFault> {
        let end = Instant::now() + self.limits.connect;
        let unusable = |fault: SmtpFault| self.fault("cannot be used", &fault);
        let stream = self.connector.reach(end).await.map_err(|fault| self.unreached(&fault))?;
        let addresses = stream.peer_addr().and_then(|peer| Ok((peer, stream.local_addr()?)));
        let (peer, local) = addresses.map_err(|error| unusable(error.into()))?;
        let hello = self.hello.over(&stream);
        let opened = timeout_at(end, self.connector.open(stream, &hello)).await;
        let mut opened = opened.unwrap_or(Err(SmtpFault::TimedOut)).map_err(unusable)?;
        let sign_in = match &self.relay.login {
            Some(login) => {
                let signed_in = timeout(self.limits.connect, sign_in(&mut opened, login)).await;
                let signed_in = signed_in.unwrap_or(Err((Stage::SignIn, SmtpFault::TimedOut)));
                Some(signed_in.map_err(|(stage, fault)| match stage {
                    Stage::SignIn => self.fault("refused the sign-in", &fault),
                    _ => self.fault("cannot be used", &fault),
                }))
            }
            None => None,
        };
        let probe = Probe {
            peer,
            local,
            hello: hello.to_string(),
            tls: self.tls(&opened, now + RENEWAL),
            sign_in,
            is_extended: opened.capabilities.is_extended(),
            extensions: opened.capabilities.lines().map(str::to_owned).collect(),
        };
        // A relay that does not answer to QUIT has lost nothing.
        let _ = timeout(self.limits.connect, opened.connection.quit()).await;
        Ok(probe)
    }

    fn tls(&self, opened: &OpenedSession, renewal: DateTime<Utc>) -> Option<ProbeTls> {
        let session = opened.tls.as_ref()?;
        let version = match session.version {
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2".to_owned(),
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3".to_owned(),
            other => format!("TLS {other:?}"),
        };
        let renewal = Duration::from_secs(renewal.timestamp().try_into().unwrap_or_default());
        let renewal = UnixTime::since_unix_epoch(renewal);
        let is_valid = |name| is_valid_at(&self.relay, &session.certificates, name, renewal);
        let expires_soon = self.connector.name().is_some_and(|name| !is_valid(name));
        Some(ProbeTls { version, expires_soon })
    }

    /// A host that refuses the connection was reached, and no relay is there. Anything else may be the fault
    /// of this machine's network.
    fn unreached(&self, fault: &SmtpFault) -> ProbeFault {
        let text = self.words("cannot be used", fault);
        match fault {
            SmtpFault::ConnectFailures(failures) if failures.are_refusals() => ProbeFault::Final(text),
            _ => ProbeFault::Passing(text),
        }
    }

    fn fault(&self, what: &str, fault: &SmtpFault) -> ProbeFault {
        let text = self.words(what, fault);
        if fault.is_timeout() || fault.is_transient() {
            ProbeFault::Passing(text)
        } else {
            ProbeFault::Final(text)
        }
    }

    fn words(&self, what: &str, fault: &SmtpFault) -> String {
        clean_text(&format!("the relay {} {what}: {}", self.relay.address(), chain(fault)), &self.secrets)
    }
}
