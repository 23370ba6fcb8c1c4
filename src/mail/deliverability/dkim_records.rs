//! The public keys of DKIM in the DNS (RFC 6376 §3.6.1).

mod others;
mod public_key;

pub(super) use self::others::{OtherSigners, of_others};
use self::public_key::PublicKey;
use super::{
    dns::Dns,
    domains::same_organisation,
    report::{Finding, Report},
};
use crate::mail::dkim::DkimSigner;

/// What is found of each key of `MAIL_DKIM`. Returns the domains whose signatures receivers can verify.
pub(super) async fn of_signers(
    dns: &Dns,
    signers: &[DkimSigner],
    sender: &str,
    report: &mut Report,
) -> Vec<String> {
    let mut signed = Vec::new();
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
                // Without k= the kind is rsa.
                Ok(public) if public.kind != signer.key_kind() => {
                    report.records.push(publish());
                    Finding::change(what, format!("{name} says that its key is of the kind {}", public.kind))
                        .advise(format!("publish the key, as below: with k={}", signer.key_kind()))
                }
                Ok(public) if public.is_test => {
                    Finding::change(what, format!("{name} is marked as a test (t=y)"))
                        .advise("remove t=y: receivers may ignore the signature")
                }
                Ok(_) => {
                    signed.push(signer.domain().to_owned());
                    aligned(what, signer, sender)
                }
            },
        };
        report.findings.push(finding);
    }
    signed
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

#[cfg(test)]
mod tests;
