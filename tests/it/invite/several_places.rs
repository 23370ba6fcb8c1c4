//! One person, several places: joining by the link and the typed address, and conflicts with what the
//! frontend needs next.

use chrono::TimeDelta;
use futures_util::future::join;
use invitation_service::domain::role::Role;
use serde_json::Value;

use crate::support::{
    PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, company, text, with},
    json, on_both_databases,
};

/// What somebody who is active already is asked for.
fn joins(account_name: bool, account_type: bool, company: bool) -> Value {
    json!({
        "password": false, "person_name": false, "email": true,
        "account_name": account_name, "account_type": account_type, "company": company
    })
}

on_both_databases! {
    async fn an_active_customer_joins_another_account(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let hash = app.database.texts("SELECT password_hash AS text FROM users ORDER BY id");
        let further = json!({ "email": "Linus@example.com", "account_id": acme.account });
        let (made, mail) = app.invite_by(OWNERS, further).await;
        assert_eq!(made["user_id"], zenith.user);
        assert_eq!(app.requires(&mail.token).await, joins(false, false, false));
        // A scanner's press, another's address, a second password: nothing is consumed.
        app.anonymous()
            .post("/v1/activations", &json!({ "token": mail.token }))
            .await
            .faults(&[("/email", "required")]);
        app.join(&mail.token, "eve@example.com", json!({})).await.faults(&[("/email", "email_mismatch")]);
        app.join(&mail.token, "linus+x@example.com", json!({})).await.faults(&[("/email", "email_mismatch")]);
        let all = json!({
            "password": PASSWORD, "first_name": "L", "last_name": "T",
            "account": { "name": "Mine", "type": "consumer" }
        });
        app.join(&mail.token, "linus@example.com", all).await.faults(&[
            ("/password", "not_applicable"),
            ("/first_name", "not_applicable"),
            ("/last_name", "not_applicable"),
            ("/account/name", "not_applicable"),
            ("/account/type", "not_applicable"),
        ]);
        app.join(&mail.token, "linus@example.com", json!({ "account": { "company": company() } }))
            .await
            .faults(&[("/account/company", "not_applicable")]);
        let joined = app.join(&mail.token, " LINUS@example.com ", json!({})).await.expect(201).body;
        assert_eq!(
            joined["user"]["memberships"],
            json!([{ "account_id": acme.account, "account_name": "Acme", "role": "account_owner" }]),
            "what this invitation gave, and nothing of {}",
            zenith.account
        );
        assert_eq!(
            (&joined["user"]["status"], &joined["account"]["id"]),
            (&json!("active"), &json!(acme.account))
        );
        assert_eq!(app.database.texts("SELECT password_hash AS text FROM users ORDER BY id"), hash);
        app.join(&mail.token, "linus@example.com", json!({})).await.problem(410, "activation_link_used");
    }

    async fn an_active_colleague_becomes_a_customer_and_a_customer_a_colleague(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let (_, mail) =
            app.invite_by(OWNERS, json!({ "email": "ada@example.com", "account_name": "Acme" })).await;
        assert_eq!(app.requires(&mail.token).await, joins(false, true, false));
        app.join(&mail.token, "ada@example.com", json!({})).await.faults(&[("/account/type", "required")]);
        let account = json!({ "account": { "type": "business", "company": company() } });
        let joined = app.join(&mail.token, "ada@example.com", account).await.expect(201).body;
        assert_eq!(
            (&joined["user"]["system_roles"], &joined["account"]["status"]),
            (&json!([]), &json!("active"))
        );

        let acme = text(&joined, "/account/id").to_owned();
        let driver = app.driver("eve@example.com", &acme).await;
        let (_, mail) = app.invite("EVE@example.com", &["finance", "customer_support"]).await;
        app.join(&mail.token, "eve@example.com", json!({ "account": {} }))
            .await
            .faults(&[("/account", "not_applicable")]);
        let joined = app.join(&mail.token, "eve@example.com", json!({})).await.expect(201).body;
        assert_eq!((&joined["account"], &joined["user"]["id"]), (&json!(null), &json!(driver.user)));
        assert_eq!(joined["user"]["system_roles"], json!(["customer_support", "finance"]));
        assert_eq!(joined["user"]["memberships"], json!([]));
        // The next sign-in carries the roles: a driver who works in support invites.
        let eve = app.sign_in("eve@example.com").await;
        app.send(&eve, OWNERS, json!({ "email": "new@example.com" })).await;
        let staff = json!({ "email": "eve@example.com", "roles": ["viewer"] });
        app.admin().post("/v1/system-users/invitations", &staff).await.problem(409, "already_system_user");
        for kind in ["system_user", "customer"] {
            let list =
                app.admin().get(&format!("/v1/users?kind={kind}&search=eve%40")).await.expect(200).body;
            assert_eq!(list["data"][0]["id"], driver.user, "{kind}");
        }
    }

    async fn a_newcomer_with_several_invitations_activates_each(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let (staff, first) = app.invite("ada@example.com", &["viewer"]).await;
        let below = json!({
            "email": "ada@example.com", "role": "driver", "account_id": acme.account,
            "account_type": "consumer"
        });
        let (driver, second) = app.invite_by(SUB_ACCOUNTS, below).await;
        let (_, third) =
            app.invite_by(OWNERS, json!({ "email": "ada@example.com", "account_type": "consumer" })).await;
        assert_eq!(staff["user_id"], driver["user_id"]);
        for mail in [&first, &second, &third] {
            let asked = app.requires(&mail.token).await;
            assert_eq!((&asked["password"], &asked["email"]), (&json!(true), &json!(false)));
        }
        let activated = app.activate(&second.token).await.expect(201).body;
        assert_eq!(
            (&activated["user"]["system_roles"], &activated["account"]["name"]),
            (&json!([]), &json!("Ada Lovelace"))
        );
        // From now on they are known: the address is asked for, and no password.
        assert_eq!(app.requires(&first.token).await, joins(false, false, false));
        app.activate(&first.token).await.faults(&[
            ("/email", "required"),
            ("/password", "not_applicable"),
            ("/first_name", "not_applicable"),
            ("/last_name", "not_applicable"),
        ]);
        app.join(&first.token, "ada@example.com", json!({})).await.expect(201);
        let joined = app
            .join(&third.token, "ada@example.com", json!({ "account": { "name": "Ada" } }))
            .await
            .expect(201)
            .body;
        assert_eq!(
            (joined["user"]["memberships"].as_array().unwrap().len(), &joined["user"]["first_name"]),
            (1, &json!("Ada"))
        );
        assert_eq!(
            (&joined["user"]["system_roles"], &joined["user"]["pending_invitation_id"]),
            (&json!([]), &json!(null))
        );
    }

    async fn several_pending_from_the_users_page(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let (staff, _) = app.invite("ada@example.com", &["admin"]).await;
        let below = json!({
            "email": "ada@example.com", "role": "driver", "account_id": acme.account,
            "sub_account_name": "Ada's"
        });
        let (driver, _) = app.invite_by(SUB_ACCOUNTS, below).await;
        app.advance(TimeDelta::hours(1));
        let path = format!("/v1/users/{}/resend-invitation", text(&staff, "/user_id"));
        let ambiguous = app.admin().post_empty(&path).await.problem(409, "ambiguous_invitation");
        assert_eq!(
            ambiguous.body["candidates"],
            json!([
                { "id": driver["id"], "kind": "sub_account", "account": driver["account"] },
                { "id": staff["id"], "kind": "system_user", "account": null },
            ])
        );
        // Whoever may see one of them alone is in no doubt.
        let support = app.caller(&[Role::CustomerSupport], &[]);
        let resent = support.post_empty(&path).await.expect(200).body;
        assert_eq!((&resent["id"], &resent["send_count"]), (&driver["id"], &json!(2)));
        app.letter().await;
        app.advance(TimeDelta::hours(30));
        // Expired ones await an answer too.
        app.owning(&[&acme.account]).post_empty(&path).await.expect(200);
        app.letter().await;
        let seen = support.get(&format!("/v1/users/{}", text(&staff, "/user_id"))).await.expect(200).body;
        assert_eq!(seen["pending_invitation_id"], driver["id"]);
        app.admin().post_empty(&format!("/v1/invitations/{}/revoke", text(&driver, "/id"))).await.expect(200);
        assert_eq!(app.admin().post_empty(&path).await.expect(200).body["id"], staff["id"]);
        app.letter().await;
    }

    async fn conflicts_carry_what_the_frontend_needs(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let below = json!({ "email": "ada@example.com", "role": "driver", "account_id": acme.account });
        let (made, _) = app.invite_by(SUB_ACCOUNTS, below.clone()).await;
        let by_route = json!({
            "used_by": "employee", "account_name": "Home", "email": "ada@example.com",
            "account_type": "consumer"
        });
        let blocked =
            app.admin().post(&format!("/v1/accounts/{}/sub-accounts", acme.account), &by_route).await;
        let id = blocked.problem(409, "invitation_pending").body["invitation_id"].clone();
        assert_eq!(id, made["id"]);
        // The next step is offered by it: resend, at which the live one goes on.
        app.advance(TimeDelta::minutes(2));
        app.owning(&[&acme.account])
            .post_empty(&format!("/v1/invitations/{}/resend", id.as_str().unwrap()))
            .await
            .expect(200);
        app.letter().await;
        // An expired one never blocks: the new one takes its place.
        app.advance(TimeDelta::hours(24));
        let (again, _) = app.invite_by(SUB_ACCOUNTS, with(below, json!({ "sub_account_name": "New" }))).await;
        assert_ne!(again["id"], made["id"]);
        assert_eq!(again["user_id"], made["user_id"]);
    }

    async fn two_first_links_at_once_make_one_person(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        for round in 0..4 {
            let email = format!("ada{round}@example.com");
            let (_, first) = app.invite(&email, &["viewer"]).await;
            let below = json!({
                "email": email, "role": "driver", "account_id": acme.account, "account_type": "consumer"
            });
            let (made, second) = app.invite_by(SUB_ACCOUNTS, below).await;
            let (one, other) = join(app.activate(&first.token), app.activate(&second.token)).await;
            // Whoever comes second is known by then, and is asked for the address instead.
            let (won, lost, left) =
                if one.status == 201 { (one, other, &second) } else { (other, one, &first) };
            won.expect(201);
            lost.faults(&[
                ("/email", "required"),
                ("/password", "not_applicable"),
                ("/first_name", "not_applicable"),
                ("/last_name", "not_applicable"),
            ]);
            let joined = app.join(&left.token, &email, json!({})).await.expect(201).body;
            assert_eq!(joined["user"]["id"], made["user_id"]);
            let user =
                app.admin().get(&format!("/v1/users/{}", text(&made, "/user_id"))).await.expect(200).body;
            assert_eq!(
                (&user["system_roles"], user["memberships"].as_array().unwrap().len()),
                (&json!(["viewer"]), 1)
            );
        }
    }
}
