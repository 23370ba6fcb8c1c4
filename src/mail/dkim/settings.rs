//! `MAIL_DKIM`: `selector:domain:keyfile`, several separated by commas.

use std::path::PathBuf;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::{DkimSigner, key::SigningKey};

/// The most signatures. Receivers may verify as few as they like (RFC 6376 §6.1).
const MAX_SIGNERS: usize = 8;

/// Reads `MAIL_DKIM`: `selector:domain:keyfile`, several separated by commas. An empty text is no signature.
///
/// # Errors
/// All faults, each a sentence that holds nothing of a key.
pub fn read_signers(text: &str) -> Result<Vec<DkimSigner>, Vec<String>> {
    let entries: Vec<&str> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if entries.len() > MAX_SIGNERS {
        return Err(vec![format!("names {} keys; {MAX_SIGNERS} are the most", entries.len())]);
    }
    let (mut signers, mut faults): (Vec<DkimSigner>, Vec<String>) = (Vec::new(), Vec::new());
    for entry in entries {
        match signer(entry) {
            Ok(signer) if signers.iter().any(|known| known.record_name() == signer.record_name()) => {
                faults.push(format!("{} is named twice", signer.record_name()));
            }
            Ok(signer) => signers.push(signer),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(signers) } else { Err(faults) }
}

fn signer(entry: &str) -> Result<DkimSigner, String> {
    let mut parts = entry.splitn(3, ':').map(str::trim);
    let (Some(selector), Some(domain), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
        // The text may be a key that stands in the wrong place.
        return Err(
            "is not of the form selector:domain:keyfile, as mail2026:example.com:/etc/dkim.pem".to_owned()
        );
    };
    let is_ascii = selector.is_ascii() && selector.len() <= 63;
    let selector = host_name(selector).filter(|_| is_ascii).ok_or_else(|| {
        "the selector must be letters, digits and hyphens, also with dots between, as mail2026".to_owned()
    })?;
    let domain = host_name(domain)
        .ok_or_else(|| format!("the domain of selector {selector} is no domain name, as example.com"))?;
    if file.is_empty() {
        return Err(format!("selector {selector} has no key file"));
    }
    let file = PathBuf::from(file);
    let key = SigningKey::from_file(&file)
        .map_err(|fault| format!("the key file {} of selector {selector} {fault}", file.display()))?;
    Ok(DkimSigner { selector, domain, file, key })
}

/// The name in ASCII.
fn host_name(text: &str) -> Option<String> {
    let name = Uts46::new().to_ascii(
        text.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    name.ok().map(std::borrow::Cow::into_owned)
}
