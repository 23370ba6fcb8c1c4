//! DMARC (RFC 7489): the policy of the sender's domain, and whether letters meet it.

use super::{
    dns::Dns,
    domains::{organisational, same_organisation, up_to_organisation},
    report::Finding,
};

/// How close a domain must be to that of `From`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alignment {
    Relaxed,
    Strict,
}

impl Alignment {
    fn holds(self, one: &str, from: &str) -> bool {
        match self {
            Self::Relaxed => same_organisation(one, from),
            Self::Strict => one.eq_ignore_ascii_case(from),
        }
    }
}

/// A policy.
#[derive(Debug, PartialEq, Eq)]
struct Policy {
    disposition: String,
    has_reports: bool,
    dkim: Alignment,
    spf: Alignment,
}

impl Policy {
    /// # Errors
    /// What receivers cannot read.
    fn parse(text: &str, is_subdomain: bool) -> Result<Self, &'static str> {
        let tags: Vec<(&str, &str)> = text.split(';').filter_map(|tag| tag.split_once('=')).collect();
        let tag = |name: &str| {
            let tag = tags.iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name));
            tag.map(|(_, value)| value.trim().to_ascii_lowercase())
        };
        let policy = tag("p").ok_or("it has no policy (p=)")?;
        let policy = tag("sp").filter(|_| is_subdomain).unwrap_or(policy);
        if !matches!(policy.as_str(), "none" | "quarantine" | "reject") {
            return Err("its policy is neither none, quarantine nor reject");
        }
        let alignment =
            |name| if tag(name).as_deref() == Some("s") { Alignment::Strict } else { Alignment::Relaxed };
        Ok(Self {
            disposition: policy,
            has_reports: tag("rua").is_some(),
            dkim: alignment("adkim"),
            spf: alignment("aspf"),
        })
    }
}

/// By what letters can pass.
pub(super) struct Authenticated {
    /// The domain in the envelope, where it is known.
    pub envelope: Option<String>,
    /// The domains of signatures.
    pub signed: Vec<String>,
}

/// The policy of `domain`, and whether letters meet it.
pub(super) async fn check(dns: &Dns, domain: &str, letters: &Authenticated) -> Vec<Finding> {
    let (finding, alignments) = policy(dns, domain).await.unwrap_or_else(|| (missing(domain), RELAXED));
    vec![finding, alignment(domain, alignments, letters)]
}

/// The alignments of DKIM and SPF, where no policy says otherwise.
const RELAXED: (Alignment, Alignment) = (Alignment::Relaxed, Alignment::Relaxed);

/// The record of the nearest domain that has one, and its alignments.
async fn policy(dns: &Dns, domain: &str) -> Option<(Finding, (Alignment, Alignment))> {
    for place in up_to_organisation(domain) {
        let name = format!("_dmarc.{place}");
        let records = match dns.txt(&name).await {
            Err(unavailable) => {
                return Some((Finding::unknown("DMARC", format!("{name} {unavailable}")), RELAXED));
            }
            Ok(records) => records.into_iter().filter(|text| is_dmarc(text)).collect::<Vec<_>>(),
        };
        let Some(text) = records.first() else { continue };
        if records.len() > 1 {
            let found =
                format!("{name} has {} records of DMARC; receivers ignore all of them", records.len());
            return Some((Finding::change("DMARC", found).advise("leave one"), RELAXED));
        }
        return Some(match Policy::parse(text, place != domain) {
            Err(fault) => {
                let found = format!("{name}: {fault}: {text}");
                (Finding::change("DMARC", found).advise("correct the record"), RELAXED)
            }
            Ok(policy) => (judged(&name, text, &policy), (policy.dkim, policy.spf)),
        });
    }
    None
}

fn missing(domain: &str) -> Finding {
    let top = organisational(domain);
    Finding::change("DMARC", format!("_dmarc.{domain} has no record")).advise(format!(
        "publish the TXT record _dmarc.{top}: v=DMARC1; p=none; rua=mailto:ADDRESS, read the reports, \
        then raise p to quarantine and reject. Gmail and Yahoo ask for it"
    ))
}

fn judged(name: &str, text: &str, policy: &Policy) -> Finding {
    let finding = Finding::ok("DMARC", format!("{name}: {text}"));
    if policy.disposition == "none" {
        finding
            .advise("once reports show no surprise, raise p to quarantine or reject: none stops no forgery")
    } else if policy.has_reports {
        finding
    } else {
        finding.advise("rua=mailto:ADDRESS would have receivers report what fails")
    }
}

