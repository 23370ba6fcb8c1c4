//! What is known of a mail service that many operators use: its relays, and what it needs in the DNS.

/// Whose domain a service puts into the envelope. SPF is judged by that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mail) enum EnvelopeDomain {
    /// The domain of `MAIL_FROM`.
    Senders,
    /// A subdomain of it, once that is set up there: the service's default name for it.
    Subdomain(&'static str),
    /// The domain of the account, where `MAIL_URL` names it, else that of the letter's envelope. The service
    /// signs as that domain, too.
    Account,
    /// One of its own, or a subdomain of a name that is drawn at its setup.
    Service,
}

/// A mail service.
#[derive(Debug)]
pub(in crate::mail) struct KnownService {
    /// The name that people know it by.
    pub title: &'static str,
    /// Whether a host, in lower case, is one of its relays.
    pub is_relay: fn(&str) -> bool,
    pub envelope: EnvelopeDomain,
    /// What the SPF record of the envelope's domain must include.
    pub include: Option<&'static str>,
    /// The selectors that it uses for every customer. Others draw one for each.
    pub selectors: &'static [&'static str],
    /// What to set up there.
    pub setup: &'static str,
}
