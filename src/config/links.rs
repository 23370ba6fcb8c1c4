//! The targets of links: `PUBLIC_URL`, `ACTIVATION_URL`, `PASSWORD_RESET_URL` and `EMAIL_CHANGE_URL`, with
//! the address that the API really listens at, and whether they use clear-text HTTP.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use url::Url;

use super::{
    public_host,
    registry::Variable,
    variables::{ACTIVATION_URL, Config, EMAIL_CHANGE_URL, PASSWORD_RESET_URL, PUBLIC_URL},
    web_url::{email_page_of, origin_of, page_of, reset_page_of},
};

impl Config {
    /// The configuration of a service that listens at `bound`: with port 0 in `LISTEN_ADDR` the system
    /// chooses the port, and links must contain it.
    #[must_use]
    pub fn listening_at(&self, bound: SocketAddr) -> Self {
        let mut config = self.clone();
        config.listen_addr = bound;
        if let Some(url) = origin_of(bound).filter(|_| !self.is_given(&PUBLIC_URL)) {
            config.public_url = url;
        }
        if !self.is_given(&ACTIVATION_URL) {
            config.activation_url = page_of(&config.public_url);
        }
        if !self.is_given(&PASSWORD_RESET_URL) {
            config.password_reset_url = reset_page_of(&config.public_url);
        }
        if !self.is_given(&EMAIL_CHANGE_URL) {
            config.email_change_url = email_page_of(&config.public_url);
        }
        config
    }

    /// The links that would be clear-text HTTP over the internet: the variable, and the warning.
    #[must_use]
    pub fn clear_links(&self) -> Vec<(&'static str, String)> {
        let own = |variable: &Variable, url| self.is_given(variable).then_some((variable.name, url));
        let pages = [
            own(&ACTIVATION_URL, self.activation_url.page()),
            own(&PASSWORD_RESET_URL, self.password_reset_url.page()),
            own(&EMAIL_CHANGE_URL, self.email_change_url.page()),
        ];
        let clear = |(name, url): (&'static str, &Url)| {
            let host = public_host::of(url).filter(|_| url.scheme() == "http")?;
            let caution = format!(
                "it is http:// and {host} is a public address: tokens and passwords would be sent \
                unencrypted. Use https://"
            );
            Some((name, caution))
        };
        [Some((PUBLIC_URL.name, &self.public_url))]
            .into_iter()
            .chain(pages)
            .flatten()
            .filter_map(clear)
            .collect()
    }
}
