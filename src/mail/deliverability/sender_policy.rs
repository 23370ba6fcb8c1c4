//! What the SPF record of the envelope's domain says of the relay.

use std::{borrow::Cow, net::IpAddr};

use super::{
    dns::Dns,
    report::{Finding, Verdict},
    spf::{Delivery, Judgement, Qualifier, SpfTree, check_host, is_spf},
};
use crate::mail::providers::{EnvelopeDomain, KnownService};

/// How letters leave, as far as SPF is concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sending<'a> {
    /// The domain in the envelope; `None` where a service chooses it.
    pub envelope: Option<&'a str>,
    /// The part before the `@` there.
    pub local_part: &'a str,
    /// What the relay probably calls itself in HELO or EHLO; `None` where that is not known.
    pub helo: Option<&'a str>,
    pub service: Option<&'static KnownService>,
    /// The addresses from which letters probably come.
    pub relays: &'a [IpAddr],
}

/// What was found.
pub(super) struct SenderPolicy {
    pub finding: Finding,
    /// Whether there is a record by which letters pass, as far as is known here.
    pub may_pass: bool,
}

/// Judges the record of the envelope's domain.
pub(super) async fn check(dns: &Dns, sending: &Sending<'_>) -> SenderPolicy {
    let none = |finding| SenderPolicy { finding, may_pass: false };
    let Some(envelope) = sending.envelope else { return none(of_service(sending)) };
    let mut records: Vec<String> = match dns.txt(envelope).await {
        Ok(records) => records.into_iter().filter(|text| is_spf(text)).collect(),
        Err(fault) => return none(Finding::unknown("SPF", format!("the records of {envelope} {fault}"))),
    };
    let text = match (records.pop(), records.len()) {
        (Some(text), 0) => text,
        (None, _) => return none(missing(envelope, sending)),
        (Some(_), more) => {
            let found = format!("{envelope} has {} records of SPF, and receivers report an error", more + 1);
            return none(Finding::change("SPF", found).advise("join them into one"));
        }
    };
    match SpfTree::read(dns, envelope, &text).await {
        Ok(tree) => {
            let record = Record { dns, domain: envelope, tree: &tree, sending };
            let finding = record.judge().await;
            SenderPolicy { may_pass: finding.verdict == Verdict::Ok, finding }
        }
        Err(fault) => {
            none(Finding::unknown("SPF", format!("{envelope}: {text}: something that it includes {fault}")))
        }
    }
}

/// Where a service chooses the domain.
fn of_service(sending: &Sending<'_>) -> Finding {
    let title = sending.service.map_or("the provider", |service| service.title);
    let found =
        format!("{title} puts a domain of its own choice into the envelope; SPF is judged by that one");
    Finding::ok("SPF", found).advise(sending.service.map_or("", |service| service.setup))
}

fn missing(envelope: &str, sending: &Sending<'_>) -> Finding {
    let found = format!("{envelope} has no SPF record");
    // A subdomain that the service would use once it is set up there: letters go without, unaligned.
    if let Some(service) = sending.service
        && matches!(service.envelope, EnvelopeDomain::Subdomain(_))
    {
        return Finding::unknown("SPF", found).advise(service.setup);
    }
    let allowed = match (sending.service.and_then(|service| service.include), sending.relays) {
        (Some(include), _) => format!("include:{include}"),
        (None, []) => "ip4:ADDRESS-OF-THE-RELAY".to_owned(),
        (None, relays) => relays.iter().map(term).collect::<Vec<_>>().join(" "),
    };
    Finding::change("SPF", found).advise(format!("publish the TXT record {envelope}: v=spf1 {allowed} -all"))
}

fn term(address: &IpAddr) -> String {
    if address.is_ipv4() { format!("ip4:{address}") } else { format!("ip6:{address}") }
}

/// A record that was read.
struct Record<'a> {
    dns: &'a Dns,
    domain: &'a str,
    tree: &'a SpfTree,
    sending: &'a Sending<'a>,
}

