//! `check-mail`, on the real binary: against a name server and a relay of the test's own.

mod aligned;

use std::{net::UdpSocket, process::Output};

use crate::{
    mail::signed_letters::keys,
    support::{
        Backend, Home, Relay,
        dkim::Receiver,
        mailbox,
        name_server::NameServer,
        relay::{Behaviour, Speaks},
    },
};

const SENDER: (&str, &str) = ("MAIL_FROM", "Voltmark <no-reply@voltmark.example>");
const LINKS: (&str, &str) = ("PUBLIC_URL", "https://invite.voltmark.example");

/// All that a receiver wants to find, but for the keys.
const ZONE: &str = "voltmark.example TXT v=spf1 ip4:192.0.2.25 -all
    voltmark.example TXT another-service=0123456789
    _dmarc.voltmark.example TXT v=DMARC1; p=reject; rua=mailto:dmarc@voltmark.example
    voltmark.example MX 10 mx.voltmark.example
    mx.voltmark.example A 192.0.2.26";

/// Code, standard output and standard error.
fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The cells of the row that begins with `what`, its lines joined.
fn row(table: &str, what: &str) -> Option<[String; 4]> {
    let lines: Vec<Vec<&str>> =
        table.lines().map(|line| line.splitn(4, '|').map(str::trim).collect()).collect();
    let cell = |line: &[&str], place: usize| line.get(place).copied().unwrap_or_default().to_owned();
    let mut rows: Vec<[String; 4]> = Vec::new();
    for line in lines.iter().filter(|line| line.len() > 1) {
        let cells = [0, 1, 2, 3].map(|place| cell(line, place));
        match rows.last_mut().filter(|_| cells[2].is_empty()) {
            Some(last) => {
                for (whole, more) in last.iter_mut().zip(cells) {
                    format!("{whole} {more}").trim().clone_into(whole);
                }
            }
            None => rows.push(cells),
        }
    }
    rows.into_iter().find(|cells| cells[0].starts_with(what))
}

#[track_caller]
fn expect(table: &str, what: &str, verdict: &str, words: &str) {
    let Some(cells) = row(table, what) else { panic!("no row {what}: {table}") };
    assert!(
        cells[2] == verdict && format!("{} {}", cells[1], cells[3]).contains(words),
        "{cells:?}: {table}"
    );
}

fn published(records: &[(String, String)]) -> String {
    records.iter().flat_map(|(name, text)| ["\n", name, " TXT ", text]).collect()
}

