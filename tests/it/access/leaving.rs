//! Memberships end: staff and owners remove people from an account, and people leave it.

use futures_util::future::join;
use reqwest::Method;

use crate::support::{
    Answer, Client, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, text},
    json, on_both_databases,
};
use invitation_service::domain::{
    permission::Permission,
    role::Role::{CustomerSupport, Finance, UserManager, Viewer},
};

async fn remove(caller: &Client, account: &str, user: &str) -> Answer {
    caller.call(Method::DELETE, &format!("/v1/accounts/{account}/members/{user}"), &[]).await
}

async fn leave(caller: &Client, account: &str) -> Answer {
    caller.call(Method::DELETE, &format!("/v1/me/memberships/{account}"), &[]).await
}

/// A further owner of an account, who has signed in.
async fn further(app: &TestApp, account: &str, email: &str) -> (String, Client) {
    let (made, mail) = app.invite_by(OWNERS, json!({ "email": email, "account_id": account })).await;
    app.activate(&mail.token).await.expect(201);
    (text(&made, "/user_id").to_owned(), app.sign_in(email).await)
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn an_owner_removes_another_whose_authority_ends_at_once(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (otto, otto_client) = further(&app, &acme.account, "otto@acme.example").await;
        let below = json!({ "email": "dirk@acme.example", "role": "driver", "account_id": acme.account });
        otto_client.get(&format!("/v1/accounts/{}", acme.account)).await.expect(200);
        let gone = remove(&acme.client, &acme.account, &otto).await.expect(204);
        assert_eq!((gone.text.as_str(), gone.header("cache-control")), ("", "no-store"));
        // The token names the account still; it is worth nothing there.
        otto_client.get(&format!("/v1/accounts/{}", acme.account)).await.problem(404, "not_found");
        otto_client.get("/v1/users").await.problem(403, "forbidden");
        otto_client.post(SUB_ACCOUNTS, &below).await.problem(403, "forbidden");
        remove(&otto_client, &acme.account, &acme.user).await.problem(404, "not_found");
        remove(&acme.client, &acme.account, &otto).await.problem(404, "not_found");
        acme.client.get(&format!("/v1/users/{otto}")).await.problem(404, "not_found");
        let shown = app.admin().get(&format!("/v1/users/{otto}")).await.expect(200).body;
        assert_eq!((&shown["status"], &shown["memberships"]), (&json!("active"), &json!([])));
        // The last one stays, whoever asks.
        for caller in [&acme.client, &app.admin(), &app.caller(&[CustomerSupport], &[])] {
            remove(caller, &acme.account, &acme.user).await.problem(409, "last_owner");
        }
        leave(&acme.client, &acme.account).await.problem(409, "last_owner");
        // They can be invited again.
        let (again, mail) = app
            .send(&acme.client, OWNERS, json!({ "email": "otto@acme.example", "account_id": acme.account }))
            .await;
        assert_eq!(again["user_id"], json!(otto));
        app.join(&mail.token, "otto@acme.example", json!({})).await.expect(201);
        leave(&acme.client, &acme.account).await.expect(204);
    }

    async fn drivers_and_owners_below_are_members_too(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let south = app.subsidiary("sue@south.example", &acme.account, "South").await;
        let driver = app.driver("dirk@acme.example", &south.account).await;
        let other = app.driver("dora@acme.example", &acme.account).await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        // Nobody below, beside, or without the membership in sight.
        for caller in [
            &zenith.client,
            &driver.client,
            &other.client,
            &app.owning(&[&zenith.account]),
            &app.caller(&[], &[]),
        ] {
            remove(caller, &driver.account, &driver.user).await.problem(404, "not_found");
        }
        remove(&south.client, &acme.account, &acme.user).await.problem(404, "not_found");
        for (role, code) in [(Finance, "forbidden"), (Viewer, "forbidden")] {
            remove(&app.caller(&[role], &[]), &driver.account, &driver.user).await.problem(403, code);
        }
        remove(&app.caller(&[], &[Permission::AccountsRead]), &driver.account, &driver.user)
            .await
            .problem(404, "not_found");
        remove(&app.anonymous(), &driver.account, &driver.user).await.problem(401, "unauthenticated");
        // Of somebody else's account, of no account, of nobody.
        for (account, user) in [
            (acme.account.as_str(), driver.user.as_str()),
            (&driver.account, &acme.user),
            ("acc_01kavx6e9kfzabv5qhm1p4d6xn", &driver.user),
            (&driver.account, "usr_01kavx6e9kfzabv5qhm1p4d6xn"),
            (&driver.user, &driver.account),
            ("x", "y"),
        ] {
            remove(&app.admin(), account, user).await.problem(404, "not_found");
        }
        // The owner of the account above all of them, or staff.
        remove(&acme.client, &driver.account, &driver.user).await.expect(204);
        remove(&app.caller(&[UserManager], &[]), &other.account, &other.user).await.expect(204);
        remove(&acme.client, &south.account, &south.user).await.problem(409, "last_owner");
        // What lies below stays, and whoever was removed still signs in.
        app.admin().get(&format!("/v1/accounts/{}", driver.account)).await.expect(200);
        app.sign_in("dirk@acme.example").await;
    }

    async fn a_person_leaves_what_they_joined(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let driver = app.driver("dirk@acme.example", &acme.account).await;
        leave(&driver.client, &acme.account).await.problem(404, "not_found");
        for odd in ["x", "acc_01kavx6e9kfzabv5qhm1p4d6xn", &driver.user] {
            leave(&driver.client, odd).await.problem(404, "not_found");
        }
        leave(&app.anonymous(), &driver.account).await.problem(401, "unauthenticated");
        // A program is nobody who could leave.
        for program in [app.admin(), app.owning(&[&acme.account])] {
            let refused = leave(&program, &acme.account).await.problem(403, "forbidden");
            assert_eq!(refused.body["detail"], "This takes the access token of a person.");
        }
        leave(&driver.client, &driver.account).await.expect(204);
        leave(&driver.client, &driver.account).await.problem(404, "not_found");
        // Where they joined it is told that they left.
        let list = app.admin().get("/v1/invitations?email=dirk@acme.example").await.expect(200).body;
        let event = app.events(text(&list, "/data/0/id")).await.pop().unwrap();
        assert_eq!(
            (&event["type"], &event["actor"]["id"]),
            (&json!("membership_ended"), &json!(driver.user))
        );
        assert_eq!(event["details"], json!({ "account_id": driver.account, "roles": ["driver"] }));
        let spelt =
            driver.client.call(Method::GET, &format!("/v1/me/memberships/{}", driver.account), &[]).await;
        assert_eq!(spelt.problem(405, "method_not_allowed").header("allow"), "DELETE");
    }

    async fn of_two_who_go_at_once_one_stays(app: TestApp) {
        for round in 0..6 {
            let acme = app.owner(&format!("olga{round}@acme.example"), "Acme").await;
            let (otto, client) = further(&app, &acme.account, &format!("otto{round}@acme.example")).await;
            let (one, other) = match round % 3 {
                // Each removes the other; each leaves; both remove the same one.
                0 => {
                    join(
                        remove(&acme.client, &acme.account, &otto),
                        remove(&client, &acme.account, &acme.user),
                    )
                    .await
                }
                1 => join(leave(&acme.client, &acme.account), leave(&client, &acme.account)).await,
                _ => {
                    join(
                        remove(&acme.client, &acme.account, &otto),
                        remove(&app.admin(), &acme.account, &otto),
                    )
                    .await
                }
            };
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            match round % 3 {
                1 => assert_eq!(statuses, [204, 409], "{} {}", one.text, other.text),
                // Whoever was removed first may do nothing more, before the request or within it.
                _ => assert_eq!(statuses, [204, 404], "{} {}", one.text, other.text),
            }
            assert_eq!(app.database.count(&format!("memberships WHERE account_id = '{}'", acme.account)), 1);
        }
    }
}
