//! Headers of requests to the collector.

use std::fmt;

use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// What is wrong with a text, which is not repeated: it holds a secret.
const FORM: &str = "must be name=value, several separated by commas, with values in percent-encoding";

/// Headers of requests to the collector, as its key. They are secret.
#[derive(Clone, Default)]
pub struct OtlpHeaders(HeaderMap);

impl OtlpHeaders {
    /// Reads headers in the form of the specification:
    /// <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables>
    ///
    /// # Errors
    /// What is wrong with them, without repeating them.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut headers = HeaderMap::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(FORM)?;
            let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| FORM)?;
            let value: Vec<u8> = percent_decode_str(value.trim()).collect();
            let mut value = HeaderValue::from_bytes(&value).map_err(|_| FORM)?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        Ok(Self(headers))
    }

    pub(super) fn into_map(self) -> HeaderMap {
        self.0
    }
}

impl fmt::Debug for OtlpHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtlpHeaders")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_never_shown() {
        let headers = OtlpHeaders::parse(" api-key=s%3Decret%2C , Authorization=Basic%20QTpC,").unwrap();
        assert_eq!(format!("{headers:?}"), "OtlpHeaders");
        let map = headers.into_map();
        let value = |name: &str| map[name].to_str().unwrap();
        assert_eq!((value("api-key"), value("authorization"), map.len()), ("s=ecret,", "Basic QTpC", 2));
        assert!(map.values().all(HeaderValue::is_sensitive) && !format!("{map:?}").contains("ecret"));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for text in ["nonsense!", "=value", "a b=value", "key=line%0Abreak", "key=\u{1}"] {
            assert_eq!(OtlpHeaders::parse(text).err(), Some(FORM), "{text}");
        }
    }
}
