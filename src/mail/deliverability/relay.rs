//! What a relay says of itself.

use super::report::Finding;
use crate::mail::smtp::{Probe, ProbeFault};

/// The extensions that matter to letters: what each means, and what its absence means.
const EXTENSIONS: [(&str, &str, &str); 5] = [
    ("STARTTLS", "the session can be encrypted", ""),
    ("8BITMIME", "letters go as they are", "not offered: letters are encoded in ASCII"),
    (
        "PIPELINING",
        "a letter takes two round trips, not four",
        "not offered: a letter takes more round trips",
    ),
    (
        "DSN",
        "reports of what becomes of a letter can be asked for",
        "not offered: only bounces report a failure",
    ),
    ("SIZE", "", "not offered"),
];

/// The rows of a relay that was connected to.
pub(super) fn findings(probe: &Probe) -> Vec<Finding> {
    let mut findings =
        vec![Finding::ok("relay", format!("{} answers", probe.peer)), encryption(probe), sign_in(probe)];
    if !probe.is_extended {
        let found = "it knows no EHLO, and so offers no extensions";
        findings.push(Finding::ok("relay: extensions", found));
        return findings;
    }
    for (name, meaning, absence) in EXTENSIONS {
        let what = format!("relay: {name}");
        let offer = probe.extensions.iter().find_map(|line| line.strip_prefix(name));
        match offer.filter(|rest| rest.is_empty() || rest.starts_with([' ', '='])) {
            // Under TLS it is not offered again.
            None if absence.is_empty() => {}
            None => findings.push(Finding::ok(what, absence)),
            Some(size) if name == "SIZE" => findings.push(size_limit(what, size.trim())),
            Some(_) => findings.push(Finding::ok(what, format!("offered: {meaning}"))),
        }
    }
    findings
}

fn encryption(probe: &Probe) -> Finding {
    match &probe.tls {
        Some(tls) if tls.expires_soon => Finding::change(
            "relay: TLS",
            format!("{}; its certificate is valid, and not for another 14 days", tls.version),
        )
        .advise("renew the relay's certificate: letters wait once it has expired"),
        Some(tls) => Finding::ok("relay: TLS", format!("{}; its certificate is valid", tls.version)),
        None if probe.peer.ip().is_loopback() => {
            Finding::ok("relay: TLS", "the session is not encrypted; the relay is on this machine")
        }
        None => {
            Finding::change("relay: TLS", "the session is not encrypted: all on the way can read the links")
                .advise("use a relay with TLS, and ?tls=required in MAIL_URL")
        }
    }
}

fn sign_in(probe: &Probe) -> Finding {
    match &probe.sign_in {
        Some(Ok(())) => Finding::ok("relay: sign-in", "user and password are accepted"),
        Some(Err(ProbeFault::Final(text))) => {
            Finding::change("relay: sign-in", text.clone()).advise("correct MAIL_URL")
        }
        Some(Err(ProbeFault::Passing(text))) => {
            Finding::unknown("relay: sign-in", text.clone()).advise("ask again later")
        }
        None => Finding::ok("relay: sign-in", format!("none in MAIL_URL; {}", mechanisms(&probe.extensions))),
    }
}

/// The row of a relay with which there was no session.
pub(super) fn without_session(fault: ProbeFault) -> Finding {
    match fault {
        ProbeFault::Final(text) => {
            Finding::change("relay", text).advise("no letter can go: correct MAIL_URL, or the relay")
        }
        ProbeFault::Passing(text) => Finding::unknown("relay", text).advise(
            "if it stays so, no letter can go: see that MAIL_URL and the network are right, and ask again",
        ),
    }
}

/// A letter has about 10 KB.
fn size_limit(what: String, size: &str) -> Finding {
    match size.parse::<u64>() {
        Ok(1..=65_535) => Finding::change(what, format!("letters of {size} bytes at most"))
            .advise("letters have about 10 KB, with own templates more: raise the relay's limit"),
        Ok(1..) => Finding::ok(what, format!("letters of {size} bytes at most")),
        _ => Finding::ok(what, "offered, without a limit"),
    }
}

fn mechanisms(extensions: &[String]) -> String {
    let offer = extensions.iter().find_map(|line| line.strip_prefix("AUTH "));
    offer.map_or_else(|| "the relay offers none".to_owned(), |names| format!("the relay offers {names}"))
}

#[cfg(test)]
mod tests {
    use super::{super::report::Verdict, *};
    use crate::mail::smtp::ProbeTls;

    fn probe(extensions: &[&str]) -> Probe {
        Probe {
            peer: "192.0.2.25:587".parse().unwrap(),
            local: "192.0.2.1:40000".parse().unwrap(),
            hello: "app.example.com".to_owned(),
            tls: Some(ProbeTls { version: "TLS 1.3".to_owned(), expires_soon: false }),
            sign_in: None,
            is_extended: true,
            extensions: extensions.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    fn row(probe: &Probe, what: &str) -> Option<Finding> {
        findings(probe).into_iter().find(|finding| finding.what == format!("relay: {what}"))
    }

    #[test]
    fn extensions_are_explained() {
        let good = probe(&["8BITMIME", "SIZE 10485760", "DSN", "AUTH PLAIN LOGIN", "PIPELINING"]);
        assert!(findings(&good).iter().all(|finding| finding.verdict == Verdict::Ok));
        assert!(row(&good, "DSN").unwrap().found.contains("can be asked for"));
        assert!(row(&good, "sign-in").unwrap().found.contains("PLAIN LOGIN"));
        assert!(row(&good, "STARTTLS").is_none() && row(&good, "SIZE").unwrap().found.contains("10485760"));
        let poor = probe(&["SIZE 10000", "DSNX"]);
        assert_eq!(row(&poor, "SIZE").unwrap().verdict, Verdict::Change);
        assert!(row(&poor, "DSN").unwrap().found.contains("not offered"));
        assert_eq!(row(&probe(&["SIZE"]), "SIZE").unwrap().verdict, Verdict::Ok);
    }

    #[test]
    fn what_is_open_or_ends_soon_has_to_change() {
        let mut probe = probe(&[]);
        probe.tls = Some(ProbeTls { version: "TLS 1.2".to_owned(), expires_soon: true });
        assert_eq!(row(&probe, "TLS").unwrap().verdict, Verdict::Change);
        probe.tls = None;
        assert_eq!(row(&probe, "TLS").unwrap().verdict, Verdict::Change);
        probe.peer = "127.0.0.1:25".parse().unwrap();
        assert_eq!(row(&probe, "TLS").unwrap().verdict, Verdict::Ok);
        probe.sign_in = Some(Err(ProbeFault::Final("refused the sign-in: 535".to_owned())));
        assert_eq!(row(&probe, "sign-in").unwrap().verdict, Verdict::Change);
        probe.sign_in = Some(Err(ProbeFault::Passing("refused the sign-in: 454".to_owned())));
        assert_eq!(row(&probe, "sign-in").unwrap().verdict, Verdict::Unknown);
    }
}
