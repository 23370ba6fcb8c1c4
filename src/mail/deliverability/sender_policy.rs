//! What the SPF record of the envelope's domain says of the relay.

use std::net::IpAddr;

use super::{
    dns::Dns,
    known_services::KnownService,
    report::Finding,
    spf::{Judgement, Qualifier, SpfTree, is_spf},
};

/// What was found.
pub(super) struct SenderPolicy {
    pub finding: Finding,
    /// Whether there is a record by which a letter may pass.
    pub has_record: bool,
}

/// Judges the record of the envelope's domain; `domain` is that of `MAIL_FROM`. `relays` are the addresses
/// from which letters probably come.
pub(super) async fn check(
    dns: &Dns,
    (domain, envelope): (&str, Option<&str>),
    service: Option<&KnownService>,
    relays: &[IpAddr],
) -> SenderPolicy {
    let Some(envelope) = envelope else {
        let title = service.map_or("the provider", |service| service.title);
        let found =
            format!("{title} puts a domain of its own choice into the envelope; SPF is judged by that one");
        let finding = Finding::ok("SPF", found).advise(service.map_or("", |service| service.setup));
        return SenderPolicy { finding, has_record: false };
    };
    let none = |finding| SenderPolicy { finding, has_record: false };
    let mut records: Vec<String> = match dns.txt(envelope).await {
        Ok(records) => records.into_iter().filter(|text| is_spf(text)).collect(),
        Err(fault) => return none(Finding::unknown("SPF", format!("the records of {envelope} {fault}"))),
    };
    let text = match (records.pop(), records.len()) {
        (Some(text), 0) => text,
        (None, _) => return none(missing(domain, envelope, service, relays)),
        (Some(_), more) => {
            let found = format!("{envelope} has {} records of SPF, and receivers report an error", more + 1);
            return none(Finding::change("SPF", found).advise("join them into one"));
        }
    };
    match SpfTree::read(dns, envelope, &text).await {
        Ok(tree) => {
            let finding = judge(envelope, &tree, service, relays);
            SenderPolicy { finding, has_record: tree.faults.is_empty() }
        }
        Err(fault) => {
            none(Finding::unknown("SPF", format!("{envelope}: {text}: something that it includes {fault}")))
        }
    }
}

fn missing(domain: &str, envelope: &str, service: Option<&KnownService>, relays: &[IpAddr]) -> Finding {
    let found = format!("{envelope} has no SPF record");
    // A subdomain that the service would use once it is set up there: letters go without, unaligned.
    if envelope != domain {
        return Finding::unknown("SPF", found).advise(service.map_or("", |service| service.setup));
    }
    let allowed = match (service.and_then(|service| service.include), relays) {
        (Some(include), _) => format!("include:{include}"),
        (None, []) => "ip4:ADDRESS-OF-THE-RELAY".to_owned(),
        (None, relays) => relays.iter().map(term).collect::<Vec<_>>().join(" "),
    };
    Finding::change("SPF", found).advise(format!("publish the TXT record {envelope}: v=spf1 {allowed} -all"))
}

fn term(address: &IpAddr) -> String {
    if address.is_ipv4() { format!("ip4:{address}") } else { format!("ip6:{address}") }
}

