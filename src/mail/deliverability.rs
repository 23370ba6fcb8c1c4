//! What receivers will find about the sender of letters, and what the relay offers: a report before the first
//! letter is sent.
//!
//! Everything is looked up as a receiver would look it up. What only a receiver can see, as the address from
//! which a relay delivers, is said to be unknown.

mod dkim_records;
mod dmarc;
mod dns;
mod domains;
mod hosts;
mod known_services;
mod links;
mod relay;
mod report;
mod sender_policy;
mod spf;

use std::net::{IpAddr, SocketAddr};

use chrono::{DateTime, Utc};
use url::Url;

use self::{
    dkim_records::OtherSigners, dmarc::Authenticated, dns::Dns, report::Finding, sender_policy::Sending,
};
pub use self::{
    domains::same_organisation,
    report::{Report, TestLetter, Verdict},
};
use super::{
    MailUrl, Sender,
    providers::{EnvelopeDomain, KnownService},
    return_address::ReturnAddress,
    smtp::{Probe, ProbeFault, Smtp},
    url::{Destination, Relay},
};

/// What is to be checked.
#[derive(Debug)]
pub struct Inquiry<'a> {
    /// `MAIL_URL`.
    pub url: &'a MailUrl,
    /// `MAIL_FROM` and what belongs to it.
    pub sender: &'a Sender,
    /// The pages that links open, each with its variable.
    pub links: Vec<(&'static str, Url)>,
    /// The selectors of keys with which the relay or service signs; none, where they are to be guessed.
    pub selectors: &'a [String],
    /// The name servers to ask; none for the system's.
    pub resolvers: &'a [SocketAddr],
    /// The present.
    pub now: DateTime<Utc>,
}

/// Looks everything up, and connects to the relay; sends no letter. It ends within two minutes.
pub async fn check(inquiry: &Inquiry<'_>) -> Report {
    let dns = Dns::new(inquiry.resolvers);
    let mut report = Report::default();
    let domain = inquiry.sender.domain().to_ascii_lowercase();
    let probe = transport(inquiry, &mut report).await;
    if domain.contains('.') {
        check_domain(&dns, inquiry, &domain, probe.as_ref(), &mut report).await;
    } else {
        report.findings.push(
            Finding::change("sender", format!("{} is no address of the internet", inquiry.sender.address()))
                .advise("set MAIL_FROM to an address of your own domain"),
        );
    }
    report
}

/// Looks up what the DNS has of the sender's domain, of the relay, and of the links.
async fn check_domain(
    dns: &Dns,
    inquiry: &Inquiry<'_>,
    domain: &str,
    probe: Option<&Probe>,
    report: &mut Report,
) {
    let service = service(inquiry.url);
    let account = service.and_then(|service| account(inquiry.url, service));
    let path = return_path(inquiry, domain, service, account.as_deref());
    let relays = relay_addresses(dns, inquiry.url, probe, service).await;
    let sending = Sending {
        envelope: path.envelope.as_deref(),
        local_part: path.address.map_or(inquiry.sender.from.email.user(), ReturnAddress::local_part),
        helo: relay_host(inquiry.url),
        service,
        relays: &relays,
    };
    let spf = sender_policy::check(dns, &sending).await;
    report.findings.push(spf.finding);
    let signed = signatures(dns, inquiry, (domain, account.as_deref()), service, report).await;
    let letters = Authenticated { envelope: path.envelope.filter(|_| spf.may_pass), signed };
    report.findings.extend(dmarc::check(dns, domain, &letters).await);
    report.findings.extend(mail_hosts(dns, inquiry, domain, &path.own).await);
    if let Some(probe) = probe {
        report.findings.extend(names(dns, probe, relays.first().filter(|_| service.is_none())).await);
    }
    report.findings.extend(links::check(&inquiry.links, domain));
}

/// Where letters come back.
struct ReturnPath<'a> {
    /// Where it is another address than the sender's.
    address: Option<&'a ReturnAddress>,
    /// The domain of that address, or of the sender's.
    own: String,
    /// The domain in the envelope; `None` where a service chooses it.
    envelope: Option<String>,
}

fn return_path<'a>(
    inquiry: &Inquiry<'a>,
    domain: &str,
    service: Option<&KnownService>,
    account: Option<&str>,
) -> ReturnPath<'a> {
    // Providers with an API have a return address of their own.
    let address =
        inquiry.sender.returned.as_ref().filter(|_| !matches!(inquiry.url.place(), Destination::Http(_)));
    let own = address.map_or_else(|| domain.to_owned(), |address| address.domain().to_ascii_lowercase());
    let envelope = match (inquiry.url.place(), service.map(|service| service.envelope)) {
        (Destination::Smtp(_) | Destination::Directory(_), None) | (_, Some(EnvelopeDomain::Senders)) => {
            Some(own.clone())
        }
        (_, Some(EnvelopeDomain::Subdomain(name))) => Some(format!("{name}.{domain}")),
        (_, Some(EnvelopeDomain::Account)) => Some(account.map_or_else(|| own.clone(), str::to_owned)),
        (Destination::Http(_), None) | (_, Some(EnvelopeDomain::Service)) => None,
    };
    ReturnPath { address, own, envelope }
}

