use super::{super::report::Verdict, *};
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

async fn of_ours(zone: &str, sender: &str) -> Report {
    let mut report = Report::default();
    let signers = [rsa_signer(), ed25519_signer()];
    of_signers(&Dns::fixed(zone), &signers, sender, &mut report).await;
    report
}

#[tokio::test]
async fn a_key_of_ours_is_compared_with_the_record() {
    let (rsa, ed) = (rsa_signer(), ed25519_signer());
    let zone = |rsa_text: &str| {
        format!("{} TXT {rsa_text}\n{} TXT {}", rsa.record_name(), ed.record_name(), ed.record())
    };
    let good = of_ours(&zone(&rsa.record()), "mail.voltmark.example").await;
    assert_eq!((good.verdict(), good.records.len()), (Verdict::Ok, 0), "{good}");

    // A record that has the key as RFC 6376 has it by the letter, in pieces, without padding.
    let bare = LENIENT.encode(&rsa.public_forms()[1]);
    let bare = format!("p={} {}", &bare[..40], bare[40..].trim_end_matches('='));
    assert_eq!(of_ours(&zone(&bare), "voltmark.example").await.verdict(), Verdict::Ok);

    for (text, words, published) in [
        (ed.record(), "has another key than the file", true),
        ("v=DKIM1; p=".to_owned(), "the key is revoked", true),
        ("v=DKIM1; k=rsa".to_owned(), "it has no key", true),
        (format!("{}; t=s:y", rsa.record()), "is marked as a test", false),
        ("!".to_owned(), "could not be looked up", false),
    ] {
        let report = of_ours(&zone(&text), "voltmark.example").await;
        let finding = &report.findings[0];
        assert!(finding.verdict != Verdict::Ok && finding.found.contains(words), "{finding:?}");
        assert_eq!(report.records.len(), usize::from(published), "{text}");
        assert!(
            report.records.iter().all(|(name, record)| *name == rsa.record_name() && *record == rsa.record())
        );
    }
    let nothing = of_ours("", "voltmark.example").await;
    assert_eq!((nothing.verdict(), nothing.records.len()), (Verdict::Change, 2));
    let foreign = of_ours(&zone(&rsa.record()), "example.com").await;
    assert!(foreign.findings[0].found.contains("is not the domain of MAIL_FROM"), "{foreign}");
}

#[tokio::test]
async fn keys_of_others_are_found_at_known_or_given_selectors() {
    let found = async |zone: &str, given: &[&str]| {
        let mut report = Report::default();
        let given: Vec<String> = given.iter().map(|selector| (*selector).to_owned()).collect();
        let seen = of_others(&Dns::fixed(zone), ("example.com", None), &given, &mut report).await;
        (seen, report)
    };
    let key = |selector: &str, bytes: usize| {
        format!("{selector}._domainkey.example.com TXT {}", rsa_record(bytes, false))
    };
    for (zone, given, seen, verdict, words) in [
        (key("dkim", 256), &[][..], true, Verdict::Ok, "an RSA key of 2048 bits"),
        (key("mine", 128), &["mine"], true, Verdict::Ok, "an RSA key of 1024 bits"),
        (key("mine", 64), &["mine"], true, Verdict::Change, "an RSA key of 512 bits"),
        (key("mine", 256), &[], false, Verdict::Unknown, "at the usual selectors: default, mail"),
        (String::new(), &["mine"], false, Verdict::Change, "mine._domainkey.example.com has no key"),
        (
            "mine._domainkey.example.com TXT !".to_owned(),
            &["mine"],
            false,
            Verdict::Unknown,
            "could not be looked up",
        ),
    ] {
        let (was_seen, report) = found(&zone, given).await;
        let finding = &report.findings[0];
        assert_eq!((was_seen, finding.verdict), (seen, verdict), "{zone}: {finding:?}");
        assert!(finding.found.contains(words), "{finding:?}");
    }
}
