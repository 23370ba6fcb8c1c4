//! How many letters may be asked for in a day: to one mailbox, by the owners of an account, by one caller.
//! What is past a quota is refused, and nothing is written for it.

mod accounts;

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::domain::role::Role;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Answer, Backend, Client, TestApp,
    batches::{BATCH, RESEND, colleague, colleagues, only},
    customers::SUB_ACCOUNTS,
    json, on_both_databases, on_each,
};

const INVITE: &str = "/v1/system-users/invitations";
const DAY: i64 = 24 * 60 * 60;

async fn invite(caller: &Client, email: &str) -> Answer {
    caller.post(INVITE, &json!({ "email": email, "roles": ["viewer"] })).await
}

async fn revoke(app: &TestApp, invitation: &str) {
    app.admin().post_empty(&format!("/v1/invitations/{invitation}/revoke")).await.expect(200);
}

fn driver(email: &str, account: &str) -> Value {
    json!({ "email": email, "role": "driver", "account_id": account })
}

/// Everything that an invite writes.
fn rows(app: &TestApp) -> [i64; 6] {
    let tables = ["users", "invitations", "letters", "invitation_events", "accounts", "letter_counts"];
    tables.map(|table| app.database.count(table))
}

/// The refusal of a letter, and how long to wait.
#[track_caller]
fn spent(answer: Answer, scope: &str) -> i64 {
    let refused = answer.problem(429, "rate_limited");
    assert!(refused.header("ratelimit").contains(&format!("\"{scope}\";r=0;t=")), "{:?}", refused.headers);
    assert!(refused.header("ratelimit-policy").contains(&format!("\"{scope}\";q=")), "{:?}", refused.headers);
    let seconds: i64 = refused.header("retry-after").parse().unwrap();
    assert_eq!(refused.body["retry_after"], seconds);
    seconds
}

