//! Connects to a relay, with TLS if required, ready for lettre.
//!
//! The commands before TLS are our own. lettre keeps bytes that arrive with the relay's consent to STARTTLS
//! and treats them as received under TLS: a man in the middle could forge replies of the relay. Here such a
//! session ends.

use std::{io, net::SocketAddr, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};
use lettre::transport::smtp::{client::AsyncSmtpConnection, commands::Starttls, extension::ClientId};
use rustls::{
    ProtocolVersion,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    ehlo::{Capabilities, ask, greeting, introduce, leave},
    fault::SmtpFault,
    happy_eyeballs::{PAUSE, reach},
    reply_sanitizer::ReplySanitizer,
    tls_verifier::trust,
};
use crate::mail::url::{Relay, TlsUse};

/// Finds the addresses of a host and port, in the order in which to try them.
pub(super) type Resolve =
    Box<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// A session that is ready for a sign-in or a letter.
pub(super) struct OpenedSession {
    pub connection: AsyncSmtpConnection,
    pub capabilities: Capabilities,
    /// `None` for a session in the clear.
    pub tls: Option<TlsSession>,
}

/// What was agreed on under TLS.
pub(super) struct TlsSession {
    pub version: Option<ProtocolVersion>,
    /// The relay's certificate, and those between it and an authority.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// The address of a relay, and how to verify its identity.
pub(super) struct Connector {
    host: String,
    port: u16,
    tls: TlsUse,
    /// The system's resolver, except in tests.
    pub(super) resolve: Resolve,
    tls_client: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// # Errors
    /// Why TLS to that relay is not possible.
    pub(super) fn new(relay: &Relay) -> Result<Self, String> {
        let connector = match relay.tls {
            TlsUse::None => None,
            _ => Some((TlsConnector::from(Arc::new(trust(relay)?)), name(&relay.host)?)),
        };
        let resolve: Resolve =
            Box::new(|host, port| async move { Ok(lookup_host((host, port)).await?.collect()) }.boxed());
        Ok(Self {
            host: relay.host.clone(),
            port: relay.port,
            tls: relay.tls,
            resolve,
            tls_client: connector,
        })
    }

    /// Connects, until `end`.
    pub(super) async fn reach(&self, end: Instant) -> Result<TcpStream, SmtpFault> {
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "its name was not resolved in time");
        let addresses =
            timeout_at(end, (self.resolve)(self.host.clone(), self.port)).await.map_err(late)??;
        Ok(reach(addresses, PAUSE, end).await?)
    }

    /// Starts the session, under TLS if required. RFC 3207 §4.2: replies before TLS are discarded.
    pub(super) async fn open(&self, stream: TcpStream, hello: &ClientId) -> Result<OpenedSession, SmtpFault> {
        let peer = stream.peer_addr()?;
        let Some((connector, name)) = &self.tls_client else {
            return handshake(ReplySanitizer::new(stream, peer), hello, None).await;
        };
        if self.tls == TlsUse::Implicit {
            let stream = connector.connect(name.clone(), stream).await?;
            let tls = Some(TlsSession::of(&stream));
            return handshake(ReplySanitizer::new(stream, peer), hello, tls).await;
        }
        let mut connection = ReplySanitizer::new(stream, peer);
        greeting(&mut connection).await?;
        let capabilities = introduce(&mut connection, hello).await?;
        if !capabilities.has("STARTTLS") {
            return match self.tls {
                TlsUse::Required if capabilities.is_extended() => Err(SmtpFault::NoTls),
                TlsUse::Required => Err(SmtpFault::NoExtensions("TLS")),
                _ => opened(connection, hello, capabilities, None).await,
            };
        }
        ask(&mut connection, &Starttls.to_string()).await?;
        let stream = connection.into_inner().ok_or(SmtpFault::DataBeforeTls)?;
        let stream = connector.connect(name.clone(), stream).await?;
        let tls = Some(TlsSession::of(&stream));
        let mut connection = ReplySanitizer::new(stream, peer);
        let capabilities = introduce(&mut connection, hello).await?;
        opened(connection, hello, capabilities, tls).await
    }

    /// The name that the relay's certificate must have; `None` where TLS is never used.
    pub(super) fn name(&self) -> Option<&ServerName<'static>> {
        self.tls_client.as_ref().map(|(_, name)| name)
    }
}

impl TlsSession {
    fn of(stream: &TlsStream<TcpStream>) -> Self {
        let session = stream.get_ref().1;
        let certificates = session.peer_certificates().unwrap_or_default().to_vec();
        Self { version: session.protocol_version(), certificates }
    }
}

/// Greeting and EHLO, after TLS or without it.
async fn handshake<S>(
    mut connection: ReplySanitizer<S>,
    hello: &ClientId,
    tls: Option<TlsSession>,
) -> Result<OpenedSession, SmtpFault>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    greeting(&mut connection).await?;
    let capabilities = introduce(&mut connection, hello).await?;
    opened(connection, hello, capabilities, tls).await
}

/// Leaves the session to lettre.
async fn opened<S>(
    connection: ReplySanitizer<S>,
    hello: &ClientId,
    capabilities: Capabilities,
    tls: Option<TlsSession>,
) -> Result<OpenedSession, SmtpFault>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    Ok(OpenedSession { connection: leave(connection, hello, &capabilities).await?, capabilities, tls })
}

fn name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no valid name for a certificate"))
}
