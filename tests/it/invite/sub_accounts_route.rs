//! `POST /v1/accounts/{account_id}/sub-accounts`: the specific-account route.

use futures_util::future::join;
use serde_json::Value;

use crate::support::{
    TestApp,
    customers::{SUB_ACCOUNTS, company, text, with},
    json, on_both_databases,
};

fn route(account: &str) -> String {
    format!("/v1/accounts/{account}/sub-accounts")
}

fn employee(email: &str) -> Value {
    json!({ "used_by": "employee", "account_name": "At home", "email": email, "account_type": "consumer" })
}

on_both_databases! {
    async fn with_all_members(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        for (email, used_by, role, account_type, mode) in [
            ("a@example.com", "employee", None, "consumer", "automated"),
            ("b@example.com", "employee", Some("driver"), "business", "automated"),
            ("c@example.com", "employee", Some("account_owner"), "consumer", "automated"),
            ("d@example.com", "subsidiary", None, "business", "manual"),
            ("e@example.com", "subsidiary", Some("account_owner"), "consumer", "manual"),
        ] {
            let body = json!({
                "used_by": used_by, "account_name": "شركة ⚡️", "email": email, "account_type": account_type,
                "role": role,
                "reimbursement_rate": "0.3141", "locale": "nl"
            });
            let (made, mail) = app.invite_by(&route(&acme.account), body).await;
            assert_eq!((&made["kind"], &made["locale"]), (&json!("sub_account"), &json!("nl")));
            let expected = role.unwrap_or(if used_by == "employee" { "driver" } else { "account_owner" });
            let asked = app.requires(&mail.token).await;
            let business = account_type == "business";
            assert_eq!(
                (&asked["account_name"], &asked["account_type"], &asked["company"]),
                (&json!(false), &json!(false), &json!(business))
            );
            let members = if business { json!({ "account": { "company": company() } }) } else { json!({}) };
            let activated = app.activate_with(&mail.token, members).await.expect(201).body;
            assert_eq!(
                activated["account"],
                json!({
                    "id": made["account"]["id"], "name": "شركة ⚡️", "type": account_type, "status": "active",
                    "parent_account_id": acme.account, "used_by": used_by,
                    "reimbursement": { "rate": "0.3141", "currency": "EUR", "unit": "kWh", "mode": mode },
                    "company": if business { company() } else { Value::Null },
                    "created_at": "2026-11-24T12:00:00.000Z"
                })
            );
            assert_eq!(activated["user"]["memberships"][0]["role"], expected);
        }
        // Without a rate nothing is reimbursed.
        let (made, _) = app.invite_by(&route(&acme.account), employee("f@example.com")).await;
        let account =
            app.admin().get(&format!("/v1/accounts/{}", text(&made, "/account/id"))).await.expect(200).body;
        assert_eq!((&account["reimbursement"], &account["status"]), (&json!(null), &json!("invited")));
    }

    async fn every_fault_together(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        let post = async |body: Value| admin.post(&route(&acme.account), &body).await;
        post(json!({})).await.faults(&[
            ("/used_by", "required"),
            ("/account_name", "required"),
            ("/email", "required"),
            ("/account_type", "required"),
        ]);
        post(json!({
            "used_by": "cousin", "account_name": "a".repeat(10_000), "email": 5, "account_type": "club",
            "role": "boss",
            "reimbursement_rate": 0.23, "locale": 1, "account_id": "acc_x", "sub_account_name": "x"
        }))
        .await
        .faults(&[
            ("/used_by", "unknown_value"),
            ("/account_name", "too_long"),
            ("/email", "wrong_type"),
            ("/account_type", "unknown_value"),
            ("/role", "unknown_value"),
            ("/reimbursement_rate", "wrong_type"),
            ("/locale", "wrong_type"),
            ("/account_id", "unknown_member"),
            ("/sub_account_name", "unknown_member"),
        ]);
        post(with(employee("ada@example.com"), json!({ "used_by": "subsidiary", "role": "driver" })))
            .await
            .faults(&[("/role", "driver_of_subsidiary")]);
        admin.post_raw(&route(&acme.account), "application/json", "").await.problem(400, "malformed_json");
        assert_eq!(app.database.count("accounts"), 1);
    }

    async fn the_parent_in_the_path(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        let person = app.consumer("linus@example.com", "Linus at home").await;
        let waiting = admin
            .post("/v1/account-owners/invitations", &json!({ "email": "late@example.com" }))
            .await
            .expect(201)
            .body;
        app.letter().await;
        let waiting = text(&waiting, "/account/id");
        let body = employee("ada@example.com");
        admin.post(&route(&person.account), &body).await.problem(409, "parent_not_business");
        person.client.post(&route(&person.account), &body).await.problem(409, "parent_not_business");
        admin.post(&route(waiting), &body).await.problem(409, "parent_not_active");
        for missing in ["acc_01kavx6e9me0r8jm6d2e1k2v3w", "acme", acme.user.as_str(), "acc_"] {
            admin.post(&route(missing), &body).await.problem(404, "not_found");
        }
        for foreign in [person.account.as_str(), waiting] {
            acme.client.post(&route(foreign), &body).await.problem(404, "not_found");
        }
        assert_eq!(app.database.count("users WHERE email_key = 'ada@example.com'"), 0);
    }

    async fn a_sub_account_below_a_sub_account(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let south = app.subsidiary("joe@example.com", &acme.account, "Acme Zuid").await;
        let (made, mail) = app.invite_by(&route(&south.account), employee("ada@example.com")).await;
        assert_eq!(made["account"]["parent_account_id"], south.account);
        let home = app.activate(&mail.token).await.expect(201).body["account"]["id"].clone();
        // Below a consumer's it is refused, and below one that nobody has activated.
        app.admin()
            .post(&route(home.as_str().unwrap()), &employee("eve@example.com"))
            .await
            .problem(409, "parent_not_business");
        let west = json!({
            "used_by": "subsidiary", "account_name": "West", "email": "w@example.com",
            "account_type": "business"
        });
        let (west, _) = app.invite_by(&route(&south.account), west).await;
        let path = route(text(&west, "/account/id"));
        app.admin().post(&path, &employee("eve@example.com")).await.problem(409, "parent_not_active");
        // A member of a sub-account of South is none of a sub-account of Acme.
        app.admin()
            .post(&route(&south.account), &employee("ada@example.com"))
            .await
            .problem(409, "already_member");
        app.invite_by(&route(&acme.account), employee("ada@example.com")).await;
    }

    async fn invited_twice_at_once_by_two_callers(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        for round in 0..6 {
            let email = format!("ada{round}@example.com");
            let overview = json!({ "email": email.to_uppercase(), "role": "driver", "account_name": "acme" });
            let (admin, body, path) = (app.admin(), employee(&email), route(&acme.account));
            let (one, other) =
                join(admin.post(SUB_ACCOUNTS, &overview), acme.client.post(&path, &body)).await;
            let (won, lost) = if one.status == 201 { (one, other) } else { (other, one) };
            let won = won.expect(201);
            assert_eq!(lost.problem(409, "invitation_pending").body["invitation_id"], won.body["id"]);
            assert_eq!(app.letter().await.to.to_lowercase(), email);
        }
        // Nothing is left of those that were refused.
        assert_eq!((app.database.count("accounts"), app.database.count("account_lineage")), (7, 13));
    }
}
