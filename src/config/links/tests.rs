use crate::config::tests::read;

#[test]
fn a_public_url_is_an_origin() {
    for good in ["https://api.example.com", "https://api.example.com/", "http://[::1]:9000"] {
        let config = read(&[("PUBLIC_URL", good)]).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(config.activation_url.as_str(), format!("{}/activate", good.trim_end_matches('/')));
    }
    for (wrong, because) in [
        ("https://api.example.com/invitations/", "scheme, host and port"),
        ("https://api.example.com?x=1", "scheme, host and port"),
        ("https://api.example.com?", "scheme, host and port"),
        ("https://api.example.com#x", "#"),
        ("https://ada@api.example.com", "user name"),
        ("https://:secret@api.example.com", "password"),
        ("ftp://api.example.com", "http://"),
    ] {
        let faults = read(&[("PUBLIC_URL", wrong)]).err().unwrap();
        assert!(
            faults.len() == 1 && faults[0].starts_with("PUBLIC_URL: ") && faults[0].contains(because),
            "{faults:?}"
        );
        assert!(!faults[0].contains("secret"), "{faults:?}");
    }
}

#[test]
fn the_page_may_be_anywhere_on_the_web() {
    let page = "https://app.example.com/join/us?from=mail";
    let config = read(&[("ACTIVATION_URL", page)]).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(config.activation_url.as_str(), page);
    for wrong in
        ["https://app.example.com/#/activate", "https://ada:x@app.example.com/", "mailto:ada@example.com"]
    {
        assert!(
            read(&[("ACTIVATION_URL", wrong)]).err().unwrap()[0].starts_with("ACTIVATION_URL: "),
            "{wrong}"
        );
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
            (config.public_url.as_str(), config.activation_url.as_str()),
            (url, format!("{url}activate").as_str())
        );
    }
    let bound = "0.0.0.0:4321".parse().unwrap();
    let page = |variables: &[(&str, &str)]| {
        let config = read(variables).unwrap_or_else(|faults| panic!("{faults:?}")).listening_at(bound);
        (String::from(config.public_url), String::from(config.activation_url))
    };
    let own = |text: &str| text.to_owned();
    assert_eq!(page(&[]), (own("http://127.0.0.1:4321/"), own("http://127.0.0.1:4321/activate")));
    let (public, frontend) = (("PUBLIC_URL", "https://x.example"), ("ACTIVATION_URL", "https://y.example/z"));
    assert_eq!(page(&[public]), (own("https://x.example/"), own("https://x.example/activate")));
    assert_eq!(page(&[frontend]), (own("http://127.0.0.1:4321/"), own("https://y.example/z")));
}