/// Fills the mailbox of this address, an hour ago.
async fn fill(app: &TestApp, email: &str) {
    for _ in 0..6 {
        let made = invite(&app.admin(), email).await.expect(201);
        revoke(app, &made.text_of("id")).await;
    }
    app.letters().await;
    app.advance(TimeDelta::hours(1));
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s")];
    async fn a_mailbox_has_six_letters_a_day_whatever_the_invitation(app: TestApp) {
        let admin = app.admin();
        let spellings = [
            "ada@bücher.example",
            "ADA@bücher.example",
            "ada+1@xn--bcher-kva.example",
            "Ada+2@BÜCHER.example",
            "ada+@bücher.example",
            "ada@bücher.example",
        ];
        for (sent, email) in spellings.iter().enumerate() {
            let made = invite(&admin, email).await.expect(201);
            assert_eq!(made.letter_quotas("ratelimit-policy"), format!("\"mailbox\";q=6;w={DAY}"));
            assert_eq!(made.letter_quotas("ratelimit"), format!("\"mailbox\";r={};t={DAY}", 5 - sent));
            revoke(&app, &made.text_of("id")).await;
            app.advance(TimeDelta::minutes(1));
        }
        let before = rows(&app);
        for email in ["ada@bücher.example", "ada+new@bücher.example", "aDa@xn--bcher-kva.example"] {
            let wait = spent(invite(&admin, email).await, "mailbox");
            assert_eq!(wait, DAY - 6 * 60, "the oldest was sent six minutes ago");
            assert_eq!(rows(&app), before, "something was written for a letter that was refused");
        }
        // Another mailbox, and the same one by hand.
        invite(&admin, "a.da@bücher.example").await.expect(201);
        let by_hand = json!({ "email": "ada@bücher.example", "roles": ["viewer"], "delivery": "link" });
        let made = admin.post(INVITE, &by_hand).await.expect(201);
        assert_eq!(
            (made.letter_quotas("ratelimit").as_str(), made.letter_quotas("ratelimit-policy").as_str()),
            ("\"mailbox\";r=6;t=0", "\"mailbox\";q=6;w=86400, \"account\";q=500;w=86400")
        );
        revoke(&app, &made.text_of("id")).await;
        app.letters().await;
        app.advance(TimeDelta::seconds(DAY - 6 * 60 - 1));
        assert_eq!(spent(invite(&admin, "ada@bücher.example").await, "mailbox"), 1);
        app.advance(TimeDelta::seconds(1));
        let made = invite(&admin, "ada@bücher.example").await.expect(201);
        revoke(&app, &made.text_of("id")).await;
        assert_eq!(spent(invite(&admin, "ada@bücher.example").await, "mailbox"), 60);
        app.letters().await;
    }

    async fn every_way_to_a_letter_is_counted_and_refused(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@acme.example", "Acme").await;
        // Each to a mailbox that has had five letters; the sixth is asked for by this way, and the seventh.
        let ways: [(&str, &str); 6] = [
            ("resend", "an invitation"),
            ("user", "a user's"),
            ("batch resend", "many"),
            ("batch", "many anew"),
            ("move", "a new address"),
            ("sub-account", "a customer"),
        ];
        for (number, (way, _)) in ways.into_iter().enumerate() {
            let email = format!("person{number}@example.com");
            let label = |label: &str| format!("person{number}+{label}@example.com");
            for _ in 0..4 {
                let made = invite(&admin, &email).await.expect(201);
                revoke(&app, &made.text_of("id")).await;
            }
            let standing = invite(&admin, &label("standing")).await.expect(201);
            let (id, user) = (standing.text_of("id"), standing.text_of("user_id"));
            let elsewhere =
                invite(&admin, &format!("elsewhere{number}@example.com")).await.expect(201).text_of("id");
            for (turn, allowed) in [("first", true), ("second", false)] {
                let before = rows(&app);
                let shown = admin.get(&format!("/v1/invitations/{id}")).await.expect(200).body;
                let answer = match way {
                    "resend" => {
                        admin.post(&format!("/v1/invitations/{id}/resend"), &json!({ "locale": "de" })).await
                    }
                    "user" => admin.post_empty(&format!("/v1/users/{user}/resend-invitation")).await,
                    "batch resend" => only(admin.post(RESEND, &json!({ "ids": [id] })).await),
                    "batch" => {
                        only(admin.post(BATCH, &json!({ "invitations": [colleague(&label(turn))] })).await)
                    }
                    "move" if allowed => {
                        admin.update(&elsewhere, "*", &json!({ "email": label(turn) })).await
                    }
                    "move" => {
                        let other = admin.get("/v1/invitations?email=grace@acme.example").await.expect(200);
                        assert_eq!(other.body["data"].as_array().map(Vec::len), Some(1));
                        let third = invite(&admin, &format!("third{number}@example.com"))
                            .await
                            .expect(201)
                            .text_of("id");
                        let rows_before = rows(&app);
                        let refused = admin.update(&third, "*", &json!({ "email": label(turn) })).await;
                        assert_eq!(rows(&app), rows_before);
                        let shown = admin.get(&format!("/v1/invitations/{third}")).await.expect(200);
                        assert_eq!(
                            (&shown.body["email"], &shown.body["send_count"]),
                            (&json!(format!("third{number}@example.com")), &json!(1))
                        );
                        spent(refused, "mailbox");
                        continue;
                    }
                    _ => admin.post(SUB_ACCOUNTS, &driver(&label(turn), &acme.account)).await,
                };
                if allowed {
                    assert!([200, 201].contains(&answer.status), "{way}: {}", answer.text);
                    continue;
                }
                assert_eq!(
                    (answer.status, answer.body["code"].as_str()),
                    (429, Some("rate_limited")),
                    "{way}: {}",
                    answer.text
                );
                assert_eq!(rows(&app), before, "{way}");
                let now = admin.get(&format!("/v1/invitations/{id}")).await.expect(200).body;
                assert_eq!(now, shown, "{way}");
            }
        }
        app.letters().await;
    }

    async fn of_a_crowd_exactly_six_get_through(app: TestApp) {
        for round in 0..4 {
            let calls = (0..30).map(|number| {
                let caller = app.client_named(&format!("staff{number}"), &[Role::Admin]);
                async move {
                    let email = format!("crowd{round}+{number}@example.com");
                    if number % 3 == 0 {
                        only(caller.post(BATCH, &json!({ "invitations": [colleague(&email)] })).await)
                    } else {
                        invite(&caller, &email).await
                    }
                }
            });
            let answers = join_all(calls).await;
            let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
            assert_eq!(
                (count(201), count(429)),
                (6, 24),
                "{:?}",
                answers.iter().map(|answer| &answer.text).collect::<Vec<_>>()
            );
            let rows = ["users", "invitations"].map(|table| {
                app.database.count(&format!(
                    "{table} WHERE email \
                LIKE 'crowd{round}%'"
                ))
            });
            assert_eq!(rows, [6, 6]);
        }
        assert_eq!(app.letters().await.len(), 4 * 6);
    }

    async fn in_a_batch_the_item_alone_fails(app: TestApp) {
        let items: Vec<Value> = (0..8)
            .map(|number| colleague(&format!("ada+{number}@example.com")))
            .chain(colleagues(3))
            .collect();
        let judged = app
            .admin()
            .post(BATCH, &json!({ "invitations": items, "validate_only": true }))
            .await
            .expect(200);
        let statuses = |answer: &Answer| -> Vec<String> {
            answer.body["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["status"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(statuses(&judged), [vec!["valid"; 6], vec!["failed"; 2], vec!["valid"; 3]].concat());
        assert_eq!(rows(&app), [0; 6]);
        let made = app.admin().post(BATCH, &json!({ "invitations": items })).await.expect(200);
        assert_eq!(statuses(&made), [vec!["invited"; 6], vec!["failed"; 2], vec!["invited"; 3]].concat());
        let error = &made.body["results"][6]["error"];
        assert_eq!((&error["code"], &error["retry_after"]), (&json!("rate_limited"), &json!(DAY)));
        assert_eq!(app.database.count("users"), 9);
        // What a resend would do is told without doing it.
        let ids: Vec<&Value> = (0..3).map(|index| &made.body["results"][index]["invitation"]["id"]).collect();
        let judged =
            app.admin().post(RESEND, &json!({ "ids": ids, "validate_only": true })).await.expect(200);
        assert_eq!(statuses(&judged), ["failed"; 3]);
        assert_eq!(app.letters().await.len(), 9);
    }

    async fn a_refused_letter_is_not_the_answer_to_its_key(app: TestApp) {
        fill(&app, "ada@example.com").await;
        let keyed = async || {
            let request = app.admin().request(Method::POST, INVITE).header("idempotency-key", "once");
            Answer::of(request.json(&json!({ "email": "ada@example.com", "roles": ["viewer"] }))).await
        };
        let wait = spent(keyed().await, "mailbox");
        assert_eq!(spent(keyed().await, "mailbox"), wait);
        app.advance(TimeDelta::seconds(wait));
        let made = keyed().await.expect(201);
        assert_eq!(keyed().await.expect(201).text_of("id"), made.text_of("id"));
        app.letter().await;
    }

    async fn other_conflicts_are_reported_first(app: TestApp) {
        fill(&app, "ada@example.com").await;
        app.advance(TimeDelta::hours(23));
        let made = invite(&app.admin(), "ada@example.com").await.expect(201).text_of("id");
        let pending = invite(&app.admin(), "ada@example.com").await.problem(409, "invitation_pending");
        assert_eq!(pending.body["invitation_id"], made);
        assert_eq!(
            (pending.letter_quotas("ratelimit").as_str(), pending.header("ratelimit-policy").is_empty()),
            ("\"mailbox\";r=6;t=0", false)
        );
        app.letter().await;
    }
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("LETTERS_PER_CALLER", "3"), ("LETTERS_PER_MAILBOX", "off")];
    async fn a_caller_may_be_limited_too(app: TestApp) {
        let (grace, linus) =
            (app.client_named("grace", &[Role::Admin]), app.client_named("linus", &[Role::Admin]));
        for left in [2, 1, 0] {
            let made = invite(&grace, "ada@example.com").await.expect(201);
            assert_eq!(made.letter_quotas("ratelimit"), format!("\"caller\";r={left};t={DAY}"));
            revoke(&app, &made.text_of("id")).await;
        }
        assert_eq!(spent(invite(&grace, "bob@example.com").await, "caller"), DAY);
        assert_eq!(app.database.count("users WHERE email = 'bob@example.com'"), 0);
        invite(&linus, "bob@example.com").await.expect(201);
        app.letters().await;
    }
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off"), ("LETTERS_PER_CALLER", "1")];
    async fn nothing_is_counted_where_limits_are_off(app: TestApp) {
        for _ in 0..8 {
            let made = invite(&app.admin(), "ada@example.com").await.expect(201);
            assert_eq!((made.header("ratelimit"), made.header("ratelimit-policy")), ("", ""));
            revoke(&app, &made.text_of("id")).await;
        }
        assert_eq!(app.database.count("letter_counts"), 0);
        app.letters().await;
    }
}

on_each! {
    async fn reminders_are_letters_too_and_are_not_sent_later(backend: Backend) {
        let app = TestApp::start(
            backend,
            &[("REMINDER_BEFORE", "4h"), ("LETTERS_PER_MAILBOX", "2"), ("RESEND_COOLDOWN", "0s")],
        )
        .await;
        for email in ["ada@example.com", "ada+2@example.com", "bob@example.com"] {
            invite(&app.admin(), email).await.expect(201);
        }
        assert_eq!(app.letters().await.len(), 3);
        app.advance(TimeDelta::hours(21));
        // Ada's mailbox has had two letters, and gets no third and fourth.
        let reminder = app.letter().await;
        assert_eq!(reminder.to, "bob@example.com");
        spent(invite(&app.admin(), "bob+2@example.com").await, "mailbox");
        app.advance(TimeDelta::hours(2));
        assert!(app.letters().await.is_empty());
    }
}
