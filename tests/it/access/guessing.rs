//! Guessing at a secret is slowed down where it comes from, and locks nobody out who is elsewhere.

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::services::cleanup::sweep;
use tokio_util::sync::CancellationToken;

use crate::{
    support::handed_over::{choose, go_on, hand_over},
    support::{Answer, Backend, Home, PASSWORD, TestApp, json, on_both_databases},
};

const WRONG: &str = "seven green bicycles sing at midnight";
const SECRET: &str = "a-secret-for-postmark";
const POSTMARK: &str = "/v1/mail-events/postmark";

async fn sign_in_from(app: &TestApp, client: &str, email: &str, password: &str) -> Answer {
    let request =
        app.anonymous().request(reqwest::Method::POST, "/v1/auth/token").header("x-forwarded-for", client);
    Answer::of(request.json(&json!({ "email": email, "password": password }))).await
}

async fn report_from(app: &TestApp, client: &str, secret: &str) -> Answer {
    let request = app.anonymous().request(reqwest::Method::POST, POSTMARK).header("x-forwarded-for", client);
    Answer::of(request.header("x-mail-events-secret", secret).json(&json!({ "RecordType": "Open" }))).await
}

fn seconds(answer: &Answer) -> i64 {
    answer.header("retry-after").parse().unwrap()
}

