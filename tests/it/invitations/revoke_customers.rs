//! Revoking customers' invitations: what never came to life goes, what lives stays, the history is kept.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{
    Answer, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, text},
    json,
    lists::{column, found},
    on_both_databases,
};

async fn revoke(app: &TestApp, made: &Value) -> Answer {
    app.admin().post_empty(&format!("/v1/invitations/{}/revoke", text(made, "/id"))).await
}

/// Whether an account, and whether the person invited to it, are to be found.
async fn there(app: &TestApp, made: &Value) -> (u16, u16) {
    let admin = app.admin();
    let account = admin.get(&format!("/v1/accounts/{}", text(made, "/account/id"))).await.status;
    (account, admin.get(&format!("/v1/users/{}", text(made, "/user_id"))).await.status)
}

on_both_databases! {
    async fn person_and_placeholder_go_and_the_history_stays(app: TestApp) {
        let body = json!({ "email": "ada@example.com", "account_name": "Acme", "account_type": "business" });
        let (made, mail) = app.invite_by(OWNERS, body.clone()).await;
        assert_eq!(there(&app, &made).await, (200, 200));
        let revoked = revoke(&app, &made).await.expect(200).body;
        assert_eq!((&revoked["status"], &revoked["account"]), (&json!("revoked"), &made["account"]));
        assert_eq!(there(&app, &made).await, (404, 404));
        for list in ["/v1/users", "/v1/accounts", "/v1/accounts?search=acme"] {
            assert_eq!(app.admin().get(list).await.expect(200).body["data"], json!([]), "{list}");
        }
        let event = app.events(text(&made, "/id")).await.pop().unwrap();
        assert_eq!(event["details"], json!({ "user_removed": true, "account_removed": true }));
        assert_eq!(found(&app.admin(), "/v1/invitations?search=acme").await, ["ada"]);
        app.activate(&mail.token).await.problem(410, "invitation_revoked");
        revoke(&app, &made).await.problem(409, "invitation_not_pending");
        // The name leads nowhere, and the address can be invited again.
        let below = json!({ "email": "eve@example.com", "role": "driver", "account_name": "Acme" });
        app.admin().post(SUB_ACCOUNTS, &below).await.problem(404, "account_not_found");
        let (again, _) = app.invite_by(OWNERS, body).await;
        assert_ne!((&again["user_id"], &again["account"]["id"]), (&made["user_id"], &made["account"]["id"]));
        assert_eq!(there(&app, &again).await, (200, 200));
    }

    async fn what_lives_stays(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        // An active person's invitation: they stay, only the placeholder goes.
        let below = json!({ "email": "linus@example.com", "role": "driver", "account_id": acme.account });
        let (made, _) = app.invite_by(SUB_ACCOUNTS, below.clone()).await;
        revoke(&app, &made).await.expect(200);
        assert_eq!(there(&app, &made).await, (404, 200));
        let event = app.events(text(&made, "/id")).await.pop().unwrap();
        assert_eq!(event["details"], json!({ "user_removed": false, "account_removed": true }));
        // A further owner's invitation: the account stays.
        let (made, _) =
            app.invite_by(OWNERS, json!({ "email": "ada@example.com", "account_id": acme.account })).await;
        revoke(&app, &made).await.expect(200);
        assert_eq!(there(&app, &made).await, (200, 404));
        assert_eq!(
            app.events(text(&made, "/id")).await.pop().unwrap()["details"],
            json!({ "user_removed": true })
        );
        let linus = app.admin().get(&format!("/v1/users/{}", zenith.user)).await.expect(200).body;
        assert_eq!((&linus["status"], linus["memberships"].as_array().unwrap().len()), (&json!("active"), 1));
        app.sign_in("linus@example.com").await;
        // And can be invited again.
        app.invite_by(SUB_ACCOUNTS, below).await;
        // What was activated is not taken back.
        let (made, mail) =
            app.invite_by(OWNERS, json!({ "email": "joe@example.com", "account_id": acme.account })).await;
        app.activate(&mail.token).await.expect(201);
        revoke(&app, &made).await.problem(409, "invitation_not_pending");
        assert_eq!(there(&app, &made).await, (200, 200));
    }

    async fn a_newcomer_stays_while_another_invitation_awaits_them(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let below = json!({
            "email": "ada@example.com", "role": "driver", "account_id": acme.account,
            "account_type": "consumer"
        });
        let (driver, mail) = app.invite_by(SUB_ACCOUNTS, below).await;
        let (owner, _) = app.invite_by(OWNERS, json!({ "email": "ada@example.com" })).await;
        let (staff, _) = app.invite("ada@example.com", &["viewer"]).await;
        revoke(&app, &owner).await.expect(200);
        assert_eq!(there(&app, &owner).await, (404, 200));
        assert_eq!(there(&app, &driver).await, (200, 200));
        app.advance(TimeDelta::hours(25));
        // An expired one awaits an answer all the same: it may be resent.
        revoke(&app, &staff).await.expect(200);
        assert_eq!(there(&app, &driver).await, (200, 200));
        let user =
            app.admin().get(&format!("/v1/users/{}", text(&driver, "/user_id"))).await.expect(200).body;
        assert_eq!((&user["status"], &user["pending_invitation_id"]), (&json!("invited"), &driver["id"]));
        app.activate(&mail.token).await.problem(410, "activation_link_expired");
        revoke(&app, &driver).await.expect(200);
        assert_eq!(there(&app, &driver).await, (404, 404));
        let below = format!("/v1/accounts/{}/sub-accounts", acme.account);
        assert_eq!(app.admin().get(&below).await.expect(200).body["data"], json!([]));
    }

    async fn an_expired_invitation_takes_its_placeholder_along_when_it_is_replaced(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let below = |name: &str| {
            json!({
                "email": "ada@example.com", "role": "driver", "account_id": acme.account,
                "sub_account_name": name
            })
        };
        let (old, dead) = app.invite_by(SUB_ACCOUNTS, below("Old")).await;
        app.advance(TimeDelta::hours(24));
        let (new, live) = app.invite_by(SUB_ACCOUNTS, below("New")).await;
        assert_eq!((there(&app, &old).await, there(&app, &new).await), ((404, 200), (200, 200)));
        let names = app.admin().get(&format!("/v1/accounts/{}/sub-accounts", acme.account)).await.expect(200);
        assert_eq!(column(&names, "name"), ["New"]);
        let shown = app.admin().get(&format!("/v1/invitations/{}", text(&old, "/id"))).await.expect(200).body;
        assert_eq!((&shown["status"], &shown["account"]["name"]), (&json!("expired"), &json!("Old")));
        app.activate(&dead.token).await.problem(410, "activation_link_superseded");
        revoke(&app, &old).await.problem(409, "invitation_not_pending");
        app.activate_with(&live.token, json!({ "account": { "type": "consumer" } })).await.expect(201);
        assert_eq!(
            app.database
                .count("memberships m JOIN accounts a ON a.id = m.account_id WHERE a.removed_at IS NOT NULL"),
            0
        );
    }
}
