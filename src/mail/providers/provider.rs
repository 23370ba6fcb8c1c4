//! What a provider's file has to say: a [`MailProvider`], its row in the table, and a [`ProviderApi`].

use std::sync::Arc;

use super::{
    api::ProviderApi,
    guide::{Guide, WebhookGuide},
    hosted_url::{self, Hosted},
    known_service::KnownService,
    smtp_server::SmtpServer,
};
use crate::{
    domain::delivery_reports::{Provider, WebhookVerifier},
    mail::server_url::{self, Login},
};

/// A mail provider: its names, the form of its `MAIL_URL`, and its webhook.
pub struct MailProvider {
    /// Its names. The first is the scheme of `MAIL_URL`, too.
    pub provider: Provider,
    /// The form of `MAIL_URL`.
    pub(in crate::mail) url: UrlForm,
    /// What an operator must know of it.
    pub(in crate::mail) guide: Guide,
    /// How it reports what became of letters, if it does.
    pub webhook: Option<Webhook>,
    /// What `check-mail` knows of it; `None` for one that delivers nothing.
    pub(in crate::mail) service: Option<KnownService>,
    /// Its SMTP servers, where they take headers for themselves. None are needed where the webhook returns
    /// the `Message-ID`.
    pub(in crate::mail) smtp_server: Option<SmtpServer>,
}

/// The form of a provider's `MAIL_URL`.
pub(in crate::mail) enum UrlForm {
    /// A provider on the internet.
    Hosted(Hosted),
    /// A server of the operator's that shows letters and delivers none:
    /// `name+http://USER:PASSWORD@HOST:PORT`, or `name+https://`.
    TestServer {
        /// The form, for `--help` and errors.
        form: &'static str,
        /// Makes the API's client from the login.
        api: fn(Option<Login>) -> Arc<dyn ProviderApi>,
    },
}

/// How a provider reports what became of letters.
pub struct Webhook {
    /// The variable that holds the key: `MAIL_EVENTS_` and the provider's name.
    pub variable: &'static str,
    /// What the variable means, for `--help`.
    pub meaning: &'static str,
    /// What an operator must know of it.
    pub(in crate::mail) guide: WebhookGuide,
    /// Reads the key. An error says what is wrong with it and does not repeat it.
    pub verifier: fn(&str) -> Result<Arc<dyn WebhookVerifier>, &'static str>,
}

/// A provider as `MAIL_URL` names it: where its API is, and the account.
#[derive(Clone)]
pub(in crate::mail) struct Server {
    pub provider: &'static MailProvider,
    /// The address of the API, without user and password and without a slash at its end.
    pub base: String,
    pub api: Arc<dyn ProviderApi>,
}

impl Server {
    /// The provider and the address, for people: no credentials.
    pub fn describe(&self) -> String {
        let title = self.provider.provider.title;
        match self.api.account() {
            Some(account) => format!("{title} for {account} at {}", self.base),
            None => format!("{title} at {}", self.base),
        }
    }
}

impl MailProvider {
    /// Whether letters reach their recipients.
    pub(in crate::mail) fn delivers(&self) -> bool {
        matches!(self.url, UrlForm::Hosted(_))
    }

    /// The form of its `MAIL_URL`, for errors.
    pub(in crate::mail) fn form(&self) -> &'static str {
        match &self.url {
            UrlForm::Hosted(hosted) => hosted.form,
            UrlForm::TestServer { form, .. } => form,
        }
    }

    /// The form and its parameters, for `--help`.
    pub(in crate::mail) fn usage(&self) -> String {
        match &self.url {
            UrlForm::Hosted(Hosted { form, regions, .. }) if !regions.is_empty() => {
                let names: Vec<&str> = regions.iter().map(|(name, _)| *name).collect();
                format!("{form} (?region={})", names.join("|"))
            }
            UrlForm::Hosted(Hosted { form, parameters, .. }) if !parameters.is_empty() => {
                format!("{form} (?{}=)", parameters.join("=, "))
            }
            _ => self.form().to_owned(),
        }
    }

    /// What an operator must know of it, for `--help`: its title with the form of `MAIL_URL`, and lines of a
    /// heading and words.
    pub(in crate::mail) fn section(&self) -> String {
        let webhook = self
            .webhook
            .iter()
            .flat_map(|webhook| [("variable", webhook.variable)].into_iter().chain(webhook.guide.lines()));
        let service = self.service.iter().map(|service| ("DNS", service.setup));
        let lines = self.guide.lines().into_iter().chain(webhook).chain(service);
        let heading = format!("  {}: {}\n", self.provider.title, self.usage());
        lines.fold(heading, |text, (name, words)| text + &format!("      {name:<11}{words}\n"))
    }

    /// Reads `MAIL_URL`. `None` when its scheme is not this provider's.
    pub(in crate::mail) fn parse(&'static self, scheme: &str, rest: &str) -> Option<Result<Server, String>> {
        let transport = scheme.strip_prefix(self.provider.name)?;
        match (&self.url, transport) {
            (UrlForm::Hosted(hosted), "") => Some(self.parse_hosted(hosted, rest)),
            (UrlForm::TestServer { api, .. }, "+http") => Some(self.parse_own(&format!("http:{rest}"), *api)),
            (UrlForm::TestServer { api, .. }, "+https") => {
                Some(self.parse_own(&format!("https:{rest}"), *api))
            }
            _ => None,
        }
    }

    fn parse_hosted(&'static self, hosted: &Hosted, rest: &str) -> Result<Server, String> {
        let (api, base) = hosted_url::parse(rest, hosted)?;
        Ok(Server { provider: self, base, api })
    }

    fn parse_own(
        &'static self,
        text: &str,
        api: fn(Option<Login>) -> Arc<dyn ProviderApi>,
    ) -> Result<Server, String> {
        let mut url = server_url::parse(text)?;
        if url.query().is_some() {
            return Err(format!("Its query parameter is not known; {} takes none.", self.form()));
        }
        server_url::host(&url)?;
        let login = server_url::login(&url)?;
        // Both calls fail for a URL without a host alone, and this one has one.
        let _ = (url.set_username(""), url.set_password(None));
        Ok(Server { provider: self, base: url.as_str().trim_end_matches('/').to_owned(), api: api(login) })
    }
}
