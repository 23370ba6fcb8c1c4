//! Connects to a relay, with TLS if required, ready for lettre.
//!
//! The commands before TLS are our own. lettre keeps bytes that arrive with the relay's consent to STARTTLS
//! and treats them as received under TLS: a man in the middle could forge replies of the relay. Here such a
//! session ends.

use std::{io, net::SocketAddr, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};
use lettre::transport::smtp::{client::AsyncSmtpConnection, commands::Starttls, extension::ClientId};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

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
    pub(super) async fn open(
        &self,
        stream: TcpStream,
        hello: &ClientId,
    ) -> Result<(AsyncSmtpConnection, Capabilities), SmtpFault> {
        let peer = stream.peer_addr()?;
        let Some((connector, name)) = &self.tls_client else {
            return handshake(ReplySanitizer::new(stream, peer), hello).await;
        };
        if self.tls == TlsUse::Implicit {
            return handshake(
                ReplySanitizer::new(connector.connect(name.clone(), stream).await?, peer),
                hello,
            )
            .await;
        }
        let mut connection = ReplySanitizer::new(stream, peer);
        greeting(&mut connection).await?;
        let capabilities = introduce(&mut connection, hello).await?;
        if !capabilities.has("STARTTLS") {
            return match self.tls {
                TlsUse::Required if capabilities.is_extended() => Err(SmtpFault::NoTls),
                TlsUse::Required => Err(SmtpFault::NoExtensions("TLS")),
                _ => Ok((leave(connection, hello, &capabilities).await?, capabilities)),
            };
        }
        ask(&mut connection, &Starttls.to_string()).await?;
        let stream = connection.into_inner().ok_or(SmtpFault::DataBeforeTls)?;
        let mut connection = ReplySanitizer::new(connector.connect(name.clone(), stream).await?, peer);
        let capabilities = introduce(&mut connection, hello).await?;
        Ok((leave(connection, hello, &capabilities).await?, capabilities))
    }
}

/// Greeting and EHLO, after TLS or without it.
async fn handshake<S>(
    mut connection: ReplySanitizer<S>,
    hello: &ClientId,
) -> Result<(AsyncSmtpConnection, Capabilities), SmtpFault>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    greeting(&mut connection).await?;
    let capabilities = introduce(&mut connection, hello).await?;
    Ok((leave(connection, hello, &capabilities).await?, capabilities))
}

fn name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no valid name for a certificate"))
}
