//! Mail services that many operators use: how they are recognised, and what they need in the DNS.
//!
//! The sources are their own documents:
//! <https://postmarkapp.com/support/article/1046-how-do-i-verify-a-domain>,
//! <https://www.twilio.com/docs/sendgrid/ui/account-and-settings/how-to-set-up-domain-authentication>,
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/domains/domains-verify>,
//! <https://resend.com/docs/knowledge-base/route53>,
//! <https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-manual.html>,
//! <https://help.brevo.com/hc/en-us/articles/17286219877778>,
//! <https://documentation.mailjet.com/hc/en-us/articles/360042412734-Authenticating-Domains-with-SPF-DKIM>,
//! <https://learn.microsoft.com/azure/communication-services/quickstarts/email/add-custom-verified-domains>,
//! <https://support.google.com/a/answer/33786>,
//! <https://learn.microsoft.com/en-us/defender-office-365/email-authentication-spf-configure>.

use crate::mail::smtp::is_ses_relay;

/// Whose domain a service puts into the envelope. SPF is judged by that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvelopeDomain {
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
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KnownService {
    pub title: &'static str,
    /// What the names of its relays end in.
    relays: &'static [&'static str],
    pub envelope: EnvelopeDomain,
    /// What the SPF record of the envelope's domain must include.
    pub include: Option<&'static str>,
    /// The selectors that it uses for every customer. Others draw one for each.
    pub selectors: &'static [&'static str],
    /// What to set up there.
    pub setup: &'static str,
}

const AMAZON_SES: &str = "Amazon SES";

const SERVICES: &[KnownService] = &[
    KnownService {
        title: "Postmark",
        relays: &[".postmarkapp.com"],
        envelope: EnvelopeDomain::Subdomain("pm-bounces"),
        include: None,
        selectors: &[],
        setup: "verify the domain in Postmark: DKIM, and a custom Return-Path (CNAME to pm.mtasv.net)",
    },
    KnownService {
        title: "SendGrid",
        relays: &[".sendgrid.net"],
        envelope: EnvelopeDomain::Service,
        include: Some("sendgrid.net"),
        selectors: &["s1", "s2"],
        setup: "authenticate the domain in SendGrid: two CNAMEs for DKIM, and one for the Return-Path",
    },
    KnownService {
        title: "Mailgun",
        relays: &[".mailgun.org"],
        envelope: EnvelopeDomain::Account,
        include: Some("mailgun.org"),
        selectors: &["pic", "mx", "k1", "smtp", "mailo", "krs"],
        setup: "verify the sending domain in Mailgun: an SPF and a DKIM record; MAIL_FROM should be in it",
    },
    KnownService {
        title: "Resend",
        relays: &[".resend.com"],
        envelope: EnvelopeDomain::Subdomain("send"),
        include: Some("amazonses.com"),
        selectors: &["resend"],
        setup: "verify the domain in Resend: a DKIM record, and MX and SPF of the subdomain send",
    },
    KnownService {
        title: AMAZON_SES,
        // Other services of Amazon have names with the same end.
        relays: &[],
        envelope: EnvelopeDomain::Service,
        include: Some("amazonses.com"),
        selectors: &[],
        setup: "verify the domain in SES with Easy DKIM (three CNAMEs), and give it a custom MAIL FROM \
            domain. SES replaces Date and Message-ID, so that a signature of MAIL_DKIM breaks there",
    },
    KnownService {
        title: "Brevo",
        relays: &[".brevo.com", ".sendinblue.com"],
        envelope: EnvelopeDomain::Service,
        include: None,
        selectors: &["mail", "brevo1", "brevo2"],
        setup: "authenticate the domain in Brevo: its code, and one or two records for DKIM. Otherwise \
            letters leave with a sender at brevosend.com",
    },
    KnownService {
        title: "Mailjet",
        relays: &[".mailjet.com"],
        envelope: EnvelopeDomain::Service,
        include: None,
        selectors: &["mailjet"],
        setup: "authenticate the domain in Mailjet: a DKIM record; for SPF to count, a custom Return-Path",
    },
    KnownService {
        title: "Azure Communication Services",
        relays: &[".azurecomm.net"],
        envelope: EnvelopeDomain::Senders,
        include: Some("spf.protection.outlook.com"),
        selectors: &["selector1-azurecomm-prod-net", "selector2-azurecomm-prod-net"],
        setup: "verify the domain in the Email Communication Service: an SPF record, and two CNAMEs for DKIM",
    },
    KnownService {
        title: "Google Workspace",
        relays: &[".gmail.com", ".google.com"],
        envelope: EnvelopeDomain::Senders,
        include: Some("_spf.google.com"),
        selectors: &["google"],
        setup: "switch DKIM on in the Admin console (Apps, Google Workspace, Gmail, Authenticate email)",
    },
    KnownService {
        title: "Microsoft 365",
        relays: &[".office365.com", ".outlook.com"],
        envelope: EnvelopeDomain::Senders,
        include: Some("spf.protection.outlook.com"),
        selectors: &["selector1", "selector2"],
        setup: "switch DKIM on for the domain in the Defender portal: two CNAMEs",
    },
];

/// Selectors that relays and their packages propose.
pub(super) const COMMON_SELECTORS: [&str; 7] = ["default", "mail", "dkim", "s1", "s2", "k1", "smtp"];

/// The service with this title, as the table of providers has it.
pub(super) fn by_title(title: &str) -> Option<&'static KnownService> {
    SERVICES.iter().find(|service| service.title == title)
}

/// The service that this relay belongs to.
pub(super) fn by_relay(host: &str) -> Option<&'static KnownService> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if is_ses_relay(&host) {
        return by_title(AMAZON_SES);
    }
    SERVICES.iter().find(|service| service.relays.iter().any(|end| host.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::providers::PROVIDERS;

    #[test]
    fn relays_are_recognised_by_the_end_of_their_names() {
        for (host, title) in [
            ("smtp.postmarkapp.com", Some("Postmark")),
            ("SMTP.SendGrid.net", Some("SendGrid")),
            ("email-smtp.eu-west-1.amazonaws.com", Some("Amazon SES")),
            ("Email-SMTP-FIPS.us-east-1.amazonaws.com.", Some("Amazon SES")),
            ("email-smtp.cn-north-1.amazonaws.com.cn", Some("Amazon SES")),
            ("ec2-192-0-2-25.eu-west-1.compute.amazonaws.com", None),
            ("relay-0123456789.elb.eu-west-1.amazonaws.com", None),
            ("smtp-relay.gmail.com", Some("Google Workspace")),
            ("smtp-relay.brevo.com", Some("Brevo")),
            ("in-v3.mailjet.com", Some("Mailjet")),
            ("smtp.azurecomm.net", Some("Azure Communication Services")),
            ("evilgmail.com", None),
            ("mail.example.com", None),
        ] {
            assert_eq!(by_relay(host).map(|service| service.title), title, "{host}");
        }
        let titles = PROVIDERS.iter().map(|provider| provider.provider.title);
        let unknown: Vec<_> = titles.filter(|title| by_title(title).is_none()).collect();
        // A program for trials, which delivers nothing.
        assert_eq!(unknown, ["Mailpit"]);
        assert_eq!(by_title("Resend").unwrap().selectors, ["resend"]);
    }
}
