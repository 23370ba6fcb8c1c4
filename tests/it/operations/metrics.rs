//! `METRICS_ADDR`: metrics at a listener of their own.

use std::time::Duration;

use reqwest::Method;

use crate::support::{Backend, Client, Home, eventually, on_each, process::Process};

const SOON: Duration = Duration::from_secs(20);

/// A caller of the listener for metrics, whose address the greeting has.
async fn scraper(server: &Process) -> Client {
    let url = eventually("the address", SOON, async || {
        let out = server.out();
        let (_, behind) = out.split_once("metrics at")?;
        let (url, _) = behind.split_once("/metrics\n")?;
        Some(url.trim().to_owned())
    })
    .await;
    Client { url, ..server.client(None) }
}

on_each! {
    async fn metrics_are_at_their_listener_alone(backend: Backend) {
        let home = Home::new(backend, &[("METRICS_ADDR", "127.0.0.1:0")]);
        let server = home.start(&["serve"]);
        let (api, scraper) = (server.client(Some(home.token())), scraper(&server).await);
        api.get("/v1/roles").await.expect(200);
        for (method, path) in [
            (Method::GET, "/metrics"),
            (Method::HEAD, "/metrics"),
            (Method::POST, "/metrics"),
            (Method::GET, "/%6detrics"),
        ] {
            let answer = api.call(method.clone(), path, &[]).await.expect(404);
            assert!(!answer.text.contains("invitation_service"), "{method} {path}: {}", answer.text);
        }
        let metrics = scraper.get("/metrics").await.expect(200);
        assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
        // Of the requests to the API.
        let counted = "http_requests_total{method=\"GET\",route=\"/v1/roles\",status=\"200\"} 1";
        assert!(metrics.text.contains(counted), "{}", metrics.text);
        assert_eq!(scraper.call(Method::HEAD, "/metrics", &[]).await.expect(200).text, "");
        let refused = scraper.call(Method::POST, "/metrics", &[]).await;
        assert_eq!(refused.problem(405, "method_not_allowed").header("allow"), "GET, HEAD");
        let with_token = Client { token: api.token.clone(), ..scraper.clone() };
        for path in ["/", "/healthz", "/readyz", "/v1/roles", "/openapi.json", "/docs/", "/activate"] {
            with_token.get(path).await.problem(404, "not_found");
        }
        with_token.post_empty("/v1/auth/token").await.problem(404, "not_found");
        api.get("/healthz").await.expect(200);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_courier_that_runs_alone_has_metrics_at_its_own_address() {
    for (flags, condition) in [(&[][..], "ok"), (&["--hold-mail"][..], "held")] {
        let home = Home::new(Backend::Sqlite, &[("METRICS_ADDR", "192.0.2.1:1")]);
        let courier = home.start(&[&["courier", "--metrics-addr", "127.0.0.1:0"][..], flags].concat());
        let scraper = scraper(&courier).await;
        let metrics = scraper.get("/metrics").await.expect(200).text;
        let line = format!("invitation_service_courier{{condition=\"{condition}\"}} 1\n");
        assert!(metrics.contains(&line) && metrics.contains("invitation_service_letters_total"), "{metrics}");
        scraper.get("/healthz").await.problem(404, "not_found");
        courier.stop().await;
    }
}

#[tokio::test]
async fn without_a_listener_of_their_own_metrics_are_with_the_api() {
    let server_home = Home::new(Backend::Sqlite, &[("METRICS_ADDR", "")]);
    let server = server_home.start(&["serve"]);
    server.client(None).get("/metrics").await.expect(200);
    let out = eventually("the greeting", SOON, async || {
        let out = server.out();
        out.contains("curl").then_some(out)
    })
    .await;
    assert!(!out.contains("metrics at"), "{out}");
    server.stop().await;
}

#[test]
fn an_address_that_cannot_be_is_refused_by_name() {
    for (listen, metrics, says) in [
        ("127.0.0.1:8080", "127.0.0.1:8080", "METRICS_ADDR: is LISTEN_ADDR"),
        ("0.0.0.0:8080", "127.0.0.1:8080", "METRICS_ADDR: is LISTEN_ADDR"),
        ("127.0.0.1:8080", "[::]:8080", "METRICS_ADDR: is LISTEN_ADDR"),
        ("127.0.0.1:8080", "9090", "METRICS_ADDR: is no address with a port"),
        ("127.0.0.1:8080", "localhost:9090", "METRICS_ADDR: is no address with a port"),
        ("127.0.0.1:8080", "127.0.0.1:70000", "METRICS_ADDR: is no address with a port"),
    ] {
        let home = Home::new(Backend::Sqlite, &[("LISTEN_ADDR", listen), ("METRICS_ADDR", metrics)]);
        for command in ["check-config", "serve"] {
            let output = home.run(&[command]);
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && said.contains(says), "{listen} {metrics}: {said}");
        }
    }
    for (listen, metrics) in [("127.0.0.1:8080", "127.0.0.2:8080"), ("0.0.0.0:8080", "127.0.0.1:9090")] {
        let home = Home::new(Backend::Sqlite, &[("LISTEN_ADDR", listen), ("METRICS_ADDR", metrics)]);
        let said = home.print(&["check-config"]);
        assert!(said.contains(&format!("metrics at  {metrics}, and not with the API\n")), "{said}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let home = Home::new(Backend::Sqlite, &[("METRICS_ADDR", &address.to_string())]);
    let output = home.run(&["serve"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains(&format!("cannot listen at {address}")), "{said}");
}
