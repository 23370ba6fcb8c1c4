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
        report.findings.push(match of_signer(dns, signer, sender).await {
            Published::Good(finding) => {
                signed.push(signer.domain().to_owned());
                finding
            }
            Published::Not(finding) => {
                report.records.push((signer.record_name(), signer.record()));
                finding
            }
            Published::Unclear(finding) => finding,
        });
    }
    signed
}

/// Whether the DNS has the key of a signer, and what is said of it.
enum Published {
    /// Receivers can verify its signatures.
    Good(Finding),
    /// Its record has to be published.
    Not(Finding),
    /// It cannot be looked up, or another part of the record has to change.
    Unclear(Finding),
}

async fn of_signer(dns: &Dns, signer: &DkimSigner, sender: &str) -> Published {
    let name = signer.record_name();
    let what = format!("DKIM {}", signer.selector());
    let records = match dns.txt(&name).await {
        Ok(records) => records,
        Err(unavailable) => {
            return Published::Unclear(Finding::unknown(what, format!("{name} {unavailable}")));
        }
    };
    match records.as_slice() {
        [] => Published::Not(
            Finding::change(what, format!("{name} has no TXT record")).advise("publish the key, as below"),
        ),
        [record] => of_record(what, record, signer, sender),
        _ => Published::Unclear(
            Finding::change(what, format!("{name} has {} TXT records", records.len()))
                .advise("leave the one with the key"),
        ),
    }
}

fn of_record(what: String, record: &str, signer: &DkimSigner, sender: &str) -> Published {
    let name = signer.record_name();
    match PublicKey::parse(record) {
        Err(fault) => Published::Not(
            Finding::change(what, format!("{name}: {fault}")).advise("publish the key, as below"),
        ),
        Ok(public) if !signer.public_forms().contains(&public.key) => Published::Not(
            Finding::change(what, format!("{name} has another key than the file of MAIL_DKIM"))
                .advise("publish the key, as below, or name the right file"),
        ),
        // Without k= the kind is rsa.
        Ok(public) if public.kind != signer.key_kind() => Published::Not(
            Finding::change(what, format!("{name} says that its key is of the kind {}", public.kind))
                .advise(format!("publish the key, as below: with k={}", signer.key_kind())),
        ),
        Ok(public) if public.is_test => Published::Unclear(
            Finding::change(what, format!("{name} is marked as a test (t=y)"))
                .advise("remove t=y: receivers may ignore the signature"),
        ),
        Ok(_) => Published::Good(aligned(what, signer, sender)),
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

#[cfg(test)]
mod tests;