on_both_databases! {
    with [("TRUSTED_PROXIES", "127.0.0.1"), ("MAIL_EVENTS_POSTMARK", SECRET)];
    async fn each_wrong_password_waits_longer_and_only_where_it_came_from(app: TestApp) {
        app.owner("grace@example.com", "Acme").await;
        let mut answers = Vec::new();
        // Known or not: it is the same.
        for email in ["grace@example.com", "nobody@example.com"] {
            let mut waits = Vec::new();
            for number in 0..14 {
                // More than what the limit of the route gives back.
                app.advance(TimeDelta::seconds(6));
                sign_in_from(&app, "203.0.113.7", email, WRONG).await.problem(401, "invalid_credentials");
                if number < 2 {
                    continue;
                }
                // The right password waits as well, and waiting costs nothing more.
                for password in [PASSWORD, WRONG] {
                    let refused =
                        sign_in_from(&app, "203.0.113.7", email, password).await.problem(429, "rate_limited");
                    waits.push(seconds(&refused));
                    app.advance(TimeDelta::seconds(0));
                }
                app.advance(TimeDelta::seconds(*waits.last().unwrap()));
            }
            answers.push(waits);
        }
        assert_eq!(
            answers[0],
            [
                1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 512, 900, 900, 900,
                900
            ]
        );
        assert_eq!(answers[0], answers[1]);
        // Whoever is elsewhere is let in, also while it lasts; the neighbour in the same IPv4 network too.
        sign_in_from(&app, "203.0.113.7", "grace@example.com", WRONG)
            .await
            .problem(401, "invalid_credentials");
        for elsewhere in ["198.51.100.1", "203.0.113.8", "2001:db8::1"] {
            sign_in_from(&app, elsewhere, "grace@example.com", PASSWORD).await.expect(200);
        }
        sign_in_from(&app, "203.0.113.7", "grace@example.com", PASSWORD).await.problem(429, "rate_limited");
        // A right one begins anew.
        app.advance(TimeDelta::minutes(15));
        sign_in_from(&app, "203.0.113.7", "grace@example.com", PASSWORD).await.expect(200);
        for _ in 0..3 {
            sign_in_from(&app, "203.0.113.7", "grace@example.com", WRONG)
                .await
                .problem(401, "invalid_credentials");
        }
        assert_eq!(
            seconds(&sign_in_from(&app, "203.0.113.7", "grace@example.com", PASSWORD).await.expect(429)),
            1
        );
    }

    async fn many_at_once_are_no_way_around(app: TestApp) {
        let all =
            join_all((0..9).map(|_| sign_in_from(&app, "203.0.113.7", "nobody@example.com", WRONG))).await;
        assert_eq!(
            all.iter().filter(|answer| answer.status == 401).count(),
            3,
            "{:?}",
            all.iter().map(|a| a.status).collect::<Vec<_>>()
        );
    }

    async fn addresses_of_ipv6_count_by_their_blocks(app: TestApp) {
        for host in 1..=3 {
            sign_in_from(&app, &format!("[2001:db8:1:1::{host}]:80"), "nobody@example.com", WRONG)
                .await
                .expect(401);
        }
        sign_in_from(&app, "2001:db8:1:1::4", "nobody@example.com", WRONG).await.problem(429, "rate_limited");
        sign_in_from(&app, "2001:db8:1:2::4", "nobody@example.com", WRONG)
            .await
            .problem(401, "invalid_credentials");
        // Ten requests of a /64, and four times as many of a /48.
        let counts = async |site: usize| {
            let mut count = 0;
            for number in 0..12 {
                let from = format!("2001:db8:2:{site}::{number}");
                let email = format!("nobody{site}x{number}@example.com");
                count += usize::from(sign_in_from(&app, &from, &email, WRONG).await.status == 401);
            }
            count
        };
        assert_eq!(
            [counts(1).await, counts(2).await, counts(3).await, counts(4).await, counts(5).await],
            [10, 10, 10, 10, 0]
        );
    }

    async fn a_client_that_tries_many_addresses_waits_too(app: TestApp) {
        let mut statuses = Vec::new();
        for number in 0..25 {
            app.advance(TimeDelta::seconds(6));
            let answer =
                sign_in_from(&app, "203.0.113.7", &format!("nobody{number}@example.com"), WRONG).await;
            statuses.push(answer.status);
        }
        assert!(statuses[..20].iter().all(|status| *status == 401), "{statuses:?}");
        assert!(statuses[20..].contains(&429), "{statuses:?}");
        sign_in_from(&app, "203.0.113.8", "nobody0@example.com", WRONG)
            .await
            .problem(401, "invalid_credentials");
    }

    async fn a_password_asked_for_with_a_link_is_guarded_too(app: TestApp) {
        let (acme, zenith) =
            (app.owner("grace@example.com", "Acme").await, app.owner("linus@example.com", "Zenith").await);
        let (_, first) = hand_over(&acme.client, "dirk@example.com", &acme.account).await;
        choose(&app, &first, PASSWORD, "Dirk").await.expect(201);
        let (_, second) = hand_over(&zenith.client, "dirk@example.com", &zenith.account).await;
        for _ in 0..3 {
            go_on(&app, &second, "dirk@example.com", WRONG).await.faults(&[("/password", "password_wrong")]);
        }
        let refused = go_on(&app, &second, "dirk@example.com", PASSWORD).await.problem(429, "rate_limited");
        app.advance(TimeDelta::seconds(seconds(&refused)));
        go_on(&app, &second, "dirk@example.com", PASSWORD).await.expect(201);
    }

    async fn a_password_that_could_not_be_chosen_is_reported_alike_and_not_compared(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        app.owner("linus@example.com", "Zenith").await;
        let (_, known) = hand_over(&acme.client, "linus@example.com", &acme.account).await;
        let (_, unknown) = hand_over(&acme.client, "nobody@example.com", &acme.account).await;
        for weak in ["passwordpassword", "short", "passwordpassword", "short", "passwordpassword", "short"] {
            let mut answers = Vec::new();
            for token in [&known, &unknown] {
                answers
                    .push(choose(&app, token, weak, "Mallory").await.expect(422).body["errors"].to_string());
            }
            assert_eq!(answers[0], answers[1], "{weak}");
        }
        // Nor has the person to wait for it.
        go_on(&app, &known, "linus@example.com", PASSWORD).await.expect(201);
    }

    async fn guesses_at_the_secret_of_a_webhook_are_limited(app: TestApp) {
        for _ in 0..10 {
            report_from(&app, "203.0.113.7", "a-wrong-secret-for-it")
                .await
                .problem(401, "mail_event_unverified");
        }
        let wrong = async |client: &str| report_from(&app, client, "a-wrong-secret-for-it").await;
        let refused = wrong("203.0.113.7").await.problem(429, "rate_limited");
        assert_eq!(
            (seconds(&refused), refused.header("ratelimit-policy")),
            (1, "\"mail-events\";q=6000;w=60")
        );
        wrong("203.0.113.8").await.problem(401, "mail_event_unverified");
        // A stranger may send wrong ones from the provider's own addresses: its reports come through.
        report_from(&app, "203.0.113.7", SECRET).await.expect(200);
        wrong("203.0.113.7").await.problem(429, "rate_limited");
        app.advance(TimeDelta::seconds(1));
        wrong("203.0.113.7").await.problem(401, "mail_event_unverified");
        assert_eq!(seconds(&wrong("203.0.113.7").await.expect(429)), 2);
    }
}

