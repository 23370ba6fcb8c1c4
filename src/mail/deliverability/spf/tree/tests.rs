use super::*;

async fn tree(zone: &str) -> SpfTree {
    let dns = Dns::fixed(zone);
    let text = dns.txt("example.com").await.unwrap().remove(0);
    SpfTree::read(&dns, "example.com", &text).await.unwrap()
}

#[tokio::test]
async fn what_it_includes_and_needs_is_counted() {
    let tree = tree(
        "example.com TXT v=spf1 a/24 mx include:_spf.example.net exists:%{i}._spf.%{d} -ip4:203.0.113.9 ~all
        example.com A 192.0.2.1
        example.com MX 10 mail.example.com
        mail.example.com AAAA 2001:db8::25
        _spf.example.net TXT v=spf1 ip4:198.51.100.7 include:%{d}.more.%{o} -all
        _spf.example.net.more.example.com TXT v=spf1 -all",
    )
    .await;
    assert_eq!((tree.lookups, tree.faults.len()), (5, 0), "{:?}", tree.faults);
    assert_eq!(tree.includes, ["_spf.example.net", "_spf.example.net.more.example.com"]);
    assert_eq!((tree.otherwise(), tree.passes_all()), (Qualifier::SoftFail, false));
    assert!(tree.has_open_terms() && !tree.has_ptr);
    let samples = ["192.0.2.0", "2001:db8::25", "198.51.100.7"].map(|text| text.parse::<IpAddr>().unwrap());
    assert_eq!(tree.samples(), samples);
}

#[tokio::test]
async fn a_redirect_answers_for_the_rest() {
    let zone = "example.com TXT v=spf1 ip4:192.0.2.1 redirect=_spf.example.com
        _spf.example.com TXT v=spf1 ptr -all";
    let tree = tree(zone).await;
    assert_eq!((tree.otherwise(), tree.has_ptr), (Qualifier::Fail, true));
    assert!(tree.has_open_terms());
}

#[tokio::test]
async fn all_that_lets_everybody_pass_is_seen() {
    for record in [
        "+all",
        "all",
        "ip4:0.0.0.0/0 -all",
        "exists:there.example -all",
        "include:open.example -all",
        "redirect=open.example",
        "redirect=%{d}.open.example",
    ] {
        let zone = format!(
            "example.com TXT v=spf1 {record}\nopen.example TXT v=spf1 all\nthere.example A 127.0.0.2\n\
            example.com.open.example TXT v=spf1 all"
        );
        assert!(tree(&zone).await.passes_all(), "{record}");
    }
    for record in ["?all", "-exists:there.example", "exists:absent.example -all"] {
        let zone = format!("example.com TXT v=spf1 {record}\nthere.example A 127.0.0.2");
        assert!(!tree(&zone).await.passes_all(), "{record}");
    }
}

#[tokio::test]
async fn too_many_lookups_and_circles_end() {
    let zone: String =
        (0..11).fold("example.com TXT v=spf1".to_owned(), |zone, n| format!("{zone} include:s{n}.example"));
    let zone = (0..11).fold(zone, |zone, n| format!("{zone}\ns{n}.example TXT v=spf1 -all"));
    let counted = tree(&zone).await;
    assert_eq!(counted.lookups, 11);
    assert!(counted.faults[0].contains("11 look-ups"), "{:?}", counted.faults);

    let open = format!("example.com TXT v=spf1{}", " exists:%{i}.example".repeat(11));
    assert!(tree(&open).await.faults[0].contains("11 look-ups"));

    for circle in ["include:example.com include:example.com -all", "redirect=%{d}"] {
        let circle = tree(&format!("example.com TXT v=spf1 {circle}")).await;
        assert!(circle.faults[0].contains("or more look-ups"), "{:?}", circle.faults);
    }
}

#[tokio::test]
async fn errors_of_receivers_are_named() {
    for (zone, words) in [
        (
            "example.com TXT v=spf1 include:none.example -all",
            "none.example is included and has no SPF record",
        ),
        (
            "example.com TXT v=spf1 include:two.example -all
            two.example TXT v=spf1 -all
            two.example TXT v=spf1 ~all",
            "two.example is included and has 2 SPF records",
        ),
        ("example.com TXT v=spf1 ip4:example.com -all", "\"ip4:example.com\" is no term of SPF"),
        ("example.com TXT v=spf1 exists:%{i -all", "\"exists:%{i\" is no term of SPF"),
        ("example.com TXT v=spf1 a:a.example a:b.example a:c.example -all", "3 of its look-ups find nothing"),
    ] {
        let tree = tree(zone).await;
        assert!(tree.faults.iter().any(|fault| fault.contains(words)), "{zone}: {:?}", tree.faults);
    }
    let hosts: Vec<String> = (0..11).map(|n| format!("\nexample.com MX {n} m{n}.example")).collect();
    let tree = tree(&format!("example.com TXT v=spf1 mx -all{}", hosts.concat())).await;
    assert!(tree.faults[0].contains("11 hosts, and 10 are the most"), "{:?}", tree.faults);
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_no_fault_of_the_record() {
    let dns = Dns::fixed("_spf.example.net TXT !");
    let fault = SpfTree::read(&dns, "example.com", "v=spf1 include:_spf.example.net -all").await.unwrap_err();
    assert!(fault.to_string().contains("could not be looked up"), "{fault}");
}
