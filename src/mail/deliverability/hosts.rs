//! The hosts behind the letters: where answers arrive, and which name an address has.

use std::net::IpAddr;

use super::{dns::Dns, report::Finding};

/// Whether answers and bounces to this domain arrive (RFC 5321 §5.1, RFC 7505).
pub(super) async fn mail_hosts(dns: &Dns, domain: &str, variable: &str) -> Finding {
    let what = format!("MX of {variable}");
    let hosts = match dns.mx(domain).await {
        Ok(hosts) => hosts,
        Err(fault) => return Finding::unknown(what, format!("the MX records of {domain} {fault}")),
    };
    if hosts.iter().any(String::is_empty) {
        return Finding::change(what, format!("{domain} accepts no mail (a null MX)")).advise(
            "answers and bounces get lost, and receivers may refuse such a sender: publish an MX record",
        );
    }
    let Some(host) = hosts.first() else {
        return match dns.addresses(domain).await {
            Ok(addresses) if addresses.is_empty() => {
                Finding::change(what, format!("{domain} has neither MX nor address")).advise(
                    "answers and bounces get lost, and receivers refuse such a sender: publish an MX record",
                )
            }
            Ok(_) => Finding::ok(what, format!("none; mail goes to the address of {domain} itself"))
                .advise("if no mail server is there, publish an MX record"),
            Err(fault) => Finding::unknown(what, format!("the addresses of {domain} {fault}")),
        };
    };
    match dns.addresses(host).await {
        Ok(addresses) if addresses.is_empty() => {
            Finding::change(what, format!("{domain}: {host}, which has no address"))
                .advise("correct the MX record")
        }
        Ok(_) => Finding::ok(what, format!("{domain}: {}", hosts.join(", "))),
        Err(fault) => Finding::unknown(what, format!("the addresses of {host} {fault}")),
    }
}

/// Whether an address has a name that leads back to it, as most receivers ask of those who deliver.
pub(super) async fn reverse_name(dns: &Dns, address: IpAddr, what: &str) -> Finding {
    let names = match dns.names(address).await {
        Ok(names) => names,
        Err(fault) => return Finding::unknown(what, format!("the name of {address} {fault}")),
    };
    if names.is_empty() {
        return Finding::change(what, format!("{address} has no name (PTR)")).advise(
            "have whoever the address belongs to set one; receivers refuse mail from addresses without",
        );
    }
    // A name server of others may name any number.
    for name in names.iter().take(5) {
        match dns.addresses(name).await {
            Ok(addresses) if addresses.contains(&address) => {
                return Finding::ok(what, format!("{address} is {name}, and {name} is {address}"));
            }
            Ok(_) => {}
            Err(fault) => return Finding::unknown(what, format!("the addresses of {name} {fault}")),
        }
    }
    Finding::change(what, format!("{address} is {}, which has other addresses", names.join(", ")))
        .advise(format!("publish {address} as an address of that name"))
}

/// Whether the name in EHLO is one that others can look up.
pub(super) async fn ehlo_name(dns: &Dns, name: &str) -> Finding {
    let what = "EHLO name";
    if name.starts_with('[') {
        return Finding::ok(what, format!("{name}, an address"))
            .advise("a relay that asks for a name: MAIL_HELO");
    }
    match dns.addresses(name).await {
        Ok(addresses) if addresses.is_empty() => Finding::change(what, format!("{name} has no address"))
            .advise("set MAIL_HELO to a name that has one"),
        Ok(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            Finding::ok(what, format!("{name} is {}", addresses.join(", ")))
        }
        Err(fault) => Finding::unknown(what, format!("{name} {fault}")),
    }
}

/// Whether an address is one of the internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            // RFC 6598: between a provider and its customers.
            let is_shared = matches!(v4.octets(), [100, 64..=127, ..]);
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || is_shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::report::Verdict, *};

    #[tokio::test]
    async fn answers_need_a_host() {
        for (zone, verdict, words) in [
            (
                "example.com MX 20 b.example.com\nexample.com MX 10 a.example.com\na.example.com A 192.0.2.1",
                Verdict::Ok,
                "a.example.com, b.example.com",
            ),
            ("example.com MX 10 a.example.com", Verdict::Change, "which has no address"),
            ("example.com MX 0 .", Verdict::Change, "a null MX"),
            ("example.com A 192.0.2.1", Verdict::Ok, "itself"),
            ("", Verdict::Change, "neither MX nor address"),
            ("example.com MX !", Verdict::Unknown, "could not be looked up"),
            ("example.com AAAA !", Verdict::Unknown, "could not be looked up"),
        ] {
            let finding = mail_hosts(&Dns::fixed(zone), "example.com", "MAIL_FROM").await;
            assert!(finding.verdict == verdict && finding.found.contains(words), "{zone}: {finding:?}");
        }
    }

    #[tokio::test]
    async fn a_name_leads_back_to_its_address() {
        let reverse = "25.2.0.192.in-addr.arpa PTR mail.example.com";
        for (zone, verdict, words) in [
            (
                format!("{reverse}\nmail.example.com A 192.0.2.25"),
                Verdict::Ok,
                "192.0.2.25 is mail.example.com, and",
            ),
            (
                format!("{reverse}\nmail.example.com A 192.0.2.26"),
                Verdict::Change,
                "which has other addresses",
            ),
            (reverse.to_owned(), Verdict::Change, "which has other addresses"),
            (String::new(), Verdict::Change, "has no name"),
            ("25.2.0.192.in-addr.arpa PTR !".to_owned(), Verdict::Unknown, "could not"),
        ] {
            let finding = reverse_name(&Dns::fixed(&zone), "192.0.2.25".parse().unwrap(), "PTR").await;
            assert!(finding.verdict == verdict && finding.found.contains(words), "{zone}: {finding:?}");
        }
        let v6 = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR m.example\n\
            m.example AAAA 2001:db8::25";
        let finding = reverse_name(&Dns::fixed(v6), "2001:db8::25".parse().unwrap(), "PTR").await;
        assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
    }

    #[tokio::test]
    async fn the_ehlo_name_has_an_address() {
        let dns = Dns::fixed("mail.example.com A 192.0.2.25");
        for (name, verdict) in [
            ("mail.example.com", Verdict::Ok),
            ("[192.0.2.25]", Verdict::Ok),
            ("box.example.com", Verdict::Change),
        ] {
            assert_eq!(ehlo_name(&dns, name).await.verdict, verdict, "{name}");
        }
    }

    #[test]
    fn private_addresses_are_not_looked_up() {
        for (address, public) in [
            ("192.0.2.1", true),
            ("10.0.0.1", false),
            ("127.0.0.1", false),
            ("100.64.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("2001:db8::1", true),
            ("fd00::1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