fn judge(envelope: &str, tree: &SpfTree, service: Option<&KnownService>, relays: &[IpAddr]) -> Finding {
    let found = format!("{envelope}: {}", tree.text);
    if let Some(fault) = tree.faults.first() {
        return Finding::change("SPF", format!("{found}: {fault}"))
            .advise("correct the record: receivers report an error, and no letter passes");
    }
    if tree.passes_all() {
        return Finding::change("SPF", format!("{found}: it lets everybody send in this domain's name"))
            .advise("end it in -all or ~all");
    }
    let include = service.and_then(|service| service.include);
    if let (Some(service), Some(include)) = (service, include) {
        let is_included = tree.includes.iter().any(|domain| domain == include);
        return if is_included {
            ending(Finding::ok("SPF", format!("{found}: it includes {include}")), tree)
        } else {
            Finding::change("SPF", format!("{found}: it does not include {include}"))
                .advise(format!("add include:{include}, which {} sends from", service.title))
        };
    }
    if service.is_some() {
        return ending(Finding::ok("SPF", found), tree);
    }
    let refused = relays.iter().map(|address| (address, tree.judge(*address)));
    let refused: Vec<_> =
        refused.filter(|(_, judgement)| *judgement != Judgement::Is(Qualifier::Pass)).collect();
    match (relays, refused.first()) {
        ([], _) => ending(Finding::ok("SPF", found), tree)
            .advise("see that it names the address from which the relay delivers; that is not known here"),
        (_, Some((address, judgement))) => {
            Finding::unknown("SPF", format!("{found}: {address} {}", said(*judgement)))
                .advise(format!("if the relay delivers from there, add {}", term(address)))
        }
        (addresses, None) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            ending(Finding::ok("SPF", format!("{found}: {} may send", addresses.join(", "))), tree)
        }
    }
}

/// The same finding; a record that says nothing of others is better than none.
fn ending(finding: Finding, tree: &SpfTree) -> Finding {
    match tree.otherwise() {
        Qualifier::Neutral => finding.advise("end it in -all or ~all: as it is, it says nothing of others"),
        Qualifier::Pass | Qualifier::Fail | Qualifier::SoftFail => finding,
    }
}

fn said(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Is(Qualifier::Pass) => "may send",
        Judgement::Is(Qualifier::Fail) => "may not send (fail)",
        Judgement::Is(Qualifier::SoftFail) => "should not send (softfail)",
        Judgement::Is(Qualifier::Neutral) => "is not named (neutral)",
        Judgement::Depends => "may send or not, by a macro in the record",
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{known_services::by_relay, report::Verdict},
        *,
    };

    async fn found(zone: &str, relay: Option<&str>, relays: &[&str]) -> Finding {
        let relays: Vec<IpAddr> = relays.iter().map(|address| address.parse().unwrap()).collect();
        let domains = ("example.com", Some("example.com"));
        check(&Dns::fixed(zone), domains, relay.and_then(by_relay), &relays).await.finding
    }

    #[tokio::test]
    async fn a_relay_of_ones_own_is_judged_by_its_address() {
        let relay = &["192.0.2.25"][..];
        for (zone, relays, verdict, words) in [
            ("example.com TXT v=spf1 ip4:192.0.2.25 -all", relay, Verdict::Ok, "192.0.2.25 may send"),
            ("example.com TXT v=spf1 ip4:192.0.2.26 -all", relay, Verdict::Unknown, "may not send (fail)"),
            ("example.com TXT v=spf1 ip4:192.0.2.26 ~all", relay, Verdict::Unknown, "should not send"),
            ("example.com TXT v=spf1 ip4:192.0.2.26", relay, Verdict::Unknown, "is not named"),
            ("example.com TXT v=spf1 exists:%{i}.x.example -all", relay, Verdict::Unknown, "by a macro"),
            (
                "example.com TXT v=spf1 mx -all\nexample.com MX 1 m.example\nm.example A 192.0.2.1",
                &[],
                Verdict::Ok,
                "mx",
            ),
            ("example.com TXT v=spf1 +all", relay, Verdict::Change, "everybody"),
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
        ] {
            let zone = format!("example.com TXT {record}\n{google}");
            let finding = found(&zone, Some("smtp.gmail.com"), &[]).await;
            assert!(finding.verdict == verdict && finding.found.contains(words), "{finding:?}");
        }
        let advice = found("", Some("smtp.gmail.com"), &[]).await.advice;
        assert!(advice.ends_with("v=spf1 include:_spf.google.com -all"), "{advice}");
    }
}
