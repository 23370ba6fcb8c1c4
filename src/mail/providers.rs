//! Letters over HTTP: the table of mail providers. Mailpit is among them, which shows letters and delivers
//! none.
//!
//! A provider is one file and one row here. Its file holds the form of its `MAIL_URL`, the request that sends
//! a letter, what the answer means, its webhook (the key, and how a report is verified and read), what its
//! SMTP servers and the DNS need, and what `--help` says of it. All of these are data and pure functions;
//! [`client`] sends the requests. No provider may track who opens a letter or follows its link: where there
//! is a switch for that, it is off.

mod api;
mod azure;
mod brevo;
mod client;
mod guide;
mod hosted_url;
mod known_service;
mod mailgun;
mod mailjet;
mod mailpit;
mod postmark;
mod provider;
mod request;
mod resend;
mod response;
mod sendgrid;
mod ses;
mod smtp_server;
mod status;
#[cfg(test)]
mod tests;
mod webhook;
mod webhook_client;

pub use self::{
    client::Http,
    provider::{MailProvider, Webhook},
    webhook_client::WebhookHttp,
};
pub(super) use self::{
    known_service::{EnvelopeDomain, KnownService},
    provider::Server,
    webhook::reason::line as reason_line,
};

/// Every provider, in the order of help texts, tables and metrics.
pub static PROVIDERS: &[MailProvider] = &[
    postmark::PROVIDER,
    sendgrid::PROVIDER,
    mailgun::PROVIDER,
    resend::PROVIDER,
    ses::PROVIDER,
    brevo::PROVIDER,
    mailjet::PROVIDER,
    azure::PROVIDER,
    mailpit::PROVIDER,
];

/// Reads a `MAIL_URL` of this scheme. `None` when no provider has it.
pub(super) fn parse(scheme: &str, rest: &str) -> Option<Result<Server, String>> {
    PROVIDERS.iter().find_map(|provider| provider.parse(scheme, rest))
}

/// The forms of every provider's `MAIL_URL`, for `--help`.
#[must_use]
pub fn url_forms() -> String {
    PROVIDERS.iter().map(MailProvider::usage).collect::<Vec<_>>().join(", ")
}

/// What an operator must know of every provider, for `--help`.
#[must_use]
pub fn provider_guide() -> String {
    PROVIDERS.iter().fold("Mail providers:\n".to_owned(), |text, provider| text + &provider.section())
}
