use crate::config::tests::read;

#[test]
fn a_public_url_is_an_origin_and_perhaps_a_base_path() {
    for (good, read_as) in [
        ("https://api.example.com", "https://api.example.com/"),
        ("https://api.example.com:443/", "https://api.example.com/"),
        ("http://[::1]:9000", "http://[::1]:9000/"),
        ("https://example.com/invite", "https://example.com/invite"),
        ("https://example.com/invite/", "https://example.com/invite"),
        ("https://example.com/a/x/../b.c/./d-e/", "https://example.com/a/b.c/d-e"),
        ("https://example.com/a/%2E%2e/invite", "https://example.com/invite"),
        ("https://example.com/invite/..", "https://example.com/"),
    ] {
        let config = read(&[("PUBLIC_URL", good)]).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(config.public_url.as_str(), read_as);
        let base = read_as.trim_end_matches('/');
        for (page, path) in [
            (&config.activation_url, "/activate"),
            (&config.password_reset_url, "/reset-password"),
            (&config.email_change_url, "/confirm-email"),
        ] {
            assert_eq!(page.page().as_str(), format!("{base}{path}"));
        }
    }
    for (wrong, because) in [
        ("https://api.example.com?x=1", "no ?"),
        ("https://api.example.com?", "no ?"),
        ("https://api.example.com/invite#x", "no #"),
        ("https://api.example.com#", "no #"),
        ("https://ada@api.example.com/invite", "user name"),
        ("https://:secret@api.example.com", "password"),
        ("ftp://api.example.com", "http://"),
        ("/invite", "is no URL"),
        ("https://example.com/in%2Fvite", "single slashes"),
        ("https://example.com/%69nvite", "letters, digits"),
        ("https://example.com//invite", "single slashes"),
        ("https://example.com/invite//", "single slashes"),
        ("https://example.com/a;b", "letters, digits"),
        ("https://example.com/één", "letters, digits"),
        ("https://example.com/{token}", "letters, digits"),
        ("https://example.com/v1", "/v1"),
        ("https://example.com/activate/invite", "/activate"),
        ("https://example.com/.well-known", "/.well-known"),
    ] {
        let faults = read(&[("PUBLIC_URL", wrong)]).err().unwrap();
        assert!(
            faults.len() == 1 && faults[0].starts_with("PUBLIC_URL: ") && faults[0].contains(because),
            "{wrong}: {faults:?}"
        );
        assert!(!faults[0].contains("secret"), "{faults:?}");
    }
}

#[test]
fn the_page_may_be_anywhere_on_the_web() {
    for (page, shown) in [
        ("https://app.example.com/join/us?from=mail", "https://app.example.com/join/us?from=mail"),
        ("https://app.example.com/#/activate?token={token}", "https://app.example.com/#/activate"),
        ("https://app.example.com/#/activate/{token}", "https://app.example.com/#/activate/"),
    ] {
        let pages = ["ACTIVATION_URL", "PASSWORD_RESET_URL", "EMAIL_CHANGE_URL"].map(|name| (name, page));
        let config = read(&pages).unwrap_or_else(|faults| panic!("{faults:?}"));
        for read in [&config.activation_url, &config.password_reset_url, &config.email_change_url] {
            assert_eq!(read.page().as_str(), shown);
        }
    }
    for (wrong, because) in [
        ("https://app.example.com/#/activate", "where the token goes"),
        ("https://app.example.com/#/activate?token={secret}", "braces"),
        ("https://app.example.com/#/{token}?token={token}", "once"),
        ("https://{token}.example.com/", "path"),
        ("https://ada:x@app.example.com/#{token}", "user name"),
        ("mailto:ada@example.com", "http://"),
        ("javascript:alert({token})", "http://"),
    ] {
        let faults = read(&[("ACTIVATION_URL", wrong)]).err().unwrap();
        let fault = &faults[0];
        assert!(fault.starts_with("ACTIVATION_URL: ") && fault.contains(because), "{wrong}: {fault}");
    }
}

#[test]
fn links_lead_to_where_the_api_listens_unless_configured_otherwise() {
    for (listens, url) in [
        ("127.0.0.1:9000", "http://127.0.0.1:9000/"),
        ("0.0.0.0:9000", "http://127.0.0.1:9000/"),
        ("[::]:9000", "http://127.0.0.1:9000/"),
        ("[::1]:9000", "http://[::1]:9000/"),
    ] {
        let config = read(&[("LISTEN_ADDR", listens)]).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(
            (config.public_url.as_str(), config.activation_url.page().as_str()),
            (url, format!("{url}activate").as_str())
        );
    }
    let bound = "0.0.0.0:4321".parse().unwrap();
    let page = |variables: &[(&str, &str)]| {
        let config = read(variables).unwrap_or_else(|faults| panic!("{faults:?}")).listening_at(bound);
        (String::from(config.public_url), String::from(config.activation_url.page().clone()))
    };
    let own = |text: &str| text.to_owned();
    assert_eq!(page(&[]), (own("http://127.0.0.1:4321/"), own("http://127.0.0.1:4321/activate")));
    let (public, frontend) = (("PUBLIC_URL", "https://x.example"), ("ACTIVATION_URL", "https://y.example/z"));
    assert_eq!(page(&[public]), (own("https://x.example/"), own("https://x.example/activate")));
    assert_eq!(page(&[frontend]), (own("http://127.0.0.1:4321/"), own("https://y.example/z")));
}
