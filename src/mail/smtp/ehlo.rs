//! The start of a session: greeting, EHLO or HELO, and the relay's extensions.

use lettre::transport::smtp::{
    client::AsyncSmtpConnection,
    commands::Ehlo,
    extension::ClientId,
    response::{Response, Severity},
};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt};

use super::{fault::SmtpFault, reply_sanitizer::ReplySanitizer};

/// The relay's extensions; `None` for a relay with HELO only.
pub(super) struct Capabilities(Option<Vec<String>>);

impl Capabilities {
    /// Whether it supports EHLO. Otherwise it has no extension at all, neither TLS nor a sign-in.
    pub(super) fn is_extended(&self) -> bool {
        self.0.is_some()
    }

    /// Whether it has this extension, which takes no parameters. RFC 5321 §4.1.1.1: case does not matter.
    pub(super) fn has(&self, extension: &str) -> bool {
        self.0.iter().flatten().any(|line| line.trim() == extension)
    }

    /// Its extensions with their parameters, in upper case; the first line, which is its name, is among them.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().map(|line| line.trim())
    }

    /// The greeting and the reply to EHLO, in the form that lettre reads.
    fn words(&self) -> String {
        let lines = self.0.iter().flatten().map(|line| format!("250-{line}\r\n"));
        format!("220 \r\n250-relay\r\n{}250 \r\n", lines.collect::<String>())
    }
}

/// Reads the greeting.
pub(super) async fn greeting<S: AsyncRead + Unpin>(stream: &mut ReplySanitizer<S>) -> Result<(), SmtpFault> {
    reply(stream).await.map(drop)
}

/// Sends EHLO, or HELO to a relay that does not support EHLO (RFC 5321 §3.2).
pub(super) async fn introduce<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut ReplySanitizer<S>,
    hello: &ClientId,
) -> Result<Capabilities, SmtpFault> {
    match ask(stream, &Ehlo::new(hello.clone()).to_string()).await {
        Err(SmtpFault::Refused(reply)) if matches!(reply.code().into(), 500_u16..=502) => {
            ask(stream, &format!("HELO {hello}\r\n")).await?;
            Ok(Capabilities(None))
        }
        capabilities => {
            Ok(Capabilities(Some(capabilities?.message().map(str::to_ascii_uppercase).collect())))
        }
    }
}

/// Sends a command and reads the reply, which must be positive.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut ReplySanitizer<S>,
    line: &str,
) -> Result<Response, SmtpFault> {
    stream.write_all(line.as_bytes()).await?;
    stream.flush().await?;
    reply(stream).await
}

/// Hands the connection over to lettre, which sends an EHLO of its own: that is discarded, and answered with
/// the reply that was received before.
pub(super) async fn leave<S>(
    stream: ReplySanitizer<S>,
    hello: &ClientId,
    capabilities: &Capabilities,
) -> Result<AsyncSmtpConnection, SmtpFault>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    let stream = stream.answering(&capabilities.words());
    Ok(AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello).await?)
}

async fn reply<S: AsyncRead + Unpin>(stream: &mut ReplySanitizer<S>) -> Result<Response, SmtpFault> {
    let mut said = String::new();
    loop {
        let begin = said.len();
        if stream.read_line(&mut said).await? == 0 {
            return Err(SmtpFault::Closed);
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
