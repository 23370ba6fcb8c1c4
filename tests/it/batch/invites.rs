//! `POST /v1/invitations/batch`: many at once, each judged alone.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use invitation_service::domain::{
    permission::Permission,
    role::Role::{self, CustomerSupport, Finance, UserManager},
};
use serde_json::Value;

use crate::support::{
    TestApp,
    batches::{BATCH, colleague, colleagues, faults, words},
    customers::{OWNERS, SUB_ACCOUNTS, text, with},
    json, on_both_databases,
};

const STAFF: &str = "/v1/system-users/invitations";

fn owner(members: Value) -> Value {
    with(json!({ "kind": "account_owner" }), members)
}

fn driver(members: Value) -> Value {
    with(json!({ "kind": "sub_account", "role": "driver" }), members)
}

on_both_databases! {
    async fn three_kinds_in_one_batch(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let items = [
            with(colleague("ada@example.com"), json!({ "roles": ["viewer", "finance"], "locale": "nl-BE" })),
            owner(json!({
                "email": "olivia@zenith.example", "account_name": "Zenith", "account_type": "business"
            })),
            owner(json!({ "email": "otto@acme.example", "account_id": acme.account })),
            driver(json!({
                "email": "dirk@acme.example", "account_name": "ACME", "reimbursement_rate": "0.23",
                "sub_account_name": "Dirk at home", "account_type": "consumer"
            })),
            with(
                driver(json!({ "email": "sofie@acme.example", "account_id": acme.account })),
                json!({ "role": "account_owner", "locale": null }),
            ),
        ];
        let results = app.admin().batch(&items).await;
        assert_eq!(words(&results), ["invited"; 5]);
        let made: Vec<&Value> = results.iter().map(|result| &result["invitation"]).collect();
        for (item, made) in items.iter().zip(&made) {
            assert_eq!((&made["email"], &made["kind"]), (&item["email"], &item["kind"]));
            assert_eq!((&made["status"], &made["send_count"]), (&json!("pending"), &json!(1)));
            // What is answered is what is there.
            assert_eq!(
                &&app.admin().get(&format!("/v1/invitations/{}", text(made, "/id"))).await.expect(200).body,
                made
            );
            assert_eq!(app.timeline(text(made, "/id")).await, ["created", "email_queued"]);
        }
        assert_eq!((&made[0]["roles"], &made[0]["locale"]), (&json!(["finance", "viewer"]), &json!("nl")));
        assert_eq!(
            (&made[1]["account"]["name"], &made[1]["account"]["type"]),
            (&json!("Zenith"), &json!("business"))
        );
        assert_eq!(made[2]["account"]["id"], acme.account);
        let below = &made[3]["account"];
        assert_eq!(
            (&below["parent_account_id"], &below["used_by"]),
            (&json!(acme.account), &json!("employee"))
        );
        assert_eq!(made[4]["account"]["used_by"], "subsidiary");
        let shown = app.admin().get(&format!("/v1/accounts/{}", text(below, "/id"))).await.expect(200).body;
        assert_eq!(shown["reimbursement"]["rate"], "0.2300");

        let letters = app.letters().await;
        assert_eq!(letters.iter().map(|letter| letter.to.as_str()).collect::<BTreeSet<_>>().len(), 5);
        let ada = letters.iter().find(|letter| letter.to == "ada@example.com").unwrap();
        assert!(ada.text.contains("uur"), "in Dutch: {}", ada.text);
        app.activate(&ada.token).await.expect(201);
        let dirk = letters.iter().find(|letter| letter.to == "dirk@acme.example").unwrap();
        app.activate(&dirk.token).await.expect(201);
    }

    async fn each_is_judged_alone(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let home = app.consumer("joe@home.example", "Joe at home").await;
        for number in 0..2 {
            app.invite_by(
                OWNERS,
                json!({ "email": format!("twin{number}@example.com"), "account_name": "Twins" }),
            )
            .await;
        }
        let (_, mail) = app.invite("linus@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let sleeping = app.invite_unsent("sleeping@example.com", &["viewer"]).await;
        let before = app.database.count("invitations");
        let items = [
            colleague("sleeping@example.com"),
            colleague("linus@example.com"),
            colleague("new@example.com"),
            owner(json!({ "email": "grace@acme.example" })),
            owner(json!({ "email": "grace@acme.example", "account_id": acme.account })),
            driver(json!({ "email": "dirk@acme.example", "account_name": "Twins" })),
            driver(json!({ "email": "dirk@acme.example", "account_name": "Nowhere" })),
            driver(json!({ "email": "dirk@acme.example", "account_id": home.account })),
            driver(json!({ "email": "dirk@acme.example", "account_id": acme.account })),
            json!({ "kind": "system_user", "email": "not an address", "roles": [], "rolls": 1 }),
        ];
        let results = app.admin().batch(&items).await;
        assert_eq!(
            words(&results),
            [
                "invitation_pending",
                "already_system_user",
                "invited",
                "already_account_owner",
                "already_member",
                "ambiguous_account",
                "account_not_found",
                "parent_not_business",
                "invited",
                "validation_failed",
            ]
        );
        assert_eq!(results[0]["error"]["invitation_id"], sleeping["id"]);
        assert_eq!(results[0]["error"]["status"], 409);
        assert_eq!(results[5]["error"]["candidates"].as_array().unwrap().len(), 2);
        assert_eq!(
            faults(&results[9]),
            [("/email", "invalid_email"), ("/roles", "too_few"), ("/rolls", "unknown_member")]
        );
        assert_eq!(app.database.count("invitations"), before + 2);
        app.letters().await;
    }

    async fn a_name_of_many_accounts_is_reported_in_short(app: TestApp) {
        let admin = app.admin();
        let twin = |number: usize| {
            owner(json!({ "email": format!("owner{number}@acme.example"), "account_name": "Twins" }))
        };
        let dirk = || driver(json!({ "email": "dirk@acme.example", "account_name": "twins" }));
        let candidates = |result: &Value| result["error"]["candidates"].as_array().unwrap().len();
        let ten: Vec<Value> = (0..10).map(twin).collect();
        assert_eq!(words(&admin.batch(&ten).await), ["invited"; 10]);
        let reported = &admin.batch(&[dirk()]).await[0];
        assert_eq!(candidates(reported), 10);
        assert!(!reported["error"]["detail"].as_str().unwrap().contains("10"), "{reported}");

        admin.batch(&[twin(10), twin(11)]).await;
        for reported in admin.batch(&[dirk(), dirk()]).await {
            assert_eq!(
                (&reported["error"]["code"], candidates(&reported)),
                (&json!("ambiguous_account"), 10)
            );
            assert!(
                reported["error"]["detail"].as_str().unwrap().starts_with("More than 10 accounts"),
                "{reported}"
            );
        }
        // By itself it is told all.
        let alone = json!({ "email": "dirk@acme.example", "role": "driver", "account_name": "Twins" });
        let refused =
            admin.post("/v1/sub-accounts/invitations", &alone).await.problem(409, "ambiguous_account");
        assert_eq!(refused.body["candidates"].as_array().unwrap().len(), 12);
        app.letters().await;
    }

    async fn duplicates_inside_a_batch(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let items = [
            colleague("ada@example.com"),
            colleague("ADA@Example.com"),
            colleague("ada@bücher.example"),
            colleague("Ada@xn--bcher-kva.example"),
            // Another kind and another parent are other places.
            owner(json!({ "email": "ada@example.com" })),
            driver(json!({ "email": "ada@example.com", "account_id": acme.account })),
            driver(json!({ "email": "Ada@example.com", "account_name": "acme" })),
            driver(json!({ "email": "aDa@example.com", "account_id": zenith.account })),
        ];
        let results = app.admin().batch(&items).await;
        let pending = "invitation_pending";
        assert_eq!(
            words(&results),
            ["invited", pending, "invited", pending, "invited", "invited", pending, "invited"]
        );
        for (second, first) in [(1, 0), (3, 2), (6, 5)] {
            assert_eq!(results[second]["error"]["invitation_id"], results[first]["invitation"]["id"]);
        }
        // Of one address is one user.
        let people: BTreeSet<&str> =
            [0, 4, 5, 7].iter().map(|&index| text(&results[index], "/invitation/user_id")).collect();
        assert_eq!(people.len(), 1);
        assert_eq!(app.letters().await.len(), 5);
    }

    async fn expired_ones_are_replaced(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let items = [
            colleague("ada@example.com"),
            owner(json!({ "email": "olivia@zenith.example", "account_name": "Zenith" })),
            driver(json!({ "email": "dirk@acme.example", "account_id": acme.account })),
        ];
        let old = app.admin().batch(&items).await;
        app.letters().await;
        assert_eq!(words(&app.admin().batch(&items).await), ["invitation_pending"; 3]);
        app.advance(TimeDelta::hours(25));
        // The second of two in one batch finds the first one, which is alive.
        let both: Vec<Value> = items.iter().chain(&items).cloned().collect();
        let results = app.admin().batch(&both).await;
        assert_eq!(words(&results), [["invited"; 3], ["invitation_pending"; 3]].concat());
        for (index, old) in old.iter().enumerate() {
            let (old, new) = (&old["invitation"], &results[index]["invitation"]);
            assert_ne!(old["id"], new["id"]);
            assert_eq!(old["user_id"], new["user_id"]);
            assert_eq!(results[index + 3]["error"]["invitation_id"], new["id"]);
            let shown =
                app.admin().get(&format!("/v1/invitations/{}", text(old, "/id"))).await.expect(200).body;
            assert_eq!(shown["status"], "expired");
        }
        assert_eq!(app.database.count("invitations WHERE state = 'replaced'"), 3);
        assert_eq!(app.letters().await.len(), 3);
    }

    async fn what_the_caller_may_not_send_fails_alone(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let max = app.driver("max@acme.example", &acme.account).await.client;
        let mut round = 0;
        let mut items = || {
            round += 1;
            let email = |name: &str| format!("{name}{round}@example.com");
            [
                colleague(&email("viewer")),
                with(colleague(&email("admin")), json!({ "roles": ["admin"] })),
                owner(json!({ "email": email("owner") })),
                owner(json!({ "email": email("further"), "account_id": acme.account })),
                driver(json!({ "email": email("dirk"), "account_id": acme.account })),
                driver(json!({ "email": email("dora"), "account_name": "acme" })),
                driver(json!({ "email": email("foreign"), "account_id": zenith.account })),
                driver(json!({ "email": email("named"), "account_name": "Zenith" })),
                json!({ "kind": "system_user", "email": email("x"), "roles": ["boss"] }),
            ]
        };
        let (yes, no, exceeds) = ("invited", "forbidden", "role_exceeds_yours");
        let (none, faulty) = ("account_not_found", "validation_failed");
        for (name, caller, expected) in [
            (
                "user manager",
                app.caller(&[UserManager], &[]),
                [yes, exceeds, yes, yes, yes, yes, yes, yes, faulty],
            ),
            ("support", app.caller(&[CustomerSupport], &[]), [no, no, yes, yes, yes, yes, yes, yes, faulty]),
            (
                "scope",
                app.caller(&[], &[Permission::SystemUsersInvite]),
                [exceeds, exceeds, no, no, no, no, no, no, faulty],
            ),
            ("its owner", acme.client.clone(), [no, no, no, yes, yes, yes, none, none, faulty]),
            (
                "another's owner",
                app.owning(&[&zenith.account]),
                [no, no, no, none, none, none, yes, yes, faulty],
            ),
        ] {
            let results = caller.batch(&items()).await;
            assert_eq!(words(&results), expected, "{name}");
        }
        // Whoever may invite nobody is told so before anything is read.
        for caller in [app.caller(&[], &[]), app.caller(&[Role::Viewer, Finance], &[]), max] {
            caller.post(BATCH, &json!({ "invitations": "x" })).await.problem(403, "forbidden");
            caller.post_raw(BATCH, "application/json", "{").await.problem(403, "forbidden");
        }
        app.anonymous().post(BATCH, &json!({ "invitations": items() })).await.problem(401, "unauthenticated");
        app.letters().await;
    }

    async fn validating_writes_nothing(app: TestApp) {
        let admin = app.admin();
        app.invite("ada@example.com", &["viewer"]).await;
        let expired = app.invite_unsent("late@example.com", &["viewer"]).await;
        app.letters().await;
        app.advance(TimeDelta::hours(24));
        let alive = app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.letters().await;
        let tables = [
            "users",
            "invitations",
            "letters",
            "invitation_events",
            "accounts",
            "account_lineage",
            "idempotency_keys",
        ];
        let count = || tables.map(|table| app.database.count(table));
        let before = count();
        let items = json!([
            colleague("ada@example.com"),
            colleague("new@example.com"),
            colleague("New@example.com"),
            colleague("late@example.com"),
            owner(json!({ "email": "olivia@acme.example", "account_name": "Acme" })),
            { "kind": "driver" },
            driver(json!({ "email": "dirk@example.com", "account_name": "Nowhere" })),
        ]);
        let body = json!({ "invitations": items, "validate_only": true });
        let results = admin.many(BATCH, body.clone()).await;
        let (valid, pending, faulty) = ("valid", "invitation_pending", "validation_failed");
        assert_eq!(words(&results), [pending, valid, pending, valid, valid, faulty, "account_not_found"]);
        assert_eq!(results[0]["error"]["invitation_id"], alive["id"]);
        assert_eq!(count(), before);
        assert!(app.letters().await.is_empty());
        let late = admin.get(&format!("/v1/invitations/{}", text(&expired, "/id"))).await.expect(200);
        assert_eq!(app.database.count("invitations WHERE state = 'replaced'"), 1, "{}", late.text);
        let metrics = app.anonymous().get("/metrics").await.expect(200).text;
        assert!(
            metrics.contains("invites_total{outcome=\"invited\"} 3")
                && metrics.contains("invites_total{outcome=\"invitation_pending\"} 0"),
            "{metrics}"
        );
        // In earnest it is the same, but for what is made.
        let done = admin.many(BATCH, with(body, json!({ "validate_only": false }))).await;
        assert_eq!(
            words(&done),
            words(&results)
                .iter()
                .map(|word| if *word == valid { "invited" } else { word })
                .collect::<Vec<_>>()
        );
        assert_eq!(app.letters().await.len(), 3);
    }

    async fn items_are_counted_as_single_invites_are(app: TestApp) {
        let items =
            [colleagues(3), vec![colleague("person0@example.com"), colleague("x"), driver(json!({}))]]
                .concat();
        app.caller(&[UserManager], &[]).batch(&items).await;
        app.caller(&[CustomerSupport], &[]).batch(&items[..2]).await;
        let metrics = app.anonymous().get("/metrics").await.expect(200).text;
        let counts: Vec<&str> = metrics
            .lines()
            .filter(|line| line.starts_with("invitation_service_invites_total") && !line.ends_with(" 0"))
            .collect();
        let count = |outcome: &str, number: u32| {
            format!("invitation_service_invites_total{{outcome=\"{outcome}\"}} {number}")
        };
        let expected = [count("invited", 3), count("invitation_pending", 1), count("forbidden", 2)];
        assert_eq!(
            counts.iter().copied().collect::<BTreeSet<_>>(),
            expected.iter().map(String::as_str).collect::<BTreeSet<_>>()
        );
        app.letters().await;
    }

    async fn a_batch_and_a_single_invite_see_each_other(app: TestApp) {
        let results = app.admin().batch(&[colleague("ada@example.com")]).await;
        let refused =
            app.admin().post(STAFF, &json!({ "email": "Ada@example.com", "roles": ["viewer"] })).await;
        assert_eq!(
            refused.problem(409, "invitation_pending").text_of("invitation_id"),
            text(&results[0], "/invitation/id")
        );
        let id = text(&results[0], "/invitation/id");
        app.admin().post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        let again = app.admin().batch(&[colleague("ada@example.com")]).await;
        assert_eq!(words(&again), ["invited"]);
        app.admin().post(SUB_ACCOUNTS, &json!({})).await.expect(422);
        app.letter().await;
    }
}
