//! Changing what customers are invited to: the account's name, its rate, and whose it will be.

use crate::{
    invitations::update::{changes, look},
    support::{
        TestApp,
        customers::{OWNERS, SUB_ACCOUNTS, company, text},
        json, on_both_databases,
    },
};

on_both_databases! {
    async fn name_and_rate_of_the_account_that_was_made(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("olga@acme.example", "Acme").await;
        let body = json!({
            "email": "dirk@acme.example", "role": "driver", "account_id": acme.account,
            "sub_account_name": "Dirk", "reimbursement_rate": "0.23"
        });
        let made = admin.post(SUB_ACCOUNTS, &body).await.expect(201);
        let (id, account) = (made.text_of("id"), text(&made.body, "/account/id").to_owned());
        let (mut tag, _) = look(&admin, &id).await;
        assert_eq!(made.header("etag"), tag);
        let shown = async || {
            let account = admin.get(&format!("/v1/accounts/{account}")).await.expect(200).body;
            (account["name"].clone(), account["reimbursement"]["rate"].clone())
        };
        for (patch, name, rate) in [
            (json!({ "reimbursement_rate": "0.25" }), json!("Dirk"), json!("0.2500")),
            (json!({ "account_name": " Dirk's car " }), json!("Dirk's car"), json!("0.2500")),
            (json!({ "reimbursement_rate": null }), json!("Dirk's car"), json!(null)),
            (json!({ "account_name": null, "reimbursement_rate": "1.5" }), json!(null), json!("1.5000")),
            (
                json!({ "account_name": "Élodie", "reimbursement_rate": "0.23" }),
                json!("Élodie"),
                json!("0.2300"),
            ),
        ] {
            let changed = admin.update(&id, &tag, &patch).await.expect(200);
            assert_ne!(changed.header("etag"), tag, "{patch}");
            assert_eq!(changed.body["account"]["name"], name);
            changed.header("etag").clone_into(&mut tag);
            assert_eq!(shown().await, (name, rate), "{patch}");
            assert_eq!(look(&admin, &id).await, (tag.clone(), changed.body));
        }
        let expected = json!({
            "account_name": {
                "from": null, "to": "Élodie"
            }, "reimbursement_rate": { "from": "1.5000", "to": "0.2300" }
        });
        assert_eq!(changes(&app, &id).await, expected);
        // The same rate written otherwise is the same rate.
        let same = admin
            .update(&id, &tag, &json!({ "reimbursement_rate": "0.2300", "account_name": "Élodie" }))
            .await
            .expect(200);
        assert_eq!(same.header("etag"), tag);
        assert_eq!(app.timeline(&id).await.iter().filter(|event| *event == "updated").count(), 5);
        // It is found by its new name alone, and by that it can be named.
        for (search, found) in [("%C3%A9lodie", 1), ("dirk", 0)] {
            let list = admin.get(&format!("/v1/accounts?search={search}")).await.expect(200).body;
            assert_eq!(list["data"].as_array().unwrap().len(), found, "{search}");
        }
        let named = json!({ "email": "max@acme.example", "role": "driver", "account_name": "ÉLODIE" });
        admin.post(SUB_ACCOUNTS, &named).await.problem(409, "parent_not_active");
        let mail = app.letter().await;
        let requires = app.requires(&mail.token).await;
        assert_eq!((&requires["account_name"], &requires["account_type"]), (&json!(false), &json!(true)));
        let activated = app
            .activate_with(&mail.token, json!({ "account": { "type": "consumer" } }))
            .await
            .expect(201)
            .body;
        assert_eq!(activated["account"]["reimbursement"]["rate"], "0.2300");
        assert_eq!(activated["account"]["name"], "Élodie");
    }

    async fn what_this_kind_has_not_is_a_named_fault(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (first, _) =
            app.invite_by(OWNERS, json!({ "email": "ada@example.com", "account_name": "Zenith" })).await;
        let (further, _) =
            app.invite_by(OWNERS, json!({ "email": "otto@acme.example", "account_id": acme.account })).await;
        let body = json!({ "email": "dirk@acme.example", "role": "driver", "account_id": acme.account });
        let (driver, _) = app.invite_by(SUB_ACCOUNTS, body).await;
        let patch = json!({ "roles": ["viewer"], "account_name": "New", "reimbursement_rate": "0.1" });
        let (roles, name, rate) = (
            ("/roles", "not_applicable"),
            ("/account_name", "not_applicable"),
            ("/reimbursement_rate", "not_applicable"),
        );
        admin.update(text(&first, "/id"), "*", &patch).await.faults(&[roles, rate]);
        admin.update(text(&further, "/id"), "*", &patch).await.faults(&[roles, name, rate]);
        admin.update(text(&driver, "/id"), "*", &patch).await.faults(&[roles]);
        // However it is said, that it is out of place is all that is told.
        let patch = json!({ "roles": ["boss", 1], "account_name": null, "reimbursement_rate": null });
        admin.update(text(&first, "/id"), "*", &patch).await.faults(&[roles, rate]);
        let patch = json!({ "roles": null, "account_name": "", "reimbursement_rate": 0.1 });
        admin.update(text(&further, "/id"), "*", &patch).await.faults(&[roles, name, rate]);
        admin.update(text(&driver, "/id"), "*", &patch).await.faults(&[
            roles,
            ("/account_name", "required"),
            ("/reimbursement_rate", "wrong_type"),
        ]);
        let acme = admin.get(&format!("/v1/accounts/{}", acme.account)).await.expect(200).body;
        assert_eq!((&acme["name"], &acme["reimbursement"]), (&json!("Acme"), &json!(null)));
        for one in [&first, &further, &driver] {
            assert_eq!(app.timeline(text(one, "/id")).await.len(), 3);
        }
    }

    async fn owners_change_what_lies_below_them(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let zenith = app.owner("zoe@zenith.example", "Zenith").await;
        let body = json!({
            "email": "drik@acme.example", "role": "driver", "account_id": acme.account,
            "account_type": "consumer"
        });
        let (made, old) = app.send(&acme.client, SUB_ACCOUNTS, body).await;
        let id = text(&made, "/id");
        let (tag, _) = look(&acme.client, id).await;
        zenith
            .client
            .update(id, &tag, &json!({ "email": "eve@zenith.example" }))
            .await
            .problem(404, "not_found");
        let patch = json!({ "email": "dirk@acme.example", "reimbursement_rate": "0.3" });
        let moved = acme.client.update(id, &tag, &patch).await.expect(200).body;
        assert_eq!(moved["account"], made["account"], "the account goes along");
        let event = app.events(id).await.into_iter().find(|event| event["type"] == "updated").unwrap();
        assert_eq!(event["actor"]["id"], json!(acme.user));
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        let mail = app.letter().await;
        let activated = app.activate(&mail.token).await.expect(201).body;
        assert_eq!(activated["account"]["reimbursement"]["rate"], "0.3000");
        assert_eq!(activated["user"]["memberships"][0]["account_id"], made["account"]["id"]);
        // The owner of a consumer's account changes nothing, as they invite nobody.
        let home = app.consumer("joe@home.example", "Home").await;
        let (further, _) =
            app.invite_by(OWNERS, json!({ "email": "jane@home.example", "account_id": home.account })).await;
        home.client
            .update(text(&further, "/id"), "*", &json!({ "locale": "nl" }))
            .await
            .problem(403, "forbidden");
    }

    async fn members_and_owners_are_not_invited_anew(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("olga@acme.example", "Acme").await;
        app.driver("max@acme.example", &acme.account).await;
        let (first, _) =
            app.invite_by(OWNERS, json!({ "email": "ada@example.com", "account_type": "business" })).await;
        let (further, _) =
            app.invite_by(OWNERS, json!({ "email": "otto@acme.example", "account_id": acme.account })).await;
        let below = |email: &str| {
            json!({
                "email": email, "role": "driver", "account_id": acme.account, "account_type": "consumer"
            })
        };
        let (driver, _) = app.invite_by(SUB_ACCOUNTS, below("dirk@acme.example")).await;
        let (other, _) = app.invite_by(SUB_ACCOUNTS, below("dora@acme.example")).await;
        let to = |email: &str| json!({ "email": email });
        admin
            .update(text(&first, "/id"), "*", &to("olga@acme.example"))
            .await
            .problem(409, "already_account_owner");
        admin
            .update(text(&further, "/id"), "*", &to("olga@acme.example"))
            .await
            .problem(409, "already_member");
        admin.update(text(&driver, "/id"), "*", &to("max@acme.example")).await.problem(409, "already_member");
        let refused = admin
            .update(text(&driver, "/id"), "*", &to("dora@acme.example"))
            .await
            .problem(409, "invitation_pending");
        assert_eq!(refused.body["invitation_id"], other["id"]);
        // To other places they may be invited: one by one, each has another scope.
        for (one, email) in [(&first, "max@acme.example"), (&further, "dora@acme.example")] {
            admin.update(text(one, "/id"), "*", &to(email)).await.expect(200);
        }
        let letters = app.letters().await;
        let owner = letters.iter().find(|mail| mail.to == "max@acme.example").unwrap();
        let account = json!({ "name": "Max", "company": company() });
        app.join(&owner.token, "max@acme.example", json!({ "account": account })).await.expect(201);

        // An expired one that stood there goes, and with it the account that was made for it.
        app.advance(chrono::TimeDelta::hours(25));
        admin.update(text(&driver, "/id"), "*", &to("dora@acme.example")).await.expect(200);
        admin.get(&format!("/v1/accounts/{}", text(&other, "/account/id"))).await.problem(404, "not_found");
        admin.get(&format!("/v1/accounts/{}", text(&driver, "/account/id"))).await.expect(200);
        let mail = app.letter().await;
        app.activate(&mail.token).await.expect(201);
    }
}
