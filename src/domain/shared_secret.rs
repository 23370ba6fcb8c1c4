//! A secret that a caller's requests bring: as a bearer token, as the password of basic authentication, or in
//! a header of its own, since not every program that sends mail events can choose.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The shortest secret, in bytes.
const MIN_SECRET: usize = 16;
/// The header of its own.
const SECRET_HEADER: &str = "x-mail-events-secret";
/// What `WWW-Authenticate` asks for (RFC 9110 §15.5.2).
pub const CHALLENGE: &str = "Basic realm=\"mail-events\"";

/// The secret.
#[derive(Clone)]
pub struct SharedSecret(SecretString);

impl SharedSecret {
    /// A secret from the configuration.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let good = text.len() >= MIN_SECRET && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good { Ok(Self(text.into())) } else { Err("must have at least 16 visible ASCII characters") }
    }

    /// Whether a request brings it. `header` looks up a header's value by its name in lower case.
    #[must_use]
    pub fn admits<'a>(&self, header: &dyn Fn(&str) -> Option<&'a str>) -> bool {
        let authorization = header("authorization").and_then(of_authorization);
        let given = authorization.or_else(|| header(SECRET_HEADER).map(str::to_owned));
        given.is_some_and(|given| self.is(&given))
    }

    /// The secret itself, for the program that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Compares digests, which have one length, so that the time it takes says nothing of the secret.
    fn is(&self, given: &str) -> bool {
        Sha256::digest(self.expose()).ct_eq(&Sha256::digest(given)).into()
    }
}

/// A bearer token (RFC 6750), or the password of basic authentication (RFC 7617), whose user name does not
/// matter.
fn of_authorization(header: &str) -> Option<String> {
    let (scheme, credentials) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    let decoded =
        STANDARD.decode(credentials.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    Some(String::from_utf8(decoded).ok()?.split_once(':')?.1.to_owned())
}

impl std::fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_in_three_ways_and_whole() {
        let secret = SharedSecret::parse("sixteen-or-more!").unwrap();
        let admits = |name: &str, value: &str| secret.admits(&|asked| (asked == name).then_some(value));
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert!(admits("authorization", "Bearer sixteen-or-more!"));
        assert!(admits("authorization", &basic("anybody:sixteen-or-more!")));
        assert!(admits(SECRET_HEADER, "sixteen-or-more!"));
        for wrong in ["Bearer sixteen-or-more", "Bearer", "sixteen-or-more!", &basic("sixteen-or-more!:")] {
            assert!(!admits("authorization", wrong), "{wrong}");
        }
        assert!(!admits(SECRET_HEADER, "") && !secret.admits(&|_| None));
        assert!(SharedSecret::parse("too short").is_err() && !format!("{secret:?}").contains("sixteen"));
    }
}
