//! Account owners as callers: what lies under their accounts is theirs to manage, to any depth; elsewhere
//! there is nothing.

use chrono::TimeDelta;
use invitation_service::clock::Clock;
use serde_json::Value;

use crate::support::{
    Backend, Home, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, text},
    json,
    lists::found,
    on_both_databases,
};

const STAFF: &str = "/v1/system-users/invitations";

on_both_databases! {
    with [("LETTERS_PER_MAILBOX", "off")];
    /// The loop closes: an owner activates, signs in, invites a driver, who activates.
    async fn from_owner_to_driver(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let body = json!({
            "email": "ada@example.com", "role": "driver", "account_name": "ACME",
            "reimbursement_rate": "0.23",
            "account_type": "consumer"
        });
        let (made, mail) = app.send(&acme.client, SUB_ACCOUNTS, body).await;
        let id = text(&made, "/id").to_owned();
        assert_eq!(made["invited_by"], json!({ "type": "user", "id": acme.user, "name": "Ada Lovelace" }));
        // As what: in the answer, the list, the timeline and the preview.
        assert_eq!(made["roles"], json!(["driver"]));
        let list = acme.client.get("/v1/invitations?kind=sub_account").await.expect(200).body;
        assert_eq!(list["data"][0]["roles"], json!(["driver"]));
        let events = acme.client.get(&format!("/v1/invitations/{id}/events")).await.expect(200).body;
        assert_eq!(
            events["data"][0]["details"],
            json!({
                "account_id": made["account"]["id"], "roles": ["driver"]
            })
        );
        // Also where an earlier release wrote the role of one.
        app.database.execute(&format!(
            "UPDATE invitation_events SET details = '{{\"account_id\":\"x\",\"role\":\"driver\"}}' WHERE id \
            = '{}'",
            text(&events, "/data/0/id")
        ));
        let old = acme.client.get(&format!("/v1/invitations/{id}/events")).await.expect(200).body;
        assert_eq!(old["data"][0]["details"], json!({ "account_id": "x", "roles": ["driver"] }));
        let preview = app
            .anonymous()
            .post("/v1/activations/preview", &json!({ "token": mail.token }))
            .await
            .expect(200)
            .body;
        assert_eq!(preview["roles"], json!(["driver"]));
        for path in [format!("/v1/invitations/{id}"), format!("/v1/users/{}", text(&made, "/user_id"))] {
            acme.client.get(&path).await.expect(200);
        }
        app.activate(&mail.token).await.expect(201);
        let user = acme.client.get(&format!("/v1/users/{}", text(&made, "/user_id"))).await.expect(200).body;
        let account = text(&made, "/account/id");
        assert_eq!(
            (&user["status"], &user["memberships"]),
            (
                &json!("active"),
                &json!([
                    { "account_id": account, "account_name": "Ada Lovelace", "role": "driver" }
                ])
            )
        );
        let events = acme.client.get(&format!("/v1/invitations/{id}/events")).await.expect(200).body;
        let who: Vec<_> = events["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["actor"]["type"].as_str().unwrap())
            .collect();
        assert_eq!(who, ["user", "user", "system", "link", "user"]);
        // Nothing is left to resend or to take back, and that is told as it is told to staff.
        for path in [
            format!("/v1/users/{}/resend-invitation", text(&made, "/user_id")),
            format!("/v1/invitations/{id}/revoke"),
        ] {
            acme.client.post_empty(&path).await.problem(409, "invitation_not_pending");
        }
        let account = acme.client.get(&format!("/v1/accounts/{account}")).await.expect(200).body;
        assert_eq!(
            (&account["reimbursement"]["rate"], &account["reimbursement"]["mode"]),
            (&json!("0.2300"), &json!("automated"))
        );
    }

    async fn resend_and_revoke_to_any_depth(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let south = app.subsidiary("joe@example.com", &acme.account, "South").await;
        let deep = app.subsidiary("eve@example.com", &south.account, "Deep").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let below = json!({ "email": "ada@example.com", "role": "driver", "account_id": deep.account });
        let (made, old) = app.invite_by(SUB_ACCOUNTS, below).await;
        let (id, user) = (text(&made, "/id"), text(&made, "/user_id"));
        let resends = [format!("/v1/invitations/{id}/resend"), format!("/v1/users/{user}/resend-invitation")];
        // From here on sign-ins are too old.
        app.advance(TimeDelta::minutes(20));
        acme.client.post_empty(&resends[0]).await.problem(401, "unauthenticated");
        let foreigner = app.owning(&[&zenith.account]);
        for (index, owner) in [&acme, &south, &deep].into_iter().enumerate() {
            for (twice, path) in resends.iter().enumerate() {
                foreigner.post_empty(path).await.problem(404, "not_found");
                let resent = app.owning(&[&owner.account]).post_empty(path).await.expect(200).body;
                assert_eq!(resent["send_count"], 2 + 2 * index + twice);
                app.letter().await;
                app.advance(TimeDelta::minutes(1));
            }
        }
        let revoke = format!("/v1/invitations/{id}/revoke");
        foreigner.post_empty(&revoke).await.problem(404, "not_found");
        for path in [
            format!("/v1/invitations/{id}"),
            format!("/v1/invitations/{id}/events"),
            format!("/v1/users/{user}"),
        ] {
            foreigner.get(&path).await.problem(404, "not_found");
        }
        let revoked = app.owning(&[&acme.account]).post_empty(&revoke).await.expect(200).body;
        assert_eq!(revoked["status"], "revoked");
        app.activate(&old.token).await.problem(410, "invitation_revoked");
        app.owning(&[&acme.account]).get(&format!("/v1/users/{user}")).await.problem(404, "not_found");
        app.owning(&[&acme.account]).get(&format!("/v1/invitations/{id}")).await.expect(200);
        // The owner of the account that an invitation leads to sees it; sending it is for those above.
        let (own, _) =
            app.invite_by(OWNERS, json!({ "email": "max@example.com", "account_id": deep.account })).await;
        app.advance(TimeDelta::minutes(1));
        app.owning(&[&deep.account])
            .post_empty(&format!("/v1/invitations/{}/resend", text(&own, "/id")))
            .await
            .expect(200);
        app.letter().await;
    }

    async fn lists_show_what_lies_under_and_nothing_else(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let south = app.subsidiary("joe@example.com", &acme.account, "South").await;
        app.driver("max@example.com", &south.account).await;
        let zenith = app.owner("linus@example.com", "Zenith Secret").await;
        app.invite("staff@example.com", &["viewer"]).await;
        // Joe belongs elsewhere too, and works for the operator.
        let (_, mail) =
            app.invite_by(OWNERS, json!({ "email": "joe@example.com", "account_id": zenith.account })).await;
        app.join(&mail.token, "joe@example.com", json!({})).await.expect(201);
        let (_, mail) = app.invite("joe@example.com", &["finance"]).await;
        app.join(&mail.token, "joe@example.com", json!({})).await.expect(201);
        let (elsewhere, _) =
            app.invite_by(OWNERS, json!({ "email": "max@example.com", "account_id": zenith.account })).await;

        for (filter, expected) in [
            ("", vec!["max", "joe", "grace"]),
            ("kind=customer", vec!["max", "joe", "grace"]),
            ("role=driver", vec!["max"]),
            ("role=account_owner", vec!["joe", "grace"]),
            ("status=invited", vec![]),
            ("search=south", vec!["joe"]),
            // What may not be seen is not searched by.
            ("role=finance", vec![]),
            ("search=zenith", vec![]),
            ("search=secret", vec![]),
        ] {
            assert_eq!(found(&acme.client, &format!("/v1/users?{filter}")).await, expected, "{filter}");
        }
        let by_account = |id: &str| format!("/v1/users?account_id={id}");
        assert_eq!(found(&acme.client, &by_account(&south.account)).await, ["joe"]);
        assert_eq!(found(&acme.client, &by_account(&zenith.account)).await, Vec::<String>::new());
        assert_eq!(found(&app.admin(), &by_account(&zenith.account)).await, ["linus", "max", "joe"]);
        assert_eq!(found(&acme.client, "/v1/invitations").await, ["max", "joe", "grace"]);
        assert_eq!(
            found(&acme.client, "/v1/invitations?kind=sub_account&status=activated").await,
            ["max", "joe"]
        );
        assert_eq!(
            found(&acme.client, &format!("/v1/invitations?account_id={}", south.account)).await,
            ["joe"]
        );
        assert_eq!(
            found(&acme.client, &format!("/v1/invitations?account_id={}", zenith.account)).await,
            Vec::<String>::new()
        );
        assert_eq!(found(&acme.client, "/v1/invitations?search=zenith").await, Vec::<String>::new());

        let joe = acme.client.get(&format!("/v1/users/{}", south.user)).await.expect(200).body;
        assert_eq!(
            joe["memberships"],
            json!([
                { "account_id": south.account, "account_name": "South", "role": "account_owner" }
            ])
        );
        assert_eq!((&joe["system_roles"], &joe["pending_invitation_id"]), (&json!([]), &json!(null)));
        let max = acme.client.get("/v1/users?search=max").await.expect(200).body;
        assert_eq!(max["data"][0]["pending_invitation_id"], Value::Null, "one elsewhere is not told");
        let max = app.admin().get("/v1/users?search=max").await.expect(200).body;
        assert_eq!(max["data"][0]["pending_invitation_id"], elsewhere["id"]);
        for path in ["/v1/users?kind=system_user", "/v1/invitations?kind=system_user"] {
            acme.client.get(path).await.problem(403, "forbidden");
        }
        acme.client.get(&format!("/v1/users/{}", zenith.user)).await.problem(404, "not_found");
        acme.client.get(&format!("/v1/accounts/{}", zenith.account)).await.problem(404, "not_found");
    }

    async fn who_owns_no_business_may_not_invite(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let person = app.consumer("linus@example.com", "Linus at home").await;
        let driver = app.driver("max@example.com", &acme.account).await;
        let below = |account: &str| {
            json!({
                "email": "ada@example.com", "role": "driver", "account_id": account
            })
        };
        let employee = json!({
            "used_by": "employee", "account_name": "Home", "email": "ada@example.com",
            "account_type": "consumer"
        });
        let route = |account: &str| format!("/v1/accounts/{account}/sub-accounts");
        person.client.post(SUB_ACCOUNTS, &below(&person.account)).await.problem(409, "parent_not_business");
        person.client.post(&route(&person.account), &employee).await.problem(409, "parent_not_business");
        let further = json!({ "email": "ada@example.com", "account_id": person.account });
        person.client.post(OWNERS, &further).await.problem(403, "forbidden");
        // What staff sent into it, its owner cannot send again or take back.
        let (made, _) = app.invite_by(OWNERS, further).await;
        for verb in ["resend", "revoke"] {
            person
                .client
                .post_empty(&format!("/v1/invitations/{}/{verb}", text(&made, "/id")))
                .await
                .problem(403, "forbidden");
        }
        for account in [&acme.account, &driver.account] {
            driver.client.post(SUB_ACCOUNTS, &below(account)).await.problem(403, "forbidden");
            driver.client.post(&route(account), &employee).await.problem(403, "forbidden");
            driver
                .client
                .post(OWNERS, &json!({ "email": "ada@example.com", "account_id": account }))
                .await
                .problem(403, "forbidden");
        }
        for caller in [&acme.client, &person.client, &driver.client] {
            caller
                .post(STAFF, &json!({ "email": "ada@example.com", "roles": ["viewer"] }))
                .await
                .problem(403, "forbidden");
            caller.get("/v1/roles").await.expect(200);
        }
        for path in ["/v1/users", "/v1/invitations", "/v1/accounts"] {
            driver.client.get(path).await.problem(403, "forbidden");
        }
        driver.client.get(&format!("/v1/users/{}", driver.user)).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_token_from_the_command_line() {
    let app = TestApp::start(Backend::Sqlite, &[("PUBLIC_URL", "http://127.0.0.1:8080")]).await;
    let acme = app.owner("grace@example.com", "Acme").await;
    app.owner("linus@example.com", "Zenith").await;
    // It reads only the key, so that it works beside any server; its clock is the real one.
    let home = Home::new(Backend::Sqlite, &[]);
    let token =
        home.print(&["token", "--account", &acme.account, "--subject", "Acme's office", "--ttl", "365d"]);
    app.advance(Clock::system().now() - app.now());
    let office = app.bearer(token.trim());
    assert_eq!(found(&office, "/v1/users").await, ["grace"]);
    office
        .post(STAFF, &json!({ "email": "ada@example.com", "roles": ["viewer"] }))
        .await
        .problem(403, "forbidden");
    let body = json!({ "email": "ada@example.com", "role": "driver", "account_id": acme.account });
    let (made, _) = app.send(&office, SUB_ACCOUNTS, body).await;
    assert_eq!(made["invited_by"], json!({ "type": "cli", "id": "Acme's office", "name": "Acme's office" }));
    for wrong in ["acme", "usr_01kavx6e9kfzabv5qhm1p4d6xn", ""] {
        assert!(!home.run(&["token", "--account", wrong]).status.success(), "{wrong}");
    }
}
