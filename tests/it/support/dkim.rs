//! Verifies signatures of letters (DKIM) by the crate `mail-auth`, as a receiver does. The unit tests use it,
//! too.

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator};

use super::name_server::NameServer;

/// A receiver, with a name server that has the public keys.
pub struct Receiver(MessageAuthenticator);

impl Receiver {
    /// `records` are the TXT records with public keys, by name.
    pub fn new(records: &[(String, String)]) -> Self {
        let zone: String = records.iter().flat_map(|(name, text)| [name, " TXT ", text, "\n"]).collect();
        let server = NameServer::start(&zone);
        let mut way = ConnectionConfig::udp();
        way.port = server.address.port();
        let servers = vec![NameServerConfig::new(server.address.ip(), true, vec![way])];
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        Self(MessageAuthenticator::new(config, ResolverOpts::default()).unwrap())
    }

    /// How many signatures the message has, and how many of them are good.
    pub async fn verified(&self, source: &[u8]) -> (usize, usize) {
        let message = AuthenticatedMessage::parse(source).unwrap();
        let outcomes = self.0.verify_dkim(&message).await;
        let good = outcomes.iter().filter(|outcome| *outcome.result() == DkimResult::Pass).count();
        (outcomes.len(), good)
    }
}
