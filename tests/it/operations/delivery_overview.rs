//! `GET /v1/delivery`: what became of the letters of the last hour, day and week.

mod bounds;

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::domain::{permission::Permission, role::Role};
use serde_json::Value;

use crate::support::{
    Client, TestApp,
    customers::{OWNERS, text},
    json, on_both_databases,
};

const DELIVERY: &str = "/v1/delivery";

/// The overview as it is now.
async fn overview(caller: &Client) -> Value {
    caller.get(DELIVERY).await.expect(200).body
}

/// The members that are not 0, as `state number`, in the order of the contract.
fn states(letters: &Value) -> Vec<String> {
    let states = letters["by_state"].as_object().unwrap();
    let sum: u64 = states.values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(letters["total"], sum);
    let names = [
        "queued",
        "sending",
        "sent",
        "delivered",
        "deferred",
        "bounced",
        "complained",
        "failed",
        "withdrawn",
    ];
    assert_eq!(states.len(), names.len());
    let of = |name: &str| states[name].as_u64().unwrap();
    names.iter().filter(|name| of(name) > 0).map(|name| format!("{name} {}", of(name))).collect()
}

/// The groups of reasons, as `group number`.
fn reasons(period: &Value) -> Vec<String> {
    let reasons = period["reasons"].as_array().unwrap();
    assert!(reasons.iter().all(|one| one["advice"].as_str().is_some_and(|advice| advice.len() > 20)));
    reasons.iter().map(|one| format!("{} {}", text(one, "/group"), one["count"])).collect()
}

/// Domains or relays, as `name: state number, …`.
fn named(list: &Value, name: &str) -> Vec<String> {
    let one = |one: &Value| format!("{}: {}", text(one, name), states(&one["letters"]).join(", "));
    list.as_array().unwrap().iter().map(one).collect()
}

/// Changes the newest letter to this address.
fn change(app: &TestApp, address: &str, set: &str) {
    let newest = "SELECT id FROM letters WHERE recipient";
    let changed = app.database.execute(&format!(
        "UPDATE letters SET {set} WHERE id = (SELECT max(id) FROM ({newest} = '{address}') AS newest)"
    ));
    assert_eq!(changed, 1, "{address}: {set}");
}

