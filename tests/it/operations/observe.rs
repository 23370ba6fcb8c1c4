//! `deploy/observe`: what rules and dashboard name is what the service exposes; each alert has tests, and a
//! section that says what to do. `make test-observe` does what Prometheus is needed for.

use std::{collections::BTreeSet, fs::read_to_string, path::Path};

use invitation_service::http;

use crate::support::{Backend, TestApp};

/// Labels whose values are not there from the start, or not ours.
const OPEN_LABELS: [&str; 3] = ["job", "route", "le"];

fn file(name: &str) -> String {
    read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The names of our metrics in a file.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("invitation_service_")).collect()
}

/// The labels that a file compares with one value: `outcome="sent"`.
fn labels(text: &str) -> BTreeSet<(&str, &str)> {
    let pieces: Vec<&str> = text.split("=\"").collect();
    let pairs = pieces.windows(2).filter_map(|pair| {
        let name = pair[0].rsplit(|c: char| !(c.is_ascii_lowercase() || c == '_')).next()?;
        Some((name, pair[1].split('"').next()?))
    });
    pairs.filter(|(name, _)| !name.is_empty() && !OPEN_LABELS.contains(name)).collect()
}

/// The values of `key: value` in a file, one for each line that has one.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches("- "));
    lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).map(str::trim).collect()
}

/// What links name a section by.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[tokio::test]
async fn rules_and_dashboard_name_what_the_service_exposes() {
    let app = TestApp::start(Backend::Sqlite, &[]).await;
    app.anonymous().get("/healthz").await.expect(200);
    let exposed = app.anonymous().get("/metrics").await.expect(200).text;
    let names: BTreeSet<&str> = exposed.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    for name in ["deploy/observe/rules.yml", "deploy/observe/dashboard.json"] {
        let text = file(name).replace("\\\"", "\"");
        let used = metrics(&text);
        assert!(used.len() > 10, "{name}: {used:?}");
        let unknown: Vec<_> = used.iter().filter(|metric| !names.contains(*metric)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?} are not in {exposed}");
        let compared = labels(&text);
        assert!(compared.len() > 5, "{name}: {compared:?}");
        let is_exposed = |(label, value): &&(&str, &str)| exposed.contains(&format!("{label}=\"{value}\""));
        let unknown: Vec<_> = compared.iter().filter(|pair| !is_exposed(pair)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?} are not in {exposed}");
        let routes: BTreeSet<String> = http::routes().into_iter().map(|route| route.path).collect();
        for route in text.split("route=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(routes.contains(route), "{name}: {route}");
        }
    }
}

#[test]
fn every_alert_is_tested_and_leads_to_what_to_do() {
    let (rules, tests) = (file("deploy/observe/rules.yml"), file("deploy/observe/rules.test.yml"));
    let alerts = values(&rules, "alert");
    assert!(alerts.len() > 10, "{alerts:?}");
    let tested = values(&tests, "alertname");
    for alert in &alerts {
        let times = tested.iter().filter(|name| *name == alert).count();
        assert!(times >= 2, "{alert} has {times} tests: one must fire, and one must not");
    }
    for key in ["severity", "summary", "description", "runbook"] {
        assert_eq!(values(&rules, key).len(), alerts.len(), "each alert has one {key}");
    }
    let operations = file("docs/operations.md");
    let headings = operations.lines().filter(|line| line.starts_with('#'));
    let anchors: BTreeSet<String> =
        headings.map(|line| anchor(line.trim_start_matches('#').trim_start())).collect();
    for runbook in values(&rules, "runbook") {
        let section = runbook.strip_prefix("docs/operations.md#").expect(runbook);
        assert!(anchors.contains(section), "{runbook}: there are {anchors:?}");
    }
}

#[test]
fn labels_and_sections_are_found() {
    let text = "sum(x{outcome=\"sent\",job=\"a\",status=~\"5..\"}) / y{outcome!=\"no\", state=\"ok\"}";
    assert_eq!(labels(text), [("outcome", "sent"), ("state", "ok")].into());
    assert_eq!(metrics("max(invitation_service_a) > other_b"), ["invitation_service_a"].into());
    assert_eq!(anchor("When the mail server is down"), "when-the-mail-server-is-down");
    assert_eq!(values("- alert: A\n  summary: b c\n", "alert"), ["A"]);
}
