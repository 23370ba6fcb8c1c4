//! `MAIL_URL` of a provider on the internet: `scheme://ACCOUNT`, perhaps with `?region=` and `?api=`.

use std::sync::Arc;

use secrecy::SecretString;
use url::Url;

use super::api::ProviderApi;
use crate::mail::server_url::percent_decode;

/// A provider on the internet: `name://ACCOUNT`.
pub(in crate::mail) struct Hosted {
    /// The form, for `--help` and errors. It can be parsed itself.
    pub form: &'static str,
    /// The address of the API, without a slash at its end.
    pub base: &'static str,
    /// Further addresses, each with the value of `?region=` that chooses it.
    pub regions: &'static [(&'static str, &'static str)],
    /// Reads the account's part of the URL. An error is a sentence that repeats nothing of it.
    pub account: fn(&str) -> Result<Arc<dyn ProviderApi>, String>,
}

/// Splits what follows the scheme into the account's part and the address of the API.
pub(super) fn parse<'a>(rest: &'a str, hosted: &Hosted) -> Result<(&'a str, String), String> {
    let rest = rest
        .strip_prefix("//")
        .ok_or_else(|| format!("Two slashes must follow the scheme: {}.", hosted.form))?;
    let (account, query) = rest.split_once('?').unwrap_or((rest, ""));
    let options = Options::parse(query)?;
    Ok((account.strip_suffix('/').unwrap_or(account), options.base(hosted)?))
}

/// The parameters.
#[derive(Default)]
struct Options {
    region: Option<String>,
    api: Option<String>,
}

impl Options {
    fn parse(query: &str) -> Result<Self, String> {
        let mut options = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let option = match name.as_ref() {
                "region" => &mut options.region,
                "api" => &mut options.api,
                _ => {
                    return Err(
                        "Its query parameter is not known; a provider takes api=https://HOST, some of them \
                        region=eu."
                            .to_owned(),
                    );
                }
            };
            if option.replace(value.into_owned()).is_some() {
                return Err("Each query parameter may be given once.".to_owned());
            }
        }
        Ok(options)
    }

    /// The address of `api`, or else that of the region.
    fn base(self, hosted: &Hosted) -> Result<String, String> {
        let regional = match self.region {
            None => hosted.base,
            Some(_) if hosted.regions.is_empty() => {
                return Err("This provider takes no region parameter.".to_owned());
            }
            Some(region) => {
                let known = hosted.regions.iter().find(|(name, _)| *name == region);
                known.map(|(_, base)| *base).ok_or_else(|| unknown_region(hosted))?
            }
        };
        self.api.map_or_else(|| Ok(regional.to_owned()), |api| api_address(&api))
    }
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
