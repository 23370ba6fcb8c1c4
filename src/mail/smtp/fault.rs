//! Why a relay did not accept a letter, and the stage of the attempt.

use std::io;

use lettre::transport::smtp::{
    Error,
    response::{Code, Response},
};

use super::happy_eyeballs::ConnectFailures;

/// The stage of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Greeting, EHLO or HELO, STARTTLS.
    Connect,
    /// AUTH.
    SignIn,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA and the content.
    Content,
}

/// Why a relay did not accept a letter.
#[derive(Debug, thiserror::Error)]
pub(super) enum SmtpFault {
    /// lettre's error: the relay's reply, or an error of the connection.
    #[error(transparent)]
    Protocol(#[from] Error),
    /// A negative reply before lettre has the connection.
    #[error(
        "{} error ({}): {}",
        if self.is_permanent() { "permanent" } else { "transient" }, .0.code(), words(.0)
    )]
    Refused(Response),
    #[error(transparent)]
    ConnectFailures(#[from] ConnectFailures),
    /// Its name cannot be resolved, TLS failed, or the connection broke.
    #[error(transparent)]
    Unreachable(#[from] io::Error),
    #[error("it does not offer STARTTLS, which ?tls=required demands")]
    NoTls,
    /// It supports only HELO.
    #[error("it does not support EHLO, and so offers no {0}")]
    NoExtensions(&'static str),
    /// It has no AUTH, or none that we support; many relays offer it under TLS only.
    #[error("it offers no supported sign-in (PLAIN, LOGIN) on this connection")]
    NoSignIn,
    /// Clear-text bytes after the consent to TLS come from an attacker who wants them to pass for the
    /// relay's.
    #[error("it sent further data in the clear after its consent to STARTTLS")]
    DataBeforeTls,
    #[error("it closed the connection")]
    Closed,
    #[error("it did not answer in time")]
    TimedOut,
    /// Its reply does not fit the last command: from here on each reply may belong to another command.
    #[error("its reply does not fit the command: {0}")]
    UnexpectedReply(Code),
}

impl SmtpFault {
    /// The code of a negative reply.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Protocol(error) => error.status().map(u16::from),
            Self::Refused(reply) => Some(reply.code().into()),
            _ => None,
        }
    }

    pub(super) fn is_permanent(&self) -> bool {
        self.status().is_some_and(|code| code >= 500)
    }

    pub(super) fn is_transient(&self) -> bool {
        self.status().is_some_and(|code| (400..500).contains(&code))
    }

    /// Whether our timeout expired.
    pub(super) fn is_late(&self) -> bool {
        matches!(self, Self::TimedOut)
    }

    pub(super) fn is_timeout(&self) -> bool {
        match self {
            Self::Protocol(error) => error.is_timeout(),
            _ => self.is_late(),
        }
    }
}

fn words(reply: &Response) -> String {
    reply.message().collect::<Vec<_>>().join(" ")
}
