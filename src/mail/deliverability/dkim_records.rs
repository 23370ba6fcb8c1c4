//! The public keys of DKIM in the DNS (RFC 6376 §3.6.1).

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{
    dns::Dns,
    domains::same_organisation,
    known_services::{COMMON_SELECTORS, KnownService},
    report::{Finding, Report},
};
use crate::mail::dkim::DkimSigner;

/// Some records have no `=` at the end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The public key of a record.
#[derive(Debug, PartialEq, Eq)]
struct PublicKey {
    kind: String,
    key: Vec<u8>,
    /// `t=y`: receivers are asked to make nothing of it.
    is_test: bool,
}

impl PublicKey {
    /// # Errors
    /// What receivers will not accept.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let tag = |name: &str| {
            let mut tags = text.split(';').filter_map(|tag| tag.split_once('='));
            tags.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
        };
        if tag("v").is_some_and(|version| version != "DKIM1") {
            return Err("it is no record of DKIM");
        }
        let key: String = tag("p").ok_or("it has no key (p=)")?.split_whitespace().collect();
        if key.is_empty() {
            return Err("the key is revoked (p= is empty)");
        }
        let key = LENIENT.decode(key).map_err(|_| "the key (p=) is not base64")?;
        let kind = tag("k").unwrap_or("rsa").to_owned();
        let is_test = tag("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y"));
        Ok(Self { kind, key, is_test })
    }

    /// The length of an RSA key in bits, where it can be read.
    fn rsa_bits(&self) -> Option<usize> {
        if self.kind != "rsa" {
            return None;
        }
        // A SubjectPublicKeyInfo has the algorithm first; a bare RSAPublicKey has the modulus.
        let (tag, first, rest) = der(der(&self.key)?.1)?;
        let modulus = match tag {
            0x30 => der(der(der(rest)?.1.get(1..)?)?.1)?.1,
            _ => first,
        };
        Some(modulus.iter().skip_while(|byte| **byte == 0).count() * 8)
    }
}

/// The first DER value: its tag, its content, and what follows.
fn der(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => ((usize::from(*rest.first()?) << 8) | usize::from(*rest.get(1)?), rest.get(2..)?),
        _ => return None,
    };
    Some((*tag, rest.get(..length)?, rest.get(length..)?))
}

/// What is found of each key of `MAIL_DKIM`.
pub(super) async fn of_signers(dns: &Dns, signers: &[DkimSigner], sender: &str, report: &mut Report) {
    for signer in signers {
        let name = signer.record_name();
        let what = format!("DKIM {}", signer.selector());
        let publish = || (name.clone(), signer.record());
        let finding = match dns.txt(&name).await {
            Err(unavailable) => Finding::unknown(what, format!("{name} {unavailable}")),
            Ok(records) if records.is_empty() => {
                report.records.push(publish());
                Finding::change(what, format!("{name} has no TXT record")).advise("publish the key, as below")
            }
            Ok(records) if records.len() > 1 => {
                Finding::change(what, format!("{name} has {} TXT records", records.len()))
                    .advise("leave the one with the key")
            }
            Ok(records) => match PublicKey::parse(records.first().map_or("", String::as_str)) {
                Err(fault) => {
                    report.records.push(publish());
                    Finding::change(what, format!("{name}: {fault}")).advise("publish the key, as below")
                }
                Ok(public) if !signer.public_forms().contains(&public.key) => {
                    report.records.push(publish());
                    Finding::change(what, format!("{name} has another key than the file of MAIL_DKIM"))
                        .advise("publish the key, as below, or name the right file")
                }
                Ok(public) if public.is_test => {
                    Finding::change(what, format!("{name} is marked as a test (t=y)"))
                        .advise("remove t=y: receivers may ignore the signature")
                }
                Ok(_) => aligned(what, signer, sender),
            },
        };
        report.findings.push(finding);
    }
}

fn aligned(what: String, signer: &DkimSigner, sender: &str) -> Finding {
    let found =
        format!("signed by this service with {}; {} has the key", signer.algorithm(), signer.record_name());
    if same_organisation(signer.domain(), sender) {
        Finding::ok(what, found)
    } else {
        Finding::change(what, format!("{found}, but {} is not the domain of MAIL_FROM", signer.domain()))
            .advise(format!("sign as {sender}: DMARC does not count this signature"))
    }
}

/// What is found of the keys by which a relay or a service may sign. Returns whether one was found.
pub(super) async fn of_others(
    dns: &Dns,
    (sender, service): (&str, Option<&KnownService>),
    given: &[String],
    report: &mut Report,
) -> bool {
    let known = service.map_or(&[][..], |service| service.selectors);
    let others = COMMON_SELECTORS.iter().filter(|selector| !known.contains(selector));
    let guessed: Vec<&str> = known.iter().chain(others).copied().collect();
    let (mut seen, mut unavailable) = (Vec::new(), None);
    let selectors: Vec<&str> =
        if given.is_empty() { guessed } else { given.iter().map(String::as_str).collect() };
    for selector in &selectors {
        let name = format!("{selector}._domainkey.{sender}");
        let what = format!("DKIM {selector}");
        match (dns.txt(&name).await, given.is_empty()) {
            (Ok(records), _) if is_key(&records) => {
                seen.push((*selector).to_owned());
                report.findings.push(judged(what, &name, records.first().map_or("", String::as_str)));
            }
            (Ok(_), true) => {}
            (Ok(_), false) => report.findings.push(
                Finding::change(what, format!("{name} has no key"))
                    .advise("publish the key that the relay signs with, or correct --selector"),
            ),
            (Err(fault), _) => unavailable = Some(fault),
        }
    }
    if let Some(fault) = unavailable.filter(|_| seen.is_empty()) {
        report.findings.push(Finding::unknown("DKIM", format!("the keys {fault}")));
    } else if seen.is_empty() && given.is_empty() {
        let advice = service.map_or(
            "name the relay's selector with --selector, or sign here: MAIL_DKIM=selector:domain:keyfile",
            |service| service.setup,
        );
        report.findings.push(
            Finding::unknown(
                "DKIM",
                format!("no key of {sender} at the usual selectors: {}", selectors.join(", ")),
            )
            .advise(advice),
        );
    }
    !seen.is_empty()
}

fn is_key(records: &[String]) -> bool {
    records.iter().any(|text| text.contains("p="))
}

fn judged(what: String, name: &str, text: &str) -> Finding {
    match PublicKey::parse(text) {
        Err(fault) => {
            Finding::change(what, format!("{name}: {fault}")).advise("publish the relay's key there")
        }
        Ok(public) => match public.rsa_bits() {
            Some(bits) if bits < 1024 => Finding::change(what, format!("{name}: an RSA key of {bits} bits"))
                .advise("receivers ignore it (RFC 8301): replace it by one of 2048"),
            _ if public.is_test => Finding::change(what, format!("{name} is marked as a test (t=y)"))
                .advise("remove t=y: receivers may ignore the signature"),
            Some(bits) if bits < 2048 => Finding::ok(what, format!("{name}: an RSA key of {bits} bits"))
                .advise("2048 bits are recommended (RFC 8301)"),
            Some(bits) => Finding::ok(what, format!("{name}: an RSA key of {bits} bits")),
            None => Finding::ok(what, format!("{name}: a key of the kind {}", public.kind)),
        },
    }
}

#[cfg(test)]
mod tests;
