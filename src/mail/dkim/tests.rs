//! Signatures, verified by the crate `mail-auth`.

#[path = "../../../tests/it/support/dkim.rs"]
mod receiver;

use std::path::PathBuf;

use self::receiver::Receiver;
use super::{key::SigningKey, *};
use crate::domain::time_zone::TimeZone;
use crate::mail::{
    MessageBuilder, TransferEncoding,
    sample_letters::every_variant,
    testing::{letter, name_server, now, sender},
};

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn rsa_key() -> String {
    pem("RSA PRIVATE KEY", include_bytes!("../../../tests/cases/keys/rsa-a.der"))
}

fn ed25519_key() -> String {
    pem("PRIVATE KEY", include_bytes!("../../../tests/cases/keys/ed25519.der"))
}

fn signer(selector: &str, key: &str) -> DkimSigner {
    DkimSigner {
        selector: selector.to_owned(),
        domain: "voltmark.example".to_owned(),
        file: PathBuf::new(),
        key: SigningKey::parse(key.as_bytes()).unwrap(),
    }
}

pub(in crate::mail) fn rsa_signer() -> DkimSigner {
    signer("rsa2026", &rsa_key())
}

pub(in crate::mail) fn ed25519_signer() -> DkimSigner {
    signer("ed2026", &ed25519_key())
}

fn receiver(signers: &[DkimSigner]) -> Receiver {
    let records: Vec<_> = signers.iter().map(|signer| (signer.record_name(), signer.record())).collect();
    Receiver::new(&records)
}

fn source(
    signers: Vec<DkimSigner>,
    letter: &crate::domain::letter::Letter,
    wire: TransferEncoding,
) -> Vec<u8> {
    let builder = MessageBuilder::new(sender().signing_with(signers)).unwrap();
    builder.source(&builder.message(letter, wire).unwrap(), letter).unwrap()
}

fn both() -> Vec<DkimSigner> {
    vec![rsa_signer(), ed25519_signer()]
}

#[tokio::test]
async fn every_letter_in_every_language_is_signed_and_needs_no_conversion() {
    let (letters, receiver) = (every_variant(now()), receiver(&both()));
    assert!(letters.len() > 100);
    for (name, letter) in letters {
        for wire in [TransferEncoding::Ascii, TransferEncoding::EightBit] {
            let source = source(both(), &letter, wire);
            assert_eq!(receiver.verified(&source).await, (2, 2), "{name} {wire:?}");
            assert!(source.is_ascii(), "{name} {wire:?}");
            let (head, _) = std::str::from_utf8(&source).unwrap().split_once("\r\n\r\n").unwrap();
            assert!(head.lines().all(|line| line.len() <= 100), "{head}");
        }
    }
}

#[tokio::test]
async fn white_space_may_change_and_nothing_else() {
    let receiver = receiver(&both());
    let whole = String::from_utf8(source(both(), &letter(), TransferEncoding::EightBit)).unwrap();
    for (old, new, good) in [
        ("Subject: ", "Subject:  \t", 2),
        ("To: ", "TO: ", 2),
        ("Date: ", "X-Relay: seen\r\nDate: ", 2),
        ("Anna de Vries invites", "Anna invites", 0),
        ("Content-Type: multipart/alternative", "Content-Type: multipart/mixed", 0),
        ("Auto-Submitted: auto-generated", "Auto-Submitted: no", 0),
        ("token=AQID", "token=BQID", 0),
        ("From: ", "From: eve@example.com\r\nFrom: ", 0),
        ("Subject: ", "Subject: Win a car\r\nSubject: ", 0),
        ("Reply-To: ", "Reply-To: eve@example.com\r\nReply-To: ", 0),
        ("bh=", "bh=A", 0),
        ("t=1795525387", "t=1795525388", 0),
    ] {
        assert!(whole.contains(old), "{old}");
        let changed = whole.replace(old, new);
        assert_eq!(receiver.verified(changed.as_bytes()).await.1, good, "{old} -> {new}");
    }
    let longer = format!("{whole}a line more\r\n");
    assert_eq!(receiver.verified(longer.as_bytes()).await.1, 0);
    // Empty lines at the end do not count.
    assert_eq!(receiver.verified(format!("{whole}\r\n\r\n").as_bytes()).await.1, 2);
}

/// A letter without `Reply-To` is signed as one, so that it cannot be added.
#[tokio::test]
async fn a_field_that_the_letter_has_not_cannot_be_added() {
    let sender =
        crate::mail::Sender::new("Voltmark <a@voltmark.example>", None, TimeZone::default()).unwrap();
    let builder = MessageBuilder::new(sender.signing_with(both())).unwrap();
    let message = builder.message(&letter(), TransferEncoding::Ascii).unwrap();
    let source = builder.source(&message, &letter()).unwrap();
    assert_eq!(receiver(&both()).verified(&source).await, (2, 2));
    let added = [&b"Reply-To: eve@example.com\r\n"[..], source.as_slice()].concat();
    assert_eq!(receiver(&both()).verified(&added).await.1, 0);
}