/// What is found of the keys with which letters are signed. Returns the domains as which they are signed.
async fn signatures(
    dns: &Dns,
    inquiry: &Inquiry<'_>,
    (domain, account): (&str, Option<&str>),
    service: Option<&'static KnownService>,
    report: &mut Report,
) -> Vec<String> {
    let signs_here =
        !inquiry.sender.signers().is_empty() && !matches!(inquiry.url.place(), Destination::Http(_));
    let mut signed = Vec::new();
    if signs_here {
        signed = dkim_records::of_signers(dns, inquiry.sender.signers(), domain, report).await;
    }
    if !signs_here || !inquiry.selectors.is_empty() {
        let others = OtherSigners { domain: account.unwrap_or(domain), service, given: inquiry.selectors };
        signed.extend(dkim_records::of_others(dns, &others, report).await);
    }
    signed
}

/// Whether answers and bounces arrive. `own` is the domain of the return address.
async fn mail_hosts(dns: &Dns, inquiry: &Inquiry<'_>, domain: &str, own: &str) -> Vec<Finding> {
    let mut findings = vec![hosts::mail_hosts(dns, domain, "MAIL_FROM").await];
    if own != domain {
        findings.push(hosts::mail_hosts(dns, own, "MAIL_ENVELOPE_FROM").await);
    }
    let answers = inquiry.sender.reply_to.as_ref().map(|mailbox| mailbox.email.domain().to_ascii_lowercase());
    if let Some(answers) = answers.filter(|answers| answers != domain) {
        findings.push(hosts::mail_hosts(dns, &answers, "MAIL_REPLY_TO").await);
    }
    findings
}

/// The names of this service and of an operator's own relay.
async fn names(dns: &Dns, probe: &Probe, relay: Option<&IpAddr>) -> Vec<Finding> {
    let mut findings = own_address(dns, probe).await;
    if let Some(address) = relay {
        findings.push(relay_name(dns, *address).await);
    }
    findings
}

/// How letters leave; what a relay says.
async fn transport(inquiry: &Inquiry<'_>, report: &mut Report) -> Option<Probe> {
    match inquiry.url.place() {
        Destination::Directory(_) => {
            report.findings.push(
                Finding::ok("transport", inquiry.url.describe())
                    .advise("nothing is delivered: set MAIL_URL for that"),
            );
            None
        }
        Destination::Http(_) => {
            let found = format!("the API of {}", inquiry.url.describe());
            report.findings.push(
                Finding::ok("transport", found).advise("--to sends a letter to find out whether it works"),
            );
            None
        }
        Destination::Smtp(relay) => match probe(relay, inquiry).await {
            Ok(probe) => {
                report.findings.extend(relay::findings(&probe));
                Some(probe)
            }
            Err(fault) => {
                report.findings.push(relay::without_session(fault));
                None
            }
        },
    }
}

async fn probe(relay: &Relay, inquiry: &Inquiry<'_>) -> Result<Probe, ProbeFault> {
    let smtp = Smtp::new(relay, inquiry.sender.hello.clone()).map_err(ProbeFault::Final)?;
    smtp.probe(inquiry.now).await
}

fn service(url: &MailUrl) -> Option<&'static KnownService> {
    match url.place() {
        Destination::Directory(_) => None,
        Destination::Smtp(relay) => known_services::by_relay(&relay.host),
        Destination::Http(server) => server.provider.service.as_ref(),
    }
}

/// The domain of the account in `MAIL_URL`, where the service puts it into the envelope.
fn account(url: &MailUrl, service: &KnownService) -> Option<String> {
    match (url.place(), service.envelope) {
        (Destination::Http(server), EnvelopeDomain::Account) => {
            server.api.account().map(str::to_ascii_lowercase)
        }
        _ => None,
    }
}

/// The relay's name in `MAIL_URL`. An operator's own relay mostly calls itself so in EHLO, too.
fn relay_host(url: &MailUrl) -> Option<&str> {
    match url.place() {
        Destination::Smtp(relay) if relay.host.parse::<IpAddr>().is_err() => Some(&relay.host),
        _ => None,
    }
}

/// The addresses of the internet at which a relay listens: an operator's own relay mostly delivers from them.
async fn relay_addresses(
    dns: &Dns,
    url: &MailUrl,
    probe: Option<&Probe>,
    service: Option<&KnownService>,
) -> Vec<IpAddr> {
    let (Destination::Smtp(relay), None) = (url.place(), service) else { return Vec::new() };
    let mut addresses: Vec<IpAddr> = match relay.host.parse() {
        Ok(address) => vec![address],
        Err(_) => dns.addresses(&relay.host).await.unwrap_or_default(),
    };
    if addresses.is_empty() {
        addresses.extend(probe.map(|probe| probe.peer.ip()));
    }
    addresses.retain(|address| hosts::is_public(*address));
    addresses
}

/// The address and name with which this service appears at the relay.
async fn own_address(dns: &Dns, probe: &Probe) -> Vec<Finding> {
    let (own, what) = (probe.local.ip().to_canonical(), "own address");
    if hosts::is_public(own) {
        vec![hosts::reverse_name(dns, own, what).await, hosts::ehlo_name(dns, &probe.hello).await]
    } else {
        // Behind address translation the relay sees another one; on one machine or network it asks for none.
        vec![Finding::ok(what, format!("{own} is private, and has no name to look up; EHLO {}", probe.hello))]
    }
}

/// The name of the address at which the relay listens. Whether it delivers from there is not known here.
async fn relay_name(dns: &Dns, address: IpAddr) -> Finding {
    let finding = hosts::reverse_name(dns, address, "relay: PTR").await;
    match finding.verdict {
        Verdict::Change => {
            let advice = format!("if the relay delivers from there: {}", finding.advice);
            Finding { verdict: Verdict::Unknown, advice, ..finding }
        }
        Verdict::Ok | Verdict::Unknown => finding,
    }
}
