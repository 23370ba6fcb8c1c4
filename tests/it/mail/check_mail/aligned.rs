//! Which domains letters are sent and signed as, and whether they are aligned with `MAIL_FROM`.

use super::*;

/// A key of another service of the domain is no signature by this relay.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_guessed_aligns_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let key = keys(folder.path()).1.remove(0).1;
    let zone = ZONE.replace("v=spf1 ip4:192.0.2.25 -all", "v=spf1 ip4:192.0.2.25 ip4:x -all");
    let dns = NameServer::start(&format!(
        "{zone}\ns1._domainkey.voltmark.example TXT {key}\nk1._domainkey.voltmark.example TXT v=DKIM1; p="
    ));
    let relay = relay();
    let home = Home::new(Backend::Sqlite, &[("MAIL_URL", &relay.url()), SENDER, LINKS]);
    let resolver = dns.text();
    let (_, table, _) = ended(home.run(&["check-mail", "--resolver", &resolver]));
    expect(&table, "DKIM s1", "unknown", "--selector s1");
    assert!(row(&table, "DKIM k1").is_none(), "{table}");
    expect(&table, "DMARC alignment", "unknown", "no domain is known");
    let (_, table, _) = ended(home.run(&["check-mail", "--resolver", &resolver, "--selector", "s1"]));
    expect(&table, "DKIM s1", "ok", "an RSA key of 2048 bits");
    expect(&table, "DMARC alignment", "ok", "by DKIM of voltmark.example");
}

#[test]
fn an_spf_record_that_lets_the_letter_not_pass_aligns_nothing() {
    let mailgun = "mailgun.org TXT v=spf1 ip4:198.51.100.0/24 ~all";
    let dns = NameServer::start(&format!("{ZONE}\n{mailgun}"));
    let home =
        Home::new(Backend::Sqlite, &[("MAIL_URL", "mailgun://sesame@voltmark.example"), SENDER, LINKS]);
    let (code, table, _) = ended(home.run(&["check-mail", "--resolver", &dns.text()]));
    assert_eq!(code, 1, "{table}");
    expect(&table, "SPF", "change", "it does not include mailgun.org");
    expect(&table, "DMARC alignment", "unknown", "no domain is known");
}

/// Mailgun sends and signs as the domain of the account; other services sign as the one that was verified.
#[test]
fn the_envelope_and_the_signature_may_be_of_another_domain() {
    let folder = tempfile::tempdir().unwrap();
    let key = keys(folder.path()).1.remove(0).1;
    let dns = NameServer::start(&format!(
        "{ZONE}
        mg.voltmark.example TXT v=spf1 include:mailgun.org ~all
        mailgun.org TXT v=spf1 ip4:198.51.100.0/24 ~all
        k1._domainkey.mg.voltmark.example TXT {key}
        token._domainkey.voltmark.example TXT {key}"
    ));
    let below = ("MAIL_FROM", "no-reply@invite.voltmark.example");
    for (mail, sender, selector, rows) in [
        (
            "mailgun://sesame@MG.voltmark.example",
            SENDER,
            None,
            [
                ("SPF", "mg.voltmark.example: v=spf1 include:mailgun.org"),
                ("DKIM k1", "k1._domainkey.mg.voltmark.example: an RSA key"),
                ("DMARC alignment", "by DKIM of mg.voltmark.example and by SPF of mg.voltmark.example"),
            ],
        ),
        (
            "ses://key:sesame@eu-west-1",
            below,
            Some("token"),
            [
                ("SPF", "Amazon SES puts a domain of its own choice"),
                ("DKIM token", "token._domainkey.voltmark.example: an RSA key"),
                ("DMARC alignment", "From invite.voltmark.example: by DKIM of voltmark.example"),
            ],
        ),
    ] {
        let home = Home::new(Backend::Sqlite, &[("MAIL_URL", mail), sender, LINKS]);
        let resolver = dns.text();
        let mut arguments = vec!["check-mail", "--resolver", resolver.as_str()];
        if let Some(selector) = selector {
            arguments.extend(["--selector", selector]);
        }
        let (_, table, _) = ended(home.run(&arguments));
        for (what, words) in rows {
            expect(&table, what, "ok", words);
        }
    }
}
