//! The certificates that Amazon SNS signs its messages with.
//!
//! The file comes from Amazon's own host over TLS, whose certificate is verified by the platform's roots.
//! What is checked here is that the certificate in the file was issued to Amazon SNS, and is valid now.
//!
//! Its chain is not checked, though Amazon recommends it
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>): the file has the last
//! certificate alone, without the intermediate one, so that verifying it by the platform's roots fails
//! (<https://github.com/robbiet480/go.sns/issues/8>). The intermediate certificate would have to be fetched
//! from a URL in the last one, over plain HTTP, or be built in and replaced by hand.

use chrono::{DateTime, Utc};
use x509_cert::{
    Certificate,
    der::DecodePem,
    ext::pkix::{SubjectAltName, name::GeneralName},
    time::Validity,
};

/// The end of a certificate (RFC 7468 §2).
const END: &str = "-----END CERTIFICATE-----";
/// X.520's `commonName`.
const COMMON_NAME: &str = "2.5.4.3";
/// RSA keys (RFC 8017).
const RSA: &str = "1.2.840.113549.1.1.1";

/// The RSA key of a PEM certificate that is valid now and was issued to one of these names.
pub(super) fn public_key(pem: &[u8], names: &[String], now: DateTime<Utc>) -> Option<Vec<u8>> {
    // A certificate of its issuer may follow it. Only the first one is read: the library's reader of chains
    // does not take every answer that a server may give.
    let text = std::str::from_utf8(pem).ok()?;
    let (first, _) = text.split_once(END)?;
    let certificate = Certificate::from_pem(format!("{first}{END}\n")).ok()?.tbs_certificate;
    let key = &certificate.subject_public_key_info;
    let is_good = is_valid(&certificate.validity, now)
        && issued_to(&certificate).iter().any(|name| names.contains(name))
        && key.algorithm.oid.to_string() == RSA;
    is_good.then(|| key.subject_public_key.raw_bytes().to_vec())
}

fn is_valid(validity: &Validity, now: DateTime<Utc>) -> bool {
    let Ok(now) = u64::try_from(now.timestamp()) else { return false };
    (validity.not_before.to_unix_duration().as_secs()..=validity.not_after.to_unix_duration().as_secs())
        .contains(&now)
}

/// The DNS names; the common name where there are none (RFC 6125 §6.4.4).
fn issued_to(certificate: &x509_cert::TbsCertificate) -> Vec<String> {
    let alternative = certificate.get::<SubjectAltName>().ok().flatten();
    let names: Vec<String> = alternative
        .iter()
        .flat_map(|(_, names)| &names.0)
        .filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.to_string().to_ascii_lowercase()),
            _ => None,
        })
        .collect();
    if !names.is_empty() {
        return names;
    }
    let attributes = certificate.subject.0.iter().flat_map(|relative| relative.0.iter());
    let common = attributes.filter(|attribute| attribute.oid.to_string() == COMMON_NAME);
    common
        .filter_map(|name| Some(std::str::from_utf8(name.value.value()).ok()?.to_ascii_lowercase()))
        .collect()
}
