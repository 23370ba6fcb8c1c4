use std::ops::Deref;

use base64::Engine;

use super::{
    super::{known_services::by_title, report::Verdict},
    public_key::LENIENT,
    *,
};
use crate::mail::dkim::tests::{ed25519_signer, rsa_signer};

/// A record with an RSA key whose modulus has so many bytes, in either of the two forms.
fn rsa_record(bytes: usize, bare: bool) -> String {
    let value = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82, length[0], length[1]][..], content].concat()
    };
    let modulus = [&[0][..], &vec![0xc3; bytes]].concat();
    let key = value(0x30, &[value(0x02, &modulus), value(0x02, &[1, 0, 1])].concat());
    let whole = value(0x30, &[value(0x30, &[]), value(0x03, &[&[0][..], &key].concat())].concat());
    format!("v=DKIM1; k=rsa; p={}", LENIENT.encode(if bare { key } else { whole }))
}

#[test]
fn the_length_of_a_key_is_read_in_both_forms() {
    for bytes in [64, 128, 256, 512] {
        for bare in [true, false] {
            let key = PublicKey::parse(&rsa_record(bytes, bare)).unwrap();
            assert_eq!(key.rsa_bits(), Some(bytes * 8), "{bytes} {bare}");
        }
    }
    for damaged in [
        "v=DKIM1; p=MIIB",
        "v=DKIM1; p=MIH/",
        "p=AAAA",
        "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    ] {
        assert_eq!(PublicKey::parse(damaged).unwrap().rsa_bits(), None, "{damaged}");
    }
}

/// What is found, and the domains whose signatures count.
struct Found {
    report: Report,
    signed: Vec<String>,
}

impl Deref for Found {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.report
    }
}

async fn of_ours(zone: &str, sender: &str) -> Found {
    let mut report = Report::default();
    let signers = [rsa_signer(), ed25519_signer()];
    let signed = of_signers(&Dns::fixed(zone), &signers, sender, &mut report).await;
    Found { report, signed }
}

#[tokio::test]
async fn a_key_of_ours_is_compared_with_the_record() {
    let (rsa, ed) = (rsa_signer(), ed25519_signer());
    let zone = |rsa_text: &str| {
        format!("{} TXT {rsa_text}\n{} TXT {}", rsa.record_name(), ed.record_name(), ed.record())
    };
    let good = of_ours(&zone(&rsa.record()), "mail.voltmark.example").await;
    assert_eq!((good.verdict(), good.records.len(), good.signed.len()), (Verdict::Ok, 0, 2), "{}", *good);

    // A record that has the key as RFC 6376 has it by the letter, in pieces, without padding.
    let bare = LENIENT.encode(&rsa.public_forms()[1]);
    let bare = format!("p={} {}", &bare[..40], bare[40..].trim_end_matches('='));
    assert_eq!(of_ours(&zone(&bare), "voltmark.example").await.verdict(), Verdict::Ok);

    for (text, words, published) in [
        (ed.record(), "has another key than the file", true),
        ("v=DKIM1; p=".to_owned(), "the key is revoked", true),
        ("v=DKIM1; k=rsa".to_owned(), "it has no key", true),
        (rsa.record().replace("k=rsa", "k=ed25519"), "says that its key is of the kind ed25519", true),
        (format!("{}; t=s:y", rsa.record()), "is marked as a test", false),
        ("!".to_owned(), "could not be looked up", false),
    ] {
        let report = of_ours(&zone(&text), "voltmark.example").await;
        let finding = &report.findings[0];
        assert!(finding.verdict != Verdict::Ok && finding.found.contains(words), "{finding:?}");
        assert_eq!(report.records.len(), usize::from(published), "{text}");
        assert_eq!(report.signed, ["voltmark.example"], "by the other key alone: {text}");
        assert!(
            report.records.iter().all(|(name, record)| *name == rsa.record_name() && *record == rsa.record())
        );
    }
    let nothing = of_ours("", "voltmark.example").await;
    assert_eq!((nothing.verdict(), nothing.records.len()), (Verdict::Change, 2));
    assert!(nothing.signed.is_empty());
    let foreign = of_ours(&zone(&rsa.record()), "example.com").await;
    assert!(foreign.findings[0].found.contains("is not the domain of MAIL_FROM"), "{}", *foreign);
    // Without k= a key is one of RSA, and nothing verifies.
    let without_kind = zone(&rsa.record()).replace("k=ed25519; ", "");
    let report = of_ours(&without_kind, "voltmark.example").await;
    assert!(report.findings[1].found.contains("says that its key is of the kind rsa"), "{}", *report);
    assert_eq!((report.verdict(), report.records.len(), report.signed.len()), (Verdict::Change, 1, 1));
}

async fn of_theirs(zone: &str, domain: &str, service: Option<&str>, given: &[&str]) -> Found {
    let mut report = Report::default();
    let given: Vec<String> = given.iter().map(|selector| (*selector).to_owned()).collect();
    let others = OtherSigners { domain, service: service.and_then(by_title), given: &given };
    let signed = of_others(&Dns::fixed(zone), &others, &mut report).await;
    Found { report, signed }
}

fn at(selector: &str, text: &str) -> String {
    format!("{selector}._domainkey.example.com TXT {text}\n")
}

