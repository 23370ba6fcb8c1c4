//! The first words of a talk: who is there, who we are, and what the relay can do.

use lettre::transport::smtp::{
    client::AsyncSmtpConnection,
    commands::Ehlo,
    extension::ClientId,
    response::{Response, Severity},
};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt};

use super::{fault::SmtpFault, reply_sanitizer::ReplySanitizer};

/// What a relay says that it can do.
pub(super) struct Capabilities(Option<Vec<String>>);

impl Capabilities {
    /// Whether it knows EHLO: without, it has no extension at all, neither TLS nor a sign-in.
    pub(super) fn is_extended(&self) -> bool {
        self.0.is_some()
    }

    /// Whether this extension, which has no parameters, is among them. RFC 5321 §4.1.1.1: upper and lower
    /// case mean the same.
    pub(super) fn has(&self, extension: &str) -> bool {
        self.0.iter().flatten().any(|line| line.trim() == extension)
    }

    /// As lettre wants to hear it, which is greeted first.
    fn words(&self) -> String {
        let lines = self.0.iter().flatten().map(|line| format!("250-{line}\r\n"));
        format!("220 \r\n250-relay\r\n{}250 \r\n", lines.collect::<String>())
    }
}

/// Hears the greeting.
pub(super) async fn greeting<S: AsyncRead + Unpin>(talk: &mut ReplySanitizer<S>) -> Result<(), SmtpFault> {
    reply(talk).await.map(drop)
}

/// Says who we are: in the words of RFC 821 to a relay that does not know the newer ones (RFC 5321 §3.2).
pub(super) async fn introduce<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut ReplySanitizer<S>,
    hello: &ClientId,
) -> Result<Capabilities, SmtpFault> {
    match ask(talk, &Ehlo::new(hello.clone()).to_string()).await {
        Err(SmtpFault::Refused(reply)) if matches!(reply.code().into(), 500_u16..=502) => {
            ask(talk, &format!("HELO {hello}\r\n")).await?;
            Ok(Capabilities(None))
        }
        capabilities => {
            Ok(Capabilities(Some(capabilities?.message().map(str::to_ascii_uppercase).collect())))
        }
    }
}

/// Says a line and hears the reply, where it agrees.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut ReplySanitizer<S>,
    line: &str,
) -> Result<Response, SmtpFault> {
    talk.write_all(line.as_bytes()).await?;
    talk.flush().await?;
    reply(talk).await
}

/// Leaves the talk to lettre, which has an EHLO of its own: it is not said, and answered with what was heard.
pub(super) async fn leave<S>(
    talk: ReplySanitizer<S>,
    hello: &ClientId,
    capabilities: &Capabilities,
) -> Result<AsyncSmtpConnection, SmtpFault>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    let talk = talk.answering(&capabilities.words());
    Ok(AsyncSmtpConnection::connect_with_transport(Box::new(talk), hello).await?)
}

async fn reply<S: AsyncRead + Unpin>(talk: &mut ReplySanitizer<S>) -> Result<Response, SmtpFault> {
    let mut said = String::new();
    loop {
        let begin = said.len();
        if talk.read_line(&mut said).await? == 0 {
            return Err(SmtpFault::HungUp);
        }
        if said.as_bytes().get(begin + 3) != Some(&b'-') {
            break;
        }
    }
    let reply: Response = said.parse()?;
    if reply.code().severity == Severity::PositiveCompletion {
        Ok(reply)
    } else {
        Err(SmtpFault::Refused(reply))
    }
}
