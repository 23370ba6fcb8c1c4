//! `MAIL_URL` of a provider on the internet: `scheme://ACCOUNT`, perhaps with `?region=`, `?api=` and
//! parameters of the provider's own.

use std::sync::Arc;

use secrecy::SecretString;
use url::Url;

use super::api::ProviderApi;
use crate::mail::server_url::percent_decode;

/// A provider on the internet: `name://ACCOUNT`.
pub(in crate::mail) struct Hosted {
    /// The form, for `--help` and errors. It can be parsed itself.
    pub form: &'static str,
    /// The address of the API, without a slash at its end; empty where [`ProviderApi::base`] says it.
    pub base: &'static str,
    /// Further addresses, each with the value of `?region=` that chooses it.
    pub regions: &'static [(&'static str, &'static str)],
    /// The names of its own parameters.
    pub parameters: &'static [&'static str],
    /// Reads the account's part of the URL. An error is a sentence that repeats nothing of it.
    pub account: ReadAccount,
}

/// Reads the account's part of a URL, with the provider's own parameters.
pub(in crate::mail) type ReadAccount = fn(&str, &Parameters) -> Result<Arc<dyn ProviderApi>, String>;

/// The provider's own parameters that the URL has.
#[derive(Default)]
pub(in crate::mail) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads what follows the scheme: the account, and the address of the API.
pub(super) fn parse(rest: &str, hosted: &Hosted) -> Result<(Arc<dyn ProviderApi>, String), String> {
    let rest = rest
        .strip_prefix("//")
        .ok_or_else(|| format!("Two slashes must follow the scheme: {}.", hosted.form))?;
    let (account, query) = rest.split_once('?').unwrap_or((rest, ""));
    let options = Options::parse(query, hosted)?;
    let api = (hosted.account)(account.strip_suffix('/').unwrap_or(account), &options.own)?;
    let base = options.base(hosted, api.as_ref())?;
    Ok((api, base))
}

/// The parameters.
#[derive(Default)]
struct Options {
    region: Option<String>,
    api: Option<String>,
    own: Parameters,
}

impl Options {
    fn parse(query: &str, hosted: &Hosted) -> Result<Self, String> {
        let mut options = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let own = hosted.parameters.iter().find(|known| **known == name);
            let is_repeated = match (name.as_ref(), own) {
                (_, Some(own)) => {
                    let is_repeated = options.own.get(own).is_some();
                    options.own.0.push((*own, value.into_owned()));
                    is_repeated
                }
                ("region", _) => options.region.replace(value.into_owned()).is_some(),
                ("api", _) => options.api.replace(value.into_owned()).is_some(),
                _ => return Err(unknown_parameter(hosted)),
            };
            if is_repeated {
                return Err("Each query parameter may be given once.".to_owned());
            }
        }
        Ok(options)
    }

    /// The address of `api`, or else that of the region or the account.
    fn base(self, hosted: &Hosted, account: &dyn ProviderApi) -> Result<String, String> {
        let regional = match self.region {
            None => account.base().unwrap_or_else(|| hosted.base.to_owned()),
            Some(_) if hosted.regions.is_empty() => {
                return Err("This provider takes no region parameter.".to_owned());
            }
            Some(region) => {
                let known = hosted.regions.iter().find(|(name, _)| *name == region);
                known.map(|(_, base)| (*base).to_owned()).ok_or_else(|| unknown_region(hosted))?
            }
        };
        self.api.map_or(Ok(regional), |api| api_address(&api))
    }
}

fn unknown_parameter(hosted: &Hosted) -> String {
    let own: String = hosted.parameters.iter().flat_map(|name| [", ", name, "="]).collect();
    format!(
        "Its query parameter is not known; a provider takes api=https://HOST, some of them region=eu. This \
        one takes api=https://HOST{own}."
    )
}

fn unknown_region(hosted: &Hosted) -> String {
    let names: Vec<&str> = hosted.regions.iter().map(|(name, _)| *name).collect();
    format!("The region parameter must be {}; without it, {} is used.", names.join(" or "), hosted.base)
}

/// Another address of the API. A key is sent unencrypted within this machine alone.
fn api_address(api: &str) -> Result<String, String> {
    let error = || "The api parameter must be https://HOST, or http:// and a loopback address.".to_owned();
    let url = Url::parse(api).map_err(|_| error())?;
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    if is_safe && is_plain { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(error()) }
}

/// A key. It is sent in a header and so has visible ASCII alone.
pub(super) fn key(text: &str) -> Result<SecretString, String> {
    let key = percent_decode(text)?;
    if key.is_empty() {
        return Err("The provider's key is missing: write it after the two slashes.".to_owned());
    }
    if !key.chars().all(|c| c.is_ascii_graphic()) || text.contains(['/', ':', '@', '#']) {
        return Err("The provider's key must be visible ASCII, with / : @ # ? percent-encoded.".to_owned());
    }
    Ok(SecretString::from(key))
}