#[tokio::test]
async fn a_key_at_a_given_selector_signs() {
    let key = |bytes: usize| rsa_record(bytes, false);
    for (zone, signs, verdict, words) in [
        (at("mine", &key(256)), true, Verdict::Ok, "an RSA key of 2048 bits"),
        (at("mine", &key(128)), true, Verdict::Ok, "an RSA key of 1024 bits"),
        (at("mine", &key(64)), false, Verdict::Change, "an RSA key of 512 bits"),
        (at("mine", &format!("{}; t=y", key(256))), false, Verdict::Change, "is marked as a test"),
        (at("mine", "k=rsa; p=reject"), false, Verdict::Change, "is no RSA key"),
        (at("mine", "k=dsa; p=AAAA"), false, Verdict::Change, "a key of the kind dsa"),
        (
            at("mine", "v=DKIM1; p="),
            false,
            Verdict::Change,
            "mine._domainkey.example.com: the key is revoked",
        ),
        // The records of an answer have no order.
        (at("mine", "v=DKIM1; p=") + &at("mine", &key(256)), true, Verdict::Ok, "2048 bits"),
        (at("mine", "v=spf1 -all") + &at("mine", &key(256)), true, Verdict::Ok, "2048 bits"),
        (at("mine", "v=spf1 -all"), false, Verdict::Change, "mine._domainkey.example.com has no key"),
        (String::new(), false, Verdict::Change, "mine._domainkey.example.com has no key"),
        (at("mine", "!"), false, Verdict::Unknown, "could not be looked up"),
    ] {
        let found = of_theirs(&zone, "example.com", None, &["mine"]).await;
        let [finding] = found.findings.as_slice() else { panic!("{zone}: {}", *found) };
        assert_eq!((finding.verdict, found.signed.len()), (verdict, usize::from(signs)), "{finding:?}");
        assert!(finding.found.contains(words), "{finding:?}");
    }
    let zone = at("one", &key(256)) + &at("two", "!");
    let found = of_theirs(&zone, "example.com", None, &["one", "two"]).await;
    let verdicts: Vec<Verdict> = found.findings.iter().map(|finding| finding.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Unknown]);
}

/// A service that has verified `example.com` signs as that domain for `invite.example.com`, too.
#[tokio::test]
async fn the_key_may_be_that_of_a_domain_above() {
    let (good, revoked) = (rsa_record(256, false), "v=DKIM1; p=");
    let below = |text: &str| format!("token._domainkey.invite.example.com TXT {text}\n");
    for (zone, signed) in [
        (at("token", &good), "example.com"),
        (at("token", &good) + &below(revoked), "example.com"),
        (at("token", &good) + &below("!"), "example.com"),
        (at("token", revoked) + &below(&good), "invite.example.com"),
    ] {
        let found = of_theirs(&zone, "invite.example.com", None, &["token"]).await;
        assert_eq!(
            (found.verdict(), found.signed.as_slice()),
            (Verdict::Ok, &[signed.to_owned()][..]),
            "{zone}"
        );
    }
    let found = of_theirs("", "invite.example.com", None, &["token"]).await;
    let words = "token._domainkey.invite.example.com, token._domainkey.example.com have no key";
    assert!(found.verdict() == Verdict::Change && found.findings[0].found.contains(words), "{}", *found);
}

#[tokio::test]
async fn a_key_that_was_guessed_proves_no_signature() {
    let (good, revoked) = (rsa_record(256, false), "v=DKIM1; p=");
    let usual = "at the usual selectors: default, mail";
    for (zone, words) in [
        (at("s1", &good), "an RSA key of 2048 bits; whether this relay signs with it is not known"),
        (at("k1", &rsa_record(64, false)), "an RSA key of 512 bits; whether"),
        (at("s1", revoked), usual),
        (at("s1", "v=DMARC1; p=reject"), usual),
        (at("s1", "p=reject"), usual),
        (at("mine", &good), usual),
        (at("s1", "!"), "the keys could not be looked up"),
        (String::new(), usual),
    ] {
        let found = of_theirs(&zone, "example.com", None, &[]).await;
        let [finding] = found.findings.as_slice() else { panic!("{zone}: {}", *found) };
        assert_eq!((finding.verdict, found.signed.len()), (Verdict::Unknown, 0), "{finding:?}");
        assert!(finding.found.contains(words), "{finding:?}");
        assert_eq!(finding.advice.contains("--selector s1"), zone == at("s1", &good), "{finding:?}");
    }
}

#[tokio::test]
async fn a_key_at_a_selector_of_the_service_itself_signs() {
    let (good, revoked) = (rsa_record(256, false), "v=DKIM1; p=");
    for (zone, signs, verdict, words) in [
        // The key of another service beside it proves nothing, and hurts nothing.
        (
            at("resend", &good) + &at("s1", &good),
            true,
            Verdict::Ok,
            "resend._domainkey.example.com: an RSA key",
        ),
        (at("resend", &rsa_record(64, false)), false, Verdict::Change, "an RSA key of 512 bits"),
        (at("resend", revoked), false, Verdict::Unknown, "the key is revoked"),
        (at("s1", &good), false, Verdict::Unknown, "is not known"),
        (String::new(), false, Verdict::Unknown, "at the usual selectors: resend, default"),
    ] {
        let found = of_theirs(&zone, "example.com", Some("Resend"), &[]).await;
        let [finding] = found.findings.as_slice() else { panic!("{zone}: {}", *found) };
        assert_eq!((finding.verdict, found.signed.len()), (verdict, usize::from(signs)), "{finding:?}");
        assert!(finding.found.contains(words), "{finding:?}");
    }
    // One of several selectors that a service alternates between.
    let zone = at("s1", revoked) + &at("s2", &good);
    let found = of_theirs(&zone, "example.com", Some("SendGrid"), &[]).await;
    assert_eq!((found.verdict(), found.signed.len()), (Verdict::Ok, 1), "{}", *found);
}