#[tokio::test]
async fn a_line_that_begins_with_a_dot_is_signed_as_it_arrives() {
    let message = b"From: a@voltmark.example\r\nSubject: x\r\n\r\n.\r\n..dots \r\n a\t b\r\n\r\n".to_vec();
    let source = sign(&both(), message, now()).unwrap();
    assert_eq!(receiver(&both()).verified(&source).await, (2, 2));
}

#[tokio::test]
async fn another_key_or_none_does_not_do() {
    let source = source(both(), &letter(), TransferEncoding::Ascii);
    let other = pem("RSA PRIVATE KEY", include_bytes!("../../../tests/cases/keys/rsa-b.der"));
    assert_eq!(receiver(&[signer("rsa2026", &other), ed25519_signer()]).verified(&source).await, (2, 1));
    let unsigned = super::sign(&[], b"From: a@b.example\r\n\r\n".to_vec(), now()).unwrap();
    assert_eq!(unsigned, b"From: a@b.example\r\n\r\n");
}

/// The key pair of RFC 8463 appendix A.
#[test]
fn a_key_of_32_bytes_in_base64_is_one_of_ed25519() {
    let signer = signer("a", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n");
    assert_eq!(signer.record(), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    assert_eq!(format!("{signer:?}"), "DkimSigner(a._domainkey.voltmark.example by ed25519-sha256)");
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn file(&self, name: &str, content: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

#[test]
fn the_variable_names_selector_domain_and_file() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let (rsa, ed) = (folder.file("rsa.pem", &rsa_key()), folder.file("a:b.pem", &ed25519_key()));
    let text = format!(" mail.2026:Voltmark.example:{rsa} , ed:b\u{fc}cher.example:{ed},");
    let names: Vec<String> = read_signers(&text).unwrap().iter().map(DkimSigner::record_name).collect();
    assert_eq!(names, ["mail.2026._domainkey.voltmark.example", "ed._domainkey.xn--bcher-kva.example"]);
    assert!(read_signers("").unwrap().is_empty());
}

#[test]
fn each_fault_is_a_sentence_without_the_key() {
    let folder = Folder(tempfile::tempdir().unwrap());
    let good = folder.file("good.pem", &ed25519_key());
    let small = folder.file("small.pem", "");
    let secret = "c2VzYW1lIHNlc2FtZSBzZXNhbWUgc2VzYW1lIHNlc2FtZSE=";
    let wrong = |name: &str, content: &str| folder.file(name, content);
    let p256 = pem("PRIVATE KEY", include_bytes!("../../../tests/cases/keys/p256.der"));
    let short = pem("RSA PRIVATE KEY", include_bytes!("../../../tests/cases/keys/rsa-1024.der"));
    let form = "is not of the form selector:domain:keyfile";
    for (text, words) in [
        (secret.to_owned(), form),
        (format!("a:{good}"), form),
        (format!("a b:example.com:{good}"), "the selector must be"),
        (format!("a_b:example.com:{good}"), "the selector must be"),
        (format!("a:example com:{good}"), "is no domain name"),
        ("a:example.com:".to_owned(), "has no key file"),
        (format!("a:example.com:{small}"), "neither a private key"),
        ("a:example.com:/nowhere/key".to_owned(), "/nowhere/key of selector a cannot be read"),
        (
            format!("a:example.com:{}", wrong("b64", &secret.repeat(2))),
            "neither a private key in PEM form nor 32",
        ),
        (format!("a:example.com:{}", wrong("small", &short)), "is an RSA key of fewer than 2048 bits"),
        (format!("a:example.com:{}", wrong("p256", &p256)), "is neither an RSA nor an Ed25519 key"),
        (format!("a:example.com:{}", wrong("cut", &rsa_key()[..400])), "contains no private key in PEM form"),
        (
            format!("a:example.com:{}", wrong("rsa", &pem("RSA PRIVATE KEY", secret.as_bytes()))),
            "no valid RSA key",
        ),
        (
            format!("a:example.com:{}", wrong("enc", &pem("ENCRYPTED PRIVATE KEY", secret.as_bytes()))),
            "is encrypted",
        ),
        (format!("a:example.com:{}", wrong("long", &"a".repeat(70_000))), "is too large"),
        (format!("a:example.com:{good},a:Example.com:{good}"), "a._domainkey.example.com is named twice"),
        (format!("a:example.com:{good},").repeat(9), "8 are the most"),
    ] {
        let faults = read_signers(&text).unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains(words)), "{text}: {faults:?}");
        let said = faults.join(" ");
        assert!(!said.contains("c2VzYW1l") && !said.contains("MIIE"), "{said}");
    }
    assert_eq!(read_signers(&format!("a:b:c,{secret}")).unwrap_err().len(), 2);
}

#[test]
fn a_key_that_everybody_may_read_is_noticed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder(tempfile::tempdir().unwrap());
    let file = folder.file("key", &ed25519_key());
    for (mode, exposed) in [(0o600, false), (0o640, false), (0o644, true)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let signers = read_signers(&format!("a:example.com:{file}")).unwrap();
        assert_eq!(signers[0].exposed_file().is_some(), exposed, "{mode:o}");
    }
}
