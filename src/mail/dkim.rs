//! DKIM signatures of our own (RFC 6376, RFC 8463), for relays that sign nothing.
//!
//! lettre's signatures cannot be used: they name the Content-Type of a letter with two parts as signed and
//! leave it out. Its RSA is the crate `rsa`, whose private operations leak by their time (RUSTSEC-2023-0071).
//! Here `ring` signs, which TLS brings. The tests verify every letter with the crate `mail-auth`.

mod canonical;
mod key;
mod settings;
#[cfg(test)]
pub(super) mod tests;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

pub use self::settings::read_signers;
use self::{
    canonical::{Field, body, relaxed, split},
    key::SigningKey,
};

/// The header fields that are signed, each once more than the letter has it: a field that is added on
/// the way breaks the signature (RFC 6376 §5.4.2). Otherwise a second `From` or `Subject` could be shown in
/// place of the signed one.
const SEALED: [&str; 9] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
];
/// Signed where the letter has it. A relay may add one.
const OPTIONAL: &str = "Content-Transfer-Encoding";
/// The width of a line of the signature.
const WIDTH: usize = 76;

/// One signature of every letter: by a key, as a domain.
pub struct DkimSigner {
    selector: String,
    domain: String,
    file: PathBuf,
    key: SigningKey,
}

/// A letter could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the letter cannot be signed by DKIM key {0} of {1}")]
pub(super) struct SigningFault(String, String);

impl DkimSigner {
    /// The selector: the name of the key within the domain.
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The domain that answers for letters: `d=`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The algorithm, as `rsa-sha256`.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        self.key.algorithm()
    }

    /// The kind of the key in its record: `k=`.
    pub(super) fn key_kind(&self) -> &'static str {
        self.key.kind()
    }

    /// The name of the TXT record with the public key.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The text of that record (RFC 6376 §3.6.1).
    #[must_use]
    pub fn record(&self) -> String {
        format!("v=DKIM1; k={}; p={}", self.key.kind(), STANDARD.encode(self.key.public()))
    }

    /// The file of the private key, where other users of the machine may read it.
    #[must_use]
    pub fn exposed_file(&self) -> Option<&Path> {
        key::is_exposed(&self.file).then_some(self.file.as_path())
    }

    /// The public key in each form in which a record may have it.
    pub(super) fn public_forms(&self) -> [Vec<u8>; 2] {
        [self.key.public(), self.key.bare_public()]
    }

    /// The header field `DKIM-Signature`, with its line break.
    fn field(
        &self,
        fields: &[Field<'_>],
        body_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<u8>, SigningFault> {
        let (names, mut signed) = signed_fields(fields);
        let mut field = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; q=dns/txt;\r\n\td={};\r\n\ts={}; t={};\r\n\t\
            h={};\r\n\tbh={body_hash};\r\n\tb=",
            self.key.algorithm(),
            self.domain,
            self.selector,
            now.timestamp(),
            folded_names(&names),
        );
        signed.extend(relaxed(field.as_bytes()));
        let fault = || SigningFault(self.selector.clone(), self.domain.clone());
        let signature = STANDARD.encode(self.key.sign(&signed).ok_or_else(fault)?);
        for (place, piece) in signature.as_bytes().chunks(WIDTH).enumerate() {
            field.push_str(if place == 0 { "" } else { "\r\n\t" });
            field.extend(piece.iter().copied().map(char::from));
        }
        field.push_str("\r\n");
        Ok(field.into_bytes())
    }
}

/// Without the key.
impl fmt::Debug for DkimSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DkimSigner({} by {})", self.record_name(), self.key.algorithm())
    }
}

/// The message as it is sent: a signature by each of the signers, then the message as it was.
pub(super) fn sign(
    signers: &[DkimSigner],
    message: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<Vec<u8>, SigningFault> {
    if signers.is_empty() {
        return Ok(message);
    }
    let (fields, content) = split(&message);
    let body_hash = STANDARD.encode(Sha256::digest(body(content)));
    let mut whole = Vec::new();
    for signer in signers {
        whole.extend(signer.field(&fields, &body_hash, now)?);
    }
    whole.extend(message);
    Ok(whole)
}

/// The names for `h=`, and the fields in the form that is signed, in that order. Of fields with one name the
/// last is signed first (RFC 6376 §5.4.2).
fn signed_fields(fields: &[Field<'_>]) -> (Vec<&'static str>, Vec<u8>) {
    let (mut names, mut signed) = (Vec::new(), Vec::new());
    for name in SEALED.into_iter().chain([OPTIONAL]) {
        for field in fields.iter().rev().filter(|field| field.is(name)) {
            names.push(name);
            signed.extend(relaxed(field.0));
            signed.extend(b"\r\n");
        }
        if name != OPTIONAL {
            names.push(name);
        }
    }
    (names, signed)
}

/// The names with colons between them, in lines.
fn folded_names(names: &[&str]) -> String {
    let (mut text, mut width) = (String::new(), 2);
    for (place, name) in names.iter().enumerate() {
        let colon = if place == 0 { "" } else { ":" };
        text.push_str(colon);
        width += colon.len() + name.len();
        if width > WIDTH {
            text.push_str("\r\n\t");
            width = name.len();
        }
        text.push_str(name);
    }
    text
}
