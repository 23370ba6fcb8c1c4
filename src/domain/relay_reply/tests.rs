use super::*;

const SENDER: &str = "no-reply@sender.example";
const RECIPIENT: &str = "ada@rcpt.example";

fn about_to(text: &str, recipient: &str) -> About {
    Reply { text, sender: SENDER, recipient: &[recipient], recipient_accepted: false, content: &[] }.about()
}

fn about(text: &str) -> About {
    about_to(text, RECIPIENT)
}

/// The fault in a reply, `None` where it concerns the recipient or the letter.
fn fault(text: &str) -> Option<MailFault> {
    match about(text) {
        About::Us(fault) => Some(fault),
        About::Recipient | About::Unknown => None,
    }
}

/// `tests/it/mail/relay_replies.rs` has the same replies sent by a relay, and those whose basic code
/// suffices.
#[test]
fn real_replies_are_about_whom_they_are_about() {
    let mut wrong = Vec::new();
    for line in include_str!("../../../tests/cases/relay-replies.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
    {
        let [stage, reply, right, wanted] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        if !matches!(stage, "RCPT" | "DATA" | ".")
            || ["521", "530", "503", "504"].iter().any(|code| reply.starts_with(code))
        {
            continue;
        }
        let text = reply.split("\\n").filter_map(|line| line.get(4..)).collect::<Vec<_>>().join(" ");
        let reported = fault(&format!("permanent error ({}): {text}", &reply[..3]));
        let good = reported.is_some() == (right == "waits")
            && (wanted.is_empty() || reported.map(MailFault::as_str) == Some(wanted));
        if !good {
            wrong.push(format!("{reported:?}, not {right} {wanted}: {reply}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The inviter chooses the address, so no word in it may influence the result, wherever it is repeated.
#[test]
fn no_word_of_an_address_decides() {
    for local in [
        "sender",
        "blocked",
        "relay",
        "helo",
        "spamhaus",
        "spf",
        "sender-address-rejected",
        "client.host.rejected",
        "blacklisted",
        "sender_rejected",
        "relay+access+denied",
        "helo/command/rejected",
        "5.7.26",
        "5.1.8",
        "quota-exceeded",
        "policy",
        "plan",
        "billing",
        "trial",
        "throttled",
        "relaying",
        "smarthost",
        "mfrom",
        "spf-pass",
        "absender",
        "mittente",
        "anmeldung",
    ] {
        for domain in [
            "rcpt.example",
            "sender-rejected.example",
            "blocked-using.spamhaus.example",
            "relay-access-denied.example",
        ] {
            let address = format!("{local}@{domain}");
            for text in [
                format!("<{address}>: Recipient address rejected: User unknown in virtual mailbox table"),
                format!("5.1.1 <{address}>... User unknown"),
                format!("{address}: no such user"),
                format!("no mailbox {local} here"),
                format!("\"{local}\" is not known at {domain}"),
                format!("{local}: no such user"),
                format!("5.2.2 {local} has too much mail"),
                format!("554 5.7.1 [{address}]: Recipient address rejected: Access denied"),
                format!("unknown or illegal alias: {address}"),
                format!("5.0.0 rfc822;{} not accepted", address.to_uppercase()),
            ] {
                let reported = about_to(&text, &address);
                assert!(!matches!(reported, About::Us(_)), "{text}: {reported:?}");
            }
            // Nor may it hide a statement about our side.
            for text in [
                format!("5.7.1 <{SENDER}>: Sender address rejected: Access denied"),
                "5.7.1 <localhost[127.0.0.1]>: Client host rejected: Access denied".to_owned(),
                "5.7.1 <relay>: Helo command rejected: Access denied".to_owned(),
                format!("5.7.1 <{address}>: Relay access denied"),
                format!("5.7.1 <{SENDER}>... Access denied"),
            ] {
                let reported = about_to(&text, &address);
                assert!(matches!(reported, About::Us(_)), "{text}: {reported:?}");
            }
        }
    }
}

/// A content filter quotes subjects, which contain the inviter's name.
#[test]
fn no_word_of_the_letter_decides() {
    let subject = "Client host rejected invites you to join Relay access denied";
    let quoting = |text: &str| {
        let content = [subject, "Client host rejected", "Relay access denied"];
        Reply { text, sender: SENDER, recipient: &[RECIPIENT], recipient_accepted: true, content: &content }
            .about()
    };
    assert_eq!(quoting(&format!("5.7.1 Spam: subject {subject}")), About::Unknown);
    assert_eq!(quoting(&format!("5.7.1 Spam: \"{}\"", subject.to_uppercase())), About::Unknown);
    let real = "5.7.1 <localhost[127.0.0.1]>: Client host rejected: Access denied";
    assert_eq!(quoting(real), About::Us(MailFault::Client));
}

#[test]
fn the_word_alone_says_nothing() {
    for text in [
        "",
        "5.7.1 Message rejected",
        "no",
        "5.7.1 Delivery not authorized, message refused",
        "5.0.0 failure",
        "5.7.1 Service unavailable; host relay listed",
        "5.7.1 virus found, the sender was told",
        "1 Requested mail action aborted",
        "rejected by recipient",
        "Account suspended",
        "user ada is blocked",
        "5.7.1 Sending to this address not allowed",
        "4.7.1 <relay>: Client host rejected: Greylisted",
        "5.7.1 You are not allowed to send to this group",
        "2.0.0 5.x.y 5.7 1.5.7.1",
    ] {
        assert_eq!(fault(text), None, "{text}");
    }
}

#[test]
fn the_first_code_counts_wherever_it_stands() {
    for (text, wanted) in [
        ("5.7.26 no", Some(MailFault::DomainAuthentication)),
        ("571 5.7.13 no", Some(MailFault::Authentication)),
        ("sorry (#5.7.8)", Some(MailFault::Authentication)),
        ("#5.1.8 no", Some(MailFault::Sender)),
        ("4.7.28 too many", Some(MailFault::Reputation)),
        ("5.1.1 no, 5.7.26 no", None),
        ("5.2.1 no", None),
        ("<5.7.26@rcpt.example> no", None),
    ] {
        assert_eq!(fault(text), wanted, "{text}");
    }
}