/// A time as a row has it.
fn time(at: DateTime<Utc>) -> String {
    format!("'{}'", at.format("%Y-%m-%dT%H:%M:%S%.3fZ"))
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")];

    async fn nothing_is_told_of_no_letters(app: TestApp) {
        let body = overview(&app.admin()).await;
        assert_eq!(body["generated_at"], "2026-11-24T12:00:00.000Z");
        assert_eq!((&body["oldest_waiting"], &body["held"]), (&Value::Null, &json!([])));
        let periods = body["periods"].as_array().unwrap();
        let since = [
            ("hour", "2026-11-24T11:00:00.000Z"),
            ("day", "2026-11-23T12:00:00.000Z"),
            ("week", "2026-11-17T12:00:00.000Z"),
        ];
        assert_eq!(periods.len(), since.len());
        for (period, (name, begin)) in periods.iter().zip(since) {
            assert_eq!((&period["period"], &period["since"]), (&json!(name), &json!(begin)));
            assert_eq!(states(&period["letters"]), [""; 0]);
            for list in ["reasons", "domains", "relays"] {
                assert_eq!(period[list], json!([]), "{list}");
            }
        }
    }

    async fn letters_count_in_the_periods_that_they_were_put_in(app: TestApp) {
        for (name, hours) in [("ada", 0), ("bob", 23), ("eve", 24), ("max", 24 * 6)] {
            app.advance(TimeDelta::hours(hours));
            app.invite(&format!("{name}@example.com"), &["viewer"]).await;
        }
        let totals = async || {
            let body = overview(&app.admin()).await;
            let periods = body["periods"].as_array().unwrap();
            periods.iter().map(|one| one["letters"]["total"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        // Of the four, Ada's and Bob's are older than a week by now.
        assert_eq!(totals().await, [1, 1, 2]);
        app.advance(TimeDelta::hours(1));
        assert_eq!(totals().await, [0, 1, 2]);
        app.advance(TimeDelta::hours(23));
        assert_eq!(totals().await, [0, 0, 1]);
        app.advance(TimeDelta::days(6));
        assert_eq!(totals().await, [0, 0, 0]);
    }

    async fn each_letter_has_a_state_a_reason_a_domain_and_a_relay(app: TestApp) {
        let now = app.now();
        let relay = app.parts.courier.mailer.describe();
        for (address, set) in [
            ("sent@one.example", ""),
            ("delivered@one.example", "fate = 'delivered'"),
            ("deferred@one.example", "fate = 'deferred'"),
            ("bounced@one.example", "fate = 'bounced'"),
            ("full@two.example", "fate = 'bounced', cause = 'unavailable'"),
            ("spam@two.example", "fate = 'bounced', cause = 'spam_filter'"),
            ("blocked@two.example", "fate = 'bounced', cause = 'blocked'"),
            ("listed@two.example", "fate = 'bounced', cause = 'suppressed'"),
            // The operator's fault is no bounce.
            ("quota@two.example", "fate = 'bounced', cause = 'quota'"),
            ("complained@three.example", "fate = 'complained'"),
        ] {
            app.invite(address, &["viewer"]).await;
            if !set.is_empty() {
                change(&app, address, &format!("{set}, fate_at = {}", time(now)));
            }
        }
        // By two providers, of which the courier of an earlier release has recorded the name of one.
        change(&app, "delivered@one.example", "relay = 'Postmark at https://api.postmarkapp.com'");
        change(&app, "deferred@one.example", "relay = NULL, provider = 'resend'");
        let (tried, failed) = (time(now - TimeDelta::days(1)), format!("failed_at = {}", time(now)));
        for (address, set) in [
            ("queued@one.example", String::new()),
            ("waits@one.example", "attempts = 3, last_error = 'no route'".to_owned()),
            ("sign-in@one.example", "attempts = 3, last_error = '535', cause = 'authentication'".to_owned()),
            (
                "sending@one.example",
                format!("attempts = 1, leased_until = {}", time(now + TimeDelta::hours(1))),
            ),
            ("died@one.example", format!("attempts = 1, leased_until = {}", time(now))),
            (
                "refused@three.example",
                format!("state = 'failed', attempts = 1, last_error = '550', {failed}"),
            ),
            (
                "exhausted@three.example",
                format!(
                    "state = 'failed', attempts = 98, last_error = '451', first_tried_at = {tried}, {failed}"
                ),
            ),
            ("untried@three.example", format!("state = 'failed', {failed}")),
            ("withdrawn@three.example", "state = 'withdrawn'".to_owned()),
        ] {
            app.invite_unsent(address, &["viewer"]).await;
            if !set.is_empty() {
                change(&app, address, &set);
            }
        }
        let body = overview(&app.admin()).await;
        let hour = &body["periods"][0];
        assert_eq!(
            states(&hour["letters"]),
            [
                "queued 4",
                "sending 1",
                "sent 1",
                "delivered 1",
                "deferred 1",
                "bounced 5",
                "complained 1",
                "failed 4",
                "withdrawn 1"
            ]
        );
        assert_eq!(
            reasons(hour),
            ["address 3", "content 3", "network 3", "operator 2", "mailbox 1", "unknown 1"]
        );
        assert_eq!(
            named(&hour["domains"], "/domain"),
            [
                "one.example: queued 4, sending 1, sent 1, delivered 1, deferred 1, bounced 1",
                "three.example: complained 1, failed 3, withdrawn 1",
                "two.example: bounced 4, failed 1",
            ]
        );
        assert_eq!(
            named(&hour["relays"], "/name"),
            [
                format!("{relay}: sent 1, bounced 5, complained 1, failed 1"),
                "Postmark at https://api.postmarkapp.com: delivered 1".to_owned(),
                "resend: deferred 1".to_owned(),
            ]
        );
        // Day and week have the same.
        for period in [1, 2] {
            for member in ["letters", "reasons", "domains", "relays"] {
                assert_eq!(body["periods"][period][member], hour[member], "{member}");
            }
        }
    }

    async fn each_caller_is_told_of_the_letters_to_those_whom_they_may_read(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        app.invite("ada@operator.example", &["viewer"]).await;
        let waiting = app.admin().post(OWNERS, &json!({ "email": "ines@initech.example" })).await.expect(201);
        let domains = async |caller: &Client| {
            let body = overview(caller).await;
            let waits = body["oldest_waiting"]["invitation_id"].as_str().map(str::to_owned);
            let domains = body["periods"][0]["domains"].as_array().unwrap();
            assert_eq!(body["periods"][0]["letters"]["total"], domains.len());
            (domains.iter().map(|one| text(one, "/domain").to_owned()).collect::<Vec<_>>(), waits)
        };
        let (all, staff, customers): (&[&str], &[&str], &[&str]) = (
            &["acme.example", "initech.example", "operator.example"],
            &["operator.example"],
            &["acme.example", "initech.example"],
        );
        let owner_waits = Some(text(&waiting.body, "/id").to_owned());
        for (caller, seen, waits) in [
            (app.admin(), all, &owner_waits),
            (app.caller(&[Role::Viewer], &[]), all, &owner_waits),
            (app.caller(&[Role::Finance], &[]), customers, &owner_waits),
            (app.caller(&[], &[Permission::CustomersRead]), customers, &owner_waits),
            (app.caller(&[], &[Permission::SystemUsersRead]), staff, &None),
        ] {
            let seen = seen.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(domains(&caller).await, (seen, waits.clone()));
        }
        for caller in [
            app.caller(&[], &[]),
            app.caller(&[], &[Permission::CustomersInvite, Permission::AccountsRead]),
            app.owning(&[&acme.account]),
            app.client_caller(&[Permission::CustomersRead], Some(&acme.account)).await,
            acme.client,
        ] {
            caller.get(DELIVERY).await.problem(403, "forbidden");
        }
        app.anonymous().get(DELIVERY).await.problem(401, "unauthenticated");
        app.admin().get("/v1/delivery?period=hour").await.faults(&[("period", "unknown_parameter")]);
        app.letter().await;
    }

    async fn the_letter_that_has_waited_longest_is_named(app: TestApp) {
        let ada = app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::minutes(5));
        let bob = app.invite_unsent("bob@example.com", &["viewer"]).await;
        let next = time(app.now() + TimeDelta::minutes(9));
        change(&app, "ada@example.com", &format!("attempts = 4, next_attempt_at = {next}"));
        assert_eq!(
            overview(&app.admin()).await["oldest_waiting"],
            json!({
                "invitation_id": ada["id"], "since": "2026-11-24T12:00:00.000Z", "attempts": 4,
                "next_attempt_at": "2026-11-24T12:14:00.000Z"
            })
        );
        app.admin().post_empty(&format!("/v1/invitations/{}/revoke", text(&ada, "/id"))).await.expect(200);
        let oldest = overview(&app.admin()).await["oldest_waiting"].clone();
        assert_eq!((&oldest["invitation_id"], &oldest["attempts"]), (&bob["id"], &json!(0)));
        app.letter().await;
        assert_eq!(overview(&app.admin()).await["oldest_waiting"], Value::Null);
        // Longer than a week.
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.advance(TimeDelta::days(8));
        let body = overview(&app.admin()).await;
        assert_eq!(body["oldest_waiting"]["since"], "2026-11-24T12:05:00.000Z");
        assert_eq!(body["periods"][2]["letters"]["total"], 0);
        app.letter().await;
    }

    async fn relays_are_held_until_their_pause_is_over(app: TestApp) {
        let hold = |relay: &str, seconds: i64| {
            let until = time(app.now() + TimeDelta::seconds(seconds));
            let row = format!("INSERT INTO mail_pace (relay, free_at) VALUES ('{relay}', {until})");
            app.database.execute(&row);
        };
        hold("smtp://two.example:587", 60);
        hold("smtp://one.example:587", 20);
        hold("smtp://three.example:587", 10);
        app.advance(TimeDelta::seconds(10));
        let one = json!({ "relay": "smtp://one.example:587", "until": "2026-11-24T12:00:20.000Z" });
        let two = json!({ "relay": "smtp://two.example:587", "until": "2026-11-24T12:01:00.000Z" });
        assert_eq!(overview(&app.admin()).await["held"], json!([one, two]));
        app.advance(TimeDelta::seconds(10));
        assert_eq!(overview(&app.admin()).await["held"], json!([two]));
    }

    /// Its outcome tells whether the address has a user.
    async fn letters_about_passwords_are_in_no_number(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let before = overview(&app.admin()).await;
        for address in ["ada@example.com", "nobody@secret.example"] {
            let body = json!({ "email": address });
            app.anonymous().post("/v1/auth/password-reset", &body).await.expect(202);
        }
        assert_eq!(app.database.count("letters WHERE kind = 'password_reset'"), 2);
        let waiting = overview(&app.admin()).await;
        assert_eq!(app.letters().await.len(), 1);
        for after in [waiting, overview(&app.admin()).await] {
            assert_eq!(after["oldest_waiting"], Value::Null);
            for period in 0..3 {
                for member in ["letters", "reasons", "domains", "relays"] {
                    assert_eq!(after["periods"][period][member], before["periods"][period][member]);
                }
            }
        }
    }

    async fn what_the_caller_has_is_not_sent_again(app: TestApp) {
        let admin = app.admin();
        let tag = admin.get(DELIVERY).await.expect(200).header("etag").to_owned();
        let again = async || admin.call(reqwest::Method::GET, DELIVERY, &[("if-none-match", &tag)]).await;
        let same = again().await;
        assert_eq!((same.status, same.text.as_str()), (304, ""));
        app.invite("ada@example.com", &["viewer"]).await;
        assert_eq!(again().await.expect(200).body["periods"][0]["letters"]["total"], 1);
    }
}
