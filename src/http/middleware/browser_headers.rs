//! Headers for browsers on every answer: where its parts may come from, which pages may frame it, and which
//! referrer is sent (OWASP Secure Headers, REST Security).

use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};

/// Nothing may be loaded or sent, and no page may frame it.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The contract's browser: its own files, the styles that it writes into its page, its pictures, and requests
/// to this service.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' \
    data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors \
    'none'";
/// A year (RFC 6797 §6.1.1), for this host only: this service does not decide for other hosts of its domain.
const HTTPS_ONLY: &str = "max-age=31536000";

/// Adds what the answer does not say itself.
pub(in crate::http) fn add(headers: &mut HeaderMap, path: &str, https: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = if path == "/docs" || path.starts_with("/docs/") { DOCS } else { NOTHING };
    for (name, value) in [(CONTENT_SECURITY_POLICY, policy), (REFERRER_POLICY, "no-referrer")] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ONLY));
    }
}
