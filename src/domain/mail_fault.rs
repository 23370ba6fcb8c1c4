//! Causes of failed letters other than the recipient's address, as relays and providers report them.

closed_set! {
    /// The cause.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum MailFault {
        /// The sender is not owned, not verified, or may not be used by this account.
        Sender = "sender",
        /// The relay does not accept this machine as a client: its address, its DNS name, or its EHLO.
        Client = "client",
        /// This machine or the sender's domain is on a block list, or has a bad reputation.
        Reputation = "reputation",
        /// The account is out of quota or credit, is not activated yet, or is suspended.
        Quota = "quota",
        /// The credentials are missing or refused, may not relay, or require encryption.
        Authentication = "authentication",
        /// SPF, DKIM or DMARC of the sender's domain fail.
        DomainAuthentication = "domain_authentication",
        /// A policy of the relay or the provider forbids the letter.
        Policy = "policy",
        /// The relay or the provider is the wrong one, or not set up for this.
        Setup = "setup",
        /// An error of the provider.
        Provider = "provider",
        /// The recipient's mail server classified the letter as spam.
        SpamFilter = "spam_filter",
        /// The recipient's mail server refused the letter for its content or its origin.
        Blocked = "blocked",
        /// The provider no longer sends to this address.
        Suppressed = "suppressed",
        /// The mailbox is full, or its server did not accept the letter in time; the address may be valid.
        Unavailable = "unavailable",
        /// The mailbox is closed, or does not accept this letter.
        Mailbox = "mailbox",
        /// The letter did not reach the recipient's mail server.
        Network = "network",
    }
}

impl MailFault {
    /// Whether the operator, or the provider, must correct it, since it would affect every other letter.
    #[must_use]
    pub fn is_operator_fault(self) -> bool {
        !matches!(
            self,
            Self::SpamFilter
                | Self::Blocked
                | Self::Suppressed
                | Self::Unavailable
                | Self::Mailbox
                | Self::Network
        )
    }

    /// The cause and who must correct it, as a prefix of the server's message.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Sender => {
                "The operator must put this right, the address is not at fault: the mail relay or provider \
                does not accept the sender (MAIL_FROM)"
            }
            Self::Client => {
                "The operator must put this right, the address is not at fault: the mail relay does not \
                accept this machine (its IP address, its DNS name or its EHLO name, MAIL_HELO)"
            }
            Self::Reputation => {
                "The operator must put this right, the address is not at fault: this machine or the sender's \
                domain is on a block list or has a bad reputation"
            }
            Self::Quota => {
                "The operator must put this right, the address is not at fault: the mail account is out of \
                quota, not activated or suspended"
            }
            Self::Authentication => {
                "The operator must put this right, the address is not at fault: the mail relay or provider \
                does not accept the sign-in or its encryption (MAIL_URL)"
            }
            Self::DomainAuthentication => {
                "The operator must put this right, the address is not at fault: SPF, DKIM or DMARC of the \
                sender's domain fail"
            }
            Self::Policy => {
                "The operator must put this right, the address is not at fault: a policy of the mail relay \
                or provider is against this letter"
            }
            Self::Setup => {
                "The operator must put this right, the address is not at fault: the mail relay or provider \
                is not set up for this (MAIL_URL)"
            }
            Self::Provider => {
                "The operator must see to this with the mail provider, the address is not at fault: the \
                provider failed to send"
            }
            Self::SpamFilter => "The person's mail server took the letter for spam",
            Self::Blocked => "The person's mail server refused the letter, not the address",
            Self::Suppressed => "The mail provider no longer writes to this address",
            Self::Unavailable => {
                "The person's mailbox is full, or its mail server did not take the letter in time"
            }
            Self::Mailbox => "The person's mailbox is closed, or does not accept this letter",
            Self::Network => "The letter did not reach the person's mail server",
        }
    }
}
