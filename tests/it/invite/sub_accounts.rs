//! `POST /v1/sub-accounts/invitations`: the users-overview route.

use serde_json::Value;

use crate::support::{
    TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, company, text, with},
    json, on_both_databases,
};

fn invite(email: &str, role: &str, more: Value) -> Value {
    with(json!({ "email": email, "role": role }), more)
}

on_both_databases! {
    async fn the_parent_by_id_or_by_its_name_in_any_case(app: TestApp) {
        let acme = app.owner("grace@example.com", "Élan STRASSE B.V.").await;
        for (index, parent) in [
            json!({ "account_id": acme.account }),
            json!({ "account_name": "Élan STRASSE B.V." }),
            json!({ "account_name": "  éLAN straße b.v. " }),
        ]
        .into_iter()
        .enumerate()
        {
            let email = format!("driver{index}@example.com");
            let made = app.admin().post(SUB_ACCOUNTS, &invite(&email, "driver", parent)).await.expect(201);
            assert_eq!(made.header("location"), format!("/v1/invitations/{}", made.text_of("id")));
            let made = made.body;
            assert_eq!((&made["kind"], &made["email"]), (&json!("sub_account"), &json!(email)));
            assert_eq!(
                made["account"],
                json!({
                    "id": made["account"]["id"], "name": null, "parent_account_id": acme.account,
                    "used_by": "employee",
                    "type": null
                })
            );
            app.letter().await;
        }
        // Exact but for case: no part of a name, no other punctuation, no pattern.
        for name in
            ["Élan", "Élan STRASSE BV", "Élan STRASSE B.V", "Elan STRASSE B.V.", "%", "Élan STRASSE B_V_"]
        {
            let body = invite("eve@example.com", "driver", json!({ "account_name": name }));
            app.admin().post(SUB_ACCOUNTS, &body).await.problem(404, "account_not_found");
        }
        let body =
            invite("eve@example.com", "driver", json!({ "account_id": "acc_01kavx6e9me0r8jm6d2e1k2v3w" }));
        app.admin().post(SUB_ACCOUNTS, &body).await.problem(404, "account_not_found");
        assert_eq!(app.database.count("users WHERE email_key = 'eve@example.com'"), 0);
    }

    async fn an_ambiguous_name_answers_with_candidates(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let other = app.owner("linus@example.com", "ACME").await;
        let below = app.subsidiary("joe@example.com", &acme.account, "acme").await;
        let body = invite("ada@example.com", "driver", json!({ "account_name": "aCmE" }));
        let mut candidates =
            app.admin().post(SUB_ACCOUNTS, &body).await.problem(409, "ambiguous_account").body["candidates"]
                .clone();
        let by_id = |value: &Value| text(value, "/id").to_owned();
        candidates.as_array_mut().unwrap().sort_by_key(by_id);
        let mut expected = json!([
            { "id": acme.account, "name": "Acme", "parent_account_id": null },
            { "id": other.account, "name": "ACME", "parent_account_id": null },
            { "id": below.account, "name": "acme", "parent_account_id": acme.account },
        ]);
        expected.as_array_mut().unwrap().sort_by_key(by_id);
        assert_eq!(candidates, expected);
        // A caller's own candidates are those that they may see; of one name alone, there is no doubt.
        let of_owner =
            acme.client.post(SUB_ACCOUNTS, &body).await.problem(409, "ambiguous_account").body["candidates"]
                .clone();
        assert_eq!(of_owner.as_array().unwrap().len(), 2);
        assert!(!of_owner.to_string().contains(&other.account));
        let (made, _) = app.send(&other.client, SUB_ACCOUNTS, body.clone()).await;
        assert_eq!(made["account"]["parent_account_id"], other.account);
        let chosen = invite("ada@example.com", "driver", json!({ "account_id": acme.account }));
        app.invite_by(SUB_ACCOUNTS, chosen).await;
    }

    async fn one_way_of_naming_the_parent(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let admin = app.admin();
        let post =
            async |more: Value| admin.post(SUB_ACCOUNTS, &invite("ada@example.com", "driver", more)).await;
        post(json!({})).await.faults(&[("/account_id", "required")]);
        post(json!({ "account_id": null, "account_name": null }))
            .await
            .faults(&[("/account_id", "required")]);
        post(json!({ "account_id": acme.account, "account_name": "Acme" }))
            .await
            .faults(&[("/account_name", "not_applicable")]);
        post(json!({ "account_id": "Acme" })).await.faults(&[("/account_id", "invalid_id")]);
        post(json!({ "account_id": acme.user })).await.faults(&[("/account_id", "invalid_id")]);
        post(json!({ "account_id": 5 })).await.faults(&[("/account_id", "wrong_type")]);
        post(json!({ "account_name": "" })).await.faults(&[("/account_name", "required")]);
        post(json!({ "account_name": "a".repeat(201) })).await.faults(&[("/account_name", "too_long")]);
        let faulty = json!({
            "email": "ada", "role": "boss", "used_by": "cousin", "sub_account_name": "a\nb",
            "account_type": "club", "locale": "xx",
            "reimbursment_rate": "0.23"
        });
        admin.post(SUB_ACCOUNTS, &faulty).await.faults(&[
            ("/email", "invalid_email"),
            ("/role", "unknown_value"),
            ("/account_id", "required"),
            ("/used_by", "unknown_value"),
            ("/sub_account_name", "control_characters"),
            ("/account_type", "unknown_value"),
            ("/locale", "unknown_locale"),
            ("/reimbursment_rate", "unknown_member"),
        ]);
        admin
            .post(SUB_ACCOUNTS, &json!({ "account_id": acme.account }))
            .await
            .faults(&[("/email", "required"), ("/role", "required")]);
    }

    async fn defaults_and_the_one_pair_that_makes_no_sense(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        for (index, (role, used_by, expected, mode)) in [
            ("driver", None, "employee", "automated"),
            ("driver", Some("employee"), "employee", "automated"),
            ("account_owner", None, "subsidiary", "manual"),
            ("account_owner", Some("subsidiary"), "subsidiary", "manual"),
            ("account_owner", Some("employee"), "employee", "automated"),
        ]
        .into_iter()
        .enumerate()
        {
            let more = json!({
                "account_id": acme.account, "reimbursement_rate": "0.23", "used_by": used_by
            });
            let (made, _) =
                app.invite_by(SUB_ACCOUNTS, invite(&format!("ada{index}@example.com"), role, more)).await;
            assert_eq!(made["account"]["used_by"], expected, "{role} {used_by:?}");
            let account = app
                .admin()
                .get(&format!("/v1/accounts/{}", text(&made, "/account/id")))
                .await
                .expect(200)
                .body;
            assert_eq!(
                account["reimbursement"],
                json!({ "rate": "0.2300", "currency": "EUR", "unit": "kWh", "mode": mode })
            );
        }
        let more = json!({ "account_id": acme.account, "used_by": "subsidiary" });
        app.admin()
            .post(SUB_ACCOUNTS, &invite("eve@example.com", "driver", more))
            .await
            .faults(&[("/used_by", "driver_of_subsidiary")]);
    }

    async fn the_parent_must_be_an_active_business_of_ones_own(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        let person = app.consumer("linus@example.com", "Linus at home").await;
        let below = |parent: &Value| invite("ada@example.com", "driver", json!({ "account_id": parent }));
        admin.post(SUB_ACCOUNTS, &below(&json!(person.account))).await.problem(409, "parent_not_business");
        for (email, given, code) in [
            ("a@example.com", json!({}), "parent_not_active"),
            ("b@example.com", json!({ "account_type": "business" }), "parent_not_active"),
            ("c@example.com", json!({ "account_type": "consumer" }), "parent_not_business"),
        ] {
            let (made, _) =
                app.invite_by(OWNERS, with(json!({ "email": email, "account_name": "Late" }), given)).await;
            admin.post(SUB_ACCOUNTS, &below(&made["account"]["id"])).await.problem(409, code);
            acme.client
                .post(SUB_ACCOUNTS, &below(&made["account"]["id"]))
                .await
                .problem(404, "account_not_found");
        }
        for foreign in [json!({ "account_id": person.account }), json!({ "account_name": "Linus at home" })] {
            acme.client
                .post(SUB_ACCOUNTS, &invite("ada@example.com", "driver", foreign))
                .await
                .problem(404, "account_not_found");
        }
        assert_eq!(app.database.count("users WHERE email_key = 'ada@example.com'"), 0);
    }

    async fn a_driver_without_a_name_for_the_account_gives_their_own(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let more = json!({
            "account_id": acme.account, "account_type": "consumer", "reimbursement_rate": "0.23"
        });
        let (_, mail) = app.invite_by(SUB_ACCOUNTS, invite("ada@example.com", "driver", more)).await;
        let requires = app.requires(&mail.token).await;
        assert_eq!(
            (
                &requires["account_name"],
                &requires["account_type"],
                &requires["company"],
                &requires["password"]
            ),
            (&json!(false), &json!(false), &json!(false), &json!(true))
        );
        let preview = app
            .anonymous()
            .post("/v1/activations/preview", &json!({ "token": mail.token }))
            .await
            .expect(200)
            .body;
        assert_eq!(
            preview["account"],
            json!({ "name": null, "parent_name": "Acme", "used_by": "employee", "type": "consumer" })
        );
        let activated = app.activate(&mail.token).await.expect(201).body;
        assert_eq!(
            (&activated["account"]["name"], &activated["account"]["status"]),
            (&json!("Ada Lovelace"), &json!("active"))
        );
        assert_eq!(activated["user"]["memberships"][0]["role"], "driver");

        // Two names that are too long for one: the address serves.
        let more = json!({ "account_id": acme.account, "account_type": "consumer" });
        let (_, mail) = app.invite_by(SUB_ACCOUNTS, invite("long@example.com", "driver", more)).await;
        let long = json!({ "first_name": "a".repeat(100), "last_name": "b".repeat(100) });
        let activated = app.activate_with(&mail.token, long).await.expect(201).body;
        assert_eq!(activated["account"]["name"], "long@example.com");

        // What the inviter left open is asked for: a type of the driver, a name too of an owner.
        let more = json!({ "account_id": acme.account });
        let (_, mail) = app.invite_by(SUB_ACCOUNTS, invite("joe@example.com", "driver", more.clone())).await;
        let asked = app.requires(&mail.token).await;
        assert_eq!((&asked["account_name"], &asked["account_type"]), (&json!(false), &json!(true)));
        app.activate(&mail.token).await.faults(&[("/account/type", "required")]);
        app.activate_with(&mail.token, json!({ "account": { "type": "consumer", "name": "Mine" } }))
            .await
            .faults(&[("/account/name", "not_applicable")]);
        app.activate_with(&mail.token, json!({ "account": { "type": "consumer" } })).await.expect(201);
        let (_, mail) = app.invite_by(SUB_ACCOUNTS, invite("eve@example.com", "account_owner", more)).await;
        let account = json!({ "name": "Acme Zuid", "type": "business", "company": company() });
        let activated = app.activate_with(&mail.token, json!({ "account": account })).await.expect(201).body;
        assert_eq!(
            (&activated["account"]["name"], &activated["account"]["used_by"]),
            (&json!("Acme Zuid"), &json!("subsidiary"))
        );
    }

    async fn already_there(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        app.driver("ada@example.com", &acme.account).await;
        let below = |email: &str, account: &str| invite(email, "driver", json!({ "account_id": account }));
        admin
            .post(SUB_ACCOUNTS, &below("ADA@example.com", &acme.account))
            .await
            .problem(409, "already_member");
        let (_, _) = app.invite_by(SUB_ACCOUNTS, below("ada@example.com", &zenith.account)).await;
        // Pending counts per parent.
        let (first, _) = app.invite_by(SUB_ACCOUNTS, below("joe@example.com", &acme.account)).await;
        let owner = invite("joe@example.com", "account_owner", json!({ "account_id": acme.account }));
        for body in [below("Joe@example.com", &acme.account), owner] {
            let blocked = admin.post(SUB_ACCOUNTS, &body).await.problem(409, "invitation_pending");
            assert_eq!(blocked.body["invitation_id"], first["id"]);
        }
        app.invite_by(SUB_ACCOUNTS, below("joe@example.com", &zenith.account)).await;
        app.invite_by(OWNERS, json!({ "email": "joe@example.com" })).await;
    }
}
