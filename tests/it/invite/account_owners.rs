//! `POST /v1/account-owners/invitations`: new accounts and further owners, from the invite to an account that
//! lives.

use serde_json::Value;

use crate::support::{
    TestApp,
    customers::{OWNERS, company, text, with},
    json, on_both_databases,
};

/// What a newcomer is asked for, beside a password and a name.
fn requires(account_name: bool, account_type: bool, company: bool) -> Value {
    json!({
        "password": true, "person_name": true, "email": false,
        "account_name": account_name, "account_type": account_type, "company": company
    })
}

on_both_databases! {
    async fn what_the_inviter_leaves_out_is_asked_for(app: TestApp) {
        let business = json!({ "type": "business", "company": company() });
        for (index, (given, asked, members)) in [
            (json!({}), requires(true, true, false), with(business.clone(), json!({ "name": "Acme" }))),
            (json!({}), requires(true, true, false), json!({ "name": "Acme", "type": "consumer" })),
            (json!({ "account_name": "Acme" }), requires(false, true, false), business.clone()),
            (json!({ "account_name": "Acme" }), requires(false, true, false), json!({ "type": "consumer" })),
            (
                json!({ "account_type": "business" }),
                requires(true, false, true),
                json!({ "name": "Acme", "company": company() }),
            ),
            (json!({ "account_type": "consumer" }), requires(true, false, false), json!({ "name": "Acme" })),
            (
                json!({ "account_name": "Acme", "account_type": "business" }),
                requires(false, false, true),
                business.clone(),
            ),
            (
                json!({ "account_name": "Acme", "account_type": "consumer" }),
                requires(false, false, false),
                json!({}),
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let email = format!("owner{index}@example.com");
            let (made, mail) = app.invite_by(OWNERS, with(json!({ "email": email }), given.clone())).await;
            assert_eq!(
                (&made["kind"], &made["roles"], &made["status"]),
                (&json!("account_owner"), &json!(["account_owner"]), &json!("pending"))
            );
            let id = text(&made, "/account/id");
            assert_eq!(
                made["account"],
                json!({
                    "id": id, "name": given.get("account_name"), "parent_account_id": null, "used_by": null,
                    "type": given.get("account_type")
                })
            );
            let placeholder = app.admin().get(&format!("/v1/accounts/{id}")).await.expect(200).body;
            assert_eq!((&placeholder["status"], &placeholder["company"]), (&json!("invited"), &json!(null)));
            assert_eq!(app.requires(&mail.token).await, asked, "{given}");
            let account_type = text(
                &with(members.clone(), json!({ "type": members.get("type").or(given.get("account_type")) })),
                "/type",
            )
            .to_owned();
            let members = if members == json!({}) { members } else { json!({ "account": members }) };
            let activated = app.activate_with(&mail.token, members).await.expect(201).body;
            let expected_company = if account_type == "business" { company() } else { json!(null) };
            assert_eq!(
                activated["account"],
                json!({
                    "id": id, "name": "Acme", "type": account_type, "status": "active",
                    "parent_account_id": null,
                    "used_by": null, "reimbursement": null, "company": expected_company,
                    "created_at": "2026-11-24T12:00:00.000Z"
                })
            );
            let member = json!([{ "account_id": id, "account_name": "Acme", "role": "account_owner" }]);
            assert_eq!(
                (&activated["user"]["status"], &activated["user"]["memberships"]),
                (&json!("active"), &member)
            );
            let user =
                app.admin().get(&format!("/v1/users/{}", text(&made, "/user_id"))).await.expect(200).body;
            assert_eq!(user, activated["user"]);
            assert_eq!(
                app.admin().get(&format!("/v1/accounts/{id}")).await.expect(200).body,
                activated["account"]
            );
        }
    }

    async fn the_account_type_may_be_repeated_and_not_contradicted(app: TestApp) {
        let invite = json!({ "email": "ada@example.com", "account_name": "Ada", "account_type": "consumer" });
        let (_, mail) = app.invite_by(OWNERS, invite).await;
        let activate =
            async |account: Value| app.activate_with(&mail.token, json!({ "account": account })).await;
        activate(json!({ "type": "business", "company": company() }))
            .await
            .faults(&[("/account/type", "not_applicable"), ("/account/company", "not_applicable")]);
        activate(json!({ "type": "business" })).await.faults(&[("/account/type", "not_applicable")]);
        activate(json!({ "type": "club" })).await.faults(&[("/account/type", "not_applicable")]);
        activate(json!({ "name": "Mine" })).await.faults(&[("/account/name", "not_applicable")]);
        activate(json!({ "type": "consumer", "company": { "name": 5 } }))
            .await
            .faults(&[("/account/company", "not_applicable")]);
        let activated = activate(json!({ "type": "consumer" })).await.expect(201).body;
        assert_eq!(
            (&activated["account"]["type"], &activated["account"]["name"]),
            (&json!("consumer"), &json!("Ada"))
        );
    }

    async fn what_is_asked_for_must_be_there(app: TestApp) {
        let (_, mail) = app.invite_by(OWNERS, json!({ "email": "ada@example.com" })).await;
        let activate = async |members: Value| app.activate_with(&mail.token, members).await;
        for members in [json!({}), json!({ "account": null }), json!({ "account": {} })] {
            activate(members).await.faults(&[("/account/name", "required"), ("/account/type", "required")]);
        }
        activate(json!({ "account": { "name": "Acme", "type": "club" } }))
            .await
            .faults(&[("/account/type", "unknown_value")]);
        activate(json!({ "account": "Acme" })).await.faults(&[("/account", "wrong_type")]);
        activate(json!({ "account": { "name": "Acme", "type": "business" } }))
            .await
            .faults(&[("/account/company", "required")]);
        activate(json!({ "account": { "name": "Acme", "type": "consumer", "company": company() } }))
            .await
            .faults(&[("/account/company", "not_applicable")]);
        activate(json!({ "account": { "name": " ", "kind": "business", "type": "consumer" } }))
            .await
            .faults(&[("/account/name", "required"), ("/account/kind", "unknown_member")]);
        activate(json!({ "account": { "name": "Acme", "type": "consumer" } })).await.expect(201);
    }

    async fn names_of_accounts(app: TestApp) {
        let admin = app.admin();
        let invite = |index: usize, name: &str| {
            json!({
                "email": format!("owner{index}@example.com"), "account_name": name
            })
        };
        let (longest, family) = ("ä".repeat(200), "👩‍👩‍👧".repeat(28));
        let good = [
            "A",
            longest.as_str(),
            family.as_str(),
            "شركة المثال",
            "חברה בע״מ",
            "株式会社",
            "  Acme & <b>Zoon</b>, \"B.V.\"  ",
        ];
        for (index, name) in good.into_iter().enumerate() {
            let made = admin.post(OWNERS, &invite(index, name)).await.expect(201).body;
            assert_eq!(made["account"]["name"], name.trim());
        }
        for (name, code) in [
            ("", "required"),
            (" \u{200B}", "required"),
            (&*"a".repeat(201), "too_long"),
            (&"a".repeat(10_000), "too_long"),
            (&"👩‍👩‍👧".repeat(500), "too_long"),
            ("Acme\nBcc: eve@example.com", "control_characters"),
            ("Acme\u{202E}", "control_characters"),
            ("Acme\0", "control_characters"),
        ] {
            admin.post(OWNERS, &invite(99, name)).await.faults(&[("/account_name", code)]);
        }
        for name in [json!(5), json!(["Acme"]), json!({})] {
            let body = json!({
                "email": "owner99@example.com", "account_name": name, "account_type": 1, "acount_id": "x"
            });
            admin.post(OWNERS, &body).await.faults(&[
                ("/account_name", "wrong_type"),
                ("/account_type", "wrong_type"),
                ("/acount_id", "unknown_member"),
            ]);
        }
        assert_eq!(app.database.count("accounts"), i64::try_from(good.len()).unwrap());
        assert_eq!(app.letters().await.len(), good.len());
    }

    async fn a_further_owner_by_account_id(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let further = |email: &str| json!({ "email": email, "account_id": acme.account });
        let (made, mail) = app.invite_by(OWNERS, further("ada@example.com")).await;
        assert_eq!(
            made["account"],
            json!({
                "id": acme.account, "name": "Acme", "parent_account_id": null, "used_by": null,
                "type": "business"
            })
        );
        assert_eq!(app.requires(&mail.token).await, requires(false, false, false));
        let activated = app.activate(&mail.token).await.expect(201).body;
        assert_eq!(
            (&activated["account"]["id"], &activated["account"]["company"]),
            (&json!(acme.account), &company())
        );
        assert_eq!(activated["user"]["memberships"][0]["role"], "account_owner");
        // The account's own owner does it too.
        let (made, mail) = app.send(&acme.client, OWNERS, further("joe@example.com")).await;
        assert_eq!(made["invited_by"], json!({ "type": "user", "id": acme.user, "name": "Ada Lovelace" }));
        assert!(mail.subject.contains("Ada Lovelace"), "{}", mail.subject);
        app.activate(&mail.token).await.expect(201);
        assert_eq!(app.database.count(&format!("memberships WHERE account_id = '{}'", acme.account)), 3);
    }

    async fn no_further_owner_where_there_is_no_account(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let waiting = admin.post(OWNERS, &json!({ "email": "late@example.com" })).await.expect(201).body;
        app.letter().await;
        let into = |account: &str| json!({ "email": "ada@example.com", "account_id": account });
        admin.post(OWNERS, &into(text(&waiting, "/account/id"))).await.problem(409, "parent_not_active");
        let unknown = "acc_01kavx6e9me0r8jm6d2e1k2v3w";
        admin.post(OWNERS, &into(unknown)).await.problem(404, "account_not_found");
        for foreign in [zenith.account.as_str(), unknown, text(&waiting, "/account/id")] {
            acme.client.post(OWNERS, &into(foreign)).await.problem(404, "account_not_found");
        }
        for id in ["", "acme", acme.user.as_str(), "acc_", &acme.account.to_uppercase()] {
            admin.post(OWNERS, &into(id)).await.faults(&[("/account_id", "invalid_id")]);
        }
        let both = with(into(&acme.account), json!({ "account_name": "Acme", "account_type": "business" }));
        admin
            .post(OWNERS, &both)
            .await
            .faults(&[("/account_name", "not_applicable"), ("/account_type", "not_applicable")]);
        // A new account is for staff to make.
        acme.client.post(OWNERS, &json!({ "email": "ada@example.com" })).await.problem(403, "forbidden");
        assert_eq!(app.database.count("users WHERE email_key = 'ada@example.com'"), 0);
    }

    async fn who_is_there_already(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let invite = |email: &str| json!({ "email": email });
        let further = |email: &str, account: &str| json!({ "email": email, "account_id": account });
        admin.post(OWNERS, &invite("GRACE@example.com")).await.problem(409, "already_account_owner");
        admin.post(OWNERS, &further("grace@example.com", &acme.account)).await.problem(409, "already_member");
        // Of another account they may become an owner all the same.
        let (_, mail) = app.invite_by(OWNERS, further("grace@example.com", &zenith.account)).await;
        app.join(&mail.token, "grace@example.com", json!({})).await.expect(201);
        admin
            .post(OWNERS, &further("grace@example.com", &zenith.account))
            .await
            .problem(409, "already_member");

        // Pending counts per address and kind, and for further owners per account.
        let (first, _) = app.invite_by(OWNERS, invite("ada@example.com")).await;
        let blocked =
            admin.post(OWNERS, &json!({ "email": "Ada@example.com", "account_name": "Other" })).await;
        assert_eq!(blocked.problem(409, "invitation_pending").body["invitation_id"], first["id"]);
        let (second, _) = app.invite_by(OWNERS, further("ada@example.com", &acme.account)).await;
        let (third, _) = app.invite_by(OWNERS, further("ada@example.com", &zenith.account)).await;
        for (account, standing) in [(&acme.account, second), (&zenith.account, third)] {
            let blocked = admin
                .post(OWNERS, &further("ada@example.com", account))
                .await
                .problem(409, "invitation_pending");
            assert_eq!(blocked.body["invitation_id"], standing["id"]);
        }
        app.invite("ada@example.com", &["viewer"]).await;
        assert_eq!(app.database.count("users WHERE email_key = 'ada@example.com'"), 1);
    }
}
