//! The keys with which relays and mail services sign.

use super::public_key::PublicKey;
use crate::mail::{
    deliverability::{
        dns::{Dns, Unavailable},
        domains::up_to_organisation,
        known_services::COMMON_SELECTORS,
        report::{Finding, Report, Verdict},
    },
    providers::KnownService,
};

/// Who may sign letters other than this service.
#[derive(Debug, Clone, Copy)]
pub(in crate::mail::deliverability) struct OtherSigners<'a> {
    /// The domain as which they sign, or one below it.
    pub domain: &'a str,
    pub service: Option<&'static KnownService>,
    /// The selectors of `--selector`. None, where they are to be guessed.
    pub given: &'a [String],
}

/// What is found of the keys by which a relay or a service signs. Returns the domains as which it signs:
/// those with a good key at a given selector, or at one that the service uses for every customer.
///
/// A key at a selector that is only common may belong to another service of the domain.
pub(in crate::mail::deliverability) async fn of_others(
    dns: &Dns,
    others: &OtherSigners<'_>,
    report: &mut Report,
) -> Vec<String> {
    let domains = up_to_organisation(others.domain);
    if !others.given.is_empty() {
        return of_given(dns, &domains, others.given, report).await;
    }
    let own = others.service.map_or(&[][..], |service| service.selectors);
    let before = report.findings.len();
    let OwnKeys { signed, faulty, fault } = of_service(dns, &domains, others, report).await;
    if !signed.is_empty() {
        return signed;
    }
    report.findings.extend(faulty);
    let common: Vec<&str> =
        COMMON_SELECTORS.iter().filter(|selector| !own.contains(selector)).copied().collect();
    let fault = of_common(dns, &domains, &common, report).await.or(fault);
    if report.findings.len() == before {
        report.findings.push(no_key(others, &[own, common.as_slice()].concat(), fault));
    }
    signed
}

/// What is found at the selectors of a service.
#[derive(Default)]
struct OwnKeys {
    /// The domains with a good key.
    signed: Vec<String>,
    /// Records that receivers cannot read.
    faulty: Vec<Finding>,
    fault: Option<Unavailable>,
}

async fn of_service(
    dns: &Dns,
    domains: &[String],
    others: &OtherSigners<'_>,
    report: &mut Report,
) -> OwnKeys {
    let mut keys = OwnKeys::default();
    let Some(service) = others.service else { return keys };
    for selector in service.selectors {
        match Place::search(dns, domains, selector).await {
            Search::Key(place, key) => {
                let finding = place.judged(&key);
                if finding.verdict == Verdict::Ok {
                    keys.signed.push(place.domain);
                }
                report.findings.push(finding);
            }
            Search::Faulty(name, reason) => {
                let finding = Finding::unknown(format!("DKIM {selector}"), format!("{name}: {reason}"));
                keys.faulty.push(finding.advise(service.setup));
            }
            Search::Nothing => {}
            Search::Unavailable(unavailable) => keys.fault = Some(unavailable),
        }
    }
    keys
}

/// Looks at selectors that are common. Returns why one of them could not be looked up.
async fn of_common(
    dns: &Dns,
    domains: &[String],
    common: &[&str],
    report: &mut Report,
) -> Option<Unavailable> {
    let mut fault = None;
    for selector in common {
        match Place::search(dns, domains, selector).await {
            Search::Key(place, key) => report.findings.push(place.guessed(&key)),
            Search::Faulty(..) | Search::Nothing => {}
            Search::Unavailable(unavailable) => fault = Some(unavailable),
        }
    }
    fault
}

fn no_key(others: &OtherSigners<'_>, selectors: &[&str], fault: Option<Unavailable>) -> Finding {
    let what = "DKIM";
    if let Some(fault) = fault {
        return Finding::unknown(what, format!("the keys {fault}"));
    }
    let found = format!("no key of {} at the usual selectors: {}", others.domain, selectors.join(", "));
    Finding::unknown(what, found).advise(others.service.map_or(
        "name the relay's selector with --selector, or sign here: \
        MAIL_DKIM=selector:domain:keyfile",
        |service| service.setup,
    ))
}

