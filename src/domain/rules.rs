//! The operator's settings that operations follow.

use chrono::TimeDelta;

use super::{
    company::CompanyVat, letter_quota::LetterLimits, link_lifetime::LinkLifetime,
    link_template::LinkTemplate, webhooks::ReceiverNetworks,
};

/// The operator's settings, as the configuration gives them.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The lifetime of a link.
    pub link_lifetime: LinkLifetime,
    /// The delay between two letters of an invitation; zero is none.
    pub resend_cooldown: TimeDelta,
    /// The shortest password, in code points.
    pub password_min_length: usize,
    /// How many letters may be requested in a day.
    pub letters: LetterLimits,
    /// Whether system users may sign in by password; else they sign in at the identity provider alone.
    pub staff_passwords: bool,
    /// How long what ended is kept; `None` is for ever.
    pub retention: Option<TimeDelta>,
    /// Whether people may send themselves a new link.
    pub self_renewal: bool,
    /// Whether a company must have a VAT number.
    pub company_vat: CompanyVat,
    /// The operator's name, in letters and on the page.
    pub organisation: String,
    /// The networks beside the public internet to which webhooks may be sent.
    pub webhook_networks: ReceiverNetworks,
    /// The page that a link opens.
    pub activation_url: LinkTemplate,
}
