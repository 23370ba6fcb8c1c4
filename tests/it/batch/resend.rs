//! `POST /v1/invitations/batch/resend`: those that are named, or those that a filter chooses.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use invitation_service::domain::{
    permission::Permission,
    role::Role::{self, CustomerSupport, UserManager},
};
use serde_json::Value;

use crate::support::{
    Client, TestApp,
    batches::{RESEND, colleague, colleagues, faults, words},
    customers::{OWNERS, SUB_ACCOUNTS, text, with},
    json, on_both_databases,
};

/// A driver's invitation below an account.
async fn driver(app: &TestApp, email: &str, parent: &str) -> Value {
    let body = json!({ "email": email, "role": "driver", "account_id": parent });
    app.admin().post(SUB_ACCOUNTS, &body).await.expect(201).body
}

/// The addresses of the results, in their order.
fn people(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| text(result, "/invitation/email")).collect()
}

/// Sends and asks whether there is more.
async fn filtered(caller: &Client, filter: Value) -> (Vec<Value>, bool) {
    let answer = caller.post(RESEND, &json!({ "filter": filter })).await.expect(200);
    (crate::support::batches::results(&answer), answer.body["more"].as_bool().unwrap())
}

on_both_databases! {
    async fn those_that_are_named(app: TestApp) {
        let admin = app.admin();
        let (ada, old) = app.invite("ada@example.com", &["viewer"]).await;
        let (bob, _) = app.invite("bob@example.com", &["viewer"]).await;
        let (used, mail) = app.invite("eve@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let (revoked, _) = app.invite("max@example.com", &["viewer"]).await;
        admin.post_empty(&format!("/v1/invitations/{}/revoke", text(&revoked, "/id"))).await.expect(200);
        let (replaced, _) = app.invite("joe@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(24));
        let fresh = app.invite_unsent("joe@example.com", &["viewer"]).await;
        let manager = app.caller_named("Katherine Johnson", &[UserManager], &[]);
        let nothing = "inv_01kavx6e9me0r8jm6d2e1k2v3w";
        let ids = json!([
            bob["id"],
            used["id"],
            revoked["id"],
            replaced["id"],
            fresh["id"],
            ada["id"],
            nothing,
            "x",
            bob["user_id"],
            ada["id"],
            "x"
        ]);
        let answer = manager.post(RESEND, &json!({ "ids": ids })).await.expect(200);
        assert_eq!(answer.body["more"], false);
        let results = crate::support::batches::results(&answer);
        let (done, dead, none) = ("invitation_not_pending", "invitation_pending", "not_found");
        let soon = "resend_too_soon";
        assert_eq!(
            words(&results),
            ["resent", done, done, dead, soon, "resent", none, none, none, "validation_failed", none]
        );
        for (result, id) in results.iter().zip(ids.as_array().unwrap()) {
            assert_eq!(&result["id"], id);
        }
        assert_eq!(results[3]["error"]["invitation_id"], fresh["id"]);
        assert_eq!(
            (&results[4]["error"]["status"], &results[4]["error"]["retry_after"]),
            (&json!(429), &json!(60))
        );
        assert_eq!(faults(&results[9]), [("", "duplicate_id")]);
        assert!(text(&results[9], "/error/errors/0/detail").contains("at index 5"));

        let resent = &results[5]["invitation"];
        assert_eq!(
            (&resent["id"], &resent["user_id"], &resent["invited_by"]),
            (&ada["id"], &ada["user_id"], &ada["invited_by"])
        );
        assert_eq!((&resent["send_count"], &resent["status"]), (&json!(2), &json!("pending")));
        assert_eq!(resent["expires_at"], "2026-11-26T12:00:00.000Z");
        assert_eq!(
            resent["delivery"],
            json!({ "state": "queued", "attempts": 0, "last_error": null, "sent_at": null })
        );
        assert_eq!(
            &admin.get(&format!("/v1/invitations/{}", text(&ada, "/id"))).await.expect(200).body,
            resent
        );
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        let events = app.events(text(&ada, "/id")).await;
        let tail: Vec<&str> = events[events.len() - 2..].iter().map(|event| text(event, "/type")).collect();
        assert_eq!(tail, ["resent", "email_queued"]);
        assert_eq!(
            (text(&events[3], "/actor/name"), &events[3]["details"]),
            ("Katherine Johnson", &json!({ "send_count": 2 }))
        );
        let letters = app.letters().await;
        let to: BTreeSet<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
        assert_eq!(to, BTreeSet::from(["ada@example.com", "bob@example.com", "joe@example.com"]));
        let new = letters.iter().find(|letter| letter.to == "ada@example.com").unwrap();
        app.activate(&new.token).await.expect(201);
    }

    async fn bodies(app: TestApp) {
        let admin = app.admin();
        let many: Vec<String> = (0..1001).map(|number| format!("x{number}")).collect();
        let both = json!({ "ids": ["x"], "filter": {} });
        for (body, expected) in [
            (json!({}), vec![("/ids", "required")]),
            (json!({ "ids": null, "filter": null }), vec![("/ids", "required")]),
            (both, vec![("/filter", "not_applicable")]),
            (json!({ "ids": [] }), vec![("/ids", "too_few")]),
            (json!({ "ids": many }), vec![("/ids", "too_many")]),
            (json!({ "ids": "x" }), vec![("/ids", "wrong_type")]),
            (json!({ "ids": ["x", 7, null] }), vec![("/ids/1", "wrong_type"), ("/ids/2", "wrong_type")]),
            (json!({ "filter": [] }), vec![("/filter", "wrong_type")]),
            (
                json!({ "ids": 1, "filter": 1 }),
                vec![("/ids", "wrong_type"), ("/filter", "wrong_type"), ("/filter", "not_applicable")],
            ),
            (
                json!({
                    "filter": { "status": "activated", "kind": "driver", "account_id": "x", "email": "y" },
                    "dry": 1
                }),
                vec![
                    ("/filter/status", "unknown_value"),
                    ("/filter/kind", "unknown_value"),
                    ("/filter/account_id", "invalid_id"),
                    ("/filter/email", "unknown_member"),
                    ("/dry", "unknown_member"),
                ],
            ),
            (json!({ "filter": {}, "validate_only": "yes" }), vec![("/validate_only", "wrong_type")]),
        ] {
            admin.post(RESEND, &body).await.faults(&expected);
        }
        let twice = r#"{"filter": {"kind": "system_user", "kind": "sub_account"}}"#;
        admin
            .post_raw(RESEND, "application/json", twice)
            .await
            .faults(&[("/filter/kind", "duplicate_member")]);
        admin.post(&format!("{RESEND}?x=1"), &json!({})).await.faults(&[("x", "unknown_parameter")]);
        admin.post_empty(RESEND).await.problem(400, "malformed_json");
        let (results, more) = filtered(&admin, json!({})).await;
        assert!(results.is_empty() && !more);
    }

    async fn what_a_filter_chooses(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let south = app.subsidiary("eve@south.example", &acme.account, "South").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        app.invite("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::minutes(1));
        app.invite_by(OWNERS, json!({ "email": "olivia@new.example" })).await;
        app.advance(TimeDelta::minutes(1));
        app.invite_by(OWNERS, json!({ "email": "otto@acme.example", "account_id": acme.account })).await;
        driver(&app, "dirk@acme.example", &acme.account).await;
        app.letter().await;
        app.advance(TimeDelta::minutes(1));
        driver(&app, "dora@south.example", &south.account).await;
        driver(&app, "doug@zenith.example", &zenith.account).await;
        app.letters().await;
        app.advance(TimeDelta::hours(25));
        // Alive, and one that was replaced.
        app.invite("alan@example.com", &["viewer"]).await;
        app.database
            .execute("UPDATE invitations SET state = 'replaced' WHERE email_key = 'olivia@new.example'");
        let admin = app.admin();
        let check = async |caller: &Client, filter: Value, expected: &[&str]| {
            let judged =
                caller.post(RESEND, &json!({ "filter": filter, "validate_only": true })).await.expect(200);
            let ids = judged.body["results"].as_array().unwrap().clone();
            let mut found = Vec::new();
            for one in &ids {
                let shown = admin.get(&format!("/v1/invitations/{}", text(one, "/id"))).await.expect(200);
                found.push(shown.text_of("email").split('@').next().unwrap().to_owned());
            }
            assert_eq!(found, expected, "{filter}");
        };
        let (staff, below) = (json!({ "kind": "system_user" }), json!({ "kind": "sub_account" }));
        // The one whose last sending is longest ago first.
        check(&admin, json!({}), &["ada", "otto", "dirk", "dora", "doug"]).await;
        check(&admin, json!({ "status": "expired" }), &["ada", "otto", "dirk", "dora", "doug"]).await;
        check(&admin, json!({ "status": "pending" }), &["alan"]).await;
        check(&admin, staff.clone(), &["ada"]).await;
        check(&admin, below.clone(), &["dirk", "dora", "doug"]).await;
        check(&admin, json!({ "kind": "account_owner" }), &["otto"]).await;
        check(&admin, json!({ "account_id": acme.account }), &["otto", "dirk", "dora"]).await;
        check(&admin, json!({ "account_id": south.account }), &["dora"]).await;
        check(&admin, with(below.clone(), json!({ "account_id": acme.account })), &["dirk", "dora"]).await;
        check(&admin, json!({ "account_id": "acc_01kavx6e9kfzabv5qhm1p4d6xn" }), &[]).await;
        // Only what the caller may resend.
        let support = app.caller(&[CustomerSupport], &[]);
        check(&support, json!({}), &["otto", "dirk", "dora", "doug"]).await;
        support.post(RESEND, &json!({ "filter": staff })).await.problem(403, "forbidden");
        check(&app.caller(&[Role::Viewer], &[Permission::SystemUsersInvite]), json!({}), &["ada"]).await;
        check(&app.caller(&[], &[Permission::SystemUsersInvite]), json!({}), &[]).await;
        let owner = app.owning(&[&acme.account]);
        check(&owner, json!({}), &["otto", "dirk", "dora"]).await;
        check(&owner, json!({ "account_id": zenith.account }), &[]).await;
        owner.post(RESEND, &json!({ "filter": staff })).await.problem(403, "forbidden");
        check(&app.owning(&[&south.account]), json!({}), &["dora"]).await;

        let (results, more) = filtered(&owner, below).await;
        assert_eq!((people(&results), more), (vec!["dirk@acme.example", "dora@south.example"], false));
        assert_eq!(app.letters().await.len(), 2);
        check(&owner, json!({}), &["otto"]).await;
        assert!(
            results.iter().all(|result| result["invitation"]["send_count"] == 2
                && result["invitation"]["id"] == result["id"])
        );
    }

    async fn what_the_caller_may_not_resend_fails_alone(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let boss = app.invite_unsent("boss@example.com", &["admin"]).await;
        let ada = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let dirk = driver(&app, "dirk@acme.example", &acme.account).await;
        let doug = driver(&app, "doug@zenith.example", &zenith.account).await;
        let owner = json!({ "email": "olivia@new.example" });
        let owner = app.admin().post(OWNERS, &owner).await.expect(201).body;
        app.letters().await;
        app.advance(TimeDelta::hours(25));
        let body = json!({
            "ids": [boss["id"], ada["id"], dirk["id"], doug["id"], owner["id"]], "validate_only": true
        });
        let (yes, no, none) = ("valid", "forbidden", "not_found");
        let reader = app.caller(&[Role::Viewer], &[Permission::CustomersInvite]);
        for (name, caller, expected) in [
            ("user manager", app.caller(&[UserManager], &[]), ["role_exceeds_yours", yes, yes, yes, yes]),
            ("support", app.caller(&[CustomerSupport], &[]), [none, none, yes, yes, yes]),
            ("who sees colleagues", reader, [no, no, yes, yes, yes]),
            ("its owner", app.owning(&[&acme.account]), [none, none, yes, none, none]),
            ("another's owner", app.owning(&[&zenith.account]), [none, none, none, yes, none]),
        ] {
            assert_eq!(words(&caller.many(RESEND, body.clone()).await), expected, "{name}");
        }
        for caller in [app.caller(&[], &[]), app.caller(&[Role::Viewer, Role::Finance], &[])] {
            caller.post(RESEND, &json!({ "ids": 1 })).await.problem(403, "forbidden");
        }
        app.anonymous().post(RESEND, &body).await.problem(401, "unauthenticated");
        assert_eq!(app.database.count("letters WHERE generation > 1"), 0);
        assert!(app.letters().await.is_empty());
        // Each as its own route says it.
        let single = |id: &Value| format!("/v1/invitations/{}/resend", id.as_str().unwrap());
        let manager = app.caller(&[UserManager], &[]);
        manager.post_empty(&single(&boss["id"])).await.problem(403, "role_exceeds_yours");
        app.owning(&[&acme.account]).post_empty(&single(&doug["id"])).await.problem(404, "not_found");
    }

    async fn the_next_thousand_at_the_next_call(app: TestApp) {
        let admin = app.admin();
        let (first, second) =
            (colleagues(700), (700..1500).map(|number| colleague(&format!("person{number}@example.com"))));
        admin.batch(&first).await;
        app.advance(TimeDelta::minutes(1));
        admin.batch(&second.collect::<Vec<_>>()).await;
        app.advance(TimeDelta::hours(25));
        let judged = admin.post(RESEND, &json!({ "filter": {}, "validate_only": true })).await.expect(200);
        assert_eq!(
            (judged.body["results"].as_array().unwrap().len(), &judged.body["more"]),
            (1000, &json!(true))
        );
        let (results, more) = filtered(&admin, json!({})).await;
        assert_eq!((words(&results), more), (vec!["resent"; 1000], true));
        let first: BTreeSet<String> = people(&results).into_iter().map(str::to_owned).collect();
        assert!((0..700).all(|number| first.contains(&format!("person{number}@example.com"))));
        let (results, more) = filtered(&admin, json!({})).await;
        assert_eq!((words(&results), more), (vec!["resent"; 500], false));
        assert!(people(&results).into_iter().all(|email| !first.contains(email)));
        let (results, more) = filtered(&admin, json!({})).await;
        assert!(results.is_empty() && !more);
        assert_eq!(app.database.count("letters WHERE state = 'queued' AND generation = 2"), 1500);
        assert_eq!(app.database.count("letters WHERE state = 'withdrawn' AND generation = 1"), 1500);
        assert_eq!(app.database.count("invitation_events WHERE event_type = 'resent'"), 1500);
        // Of those that live, the same: and when the rest was sent a moment ago, there is no more.
        let (results, more) = filtered(&admin, json!({ "status": "pending" })).await;
        assert_eq!((words(&results), more), (vec!["resend_too_soon"; 1000], false));
        app.advance(TimeDelta::minutes(1));
        let (results, more) = filtered(&admin, json!({ "status": "pending" })).await;
        assert_eq!((words(&results), more), (vec!["resent"; 1000], true));
        let (results, more) = filtered(&admin, json!({ "status": "pending" })).await;
        let count = |word| words(&results).into_iter().filter(|found| *found == word).count();
        assert_eq!((count("resent"), count("resend_too_soon"), more), (500, 500, false));
    }
}