fn relay() -> Relay {
    let mut relay = Relay::new(Speaks::Smtp);
    relay.up();
    relay.says(&[(
        "EHLO",
        "250-relay\r\n250-8BITMIME\r\n250-SIZE 10485760\r\n250-DSN\r\n250 AUTH PLAIN LOGIN",
    )]);
    relay
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_in_order_it_says_so_and_sends_a_signed_test_letter() {
    let folder = tempfile::tempdir().unwrap();
    let (dkim, records) = keys(folder.path());
    let (relay, dns) = (relay(), NameServer::start(&format!("{ZONE}{}", published(&records))));
    let home = Home::new(
        Backend::Sqlite,
        &[("MAIL_URL", &relay.url()), SENDER, LINKS, ("MAIL_DKIM", &dkim), ("OPERATOR_NAME", "Voltmark")],
    );
    let (code, table, complaint) = ended(home.run(&["check-mail", "--resolver", &dns.text()]));
    assert_eq!((code, complaint.as_str()), (0, ""), "{table}");
    for (what, words) in [
        ("relay", "answers"),
        ("relay: TLS", "on this machine"),
        ("relay: sign-in", "the relay offers PLAIN LOGIN"),
        ("relay: 8BITMIME", "offered"),
        ("relay: PIPELINING", "not offered"),
        ("relay: DSN", "can be asked for"),
        ("relay: SIZE", "10485760"),
        ("SPF", "v=spf1 ip4:192.0.2.25 -all see that it names the address from which the relay delivers"),
        ("DKIM rsa2026", "signed by this service with rsa-sha256"),
        ("DKIM ed2026", "with ed25519-sha256"),
        ("DMARC", "p=reject"),
        ("DMARC alignment", "by DKIM of voltmark.example and by SPF of voltmark.example"),
        ("MX of MAIL_FROM", "mx.voltmark.example"),
        ("own address", "127.0.0.1 is private"),
        ("links, ACTIVATION_URL", "invite.voltmark.example, of the sender's domain"),
    ] {
        expect(&table, what, "ok", words);
    }
    assert!(relay.taken().is_empty() && relay.commands().iter().all(|command| !command.starts_with("MAIL")));
    assert_eq!(home.path().read_dir().unwrap().count(), 0, "asking leaves nothing behind");

    let arguments = ["check-mail", "--resolver", &dns.text(), "--to", "ada@example.com"];
    let (code, table, _) = ended(home.run(&arguments));
    assert_eq!(code, 0, "{table}");
    expect(&table, "test letter", "ok", "for ada@example.com open it there");
    let letter = relay.taken().pop().unwrap();
    assert_eq!(letter.subject, "Test letter invites you to join Voltmark");
    assert_eq!(letter.link, "https://invite.voltmark.example/activate?token=test-letter-without-a-token");
    let source = relay.sources().pop().unwrap();
    assert_eq!(Receiver::new(&records).verified(source.as_bytes()).await, (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_published_it_says_what_to_publish() {
    let folder = tempfile::tempdir().unwrap();
    let (dkim, records) = keys(folder.path());
    let (relay, dns) = (relay(), NameServer::start("other.example A 192.0.2.1"));
    let variables = [
        ("MAIL_URL", relay.url()),
        (SENDER.0, SENDER.1.to_owned()),
        ("PUBLIC_URL", "http://portal.example.net".to_owned()),
        ("ACTIVATION_URL", "https://portal.example.net/a".to_owned()),
        ("MAIL_REPLY_TO", "help@example.org".to_owned()),
        ("MAIL_DKIM", dkim),
    ];
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let home = Home::new(Backend::Sqlite, &variables);
    let (code, table, _) = ended(home.run(&["check-mail", "--resolver", &dns.text()]));
    assert_eq!(code, 1, "{table}");
    for (what, words) in [
        ("SPF", "publish the TXT record voltmark.example: v=spf1 ip4:ADDRESS-OF-THE-RELAY -all"),
        ("DKIM rsa2026", "publish the key, as below"),
        ("DMARC", "publish the TXT record _dmarc.voltmark.example: v=DMARC1; p=none;"),
        ("MX of MAIL_FROM", "publish an MX record"),
        ("MX of MAIL_REPLY_TO", "example.org has neither MX nor address"),
        ("links, ACTIVATION_URL", "links lead to portal.example.net, and letters come from voltmark.example"),
        ("links, PASSWORD_RESET_URL", "use https://"),
    ] {
        expect(&table, what, "change", words);
    }
    for (name, text) in records {
        // Whole on one line, to be copied.
        assert!(table.contains(&format!("TXT record of {name}:\n{text}\n")), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_up_is_unknown() {
    // No server answers there.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (relay, silent) = (relay(), silent.local_addr().unwrap().to_string());
    let home = Home::new(Backend::Sqlite, &[("MAIL_URL", &relay.url()), SENDER, LINKS]);
    let (code, table, _) = ended(home.run(&["check-mail", "--resolver", &silent]));
    assert_eq!(code, 3, "{table}");
    for what in ["SPF", "DKIM", "DMARC", "MX of MAIL_FROM"] {
        expect(&table, what, "unknown", "could not be looked up");
    }
    expect(&table, "links, ACTIVATION_URL", "ok", "");
    // A server that fails is no proof that there is no record.
    let failing =
        NameServer::start("voltmark.example TXT !\n_dmarc.voltmark.example TXT !\nvoltmark.example MX !");
    let (code, table, _) = ended(home.run(&["check-mail", "--resolver", &failing.text()]));
    assert_eq!(code, 3, "{table}");
    expect(&table, "SPF", "unknown", "could not be looked up");
    expect(&table, "DKIM", "unknown", "");
    // It is asked for other names, however often it fails.
    let selectors = ["default", "mail", "dkim", "s1", "s2", "k1", "smtp"];
    let faults: String = selectors.map(|name| format!("{name}._domainkey.voltmark.example TXT !\n")).concat();
    let partly = NameServer::start(&format!("{faults}{ZONE}"));
    let (code, table, _) = ended(home.run(&["check-mail", "--resolver", &partly.text()]));
    assert_eq!(code, 3, "{table}");
    expect(&table, "DKIM", "unknown", "the keys could not be looked up");
    for what in ["SPF", "DMARC", "MX of MAIL_FROM"] {
        expect(&table, what, "ok", "");
    }
}

/// Without a network nothing is certain, the relay included.
#[test]
fn a_relay_whose_name_is_not_found_is_unknown() {
    let dns = NameServer::start(ZONE);
    // No name below .invalid has an address (RFC 6761).
    let home = Home::new(Backend::Sqlite, &[("MAIL_URL", "smtp://relay.invalid:25"), SENDER, LINKS]);
    let (code, table, _) = ended(home.run(&["check-mail", "--resolver", &dns.text()]));
    assert_eq!(code, 3, "{table}");
    expect(&table, "relay", "unknown", "cannot be used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_not_accepted_for_now_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let (dkim, records) = keys(folder.path());
    let (relay, dns) = (relay(), NameServer::start(&format!("{ZONE}{}", published(&records))));
    let variables = [("MAIL_URL", relay.url()), ("MAIL_DKIM", dkim)];
    let mut variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend([SENDER, LINKS]);
    let home = Home::new(Backend::Sqlite, &variables);
    let sent = || ended(home.run(&["check-mail", "--resolver", &dns.text(), "--to", "ada@example.com"]));
    for (reply, exit, verdict, words) in [
        ("451 4.7.1 Greylisted, please try again in 300 seconds", 3, "unknown", "Greylisted"),
        ("452 4.2.2 The mailbox is full", 3, "unknown", "again in some minutes"),
        (
            "451 4.7.25 The reverse DNS of your address does not fit",
            1,
            "change",
            "correct what the text says",
        ),
        ("550 5.1.1 Unknown user", 1, "change", "Unknown user"),
    ] {
        relay.is(Behaviour::Refuses(reply));
        let (code, table, _) = sent();
        assert_eq!(code, exit, "{reply}: {table}");
        expect(&table, "test letter", verdict, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_takes_no_letter_is_reported_without_the_password() {
    let mut relay = relay();
    let dns = NameServer::start(&format!("{ZONE}\nmine._domainkey.voltmark.example TXT v=DKIM1; p="));
    let url = relay.url().replace("smtp://", "smtp://ada:relay-sesame@");
    let home = Home::new(Backend::Sqlite, &[("MAIL_URL", &url), SENDER, LINKS]);
    let check = |home: &Home, more: &[&str]| {
        let resolver = dns.text();
        let arguments =
            [&["check-mail", "--resolver", resolver.as_str(), "--selector", "mine"][..], more].concat();
        let (code, table, complaint) = ended(home.run(&arguments));
        assert!(!table.contains("sesame") && !complaint.contains("sesame"), "{table}");
        (code, table)
    };
    let (code, table) = check(&home, &[]);
    assert_eq!(code, 1, "{table}");
    expect(&table, "relay: sign-in", "ok", "user and password are accepted");
    expect(&table, "DKIM mine", "change", "the key is revoked");

    relay.says(&[("AUTH", "535 5.7.8 relay-sesame is wrong")]);
    expect(&check(&home, &[]).1, "relay: sign-in", "change", "refused the sign-in: permanent error (535)");
    relay.says(&[("EHLO", "250-relay\r\n250 SIZE")]);
    expect(&check(&home, &[]).1, "relay: sign-in", "change", "no supported sign-in");
    relay.says(&[]);
    relay.is(Behaviour::Refuses("550 5.1.1 <ada@example.com> is not here"));
    let (code, table) = check(&home, &["--to", "ada@example.com"]);
    assert_eq!(code, 1, "{table}");
    expect(&table, "test letter", "change", "refused the recipient");
    relay.down().await;
    expect(&check(&home, &[]).1, "relay", "change", "cannot be used");
}

#[test]
fn a_selector_is_part_of_a_name() {
    let home = Home::new(Backend::Sqlite, &[SENDER]);
    for selector in ["", "a b", "a..b", "ä", "s1._domainkey.example.com?", &"a".repeat(64)] {
        let (code, _, complaint) = ended(home.run(&["check-mail", "--selector", selector]));
        assert!(code == 2 && complaint.contains("it is no selector"), "{selector}: {code} {complaint}");
    }
}

#[test]
fn a_provider_and_a_folder_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let key = keys(folder.path()).1.remove(0).1;
    let dns = NameServer::start(&format!("{ZONE}\nresend._domainkey.voltmark.example TXT {key}"));
    for (mail, code, what, verdict, words) in [
        ("resend://sesame", 1, "DKIM resend", "ok", "an RSA key of 2048 bits"),
        ("resend://sesame", 1, "SPF", "unknown", "verify the domain in Resend"),
        ("postmark://sesame", 1, "transport", "ok", "the API of Postmark"),
        ("directory:letters", 1, "transport", "ok", "nothing is delivered"),
    ] {
        let home = Home::new(
            Backend::Sqlite,
            &[("MAIL_URL", mail), SENDER, ("PUBLIC_URL", "https://a.example.net")],
        );
        let (ended, table, complaint) = ended(home.run(&["check-mail", "--resolver", &dns.text()]));
        assert_eq!((ended, complaint.as_str()), (code, ""), "{mail}: {table}");
        expect(&table, what, verdict, words);
        assert!(!table.contains("sesame"), "{table}");
        assert_eq!(home.path().read_dir().unwrap().count(), 0);
    }
    let home = Home::new(Backend::Sqlite, &[("MAIL_URL", "directory:letters"), SENDER, LINKS]);
    let arguments = ["check-mail", "--resolver", &dns.text(), "--to", "ada@example.com"];
    let (_, table, _) = ended(home.run(&arguments));
    expect(&table, "test letter", "ok", "accepted by folder letters");
    let file = home.path().join("letters").read_dir().unwrap().next().unwrap().unwrap();
    assert!(mailbox::parse(&std::fs::read(file.path()).unwrap()).link.ends_with("without-a-token"));
}

#[test]
fn a_sender_of_this_machine_and_faulty_arguments_are_refused() {
    let home = Home::new(Backend::Sqlite, &[]);
    let (code, table, _) = ended(home.run(&["check-mail"]));
    assert_eq!(code, 1, "{table}");
    expect(&table, "sender", "change", "set MAIL_FROM");
    for arguments in [["--to", "nobody"], ["--resolver", "192.0.2.53"], ["--loud", "x"]] {
        let (code, table, _) = ended(home.run(&["check-mail", arguments[0], arguments[1]]));
        assert_eq!((code, table.as_str()), (2, ""), "{arguments:?}");
    }
}

#[test]
fn letters_can_be_looked_at_as_a_relay_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys(folder.path()).0;
    let (plain, ascii): (&[&str], &[&str]) = (&["mail-preview", "a"], &["mail-preview", "b", "--ascii"]);
    // Signed ones are ASCII for every relay.
    for (settings, arguments, all_ascii) in [
        (&[SENDER][..], plain, false),
        (&[SENDER], ascii, true),
        (&[SENDER, ("MAIL_DKIM", &keys)], plain, true),
        (&[SENDER, ("MAIL_DKIM", &keys)], ascii, true),
    ] {
        let home = Home::new(Backend::Sqlite, settings);
        let files = home.print(arguments);
        let letters: Vec<Vec<u8>> =
            files.lines().map(|file| std::fs::read(home.path().join(file)).unwrap()).collect();
        assert!(!letters.is_empty());
        let are_signed = letters.iter().all(|letter| letter.starts_with(b"DKIM-Signature: "));
        assert_eq!(are_signed, settings.len() > 1, "{arguments:?}");
        assert_eq!(letters.iter().all(|letter| letter.is_ascii()), all_ascii, "{arguments:?}");
    }
}

/// What others publish must not control the operator's terminal.
#[test]
fn records_of_others_are_shown_as_text() {
    let dns = NameServer::start("voltmark.example TXT v=spf1 \u{1b}[2J\u{7} -all");
    let home = Home::new(Backend::Sqlite, &[SENDER, LINKS]);
    let (_, table, _) = ended(home.run(&["check-mail", "--resolver", &dns.text()]));
    expect(&table, "SPF", "change", "v=spf1 ?[2J? -all: ");
    assert!(table.chars().all(|c| !c.is_control() || c == '\n'), "{table:?}");
}