impl Record<'_> {
    async fn judge(&self) -> Finding {
        let (tree, found) = (self.tree, self.found());
        if let Some(fault) = tree.faults.first() {
            return Finding::change("SPF", format!("{found}: {fault}"))
                .advise("correct the record: receivers report an error, and no letter passes");
        }
        if tree.passes_all() {
            return Finding::change("SPF", format!("{found}: it lets everyone send in this domain's name"))
                .advise("end it in -all or ~all");
        }
        match self.sending.service {
            Some(service) => match service.include {
                Some(include) => self.of_service(service, include).await,
                None => self.ending(Finding::ok("SPF", found)),
            },
            None => self.of_relays().await,
        }
    }

    fn found(&self) -> String {
        format!("{}: {}", self.domain, self.tree.text)
    }

    /// Whether letters of a service pass: by its own record, or else by its addresses.
    async fn of_service(&self, service: &KnownService, include: &str) -> Finding {
        let found = self.found();
        if self.tree.includes.iter().any(|domain| domain == include) {
            return self.ending(Finding::ok("SPF", format!("{found}: it includes {include}")));
        }
        let mut judgements = Vec::new();
        for address in self.addresses(include).await {
            judgements.push(self.of(address).await);
        }
        let is_known = |judgement: &Judgement| matches!(judgement, Judgement::Is(_));
        if !judgements.is_empty() && judgements.iter().all(Judgement::passes) {
            let found = format!("{found}: addresses of {include} may send");
            return self.ending(Finding::ok("SPF", found));
        }
        let advice = format!("add include:{include}, which {} sends from", service.title);
        if self.tree.has_open_terms() && (judgements.is_empty() || !judgements.iter().all(is_known)) {
            let found = format!("{found}: whether it includes {include} depends on a macro");
            return Finding::unknown("SPF", found).advise(format!("if it does not: {advice}"));
        }
        Finding::change("SPF", format!("{found}: it does not include {include}")).advise(advice)
    }

    /// Some addresses that the record of a service names. None, where it cannot be read.
    async fn addresses(&self, include: &str) -> Vec<IpAddr> {
        let mut records = self.dns.txt(include).await.unwrap_or_default();
        records.retain(|text| is_spf(text));
        let Some(text) = records.pop() else { return Vec::new() };
        SpfTree::read(self.dns, include, &text).await.map(|tree| tree.samples()).unwrap_or_default()
    }

    /// Whether letters of a relay pass, by its addresses.
    async fn of_relays(&self) -> Finding {
        let found = self.found();
        if self.sending.relays.is_empty() {
            return self.ending(Finding::ok("SPF", found)).advise(
                "see that it names the address from which the relay delivers; that is not known here",
            );
        }
        for address in self.sending.relays {
            let judgement = self.of(*address).await;
            if judgement.passes() {
                continue;
            }
            let advice = match judgement {
                Judgement::Error(_) => "correct the record".to_owned(),
                _ => format!("if the relay delivers from there, add {}", term(address)),
            };
            return Finding::unknown("SPF", format!("{found}: {address} {}", said(&judgement)))
                .advise(advice);
        }
        let addresses: Vec<String> = self.sending.relays.iter().map(ToString::to_string).collect();
        self.ending(Finding::ok("SPF", format!("{found}: {} may send", addresses.join(", "))))
    }

    /// What receivers find for a letter from this address.
    async fn of(&self, address: IpAddr) -> Judgement {
        let sender = format!("{}@{}", self.sending.local_part, self.domain);
        let delivery = Delivery { address, sender: &sender, helo: self.sending.helo };
        check_host(self.dns, self.domain, &self.tree.text, &delivery).await
    }

    /// The same finding, with what would be better.
    fn ending(&self, finding: Finding) -> Finding {
        if self.tree.has_ptr {
            return finding.advise(
                "name networks in place of ptr: RFC 7208 advises against it, and some receivers ignore it",
            );
        }
        match self.tree.otherwise() {
            Qualifier::Neutral => {
                finding.advise("end it in -all or ~all: as it is, it says nothing of others")
            }
            Qualifier::Pass | Qualifier::Fail | Qualifier::SoftFail => finding,
        }
    }
}

