use super::*;

async fn tree(zone: &str) -> SpfTree {
    let dns = Dns::fixed(zone);
    let text = dns.txt("example.com").await.unwrap().remove(0);
    SpfTree::read(&dns, "example.com", &text).await.unwrap()
}

fn of(tree: &SpfTree, address: &str) -> Judgement {
    tree.judge(address.parse().unwrap())
}

#[tokio::test]
async fn each_term_matches_what_it_names() {
    let tree = tree(
        "example.com TXT v=spf1 a/24 mx include:_spf.example.net -ip4:203.0.113.9 ip4:203.0.113.0/24 ~all
        example.com A 192.0.2.1
        example.com MX 10 mail.example.com
        mail.example.com AAAA 2001:db8::25
        _spf.example.net TXT v=spf1 ip4:198.51.100.7 -all",
    )
    .await;
    for (address, qualifier) in [
        ("192.0.2.200", Qualifier::Pass),
        ("2001:db8::25", Qualifier::Pass),
        ("2001:db8::26", Qualifier::SoftFail),
        ("198.51.100.7", Qualifier::Pass),
        // The `-all` of an included record is no answer of the whole.
        ("198.51.100.8", Qualifier::SoftFail),
        ("203.0.113.9", Qualifier::Fail),
        ("203.0.113.10", Qualifier::Pass),
    ] {
        assert_eq!(of(&tree, address), Judgement::Is(qualifier), "{address}");
    }
    assert_eq!((tree.lookups, tree.faults.len()), (3, 0), "{:?}", tree.faults);
    assert_eq!(tree.includes, ["_spf.example.net"]);
    assert_eq!((tree.otherwise(), tree.passes_all()), (Qualifier::SoftFail, false));
}

#[tokio::test]
async fn a_redirect_answers_for_the_rest() {
    let tree = tree(
        "example.com TXT v=spf1 ip4:192.0.2.1 redirect=_spf.example.com
        _spf.example.com TXT v=spf1 ip4:192.0.2.2 -all",
    )
    .await;
    assert_eq!(of(&tree, "192.0.2.2"), Judgement::Is(Qualifier::Pass));
    assert_eq!((of(&tree, "192.0.2.3"), tree.otherwise()), (Judgement::Is(Qualifier::Fail), Qualifier::Fail));
}

#[tokio::test]
async fn what_depends_on_more_than_the_address_is_not_guessed() {
    let tree = tree("example.com TXT v=spf1 exists:%{i}._spf.example.com ip4:192.0.2.1 -all").await;
    assert_eq!(of(&tree, "192.0.2.1"), Judgement::Is(Qualifier::Pass));
    assert_eq!(of(&tree, "192.0.2.2"), Judgement::Depends);
}

#[tokio::test]
async fn all_that_lets_everybody_pass_is_seen() {
    for record in ["+all", "all", "ip4:0.0.0.0/0 -all", "include:open.example -all", "redirect=open.example"]
    {
        let zone = format!("example.com TXT v=spf1 {record}\nopen.example TXT v=spf1 all");
        assert!(tree(&zone).await.passes_all(), "{record}");
    }
    assert!(!tree("example.com TXT v=spf1 ?all").await.passes_all());
}

#[tokio::test]
async fn too_many_lookups_and_circles_end() {
    let zone: String =
        (0..11).fold("example.com TXT v=spf1".to_owned(), |zone, n| format!("{zone} include:s{n}.example"));
    let zone = (0..11).fold(zone, |zone, n| format!("{zone}\ns{n}.example TXT v=spf1 -all"));
    let counted = tree(&zone).await;
    assert_eq!(counted.lookups, 11);
    assert!(counted.faults[0].contains("11 look-ups"), "{:?}", counted.faults);

    let circle = tree("example.com TXT v=spf1 include:example.com include:example.com -all").await;
    assert!(circle.faults[0].contains("or more look-ups"), "{:?}", circle.faults);
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
        ("example.com TXT v=spf1 a:a.example a:b.example a:c.example -all", "3 of its look-ups find nothing"),
    ] {
        let tree = tree(zone).await;
        assert!(tree.faults.iter().any(|fault| fault.contains(words)), "{zone}: {:?}", tree.faults);
    }
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_no_fault_of_the_record() {
    let dns = Dns::fixed("_spf.example.net TXT !");
    let fault = SpfTree::read(&dns, "example.com", "v=spf1 include:_spf.example.net -all").await.unwrap_err();
    assert!(fault.to_string().contains("could not be looked up"), "{fault}");
}