mod without_limits {
    use super::*;

    on_both_databases! { with [("RATE_LIMITS", "off"), ("MAIL_EVENTS_POSTMARK", SECRET)];
        async fn nothing_waits(app: TestApp) {
            for _ in 0..15 {
                let sign_in = sign_in_from(&app, "203.0.113.7", "unknown@example.com", WRONG).await;
                sign_in.problem(401, "invalid_credentials");
                let report = report_from(&app, "203.0.113.7", "a-wrong-secret-for-it").await;
                report.problem(401, "mail_event_unverified");
            }
        }

        async fn a_flood_of_wrong_sign_ins_blocks_no_activation(app: TestApp) {
            let mut tokens = Vec::new();
            for number in 0..3 {
                tokens.push(app.invite(&format!("ada{number}@example.com"), &["viewer"]).await.1.token);
            }
            let wrong = |_| sign_in_from(&app, "203.0.113.7", "unknown@example.com", WRONG);
            let flood = join_all((0..600).map(wrong));
            let others = async {
                let mut statuses = Vec::new();
                for token in &tokens {
                    statuses.push(app.activate(token).await.status);
                }
                statuses
            };
            let (flood, statuses) = tokio::join!(flood, others);
            assert_eq!(statuses, [201, 201, 201]);
            assert!(flood.iter().all(|answer| [401, 503].contains(&answer.status)));
            assert!(flood.iter().any(|answer| answer.status == 503), "the queue is bounded");
        }
    }
}

/// Two processes with one database: a wrong guess in one delays the next one in the other.
#[tokio::test]
async fn processes_share_their_counts_of_wrong_passwords() {
    let home = Home::new(Backend::Postgres, &[]);
    let variables = [("DATABASE_URL", home.database.url.as_str()), ("TRUSTED_PROXIES", "127.0.0.1")];
    let (one, other) = (
        TestApp::start(Backend::Postgres, &variables).await,
        TestApp::start(Backend::Postgres, &variables).await,
    );
    one.owner("grace@example.com", "Acme").await;
    let client = "203.0.113.7";
    for app in [&one, &other, &one] {
        sign_in_from(app, client, "grace@example.com", WRONG).await.problem(401, "invalid_credentials");
    }
    for app in [&one, &other] {
        let refused =
            sign_in_from(app, client, "grace@example.com", PASSWORD).await.problem(429, "rate_limited");
        assert_eq!(seconds(&refused), 1);
    }
    for app in [&one, &other] {
        app.advance(TimeDelta::seconds(1));
    }
    sign_in_from(&other, client, "grace@example.com", PASSWORD).await.expect(200);
    sign_in_from(&one, client, "grace@example.com", WRONG).await.problem(401, "invalid_credentials");
    sign_in_from(&other, client, "grace@example.com", PASSWORD).await.expect(200);
}

on_both_databases! {
    async fn counts_have_no_address_and_are_forgotten_after_a_day(app: TestApp) {
        app.owner("grace@example.com", "Acme").await;
        sign_in_from(&app, "203.0.113.7", "grace@example.com", WRONG).await.expect(401);
        assert_eq!(app.database.count("guess_counts"), 3);
        let ids = app.database.texts("SELECT id AS text FROM guess_counts");
        assert!(
            ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())),
            "{ids:?}"
        );
        app.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("guess_counts"), 3);
        app.advance(TimeDelta::seconds(1));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("guess_counts"), 0);
    }

    /// The right password of a user who cannot sign in must not show in the delays.
    async fn a_blocked_users_right_password_counts_as_a_wrong_one(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        app.admin().post_empty(&format!("/v1/users/{}/block", acme.user)).await.expect(200);
        for password in [WRONG, PASSWORD, WRONG] {
            let answer = sign_in_from(&app, "203.0.113.7", "grace@example.com", password).await;
            answer.problem(401, "invalid_credentials");
        }
        let refused = sign_in_from(&app, "203.0.113.7", "grace@example.com", WRONG).await;
        refused.problem(429, "rate_limited");
    }

    async fn a_right_password_leaves_no_count(app: TestApp) {
        app.owner("grace@example.com", "Acme").await;
        app.sign_in("grace@example.com").await;
        assert_eq!(app.database.count("guess_counts"), 0);
    }
}
