//! `GET /v1/accounts`, one account, and what lies right below it.

use serde_json::Value;

use crate::support::{
    Client, TestApp,
    customers::{OWNERS, text},
    json,
    lists::{column, query},
    on_both_databases,
};
use invitation_service::domain::{permission::Permission, role::Role};

/// The names that a list of accounts shows, in its order.
async fn names(client: &Client, path: &str) -> Vec<String> {
    let answer = client.get(path).await.expect(200);
    assert_eq!(answer.body["next_cursor"], Value::Null);
    let rows = answer.body["data"].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap_or("-").to_owned()).collect()
}

on_both_databases! {
    async fn from_invited_to_active(app: TestApp) {
        let (made, mail) = app.invite_by(OWNERS, json!({ "email": "ada@example.com" })).await;
        let path = format!("/v1/accounts/{}", text(&made, "/account/id"));
        assert_eq!(
            app.admin().get(&path).await.expect(200).body,
            json!({
                "id": made["account"]["id"], "name": null, "type": null, "status": "invited",
                "parent_account_id": null,
                "used_by": null, "reimbursement": null, "company": null,
                "created_at": "2026-11-24T12:00:00.000Z"
            })
        );
        assert_eq!(names(&app.admin(), "/v1/accounts").await, ["-"]);
        app.activate_with(&mail.token, json!({ "account": { "name": "Ada", "type": "consumer" } }))
            .await
            .expect(201);
        let account = app.admin().get(&path).await.expect(200).body;
        assert_eq!((&account["status"], &account["name"]), (&json!("active"), &json!("Ada")));
        for id in ["acc_01kavx6e9me0r8jm6d2e1k2v3w", "acc_", "x", text(&made, "/user_id")] {
            app.admin().get(&format!("/v1/accounts/{id}")).await.problem(404, "not_found");
            app.admin().get(&format!("/v1/accounts/{id}/sub-accounts")).await.problem(404, "not_found");
        }
    }

    async fn filters_and_what_lies_below(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        let south = app.subsidiary("joe@example.com", &acme.account, "South").await;
        let driver = app.driver("eve@example.com", &acme.account).await;
        app.driver("max@example.com", &south.account).await;
        app.consumer("ada@example.com", "Ada at home").await;
        let acc = |id: &str| format!("parent_account_id={id}");
        for (filter, expected) in [
            (String::new(), vec!["Ada at home", "Ada Lovelace", "Ada Lovelace", "South", "Acme"]),
            ("type=business".to_owned(), vec!["South", "Acme"]),
            ("type=consumer".to_owned(), vec!["Ada at home", "Ada Lovelace", "Ada Lovelace"]),
            ("used_by=employee".to_owned(), vec!["Ada Lovelace", "Ada Lovelace"]),
            ("used_by=subsidiary".to_owned(), vec!["South"]),
            (acc(&acme.account), vec!["Ada Lovelace", "South"]),
            (acc(&south.account), vec!["Ada Lovelace"]),
            (acc(&driver.account), vec![]),
            (acc("acc_01kavx6e9me0r8jm6d2e1k2v3w"), vec![]),
            (format!("{}&used_by=subsidiary&type=business&search=SOU", acc(&acme.account)), vec!["South"]),
            (format!("{}&type=consumer&used_by=subsidiary", acc(&acme.account)), vec![]),
            ("search=ada".to_owned(), vec!["Ada at home", "Ada Lovelace", "Ada Lovelace"]),
        ] {
            assert_eq!(names(&admin, &format!("/v1/accounts?{filter}")).await, expected, "{filter}");
        }
        // Right below alone, not what is further down.
        let below = format!("/v1/accounts/{}/sub-accounts", acme.account);
        assert_eq!(names(&admin, &below).await, ["Ada Lovelace", "South"]);
        assert_eq!(names(&admin, &format!("{below}?used_by=employee")).await, ["Ada Lovelace"]);
        assert_eq!(names(&admin, &format!("{below}?search=sou&type=business")).await, ["South"]);
        admin
            .get(&format!("{below}?parent_account_id={}", south.account))
            .await
            .faults(&[("parent_account_id", "unknown_parameter")]);
        admin
            .get("/v1/accounts?type=club&used_by=x&parent_account_id=acme&limit=0&status=active&search=%00")
            .await
            .faults(&[
                ("type", "unknown_value"),
                ("used_by", "unknown_value"),
                ("parent_account_id", "invalid_id"),
                ("limit", "invalid_limit"),
                ("status", "unknown_parameter"),
                ("search", "invalid_search"),
            ]);
        admin
            .get(&format!("/v1/accounts/{}?verbose=1", acme.account))
            .await
            .faults(&[("verbose", "unknown_parameter")]);
    }

    async fn the_type_ahead_in_any_script(app: TestApp) {
        let admin = app.admin();
        let all = ["Élan STRASSE B.V.", "شركة المثال", "ИВАН и сыновья", "100%_pure\\oil", "株式会社⚡️"];
        for (index, name) in all.into_iter().enumerate() {
            admin
                .post(OWNERS, &json!({ "email": format!("o{index}@example.com"), "account_name": name }))
                .await
                .expect(201);
        }
        app.letters().await;
        for (text, expected) in [
            ("éla", vec![all[0]]),
            ("ÉLAN straße", vec![all[0]]),
            ("المثال", vec![all[1]]),
            ("иВАн", vec![all[2]]),
            ("%", vec![all[3]]),
            ("_", vec![all[3]]),
            ("\\", vec![all[3]]),
            ("会社⚡", vec![all[4]]),
            ("elan", vec![all[0]]),
            ("elam", vec![]),
            ("'; --", vec![]),
            (" ", vec![all[4], all[3], all[2], all[1], all[0]]),
        ] {
            assert_eq!(
                names(&admin, &format!("/v1/accounts?{}", query(&[("search", text)]))).await,
                expected,
                "{text}"
            );
        }
        // People are found by the account that they are invited to, and so are their invitations.
        for list in ["/v1/users", "/v1/invitations"] {
            let found = admin.get(&format!("{list}?{}", query(&[("search", "иван")]))).await.expect(200);
            assert_eq!(column(&found, "email"), ["o2@example.com"], "{list}");
        }
    }

    async fn pages(app: TestApp) {
        let admin = app.admin();
        let acme = app.owner("grace@example.com", "Acme").await;
        for index in 0..7 {
            let body = json!({
                "used_by": "employee", "account_name": format!("Home {index}"),
                "email": format!("d{index}@example.com"),
                "account_type": "consumer"
            });
            admin.post(&format!("/v1/accounts/{}/sub-accounts", acme.account), &body).await.expect(201);
        }
        app.letters().await;
        for list in [format!("/v1/accounts/{}/sub-accounts", acme.account), "/v1/accounts".to_owned()] {
            let (mut seen, mut next) = (Vec::new(), Some(format!("{list}?search=home&limit=3")));
            while let Some(path) = next {
                let page = acme.client.get(&path).await.expect(200);
                seen.extend(column(&page, "name"));
                let link = page
                    .header("link")
                    .strip_prefix('<')
                    .and_then(|link| link.strip_suffix(">; rel=\"next\""));
                assert_eq!(link.is_some(), page.body["next_cursor"].is_string());
                next = link.map(str::to_owned);
            }
            assert_eq!(seen, (0..7).rev().map(|index| format!("Home {index}")).collect::<Vec<_>>());
            let cursor = admin.get(&format!("{list}?limit=1")).await.expect(200).text_of("next_cursor");
            admin
                .get(&format!("{list}?limit=1&type=consumer&cursor={cursor}"))
                .await
                .problem(422, "cursor_mismatch");
            admin.get(&format!("{list}?cursor=x")).await.faults(&[("cursor", "invalid_cursor")]);
        }
        let cursor = admin.get("/v1/accounts?limit=1").await.expect(200).text_of("next_cursor");
        admin.get(&format!("/v1/users?cursor={cursor}")).await.problem(422, "cursor_mismatch");
    }

    async fn who_sees_which(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let south = app.subsidiary("joe@example.com", &acme.account, "South").await;
        let deep = app.subsidiary("eve@example.com", &south.account, "Deep").await;
        let driver = app.driver("max@example.com", &deep.account).await;
        for (caller, visible) in [
            (
                app.caller(&[], &[Permission::AccountsRead]),
                vec!["Ada Lovelace", "Deep", "South", "Zenith", "Acme"],
            ),
            (app.caller(&[Role::Finance], &[]), vec!["Ada Lovelace", "Deep", "South", "Zenith", "Acme"]),
            (acme.client.clone(), vec!["Ada Lovelace", "Deep", "South", "Acme"]),
            (south.client.clone(), vec!["Ada Lovelace", "Deep", "South"]),
            (deep.client.clone(), vec!["Ada Lovelace", "Deep"]),
            (zenith.client.clone(), vec!["Zenith"]),
            (app.owning(&[&zenith.account, &deep.account]), vec!["Ada Lovelace", "Deep", "Zenith"]),
        ] {
            assert_eq!(names(&caller, "/v1/accounts").await, visible);
            for (account, name) in [
                (&acme, "Acme"),
                (&zenith, "Zenith"),
                (&south, "South"),
                (&deep, "Deep"),
                (&driver, "Ada Lovelace"),
            ] {
                let status = if visible.contains(&name) { 200 } else { 404 };
                caller.get(&format!("/v1/accounts/{}", account.account)).await.expect(status);
                caller.get(&format!("/v1/accounts/{}/sub-accounts", account.account)).await.expect(status);
            }
        }
        let own = format!("/v1/accounts/{}", driver.account);
        for caller in [
            driver.client.clone(),
            app.caller(&[], &[Permission::CustomersRead, Permission::CustomersInvite]),
        ] {
            caller.get("/v1/accounts").await.problem(403, "forbidden");
            caller.get(&own).await.problem(404, "not_found");
        }
        app.anonymous().get("/v1/accounts").await.problem(401, "unauthenticated");
    }
}
