use super::{
    Judgement::Is,
    Qualifier::{Fail, Neutral, Pass, SoftFail},
    *,
};

const SENDER: &str = "strong-bad@email.example.com";

fn from(address: &str) -> Delivery<'static> {
    Delivery { address: address.parse().unwrap(), sender: SENDER, helo: Some("mx.example.org") }
}

/// What the record of example.com in this zone says of a letter.
async fn judged(zone: &str, delivery: Delivery<'_>) -> Judgement {
    let dns = Dns::fixed(zone);
    let text = dns.txt("example.com").await.unwrap().remove(0);
    check_host(&dns, "example.com", &text, &delivery).await
}

async fn of(zone: &str, address: &str) -> Judgement {
    judged(zone, from(address)).await
}

async fn error(zone: &str) -> String {
    match of(zone, "192.0.2.3").await {
        Judgement::Error(reason) => reason,
        other => panic!("{zone}: {other:?}"),
    }
}

#[tokio::test]
async fn each_term_matches_what_it_names() {
    let zone =
        "example.com TXT v=spf1 a/24 mx include:_spf.example.net -ip4:203.0.113.9 ip4:203.0.113.0/24 ~all
        example.com A 192.0.2.1
        example.com MX 10 mail.example.com
        mail.example.com AAAA 2001:db8::25
        _spf.example.net TXT v=spf1 ip4:198.51.100.7 -all";
    for (address, qualifier) in [
        ("192.0.2.200", Pass),
        ("::ffff:192.0.2.200", Pass),
        ("198.51.100.7", Pass),
        // The `-all` of an included record is no answer of the whole.
        ("198.51.100.8", SoftFail),
        ("203.0.113.9", Fail),
        ("203.0.113.10", Pass),
    ] {
        assert_eq!(of(zone, address).await, Is(qualifier), "{address}");
    }
    let mx = "example.com TXT v=spf1 mx ~all\nexample.com MX 1 m.example\nm.example AAAA 2001:db8::25";
    assert_eq!(of(mx, "2001:db8::25").await, Is(Pass));
    assert_eq!(of(mx, "2001:db8::26").await, Is(SoftFail));
    assert_eq!(of("example.com TXT v=spf1", "192.0.2.3").await, Is(Neutral));
    assert_eq!(of("example.com TXT v=spf1 mx -all\nexample.com MX 0 .", "192.0.2.3").await, Is(Fail));
}

#[tokio::test]
async fn a_redirect_answers_for_the_rest() {
    let zone = "example.com TXT v=spf1 ip4:192.0.2.1 redirect=_spf.%{d}
        _spf.example.com TXT v=spf1 ip4:192.0.2.2 -all";
    assert_eq!(of(zone, "192.0.2.2").await, Is(Pass));
    assert_eq!(of(zone, "192.0.2.3").await, Is(Fail));
}

