//! Why a relay did not take a letter, and how far the attempt came.

use std::io;

use lettre::transport::smtp::{
    Error,
    response::{Code, Response},
};

use super::happy_eyeballs::NoWay;

/// How far an attempt came.
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
    /// DATA and what follows.
    Content,
}

/// Why a relay did not take a letter.
#[derive(Debug, thiserror::Error)]
pub(super) enum SmtpFault {
    /// What it said, or that it could not be heard.
    #[error(transparent)]
    Said(#[from] Error),
    /// What it said before TLS.
    #[error("{} error ({}): {}", if self.is_permanent() { "permanent" } else { "transient" }, .0.code(), words(.0))]
    Refused(Response),
    #[error(transparent)]
    NoWay(#[from] NoWay),
    /// Its name is not known, or the way to it is not safe, or broke.
    #[error(transparent)]
    Unreachable(#[from] io::Error),
    #[error("it does not offer STARTTLS, without which ?tls=required gives it nothing")]
    NoTls,
    /// It knows no more than HELO.
    #[error("it does not know EHLO, and so offers no {0}")]
    NoExtensions(&'static str),
    /// It has no AUTH, or none that is ours; many a relay offers it under TLS alone.
    #[error("it offers no way to sign in over this connection that we know (PLAIN, LOGIN)")]
    NoSignIn,
    /// What follows the consent to TLS in the clear is from whoever wants it to be taken for the relay's.
    #[error("it said more in the clear than that TLS may begin")]
    Early,
    #[error("it hung up")]
    HungUp,
    #[error("it did not answer in time")]
    Late,
    /// It answered with what is no answer to what was said last: from here on each answer may be another
    /// command's.
    #[error("it answered out of turn: {0}")]
    OutOfTurn(Code),
}

impl SmtpFault {
    /// The reply's code, where it refused in its turn.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Said(error) => error.status().map(u16::from),
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

    /// Whether our patience ended.
    pub(super) fn is_late(&self) -> bool {
        matches!(self, Self::Late)
    }

    pub(super) fn is_timeout(&self) -> bool {
        match self {
            Self::Said(error) => error.is_timeout(),
            _ => self.is_late(),
        }
    }
}

fn words(reply: &Response) -> String {
    reply.message().collect::<Vec<_>>().join(" ")
}
