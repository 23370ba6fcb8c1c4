//! `PATCH /v1/users/{id}`: names and system roles.

use invitation_service::domain::{
    permission::Permission,
    role::Role::{CustomerSupport, UserManager, Viewer},
};
use serde_json::Value;

use crate::support::{Answer, Client, TestApp, customers::text, json, on_both_databases};

async fn colleague(app: &TestApp, email: &str, roles: &[&str]) -> String {
    let (made, mail) = app.invite(email, roles).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

async fn shown(caller: &Client, user: &str) -> Answer {
    caller.get(&format!("/v1/users/{user}")).await.expect(200)
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];
    async fn names_and_roles_change_with_the_tag_of_what_was_seen(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["user_manager", "viewer"]).await;
        let token = app.sign_in("ada@example.com").await;
        let seen = shown(&app.admin(), &user).await;
        let tag = seen.header("etag").to_owned();
        let patch = json!({ "last_name": " King ", "system_roles": ["viewer", "finance"] });
        let changed = app.admin().change_user(&user, &tag, &patch).await.expect(200);
        assert_eq!(
            (&changed.body["first_name"], &changed.body["last_name"]),
            (&json!("Ada"), &json!("King"))
        );
        assert_eq!(changed.body["system_roles"], json!(["finance", "viewer"]));
        let after = shown(&app.admin(), &user).await;
        assert_eq!((&after.body, after.header("etag")), (&changed.body, changed.header("etag")));
        // Roles that were taken are gone from tokens at once.
        let me = token.get("/v1/me").await.expect(200).body;
        assert_eq!(me["roles"], json!(["viewer"]));
        assert!(!me["permissions"].as_array().unwrap().contains(&json!("system_users:invite")), "{me}");
        // Found by the new name, and not by the old one.
        let found = async |name: &str| {
            let page = app.admin().get(&format!("/v1/users?search={name}")).await.expect(200).body;
            page["data"].as_array().unwrap().len()
        };
        assert_eq!((found("king").await, found("lovelace").await), (1, 0));
        // The old tag names a state that is gone.
        let late = app.admin().change_user(&user, &tag, &json!({ "first_name": "Eve" })).await;
        assert_eq!(late.header("etag"), after.header("etag"));
        late.problem(412, "precondition_failed");
        let weak = format!("W/{}", after.header("etag"));
        for useless in [weak.as_str(), "nonsense", ""] {
            let refused = app.admin().change_user(&user, useless, &json!({ "first_name": "Eve" })).await;
            refused.problem(412, "precondition_failed");
        }
        let path = format!("/v1/users/{user}");
        let without =
            app.admin().request(reqwest::Method::PATCH, &path).json(&json!({ "first_name": "Eve" }));
        Answer::of(without).await.problem(428, "precondition_required");
        let path = format!("/v1/audit-events?object={user}&action=user_updated");
        let log = app.admin().get(&path).await.expect(200).body;
        assert_eq!(log["data"].as_array().map(Vec::len), Some(1), "{log}");
        assert_eq!(
            log["data"][0]["details"],
            json!({
                "changed": ["last_name", "system_roles"],
                "roles": { "from": ["user_manager", "viewer"], "to": ["finance", "viewer"] }
            })
        );
        // A change that changes nothing is no event, and leaves the tag.
        let same = app.admin().change_user(&user, "*", &json!({ "last_name": "King" })).await.expect(200);
        assert_eq!(same.header("etag"), after.header("etag"));
        assert_eq!(app.database.count("audit_events WHERE action = 'user_updated'"), 1);
    }

    async fn an_empty_list_of_roles_ends_being_staff(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        let changed = app.admin().change_user(&user, "*", &json!({ "system_roles": [] })).await.expect(200);
        assert_eq!(changed.body["system_roles"], json!([]));
        let again = app.admin().change_user(&user, "*", &json!({ "system_roles": ["viewer"] })).await;
        again.faults(&[("/system_roles", "not_applicable")]);
    }

    async fn staff_change_their_kind_and_people_their_own_names(app: TestApp) {
        let staff = colleague(&app, "ada@example.com", &["viewer"]).await;
        let acme = app.owner("olga@acme.example", "Acme").await;
        let name = json!({ "first_name": "Eve" });
        let support = app.caller(&[CustomerSupport], &[]);
        support.change_user(&acme.user, "*", &name).await.expect(200);
        support.change_user(&staff, "*", &name).await.problem(404, "not_found");
        app.caller(&[Viewer], &[]).change_user(&staff, "*", &name).await.problem(403, "forbidden");
        app.caller(&[Viewer], &[]).change_user(&acme.user, "*", &name).await.problem(403, "forbidden");
        app.caller(&[Viewer], &[Permission::SystemUsersInvite])
            .change_user(&staff, "*", &name)
            .await
            .expect(200);
        app.anonymous().change_user(&staff, "*", &name).await.problem(401, "unauthenticated");
        // An owner changes their own name, and that of no other.
        let dirk = app.driver("dirk@acme.example", &acme.account).await;
        acme.client.change_user(&acme.user, "*", &json!({ "last_name": "Oakley" })).await.expect(200);
        acme.client.change_user(&dirk.user, "*", &name).await.problem(403, "forbidden");
        let me = dirk.client.change_user(&dirk.user, "*", &json!({ "first_name": "Dirk" })).await.expect(200);
        assert_eq!(me.body["first_name"], "Dirk");
        dirk.client.change_user(&acme.user, "*", &name).await.problem(404, "not_found");
        // Not their own roles.
        let roles = json!({ "system_roles": ["admin"] });
        dirk.client.change_user(&dirk.user, "*", &roles).await.problem(403, "forbidden");
    }

    async fn nobody_gives_or_takes_more_than_they_hold(app: TestApp) {
        let boss = colleague(&app, "boss@example.com", &["admin"]).await;
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        let manager = app.caller(&[UserManager], &[]);
        let change = async |who: &str, patch: Value| manager.change_user(who, "*", &patch).await;
        change(&user, json!({ "system_roles": ["admin"] })).await.problem(403, "role_exceeds_yours");
        change(&boss, json!({ "system_roles": ["viewer"] })).await.problem(403, "role_exceeds_yours");
        change(&boss, json!({ "first_name": "Eve" })).await.problem(403, "role_exceeds_yours");
        // Without the permission it is that, whatever the roles.
        let viewer = app.caller(&[Viewer], &[]);
        let patch = json!({ "first_name": "Eve" });
        viewer.change_user(&boss, "*", &patch).await.problem(403, "forbidden");
        change(&user, json!({ "system_roles": ["user_manager"] })).await.expect(200);
    }

    async fn faulty_members_are_named_together(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        let patch = json!({
            "first_name": "", "last_name": null, "system_roles": ["boss", "viewer", "viewer"], "emial": "x"
        });
        app.admin().change_user(&user, "*", &patch).await.faults(&[
            ("/first_name", "required"),
            ("/last_name", "required"),
            ("/system_roles/0", "unknown_role"),
            ("/system_roles/2", "duplicate_role"),
            ("/emial", "unknown_member"),
        ]);
        let roles = json!({ "first_name": "\u{7}", "system_roles": ["viewer"] });
        app.admin()
            .change_user(&acme.user, "*", &roles)
            .await
            .faults(&[("/first_name", "invalid_name"), ("/system_roles", "not_applicable")]);
        let (invited, _) = app.invite("new@example.com", &["viewer"]).await;
        let invited = text(&invited, "/user_id").to_owned();
        let rename = json!({ "first_name": "Eve" });
        app.admin().change_user(&invited, "*", &rename).await.problem(409, "user_not_activated");
        app.admin()
            .change_user("usr_01m86xvxh0es8r65rzyjka792g", "*", &rename)
            .await
            .problem(404, "not_found");
        app.admin().change_user("ada", "*", &rename).await.problem(404, "not_found");
    }
}
