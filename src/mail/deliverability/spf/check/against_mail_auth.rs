//! The results of this evaluation beside those of the crate `mail-auth`.

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use mail_auth::{MessageAuthenticator, SpfResult, spf::verify::SpfParameters};

use super::*;
use crate::mail::testing::name_server::NameServer;

const HELO: &str = "mx.example.org";
/// Without those where `mail-auth` 0.11 differs from the standard: `exists` also matches by AAAA there, a
/// macro in `ptr` matches no name, and a name without a dot is no error.
const TERMS: [&str; 18] = [
    "a",
    "a/24",
    "-a:%{l}.hosts.example",
    "a:%{d1r}.hosts.example/28",
    "mx",
    "~mx//64",
    "mx:other.example",
    "ip4:192.0.2.0/28",
    "-ip4:192.0.2.3",
    "?ip6:2001:db8::/64",
    "include:inc.example",
    "include:%{v}.inc.example",
    "-include:%{o}.missing.example",
    "exists:%{ir}.%{v}.ex.example",
    "~exists:%{l1r-}.%{h}.ex.example",
    "ptr",
    "-ptr:names.example",
    "?all",
];
const HOSTS: &str = "strong-bad.hosts.example A 192.0.2.77
    com.hosts.example A 192.0.2.1
    mx.example.com A 192.0.2.9
    mx.example.com AAAA 2001:db8::9
    other.example MX 10 m.other.example
    m.other.example A 203.0.113.5
    m.other.example AAAA 2001:db8:1::1
    inc.example TXT v=spf1 ip4:203.0.113.0/24 -ip6:2001:db8::/32 redirect=more.example
    more.example TXT v=spf1 exists:%{i}.more.example ?all
    192.0.2.77.more.example A 127.0.0.2
    in-addr.inc.example TXT v=spf1 -ip4:203.0.113.5 all
    ip6.inc.example TXT v=spf1 mx:other.example ~all
    3.2.0.192.in-addr.ex.example A 127.0.0.2
    strong.mx.example.org.ex.example A 127.0.0.2
    3.2.0.192.in-addr.arpa PTR host.names.example
    host.names.example A 192.0.2.3
    77.2.0.192.in-addr.arpa PTR forged.names.example
    forged.names.example A 192.0.2.78
    5.113.0.203.in-addr.arpa PTR here.example.com
    here.example.com A 203.0.113.5";

fn peer(server: &NameServer) -> MessageAuthenticator {
    let mut way = ConnectionConfig::udp();
    way.port = server.address.port();
    let servers = vec![NameServerConfig::new(server.address.ip(), true, vec![way])];
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    MessageAuthenticator::new(config, ResolverOpts::default()).unwrap()
}

fn result(judgement: &Judgement) -> SpfResult {
    match judgement {
        Judgement::Is(Qualifier::Pass) => SpfResult::Pass,
        Judgement::Is(Qualifier::Fail) => SpfResult::Fail,
        Judgement::Is(Qualifier::SoftFail) => SpfResult::SoftFail,
        Judgement::Is(Qualifier::Neutral) => SpfResult::Neutral,
        Judgement::Error(_) => SpfResult::PermError,
        Judgement::Unavailable(_) => SpfResult::TempError,
        Judgement::DependsOnHelo => SpfResult::None,
    }
}

#[tokio::test]
async fn all_pairs_of_terms_have_the_same_result() {
    let mut zone = HOSTS.to_owned();
    let mut records = Vec::new();
    for first in TERMS {
        for second in TERMS {
            let (domain, text) =
                (format!("r{}.example.com", records.len()), format!("v=spf1 {first} {second} -all"));
            for record in [format!("TXT {text}"), "A 192.0.2.3".to_owned(), "MX 10 mx.example.com".to_owned()]
            {
                zone.extend(["\n", &domain, " ", &record]);
            }
            records.push((domain, text));
        }
    }
    let server = NameServer::start(&zone);
    let peer = peer(&server);
    let mut different = Vec::new();
    let mut passed = 0;
    for (domain, text) in &records {
        // Each has a minute.
        let dns = Dns::new(&[server.address]);
        for address in ["192.0.2.3", "192.0.2.77", "203.0.113.5", "2001:db8::9", "2001:db8:1::1"] {
            let (address, sender) = (address.parse().unwrap(), format!("strong-bad@{domain}"));
            let delivery = Delivery { address, sender: &sender, helo: Some(HELO) };
            let ours = check_host(&dns, domain, text, &delivery).await;
            let theirs = SpfParameters::verify_mail_from(address, HELO, "receiver.example", &sender);
            let theirs = peer.verify_spf(theirs).await.result();
            passed += usize::from(ours.passes());
            if result(&ours) != theirs {
                different.push(format!("{text} from {address}: {ours:?}, not {theirs:?}"));
            }
        }
    }
    assert!(different.is_empty(), "{} of {}: {different:#?}", different.len(), 5 * records.len());
    assert!((300..1400).contains(&passed), "{passed} pass");
}
