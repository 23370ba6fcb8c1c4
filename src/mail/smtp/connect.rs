//! The way in: a connection to a relay, encrypted where it is to be, and ready for lettre.
//!
//! The words before TLS are our own. lettre keeps what came with the relay's consent to STARTTLS and takes it
//! for what was said under TLS: whoever sits between us and the relay could put words into its mouth. Here
//! such a talk ends.

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

/// How a relay is connected to, and whom to believe that it is the relay's.
pub(super) struct Connector {
    host: String,
    port: u16,
    tls: TlsUse,
    /// The system's, but in tests.
    pub(super) resolve: Resolve,
    tls_client: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// # Errors
    /// Why no TLS to that relay is possible.
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

    /// Begins the talk, under TLS where it is to be. RFC 3207 §4.2: what was said before TLS is forgotten.
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
        let mut talk = ReplySanitizer::new(stream, peer);
        greeting(&mut talk).await?;
        let capabilities = introduce(&mut talk, hello).await?;
        if !capabilities.has("STARTTLS") {
            return match self.tls {
                TlsUse::Required if capabilities.is_extended() => Err(SmtpFault::NoTls),
                TlsUse::Required => Err(SmtpFault::NoExtensions("TLS")),
                _ => Ok((leave(talk, hello, &capabilities).await?, capabilities)),
            };
        }
        ask(&mut talk, &Starttls.to_string()).await?;
        let stream = talk.into_inner().ok_or(SmtpFault::Early)?;
        let mut talk = ReplySanitizer::new(connector.connect(name.clone(), stream).await?, peer);
        let capabilities = introduce(&mut talk, hello).await?;
        Ok((leave(talk, hello, &capabilities).await?, capabilities))
    }
}

/// The first words where TLS has begun, or never will.
async fn handshake<S>(
    mut talk: ReplySanitizer<S>,
    hello: &ClientId,
) -> Result<(AsyncSmtpConnection, Capabilities), SmtpFault>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    greeting(&mut talk).await?;
    let capabilities = introduce(&mut talk, hello).await?;
    Ok((leave(talk, hello, &capabilities).await?, capabilities))
}

fn name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned())
        .map_err(|_| format!("{host} is no name that a certificate can be for"))
}
