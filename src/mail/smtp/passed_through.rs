//! Headers for a mail provider's SMTP server, by the table of providers: the letter's id, which its webhook
//! returns, and that it must not track.

use crate::{domain::ids::LetterId, mail::providers::PROVIDERS};

/// The headers for a letter that goes to `host`: none, unless that is a server of a provider that takes them.
pub(super) fn headers(host: &str, letter: LetterId) -> Vec<(&'static str, String)> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let mut servers = PROVIDERS.iter().filter_map(|provider| provider.smtp_server.as_ref());
    let server = servers.find(|server| (server.is_host)(&host));
    server.map(|server| server.headers(letter)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: &str = "ltr_01m86xvxh0e3pt0yekqqme4qcm";

    #[test]
    fn each_provider_gets_its_own_header_and_others_get_none() {
        let id = |host: &str| headers(host, LETTER.parse().unwrap()).into_iter().next();
        for (host, name, value) in [
            ("email-smtp.eu-west-1.amazonaws.com", "X-SES-MESSAGE-TAGS", format!("letter={LETTER}")),
            ("SMTP-relay.brevo.com.", "X-Mailin-custom", LETTER.to_owned()),
            ("in-v3.mailjet.com", "X-MJ-CustomID", LETTER.to_owned()),
            ("smtp.postmarkapp.com", "X-PM-Metadata-letter", LETTER.to_owned()),
        ] {
            assert_eq!(id(host), Some((name, value)), "{host}");
        }
        for host in [
            "mail.example.com",
            "smtp.sendgrid.net",
            "smtp.resend.com",
            "smtp-relay.brevo.com.example.com",
            "notmailjet.com",
            "email-smtp.example.com",
            "amazonaws.com",
        ] {
            assert_eq!(id(host), None, "{host}");
        }
    }
}
