//! Headers that a mail provider's SMTP server takes for itself: the letter's id, which its webhook returns,
//! and that it must not track. They are sent to that provider's hosts alone.
//!
//! SendGrid and Mailgun need none for the id: their webhooks return the `Message-ID`. Of Resend's nothing is
//! documented by which a letter is known again that came by SMTP.

use crate::domain::ids::LetterId;

/// The SMTP server of a provider.
struct SmtpServer {
    /// Whether a host, in lower case, is one of its.
    is_host: fn(&str) -> bool,
    /// The header that its webhook returns.
    id: &'static str,
    /// What precedes the letter's id in its value.
    prefix: &'static str,
    /// Further headers, which switch tracking off.
    others: &'static [(&'static str, &'static str)],
}

const SERVERS: [SmtpServer; 4] = [
    // <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-send-email.html>
    // Events are published where the sending identity has a default configuration set.
    SmtpServer { is_host: is_ses_relay, id: "X-SES-MESSAGE-TAGS", prefix: "letter=", others: &[] },
    // <https://developers.brevo.com/docs/transactional-webhooks>
    SmtpServer {
        is_host: |host| matches!(host, "smtp-relay.brevo.com" | "smtp-relay.sendinblue.com"),
        id: "X-Mailin-custom",
        prefix: "",
        others: &[],
    },
    // <https://dev.mailjet.com/docs/smtp_relay/custom_headers>
    SmtpServer {
        is_host: |host| host == "mailjet.com" || host.ends_with(".mailjet.com"),
        id: "X-MJ-CustomID",
        prefix: "",
        others: &[("X-Mailjet-TrackOpen", "0"), ("X-Mailjet-TrackClick", "0")],
    },
    // <https://postmarkapp.com/support/article/1125-custom-metadata-faq-1>,
    // <https://postmarkapp.com/developer/user-guide/send-email-with-smtp>
    SmtpServer {
        is_host: |host| host.ends_with(".postmarkapp.com"),
        id: "X-PM-Metadata-letter",
        prefix: "",
        others: &[("X-PM-TrackOpens", "false"), ("X-PM-TrackLinks", "None")],
    },
];

/// Whether a host, in lower case, is an SMTP server of Amazon SES:
/// <https://docs.aws.amazon.com/general/latest/gr/ses.html>. Machines and load balancers of its customers are
/// below `amazonaws.com`, too.
pub(in crate::mail) fn is_ses_relay(host: &str) -> bool {
    let is_ses = host.starts_with("email-smtp.") || host.starts_with("email-smtp-fips.");
    is_ses && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

/// The headers for a letter that goes to `host`.
pub(super) fn headers(host: &str, letter: LetterId) -> Vec<(&'static str, String)> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let Some(server) = SERVERS.iter().find(|server| (server.is_host)(&host)) else { return Vec::new() };
    let others = server.others.iter().map(|(name, value)| (*name, (*value).to_owned()));
    [(server.id, format!("{}{letter}", server.prefix))].into_iter().chain(others).collect()
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