fn said(judgement: &Judgement) -> Cow<'static, str> {
    match judgement {
        Judgement::Is(Qualifier::Pass) => "may send".into(),
        Judgement::Is(Qualifier::Fail) => "may not send (fail)".into(),
        Judgement::Is(Qualifier::SoftFail) => "should not send (softfail)".into(),
        Judgement::Is(Qualifier::Neutral) => "is not named (neutral)".into(),
        Judgement::DependsOnHelo => {
            "may send or not: that depends on what the relay says in HELO (%{h})".into()
        }
        Judgement::Error(reason) => format!("makes receivers report an error: {reason}").into(),
        Judgement::Unavailable(fault) => format!("may send or not: a name that it needs {fault}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::known_services::by_relay, *};

    async fn found(zone: &str, relay: Option<&str>, relays: &[&str]) -> Finding {
        let relays: Vec<IpAddr> = relays.iter().map(|address| address.parse().unwrap()).collect();
        let sending = Sending {
            envelope: Some("example.com"),
            local_part: "no-reply",
            helo: None,
            service: relay.and_then(by_relay),
            relays: &relays,
        };
        let policy = check(&Dns::fixed(zone), &sending).await;
        assert_eq!(policy.may_pass, policy.finding.verdict == Verdict::Ok, "{:?}", policy.finding);
        policy.finding
    }

    #[tokio::test]
    async fn a_relay_of_ones_own_is_judged_by_its_address() {
        let relay = &["192.0.2.25"][..];
        for (zone, relays, verdict, words) in [
            ("example.com TXT v=spf1 ip4:192.0.2.25 -all", relay, Verdict::Ok, "192.0.2.25 may send"),
            ("example.com TXT v=spf1 ip4:192.0.2.26 -all", relay, Verdict::Unknown, "may not send (fail)"),
            ("example.com TXT v=spf1 ip4:192.0.2.26 ~all", relay, Verdict::Unknown, "should not send"),
            ("example.com TXT v=spf1 ip4:192.0.2.26", relay, Verdict::Unknown, "is not named"),
            ("example.com TXT v=spf1 exists:%{i}.x.example -all", relay, Verdict::Unknown, "may not send"),
            (
                "example.com TXT v=spf1 exists:%{i}.%{l}.x.example -all
                192.0.2.25.no-reply.x.example A 127.0.0.2",
                relay,
                Verdict::Ok,
                "192.0.2.25 may send",
            ),
            ("example.com TXT v=spf1 exists:%{h}.x.example -all", relay, Verdict::Unknown, "in HELO"),
            (
                "example.com TXT v=spf1 include:%{i}.x.example -all",
                relay,
                Verdict::Unknown,
                "192.0.2.25.x.example is included and has no SPF record",
            ),
            (
                "example.com TXT v=spf1 exists:%{i}.x.example -all\n192.0.2.25.x.example A !",
                relay,
                Verdict::Unknown,
                "a name that it needs could not be looked up",
            ),
            (
                "example.com TXT v=spf1 mx -all\nexample.com MX 1 m.example\nm.example A 192.0.2.1",
                &[],
                Verdict::Ok,
                "mx",
            ),
            ("example.com TXT v=spf1 +all", relay, Verdict::Change, "everyone"),
            ("example.com TXT v=spf1 -all\nexample.com TXT v=spf1 +all", relay, Verdict::Change, "2 records"),
            ("example.com TXT v=spf1 ip4:x -all", relay, Verdict::Change, "is no term"),
            (
                "example.com TXT v=spf1 include:a.example -all\na.example TXT !",
                relay,
                Verdict::Unknown,
                "could not",
            ),
            ("example.com TXT !", relay, Verdict::Unknown, "could not"),
            ("example.com TXT something else", relay, Verdict::Change, "no SPF record"),
        ] {
            let finding = found(zone, None, relays).await;
            assert!(finding.verdict == verdict && finding.found.contains(words), "{zone}: {finding:?}");
        }
        let advice = found("", None, relay).await.advice;
        assert!(advice.ends_with("example.com: v=spf1 ip4:192.0.2.25 -all"), "{advice}");
    }

    #[tokio::test]
    async fn a_service_is_judged_by_what_it_includes() {
        let google = "_spf.google.com TXT v=spf1 ip4:198.51.100.0/24 ~all";
        for (record, verdict, words) in [
            ("v=spf1 include:_spf.google.com ~all", Verdict::Ok, "it includes _spf.google.com"),
            ("v=spf1 ip4:192.0.2.1 ~all", Verdict::Change, "it does not include _spf.google.com"),
            ("v=spf1 ip4:198.51.100.0/22 ~all", Verdict::Ok, "addresses of _spf.google.com may send"),
            ("v=spf1 include:%{i}.hosted.example -all", Verdict::Ok, "addresses of _spf.google.com may send"),
            ("v=spf1 exists:%{i}.absent.example -all", Verdict::Change, "it does not include"),
            ("v=spf1 exists:%{h}.x.example -all", Verdict::Unknown, "depends on a macro"),
        ] {
            let hosted = "198.51.100.0.hosted.example TXT v=spf1 include:_spf.google.com -all";
            let zone = format!("example.com TXT {record}\n{google}\n{hosted}");
            let finding = found(&zone, Some("smtp.gmail.com"), &[]).await;
            assert!(finding.verdict == verdict && finding.found.contains(words), "{finding:?}");
        }
        let names = "example.com TXT v=spf1 ptr -all
            25.2.0.192.in-addr.arpa PTR m.example.com
            m.example.com A 192.0.2.25";
        let finding = found(names, None, &["192.0.2.25"]).await;
        assert!(finding.verdict == Verdict::Ok && finding.advice.starts_with("name networks"), "{finding:?}");
        let advice = found("", Some("smtp.gmail.com"), &[]).await.advice;
        assert!(advice.ends_with("v=spf1 include:_spf.google.com -all"), "{advice}");
    }
}