/// What is found at each selector of `--selector`; and the domains with a good key.
async fn of_given(dns: &Dns, domains: &[String], given: &[String], report: &mut Report) -> Vec<String> {
    let mut signed = Vec::new();
    for selector in given {
        let what = format!("DKIM {selector}");
        report.findings.push(match Place::search(dns, domains, selector).await {
            Search::Key(place, key) => {
                let finding = place.judged(&key);
                if finding.verdict == Verdict::Ok {
                    signed.push(place.domain);
                }
                finding
            }
            Search::Faulty(name, fault) => {
                Finding::change(what, format!("{name}: {fault}")).advise("publish the relay's key there")
            }
            Search::Nothing => {
                let places: Vec<String> =
                    domains.iter().map(|domain| format!("{selector}._domainkey.{domain}")).collect();
                let verb = if places.len() > 1 { "have" } else { "has" };
                Finding::change(what, format!("{} {verb} no key", places.join(", ")))
                    .advise("publish the key that the relay signs with, or correct --selector")
            }
            Search::Unavailable(fault) => Finding::unknown(what, format!("the key {fault}")),
        });
    }
    signed
}

/// What a search for a key comes to.
enum Search {
    /// The first record that receivers can read, nearest to the sender's domain.
    Key(Place, PublicKey),
    /// None that they can read: a name with a record that has a key, and what is wrong with that.
    Faulty(String, &'static str),
    Nothing,
    Unavailable(Unavailable),
}

/// Where a key was found.
struct Place {
    selector: String,
    domain: String,
    name: String,
}

impl Place {
    /// Looks for the key with this selector in each of the domains.
    async fn search(dns: &Dns, domains: &[String], selector: &str) -> Search {
        let mut other = Search::Nothing;
        for domain in domains {
            let name = format!("{selector}._domainkey.{domain}");
            let records = match dns.txt(&name).await {
                Ok(records) => records,
                Err(fault) => {
                    other = Search::Unavailable(fault);
                    continue;
                }
            };
            // The order of records in an answer is by chance.
            for text in &records {
                match PublicKey::parse_whole(text) {
                    Ok(key) => {
                        let (selector, domain) = (selector.to_owned(), domain.clone());
                        return Search::Key(Self { selector, domain, name }, key);
                    }
                    Err(fault) if text.contains("p=") && matches!(other, Search::Nothing) => {
                        other = Search::Faulty(name.clone(), fault);
                    }
                    Err(_) => {}
                }
            }
        }
        other
    }

    /// A key with which letters are signed.
    fn judged(&self, key: &PublicKey) -> Finding {
        let (what, name, kind) = (format!("DKIM {}", self.selector), &self.name, &key.kind);
        let found = format!("{name}: {}", key.describe());
        match key.rsa_bits() {
            None if kind != "ed25519" => {
                Finding::change(what, found).advise("receivers know the kinds rsa and ed25519 alone")
            }
            Some(..1024) => Finding::change(what, found)
                .advise("receivers ignore it (RFC 8301): replace it by one of 2048"),
            _ if key.is_test => Finding::change(what, format!("{name} is marked as a test (t=y)"))
                .advise("remove t=y: receivers may ignore the signature"),
            Some(..2048) => Finding::ok(what, found).advise("2048 bits are recommended (RFC 8301)"),
            _ => Finding::ok(what, found),
        }
    }

    /// A key with which letters are perhaps signed.
    fn guessed(&self, key: &PublicKey) -> Finding {
        let Self { selector, name, .. } = self;
        let found = format!("{name}: {}; whether this relay signs with it is not known", key.describe());
        Finding::unknown(format!("DKIM {selector}"), found)
            .advise(format!("if it does: --selector {selector}; a letter that it sent says so in s="))
    }
}
