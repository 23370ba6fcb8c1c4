//! The way in: a connection to a relay, encrypted where it is to be, and ready for lettre.
//!
//! The words before TLS are our own. lettre keeps what came with the relay's consent to STARTTLS and takes it for what was said
//! under TLS: whoever sits between us and the relay could put words into its mouth. Here such a talk ends.

use std::{fs, io, net::SocketAddr, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};
use lettre::transport::smtp::{
    client::AsyncSmtpConnection,
    commands::{Ehlo, Starttls},
    extension::ClientId,
    response::{Response, Severity},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

use super::{
    reach::{PAUSE, reach},
    talk::Fault,
    tidy::Tidy,
};
use crate::mail::url::{Relay, TlsUse};

/// lettre wants to be greeted; the relay's greeting has been heard by then.
const GREETED: &str = "220 \r\n";

/// Finds the addresses of a host and port, in the order in which to try them.
pub(super) type Resolve = Box<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// A relay's door, and whom to believe that it is the relay's.
pub(super) struct Door {
    host: String,
    port: u16,
    tls: TlsUse,
    /// The system's, but in tests.
    pub(super) resolve: Resolve,
    connector: Option<(TlsConnector, ServerName<'static>)>,
}

impl Door {
    /// # Errors
    /// Why no TLS to that relay is possible.
    pub(super) fn new(relay: &Relay) -> Result<Self, String> {
        let connector = match relay.tls {
            TlsUse::None => None,
            _ => Some((TlsConnector::from(Arc::new(trust(relay)?)), name(&relay.host)?)),
        };
        let resolve: Resolve = Box::new(|host, port| async move { Ok(lookup_host((host, port)).await?.collect()) }.boxed());
        Ok(Self { host: relay.host.clone(), port: relay.port, tls: relay.tls, resolve, connector })
    }

    /// Connects, until `end`.
    pub(super) async fn reach(&self, end: Instant) -> Result<TcpStream, Fault> {
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "its name was not resolved in time");
        let addresses = timeout_at(end, (self.resolve)(self.host.clone(), self.port)).await.map_err(late)??;
        Ok(reach(addresses, PAUSE, end).await?)
    }

    /// Begins the talk.
    pub(super) async fn open(&self, stream: TcpStream, hello: &ClientId) -> Result<AsyncSmtpConnection, Fault> {
        let peer = stream.peer_addr()?;
        let (stream, first, secure) = match self.tls {
            TlsUse::None => (stream, "", false),
            TlsUse::Implicit => (stream, "", true),
            TlsUse::Offered | TlsUse::Required => {
                let (stream, agreed) = self.ask_for_tls(Tidy::new(stream, peer, ""), hello).await?;
                (stream, GREETED, agreed)
            }
        };
        let boxed = match &self.connector {
            Some((connector, name)) if secure => {
                let stream = connector.connect(name.clone(), stream).await?;
                Box::new(Tidy::new(stream, peer, first)) as Box<_>
            }
            _ => Box::new(Tidy::new(stream, peer, first)) as Box<_>,
        };
        Ok(AsyncSmtpConnection::connect_with_transport(boxed, hello).await?)
    }

    /// Hears the greeting and asks for TLS. Says whether it comes now; it need not where it is only taken when it is offered.
    async fn ask_for_tls(&self, stream: Tidy<TcpStream>, hello: &ClientId) -> Result<(TcpStream, bool), Fault> {
        let mut talk = BufReader::new(stream);
        reply(&mut talk).await?;
        talk.write_all(Ehlo::new(hello.clone()).to_string().as_bytes()).await?;
        let offers = reply(&mut talk).await?;
        // RFC 5321 §4.1.1.1: upper and lower case mean the same.
        let offered = offers.message().any(|line| line.trim().eq_ignore_ascii_case("STARTTLS"));
        if offered {
            talk.write_all(Starttls.to_string().as_bytes()).await?;
            reply(&mut talk).await?;
        } else if self.tls == TlsUse::Required {
            return Err(Fault::NoTls);
        }
        let unread = !talk.buffer().is_empty();
        let stream = talk.into_inner().into_inner().filter(|_| !unread).ok_or(Fault::Early)?;
        Ok((stream, offered))
    }
}

/// The next reply, where it agrees.
async fn reply(talk: &mut BufReader<Tidy<TcpStream>>) -> Result<Response, Fault> {
    let mut said = String::new();
    loop {
        let begin = said.len();
        if talk.read_line(&mut said).await? == 0 {
            return Err(Fault::HungUp);
        }
        if said.as_bytes().get(begin + 3) != Some(&b'-') {
            break;
        }
    }
    let reply: Response = said.parse()?;
    if reply.code().severity == Severity::PositiveCompletion { Ok(reply) } else { Err(Fault::Refused(reply)) }
}

fn name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name that a certificate can be for"))
}

/// The system's authorities, or those of the file alone. The name is always checked.
fn trust(relay: &Relay) -> Result<ClientConfig, String> {
    let mut authorities = RootCertStore::empty();
    match &relay.ca {
        Some(path) => {
            let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let pem = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                authorities.add(certificate.map_err(|error| fault(&error))?).map_err(|error| fault(&error))?;
            }
            // Nobody would be trusted, which would be said at the first letter.
            if authorities.is_empty() {
                return Err(format!("{} holds no PEM certificate", path.display()));
            }
        }
        None => {
            // Systems have some that cannot be read.
            authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(authorities).with_no_client_auth())
}