fn alignment(domain: &str, (dkim, spf): (Alignment, Alignment), letters: &Authenticated) -> Finding {
    let by_signature = letters.signed.iter().find(|signer| dkim.holds(signer, domain));
    let envelope = letters.envelope.as_ref().filter(|envelope| spf.holds(envelope, domain));
    let what = "DMARC alignment";
    match (by_signature, envelope) {
        (Some(signer), Some(envelope)) => {
            Finding::ok(what, format!("From {domain}: by DKIM of {signer} and by SPF of {envelope}"))
        }
        (Some(signer), None) => Finding::ok(what, format!("From {domain}: by DKIM of {signer}")),
        (None, Some(envelope)) => Finding::ok(what, format!("From {domain}: by SPF of {envelope} alone"))
            .advise("sign with DKIM as well: SPF fails where a letter is forwarded"),
        (None, None) => {
            Finding::unknown(what, format!("no domain is known by which a letter from {domain} passes"))
                .advise("have the relay or service sign with DKIM for this domain")
        }
    }
}

fn is_dmarc(text: &str) -> bool {
    let version = text.split(';').next().unwrap_or_default();
    let words = version.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
    words.is_some_and(|(name, value)| name.eq_ignore_ascii_case("v") && value == "DMARC1")
}

#[cfg(test)]
mod tests {
    use super::{super::report::Verdict, *};

    async fn found(zone: &str, domain: &str, envelope: Option<&str>, signed: &[&str]) -> Vec<Finding> {
        let letters = Authenticated {
            envelope: envelope.map(str::to_owned),
            signed: signed.iter().map(|domain| (*domain).to_owned()).collect(),
        };
        check(&Dns::fixed(zone), domain, &letters).await
    }

    #[tokio::test]
    async fn the_policy_is_the_domains_or_the_organisations() {
        for (zone, domain, verdict, words) in [
            (
                "_dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:d@example.com",
                "example.com",
                Verdict::Ok,
                "",
            ),
            ("_dmarc.example.com TXT v=DMARC1; p=none", "mail.example.com", Verdict::Ok, "raise p"),
            (
                "_dmarc.example.com TXT v=DMARC1; p=reject; sp=none",
                "mail.example.com",
                Verdict::Ok,
                "raise p",
            ),
            ("_dmarc.example.com TXT v=DMARC1; p=reject; sp=none", "example.com", Verdict::Ok, "rua="),
            ("", "example.com", Verdict::Change, "_dmarc.example.com: v=DMARC1"),
            ("_dmarc.example.com TXT v=DMARC1", "example.com", Verdict::Change, "correct"),
            ("_dmarc.example.com TXT v=DMARC1; p=yes", "example.com", Verdict::Change, "correct"),
            (
                "_dmarc.example.com TXT v=DMARC1; p=none\n_dmarc.example.com TXT v=DMARC1; p=reject",
                "example.com",
                Verdict::Change,
                "leave one",
            ),
            ("_dmarc.example.com TXT !", "example.com", Verdict::Unknown, ""),
            ("_dmarc.example.com TXT spf and other notes", "example.com", Verdict::Change, "publish"),
        ] {
            let finding = found(zone, domain, None, &[]).await.remove(0);
            assert_eq!(finding.verdict, verdict, "{zone}: {finding:?}");
            assert!(
                finding.advice.contains(words) && finding.advice.is_empty() == words.is_empty(),
                "{finding:?}"
            );
        }
    }

    #[tokio::test]
    async fn alignment_is_as_strict_as_the_policy_says() {
        let strict = "_dmarc.example.com TXT v=DMARC1; p=reject; adkim=s; aspf=s";
        for (zone, envelope, signed, verdict, words) in [
            (
                "",
                Some("bounce.example.com"),
                &["mail.example.com"][..],
                Verdict::Ok,
                "by DKIM of mail.example.com and",
            ),
            (
                strict,
                Some("bounce.example.com"),
                &["mail.example.com"],
                Verdict::Unknown,
                "no domain is known",
            ),
            (strict, None, &["mail.example.com", "example.com"], Verdict::Ok, "by DKIM of example.com"),
            ("", Some("example.com"), &["example.net"], Verdict::Ok, "by SPF of example.com alone"),
            ("", None, &["example.net"], Verdict::Unknown, "no domain"),
        ] {
            let finding = found(zone, "example.com", envelope, signed).await.pop().unwrap();
            assert!(finding.verdict == verdict && finding.found.contains(words), "{zone}: {finding:?}");
        }
    }
}
