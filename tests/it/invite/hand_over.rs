//! `"delivery": "link"`: whoever invites is given the link, once, and no letter is sent.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, PASSWORD, TestApp, json, on_both_databases};

const INVITE: &str = "/v1/system-users/invitations";

fn ada() -> Value {
    json!({ "email": "ada@example.com", "roles": ["viewer"], "delivery": "link" })
}

fn token_of(answer: &Answer) -> String {
    answer.text_of("activation_link").split_once("/activate?token=").unwrap().1.to_owned()
}

on_both_databases! {
    async fn the_link_is_in_that_answer_alone_and_works(app: TestApp) {
        let admin = app.admin();
        let invited = admin.post(INVITE, &ada()).await.expect(201);
        assert_eq!(invited.body["delivery"]["state"], "handed_over");
        assert_eq!(
            (invited.header("cache-control"), invited.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        let (id, token) = (invited.text_of("id"), token_of(&invited));
        assert!(app.letters().await.is_empty());
        assert_eq!(app.timeline(&id).await, ["created", "link_handed_over"]);
        let metrics = app.anonymous().get("/metrics").await.text;
        assert!(metrics.contains("letters_total{outcome=\"handed_over\"} 1"), "{metrics}");
        for path in [
            format!("/v1/invitations/{id}"),
            "/v1/invitations".to_owned(),
            format!("/v1/invitations/{id}/events"),
        ] {
            let shown = admin.get(&path).await.expect(200);
            assert!(
                !shown.text.contains("activation_link") && !shown.text.contains(&token),
                "{}",
                shown.text
            );
        }
        app.activate(&token).await.expect(201);
    }

    async fn its_members_are_in_the_order_of_every_other_answer(app: TestApp) {
        let members = |answer: &Answer| {
            let mut names: Vec<String> = answer.body.as_object().unwrap().keys().cloned().collect();
            names.sort_by_key(|name| answer.text.find(&format!("\"{name}\":")));
            names
        };
        let invited = app.admin().post(INVITE, &ada()).await.expect(201);
        let shown = app.admin().get(&format!("/v1/invitations/{}", invited.text_of("id"))).await.expect(200);
        let mut expected = members(&shown);
        assert_eq!((expected[0].as_str(), expected[1].as_str()), ("id", "kind"));
        expected.push("activation_link".to_owned());
        assert_eq!(members(&invited), expected);
    }

    async fn every_route_hands_over(app: TestApp) {
        let admin = app.admin();
        let owner = json!({
            "email": "olga@acme.example", "account_name": "Acme", "account_type": "business",
            "delivery": "link",
        });
        let owner = admin.post("/v1/account-owners/invitations", &owner).await.expect(201);
        let body = json!({
            "token": token_of(&owner), "password": PASSWORD, "first_name": "Olga", "last_name": "Owner",
            "account": { "company": {
                "name": "Acme B.V.", "vat_number": "NL004495445B01",
                "address": {
                    "street": "Keizersgracht", "postal_code": "1015 CN", "city": "Amsterdam", "country": "NL"
                },
            } },
        });
        let acme =
            app.anonymous().post("/v1/activations", &body).await.expect(201).body["account"]["id"].clone();
        let driver = json!({
            "email": "dave@acme.example", "role": "driver", "account_id": acme, "delivery": "link"
        });
        token_of(&admin.post("/v1/sub-accounts/invitations", &driver).await.expect(201));
        let below = json!({
            "email": "nora@acme.example", "used_by": "subsidiary", "account_name": "Noord",
            "account_type": "business",
            "delivery": "link",
        });
        let path = format!("/v1/accounts/{}/sub-accounts", acme.as_str().unwrap());
        token_of(&admin.post(&path, &below).await.expect(201));
        assert!(app.letters().await.is_empty());
    }

    async fn a_retry_gets_the_same_link_though_none_is_stored(app: TestApp) {
        let admin = app.admin();
        let send = async || {
            Answer::of(admin.request(Method::POST, INVITE).header("idempotency-key", "k").json(&ada())).await
        };
        let (first, again) = (send().await.expect(201), send().await.expect(201));
        assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &first.body));
        let token = token_of(&first);
        let stored = app.database.texts("SELECT body AS text FROM idempotency_keys");
        assert!(!stored[0].contains(&token) && !stored[0].contains("activation_link"), "{}", stored[0]);
        assert!(app.letters().await.is_empty());
    }

    async fn a_resend_goes_by_letter_and_ends_the_link(app: TestApp) {
        let invited = app.admin().post(INVITE, &ada()).await.expect(201);
        app.advance(TimeDelta::minutes(2));
        let resent = app
            .admin()
            .post_empty(&format!("/v1/invitations/{}/resend", invited.text_of("id")))
            .await
            .expect(200);
        assert_eq!(resent.body["delivery"]["state"], "queued");
        let letter = app.letter().await;
        app.activate(&token_of(&invited)).await.problem(410, "activation_link_superseded");
        app.activate(&letter.token).await.expect(201);
    }

    async fn other_words_and_batches_are_refused(app: TestApp) {
        let admin = app.admin();
        let odd = json!({ "email": "ada@example.com", "roles": ["viewer"], "delivery": "pigeon" });
        admin.post(INVITE, &odd).await.faults(&[("/delivery", "unknown_value")]);
        let item = |way: Value| {
            json!({
                "kind": "system_user", "email": "ada@example.com", "roles": ["viewer"], "delivery": way
            })
        };
        let ways = ["link", "mail", "pigeon"].map(Value::from).into_iter().chain([json!(1), json!("email")]);
        let batch = json!({ "invitations": ways.map(item).collect::<Vec<_>>() });
        let answer = admin.post("/v1/invitations/batch", &batch).await.expect(200);
        let results = answer.body["results"].as_array().unwrap();
        for (result, code) in
            results.iter().zip(["not_applicable", "unknown_value", "unknown_value", "wrong_type"])
        {
            let fault = &result["error"]["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/delivery"), &json!(code)), "{result}");
            let words = fault["detail"].as_str().unwrap();
            assert_eq!(words.contains("always e-mailed"), code != "wrong_type", "{words}");
            assert_eq!(words.contains("link"), code == "not_applicable", "{words}");
        }
        assert_eq!(results[4]["status"], "invited");
        assert_eq!(app.letters().await.len(), 1);
    }
}