/// The macros of RFC 7208 §7.4, and those of its appendix A.4.
#[tokio::test]
async fn exists_asks_for_the_name_that_the_macros_make() {
    for (term, name) in [
        ("exists:%{ir}.%{l1r+-}._spf.%{d}", "3.2.0.192.strong._spf.example.com"),
        ("exists:%{l}._spf.%{d}", "strong-bad._spf.example.com"),
        ("exists:%{ir}.%{v}._spf.%{o2}", "3.2.0.192.in-addr._spf.example.com"),
        ("exists:%{h}.helo.example", "mx.example.org.helo.example"),
        ("exists:%{p2}.names.example", "example.net.names.example"),
        ("exists:%{S}.escaped.example", "strong-bad%40email.example.com.escaped.example"),
        ("exists:%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
    ] {
        let names = "3.2.0.192.in-addr.arpa PTR mail.example.net\nmail.example.net A 192.0.2.3";
        let record = format!("example.com TXT v=spf1 {term} -all\n{names}");
        assert_eq!(of(&record, "192.0.2.3").await, Is(Fail), "{term}");
        let zone = format!("{record}\n{name} A 127.0.0.2");
        assert_eq!(of(&zone, "192.0.2.3").await, Is(Pass), "{term}");
    }
    // By A for a letter that comes by IPv6, too (§5.7).
    let zone = "example.com TXT v=spf1 exists:%{i}.x.example -all
        2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.x.example A 127.0.0.2";
    assert_eq!(of(zone, "2001:db8::1").await, Is(Pass));
    assert_eq!(of(zone, "2001:db8::2").await, Is(Fail));
}

#[tokio::test]
async fn includes_and_hosts_may_have_macros() {
    let zone = "example.com TXT v=spf1 include:%{ir}.%{d}.hosted.example a:%{l}.%{d}/28 -all
        3.2.0.192.example.com.hosted.example TXT v=spf1 a:%{d} -all
        3.2.0.192.example.com.hosted.example A 192.0.2.3
        4.2.0.192.example.com.hosted.example TXT v=spf1 -all
        17.2.0.192.example.com.hosted.example TXT v=spf1 -all
        strong-bad.example.com A 192.0.2.1";
    for (address, qualifier) in [("192.0.2.3", Pass), ("192.0.2.4", Pass), ("192.0.2.17", Fail)] {
        assert_eq!(of(zone, address).await, Is(qualifier), "{address}");
    }
    let Judgement::Error(reason) = of(zone, "192.0.2.5").await else { panic!() };
    assert_eq!(reason, "5.2.0.192.example.com.hosted.example is included and has no SPF record");
}

#[tokio::test]
async fn ptr_matches_names_that_lead_back() {
    let names = "3.2.0.192.in-addr.arpa PTR mail.example.com
        3.2.0.192.in-addr.arpa PTR notexample.com
        mail.example.com A 192.0.2.3
        notexample.com A 192.0.2.3
        4.2.0.192.in-addr.arpa PTR forged.example.com
        forged.example.com A 192.0.2.99
        5.2.0.192.in-addr.arpa PTR !";
    for (term, address, qualifier) in [
        ("ptr", "192.0.2.3", Pass),
        ("ptr:mail.example.com", "192.0.2.3", Pass),
        ("ptr:NotExample.com", "192.0.2.3", Pass),
        ("ptr:%{d}", "192.0.2.3", Pass),
        ("ptr:other.example", "192.0.2.3", Fail),
        ("ptr:le.com", "192.0.2.3", Fail),
        ("ptr", "192.0.2.4", Fail),
        // What cannot be looked up matches nothing.
        ("ptr", "192.0.2.5", Fail),
        ("ptr", "192.0.2.6", Fail),
    ] {
        let zone = format!("example.com TXT v=spf1 {term} -all\n{names}");
        assert_eq!(of(&zone, address).await, Is(qualifier), "{term} {address}");
    }
    // Ten names are looked at.
    let names = |count: usize| -> String {
        let other = (1..count).map(|n| format!("\n3.2.0.192.in-addr.arpa PTR h{n}.other.example"));
        let others = (1..count).map(|n| format!("\nh{n}.other.example A 192.0.2.3"));
        let last = "\n3.2.0.192.in-addr.arpa PTR mail.example.com\nmail.example.com A 192.0.2.3".to_owned();
        other.chain(others).chain([last]).collect()
    };
    let zone = |count| format!("example.com TXT v=spf1 ptr -all{}", names(count));
    assert_eq!(of(&zone(10), "192.0.2.3").await, Is(Pass));
    assert_eq!(of(&zone(11), "192.0.2.3").await, Is(Fail));
}

#[tokio::test]
async fn the_validated_name_is_the_domain_or_one_below_it_or_any() {
    let zone = |names: &[&str], found: &str| {
        let names =
            names.iter().map(|name| format!("\n3.2.0.192.in-addr.arpa PTR {name}\n{name} A 192.0.2.3"));
        let names: String = names.collect();
        format!("example.com TXT v=spf1 exists:%{{p}}.x.example -all{names}\n{found}.x.example A 127.0.0.2")
    };
    for (names, found) in [
        (&["other.example", "mail.example.com", "example.com"][..], "example.com"),
        (&["other.example", "mail.example.com"], "mail.example.com"),
        (&["other.example", "another.example"], "other.example"),
        (&[], "unknown"),
    ] {
        assert_eq!(of(&zone(names, found), "192.0.2.3").await, Is(Pass), "{names:?}");
    }
}

/// A text for each number below `count`, one after the other.
fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

#[tokio::test]
async fn the_limits_of_the_standard_end_an_evaluation() {
    let names = each(12, |n| format!("\nn{n}.example A 203.0.113.1"));
    let terms = |count| each(count, |n| format!(" a:n{n}.example"));
    let ten = format!("example.com TXT v=spf1{} -all{names}", terms(10));
    assert_eq!(of(&ten, "192.0.2.3").await, Is(Fail));
    let eleven = format!("example.com TXT v=spf1{} -all{names}", terms(11));
    assert_eq!(error(&eleven).await, "it needs more than 10 look-ups in the DNS");
    // What comes after a match is not evaluated.
    let before = format!("example.com TXT v=spf1 ip4:192.0.2.3{} -all{names}", terms(11));
    assert_eq!(of(&before, "192.0.2.3").await, Is(Pass));
    // The name of the address counts once.
    let with_name = |more: usize| {
        let by_name = "exists:%{p}.absent.example -exists:%{p}.there.example";
        let zone = "3.2.0.192.in-addr.arpa PTR n0.example\nunknown.there.example A 127.0.0.2";
        format!("example.com TXT v=spf1{} {by_name} +all\n{zone}{names}", terms(more))
    };
    assert_eq!(of(&with_name(7), "192.0.2.3").await, Is(Fail));
    assert_eq!(error(&with_name(8)).await, "it needs more than 10 look-ups in the DNS");

    let void = |count: usize| {
        let terms = each(count, |n| format!(" exists:%{{i}}.v{n}.example"));
        format!("example.com TXT v=spf1{terms} -all")
    };
    assert_eq!(of(&void(2), "192.0.2.3").await, Is(Fail));
    assert_eq!(error(&void(3)).await, "more than 2 of its look-ups find nothing");

    let hosts = |count| each(count, |n| format!("\nexample.com MX {n} n{n}.example"));
    let mx = |count| format!("example.com TXT v=spf1 mx -all{}{names}", hosts(count));
    assert_eq!(of(&mx(10), "192.0.2.3").await, Is(Fail));
    assert_eq!(error(&mx(11)).await, "a term mx has 11 hosts, and 10 are the most");

    for circle in ["include:%{d} -all", "redirect=%{d}", "include:%{o}.example include:example.com"] {
        let zone = format!("example.com TXT v=spf1 {circle}\nemail.example.com.example TXT v=spf1 -all");
        assert!(error(&zone).await.contains("more than 10 look-ups"), "{circle}");
    }
}

#[tokio::test]
async fn errors_and_what_is_not_known() {
    // A fault anywhere in the record is found before any term is evaluated (§4.6).
    let reason = error("example.com TXT v=spf1 ip4:192.0.2.3 exists:%{x} -all").await;
    assert_eq!(reason, "example.com: \"exists:%{x}\" is no term of SPF");
    let reason = error("example.com TXT v=spf1 include:a.example\na.example TXT v=spf1 nothing").await;
    assert_eq!(reason, "a.example: \"nothing\" is no term of SPF");
    for zone in
        ["include:%{d}.a.example -all\nexample.com.a.example TXT !", "exists:b.example\nb.example A !"]
    {
        let judged = of(&format!("example.com TXT v=spf1 {zone}"), "192.0.2.3").await;
        assert!(matches!(judged, Judgement::Unavailable(_)), "{zone}: {judged:?}");
    }
    let unnamed = Delivery { helo: None, ..from("192.0.2.3") };
    let helo = "example.com TXT v=spf1 ip4:192.0.2.4 exists:%{h}.x.example -all";
    assert_eq!(judged(helo, unnamed).await, Judgement::DependsOnHelo);
    let named = Delivery { address: "192.0.2.4".parse().unwrap(), ..unnamed };
    assert_eq!(judged(helo, named).await, Is(Pass));
}
