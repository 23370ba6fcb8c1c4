//! Where links lead: `PUBLIC_URL` and `ACTIVATION_URL`, with the address that the API really listens at, and
//! in the clear or not.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use url::Url;

use super::{
    public_host,
    variables::{ACTIVATION_URL, Config, PUBLIC_URL},
    web_url::{origin_of, page_of},
};

impl Config {
    /// The configuration of a service that listens at `bound`: with `LISTEN_ADDR`'s port 0 the system chooses
    /// one, and links must lead to it.
    #[must_use]
    pub fn listening_at(&self, bound: SocketAddr) -> Self {
        let mut config = self.clone();
        config.listen_addr = bound;
        if let Some(url) = origin_of(bound).filter(|_| !self.is_given(&PUBLIC_URL)) {
            config.public_url = url;
        }
        if let Some(url) = page_of(&config.public_url).filter(|_| !self.is_given(&ACTIVATION_URL)) {
            config.activation_url = url;
        }
        config
    }

    /// Where links would go in the clear over the internet: the variable, and what is wrong with it.
    #[must_use]
    pub fn clear_links(&self) -> Vec<(&'static str, String)> {
        let page = self.is_given(&ACTIVATION_URL).then_some((ACTIVATION_URL.name, &self.activation_url));
        let clear = |(name, url): (&'static str, &Url)| {
            let host = public_host::of(url).filter(|_| url.scheme() == "http")?;
            let caution = format!(
                "it is http:// and {host} is a public address: tokens and passwords would go there in the clear. Use https://"
            );
            Some((name, caution))
        };
        [Some((PUBLIC_URL.name, &self.public_url)), page].into_iter().flatten().filter_map(clear).collect()
    }
}
