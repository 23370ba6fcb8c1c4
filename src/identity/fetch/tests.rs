use std::net::IpAddr;

use super::*;

fn resolver(allow_private: bool, allow_loopback: bool) -> Resolver {
    Resolver { allow_private, allow_loopback }
}

#[test]
fn private_addresses_are_not_called_whatever_the_name_is() {
    let may = |resolver: &Resolver, address: &str| {
        resolver.may_call(&SocketAddr::new(address.parse::<IpAddr>().unwrap(), 443))
    };
    for (address, strict, loopback) in [
        ("1.1.1.1", true, true),
        ("127.0.0.1", false, true),
        ("::1", false, true),
        ("::ffff:127.0.0.1", false, true),
        ("10.0.0.1", false, false),
        ("169.254.169.254", false, false),
        ("fd00::1", false, false),
    ] {
        assert_eq!(may(&resolver(false, false), address), strict, "{address}");
        assert_eq!(may(&resolver(false, true), address), loopback, "{address}");
        assert!(may(&resolver(true, false), address), "{address}");
    }
}

#[tokio::test]
async fn a_name_is_judged_by_where_it_leads() {
    let resolve = async |resolver: Resolver| resolver.resolve("localhost".parse().unwrap()).await;
    let error = resolve(resolver(false, false)).await.err().unwrap();
    assert!(error.to_string().contains("private addresses"), "{error}");
    assert!(resolve(resolver(false, true)).await.is_ok());
    assert!(resolve(resolver(true, false)).await.is_ok());
}
