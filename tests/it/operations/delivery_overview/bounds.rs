//! The bounds of the overview: how many domains it lists, and how many rows it reads.

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use invitation_service::{
    db::letters::overview::{Part, numbers},
    domain::{
        delivery_overview::{Period, Span, Window},
        visibility::Visibility,
    },
};
use serde_json::Value;

use super::{change, named, overview, states, time};
use crate::support::{Backend, TestApp, eventually, json, on_both_databases, population::Population};

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("LETTERS_PER_MAILBOX", "off")];

    async fn twenty_domains_are_listed_large_ones_and_failing_ones(app: TestApp) {
        let invites: Vec<Value> = (1..=30)
            .flat_map(|n| (0..n.min(4)).map(move |person| format!("p{person}@d{n:02}.example")))
            .map(|email| json!({ "kind": "system_user", "email": email, "roles": ["viewer"] }))
            .collect();
        let made = app.admin().post("/v1/invitations/batch", &json!({ "invitations": invites })).await;
        assert_eq!(made.expect(200).body["results"].as_array().unwrap().len(), invites.len());
        assert_eq!(app.letters().await.len(), invites.len());
        // One of the smallest domains fails; the others are alike, and are listed by name.
        change(&app, "p0@d01.example", &format!("fate = 'bounced', fate_at = {}", time(app.now())));
        let body = overview(&app.admin()).await;
        let domains = named(&body["periods"][0]["domains"], "/domain");
        let mut expected: Vec<String> = (4..=22).map(|n| format!("d{n:02}.example: sent 4")).collect();
        expected.push("d01.example: bounced 1".to_owned());
        assert_eq!(domains, expected);
    }

    async fn an_erased_person_s_letters_have_no_domain(app: TestApp) {
        app.invite("ada@lovelace.example", &["viewer"]).await;
        let id = "usr_01m86xvxh0es8r65rzyjka792g";
        change(&app, "ada@lovelace.example", &format!("recipient = '{id}@erased.invalid'"));
        // A letter of an early release, which did not keep the recipient.
        app.invite("bob@example.com", &["viewer"]).await;
        change(&app, "bob@example.com", "recipient = NULL");
        let body = overview(&app.admin()).await;
        assert_eq!(body["periods"][0]["domains"], json!([]));
        assert_eq!(states(&body["periods"][0]["letters"]), ["sent 2"]);
    }

    async fn both_forms_of_a_domain_are_one(app: TestApp) {
        for address in ["ada@bücher.example", "bob@xn--bcher-kva.example"] {
            app.invite(address, &["viewer"]).await;
        }
        let body = overview(&app.admin()).await;
        assert_eq!(named(&body["periods"][0]["domains"], "/domain"), ["bücher.example: sent 2"]);
    }
}

#[tokio::test]
async fn letters_are_counted_the_same_in_parts_postgres() {
    letters_are_counted_the_same_in_parts(Backend::Postgres).await;
}

#[tokio::test]
async fn letters_are_counted_the_same_in_parts_sqlite() {
    letters_are_counted_the_same_in_parts(Backend::Sqlite).await;
}

/// However few letters a statement reads, also where some were put in within the same millisecond.
async fn letters_are_counted_the_same_in_parts(backend: Backend) {
    let app = TestApp::start(backend, &[("RATE_LIMITS", "off")]).await;
    Population::new(7, PEOPLE, app.now()).write_to(&mut app.database.connection(), |_| {}).unwrap();
    let window = Window::ending(app.now());
    let span = Span { since: window.begin(Period::Week), until: app.now() + TimeDelta::days(1) };
    let counted = |max: u32| {
        let mut part = Part { visibility: Visibility::everything(), window, span, after: None };
        let (mut sums, mut statements) = (BTreeMap::<_, i64>::new(), 0);
        loop {
            let read = numbers(&mut app.database.connection(), &part, max).unwrap();
            statements += 1;
            for (place, groups) in read.by_hour {
                for (group, n) in groups.iter() {
                    *sums.entry((place, format!("{group:?}"))).or_default() += n;
                }
            }
            part.after = read.rest_after;
            if part.after.is_none() {
                return (sums, statements);
            }
        }
    };
    let (all, statements) = counted(1_000_000);
    assert_eq!(statements, 1);
    let sum: i64 = all.values().sum();
    let week = time(window.begin(Period::Week));
    let counted_letters = "kind IN ('invitation', 'reminder') AND state <> 'handed_over'";
    assert_eq!(sum, app.database.count(&format!("letters WHERE created_at >= {week} AND {counted_letters}")));
    for max in [1, 7, 50] {
        let (parts, statements) = counted(max);
        assert_eq!(parts, all, "{max}");
        assert!(statements > sum / i64::from(max) - 1, "{max}: {statements}");
    }
}

/// So many people of two years; most letters are older than a week.
const PEOPLE: u32 = 3_000;

#[tokio::test]
async fn postgresql_reads_the_letters_of_a_week_by_their_key() {
    let app = TestApp::start(Backend::Postgres, &[("RATE_LIMITS", "off")]).await;
    Population::new(7, PEOPLE, app.now()).write_to(&mut app.database.connection(), |_| {}).unwrap();
    for state in ["never analysed", "analysed"] {
        let numbers = |column: &str, view: &str| -> i64 {
            let sum = format!(
                "SELECT coalesce(sum({column}), 0)::bigint || '' AS text FROM {view} \
                 WHERE relname = 'letters'"
            );
            app.database.texts(&sum).remove(0).parse().unwrap()
        };
        let read = || {
            app.database.drop_connections();
            app.database.bring_back();
            (numbers("seq_scan", "pg_stat_user_tables"), numbers("idx_tup_read", "pg_stat_user_indexes"))
        };
        let week = time(app.now() - TimeDelta::days(7));
        let of_week = app.database.count(&format!("letters WHERE created_at > {week}"));
        let all = app.database.count("letters");
        assert!(of_week > 50 && of_week * 4 < all, "{of_week} of {all}");
        let before = read();
        overview(&app.admin()).await;
        let reported = async || (read().1 > before.1).then_some(());
        eventually("the session reports", Duration::from_secs(30), reported).await;
        let after = read();
        assert_eq!(after.0 - before.0, 0, "{state}: sequential scans");
        let waiting = app.database.count("letters WHERE state = 'queued'");
        // The end of each part is looked for first, and some letters are read for the margin of their ids.
        let most = 2 * (of_week + 5) + waiting + 10;
        assert!(
            after.1 - before.1 <= most,
            "{state}: {} rows of an index, {of_week} in a week",
            after.1 - before.1
        );
        app.database.execute("ANALYZE");
    }
}
