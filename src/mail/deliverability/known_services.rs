//! Mail services that many operators use: the providers of the table, and two that are reached by SMTP alone.
//!
//! The sources are their own documents; those of the providers are named in their files.
//! <https://support.google.com/a/answer/33786>,
//! <https://learn.microsoft.com/en-us/defender-office-365/email-authentication-spf-configure>.

use crate::mail::providers::{EnvelopeDomain, KnownService, PROVIDERS};

/// The services that are no providers of the table.
static OTHERS: [KnownService; 2] = [
    KnownService {
        title: "Google Workspace",
        is_relay: |host| host.ends_with(".gmail.com") || host.ends_with(".google.com"),
        envelope: EnvelopeDomain::Senders,
        include: Some("_spf.google.com"),
        selectors: &["google"],
        setup: "switch DKIM on in the Admin console (Apps, Google Workspace, Gmail, Authenticate email)",
    },
    KnownService {
        title: "Microsoft 365",
        is_relay: |host| host.ends_with(".office365.com") || host.ends_with(".outlook.com"),
        envelope: EnvelopeDomain::Senders,
        include: Some("spf.protection.outlook.com"),
        selectors: &["selector1", "selector2"],
        setup: "switch DKIM on for the domain in the Defender portal: two CNAMEs",
    },
];

/// Selectors that relays and their packages propose.
pub(super) const COMMON_SELECTORS: [&str; 7] = ["default", "mail", "dkim", "s1", "s2", "k1", "smtp"];

fn services() -> impl Iterator<Item = &'static KnownService> {
    PROVIDERS.iter().filter_map(|provider| provider.service.as_ref()).chain(&OTHERS)
}

/// The service with this title.
#[cfg(test)]
pub(super) fn by_title(title: &str) -> Option<&'static KnownService> {
    services().find(|service| service.title == title)
}

/// The service that this relay belongs to.
pub(super) fn by_relay(host: &str) -> Option<&'static KnownService> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    services().find(|service| (service.is_relay)(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for provider in PROVIDERS {
            let title = provider.service.as_ref().map(|service| service.title);
            // A program for trials has none, and delivers nothing.
            assert_eq!(title, provider.delivers().then_some(provider.provider.title));
        }
        assert_eq!(by_title("Resend").unwrap().selectors, ["resend"]);
    }
}
