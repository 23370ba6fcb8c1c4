use super::*;
use actix_web::test::TestRequest;

const UNKNOWN: Hop = Hop::Unknown;
const UNREADABLE: Hop = Hop::Unreadable;

fn address(text: &str) -> Hop {
    Hop::Address(text.parse().unwrap())
}

#[test]
fn a_hop_in_every_spelling() {
    for (text, hop) in [
        ("203.0.113.7", address("203.0.113.7")),
        (" 203.0.113.7 ", address("203.0.113.7")),
        ("203.0.113.7:4711", address("203.0.113.7")),
        ("203.0.113.7:_hidden", address("203.0.113.7")),
        ("\"203.0.113.7:4711\"", address("203.0.113.7")),
        ("2001:db8::7", address("2001:db8::7")),
        ("[2001:db8::7]", address("2001:db8::7")),
        ("[2001:db8::7]:4711", address("2001:db8::7")),
        ("\"[2001:db8::7]:4711\"", address("2001:db8::7")),
        ("fe80::7%eth0", address("fe80::7")),
        ("[fe80::7%25eth0]:80", address("fe80::7")),
        ("::ffff:203.0.113.7", address("::ffff:203.0.113.7")),
        ("unknown", UNKNOWN),
        ("UNKNOWN", UNKNOWN),
        ("unknown:80", UNKNOWN),
        ("_gazonk", UNKNOWN),
        ("\"_gazonk:_port\"", UNKNOWN),
    ] {
        assert_eq!(node(text), hop, "{text}");
    }
    for text in [
        "",
        "x",
        "203.0.113",
        "203.0.113.7:",
        "203.0.113.7:x",
        "203.0.113.7:99999",
        "[2001:db8::7",
        "[]",
        "[x]:1",
        "[::1]x",
    ] {
        assert_eq!(node(text), UNREADABLE, "{text}");
    }
}

#[test]
fn lists_of_hops() {
    assert_eq!(list("203.0.113.7, ,[::1]:5 ,"), [address("203.0.113.7"), address("::1")]);
    let elements = concat!(
        r#"for=203.0.113.7;proto=https, For="[2001:db8::7]:1";by="a,b;for=9.9.9.9", by=1.2.3.4, for=_x , "#,
        r#"for, ,"#
    );
    let expected = [address("203.0.113.7"), address("2001:db8::7"), UNKNOWN, UNKNOWN, UNREADABLE];
    assert_eq!(forwarded(elements), expected);
    assert_eq!(forwarded(r#"for="a\",b";host=x"#), [UNREADABLE]);
    for repeated in [
        "for=6.6.6.6;for=203.0.113.8",
        "for=203.0.113.8;for=203.0.113.8",
        "for=6.6.6.6;proto=https; FOR =203.0.113.8",
        "for=203.0.113.8;proto=https;Proto=http",
        "by=1.1.1.1;by=2.2.2.2",
        "for=203.0.113.8;nonsense",
    ] {
        assert_eq!(forwarded(repeated), [UNREADABLE], "{repeated}");
        assert_eq!(forwarded(&format!("{repeated}, for=203.0.113.9")), [UNREADABLE, address("203.0.113.9")]);
    }
}

fn client(trusted: &[&str], peer: &str, headers: &[(&str, &str)]) -> (String, ClientAddresses) {
    let addresses = ClientAddresses::new(trusted.iter().map(|network| network.parse().unwrap()).collect());
    let request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
    let request =
        headers.iter().fold(request, |request, header| request.append_header(*header)).to_srv_request();
    let client = addresses.of(&request);
    assert_eq!(client_address(request.request()), client);
    (client.address().to_string(), addresses)
}

#[test]
fn headers_are_believed_as_far_as_their_writers_are_trusted() {
    const TRUSTED: &[&str] = &["10.0.0.0/8", "::1/128"];
    let x = "x-forwarded-for";
    for (peer, headers, expected) in [
        ("10.0.0.1", vec![], "10.0.0.1"),
        ("10.0.0.1", vec![(x, "203.0.113.7")], "203.0.113.7"),
        ("10.0.0.1", vec![(x, "203.0.113.7:443")], "203.0.113.7"),
        ("10.0.0.1", vec![(x, "1.1.1.1, 203.0.113.7, 10.0.0.2")], "203.0.113.7"),
        ("10.0.0.1", vec![(x, "1.1.1.1"), (x, "203.0.113.7")], "203.0.113.7"),
        ("10.0.0.1", vec![(x, "10.0.0.3")], "10.0.0.3"),
        ("10.0.0.1", vec![(x, "1.1.1.1, unknown")], "10.0.0.1"),
        ("10.0.0.1", vec![(x, "1.1.1.1, nonsense")], "10.0.0.1"),
        ("10.0.0.1", vec![(x, "nonsense, 203.0.113.7")], "203.0.113.7"),
        ("10.0.0.1", vec![("forwarded", "for=1.1.1.1, for=203.0.113.7")], "203.0.113.7"),
        ("10.0.0.1", vec![("forwarded", "for=6.6.6.6;for=203.0.113.8")], "10.0.0.1"),
        ("[::1]", vec![("forwarded", "for=\"[2001:db8::7]:80\"")], "2001:db8::7"),
        ("10.0.0.1", vec![(x, "203.0.113.7"), ("forwarded", "for=203.0.113.7")], "203.0.113.7"),
        // Either may be the client's own invention.
        ("10.0.0.1", vec![(x, "203.0.113.7"), ("forwarded", "for=1.1.1.1")], "10.0.0.1"),
        ("203.0.113.9", vec![(x, "1.1.1.1"), ("forwarded", "for=1.1.1.1")], "203.0.113.9"),
        ("[::ffff:10.0.0.1]", vec![(x, "::ffff:203.0.113.7")], "203.0.113.7"),
    ] {
        assert_eq!(client(TRUSTED, peer, &headers).0, expected, "{peer} {headers:?}");
    }
}
