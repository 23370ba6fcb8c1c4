//! Blocking: sign-in, tokens, links and resends end, and begin again where they may.

use invitation_service::domain::{permission::Permission, role::Role};
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Client, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, text},
    json, on_both_databases,
};

const INVITE: &str = "/v1/system-users/invitations";

/// A system user who has activated.
async fn colleague(app: &TestApp, email: &str, roles: &[&str]) -> String {
    let (made, mail) = app.invite(email, roles).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

fn path(user: &str, verb: &str) -> String {
    format!("/v1/users/{user}/{verb}")
}

async fn sign_in_status(app: &TestApp, email: &str) -> u16 {
    let body = json!({ "email": email, "password": PASSWORD });
    app.anonymous().post("/v1/auth/token", &body).await.status
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];
    async fn a_blocked_user_has_no_access_until_they_are_unblocked(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        let ada = app.sign_in("ada@example.com").await;
        let blocked = app.admin().post_empty(&path(&user, "block")).await.expect(200);
        assert_eq!((&blocked.body["status"], &blocked.body["id"]), (&json!("blocked"), &json!(user)));
        let shown = app.admin().get(&format!("/v1/users/{user}")).await.expect(200);
        assert_eq!((&shown.body, shown.header("etag")), (&blocked.body, blocked.header("etag")));
        ada.get("/v1/me").await.problem(401, "unauthenticated");
        assert_eq!(sign_in_status(&app, "ada@example.com").await, 401);
        // Once more is the same.
        assert_eq!(app.admin().post(&path(&user, "block"), &json!({})).await.expect(200).body, blocked.body);
        let free = app.admin().post_empty(&path(&user, "unblock")).await.expect(200);
        assert_eq!(
            (&free.body["status"], &free.body["system_roles"]),
            (&json!("active"), &json!(["viewer"]))
        );
        app.admin().post_empty(&path(&user, "unblock")).await.expect(200);
        // What was given before stays ended.
        ada.get("/v1/me").await.problem(401, "unauthenticated");
        app.sign_in("ada@example.com").await.get("/v1/me").await.expect(200);
        // The second block and the second unblock changed nothing, and are no events.
        let log = app.admin().get(&format!("/v1/audit-events?object={user}")).await.expect(200);
        let actions: Vec<&Value> =
            log.body["data"].as_array().unwrap().iter().map(|one| &one["action"]).collect();
        assert_eq!(actions, ["sign_in", "user_unblocked", "sign_in", "user_blocked", "sign_in"]);
    }

    async fn their_links_die_and_are_not_resent(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (staff, mail) = app.invite("olga@acme.example", &["viewer"]).await;
        app.admin().post_empty(&path(&acme.user, "block")).await.expect(200);
        let preview = json!({ "token": mail.token });
        app.anonymous().post("/v1/activations/preview", &preview).await.problem(410, "invitation_revoked");
        app.join(&mail.token, "olga@acme.example", json!({})).await.problem(410, "invitation_revoked");
        let id = text(&staff, "/id");
        app.admin()
            .post_empty(&format!("/v1/invitations/{id}/resend"))
            .await
            .problem(409, "invitation_not_pending");
        app.admin()
            .post_empty(&path(&acme.user, "resend-invitation"))
            .await
            .problem(409, "invitation_not_pending");
        let shown = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body;
        assert_eq!(shown["status"], "revoked");
        assert_eq!(app.timeline(id).await.last().map(String::as_str), Some("revoked"));
        // Unblocking does not bring the link back.
        app.admin().post_empty(&path(&acme.user, "unblock")).await.expect(200);
        app.anonymous().post("/v1/activations/preview", &preview).await.problem(410, "invitation_revoked");
    }

    async fn staff_cannot_invite_them_and_others_do_not_learn_of_it(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let other = app.owner("otto@other.example", "Other").await;
        app.admin().post_empty(&path(&acme.user, "block")).await.expect(200);
        let staff = json!({ "email": "olga@acme.example", "roles": ["viewer"] });
        app.admin().post(INVITE, &staff).await.problem(409, "user_blocked");
        let owner = json!({ "email": "olga@acme.example", "account_id": other.account });
        app.admin().post(OWNERS, &owner).await.problem(409, "user_blocked");
        let batch = json!({ "invitations": [
            { "kind": "system_user", "email": "olga@acme.example", "roles": ["viewer"] },
            { "kind": "system_user", "email": "new@example.com", "roles": ["viewer"] }
        ] });
        let results = app.admin().post("/v1/invitations/batch", &batch).await.expect(200).body;
        assert_eq!(results["results"][0]["error"]["code"], "user_blocked");
        assert_eq!(results["results"][1]["status"], "invited");
        // The address of another invitation cannot be changed to theirs.
        let id = text(&results, "/results/1/invitation/id");
        let changed = app.admin().update(id, "*", &json!({ "email": "olga@acme.example" })).await;
        changed.problem(409, "user_blocked");
        app.letter().await;
        // An owner sees an invitation as any other; its link does not work.
        let (made, mail) = app.send(&other.client, OWNERS, owner).await;
        assert_eq!(made["status"], "pending");
        app.join(&mail.token, "olga@acme.example", json!({})).await.problem(410, "invitation_revoked");
        app.anonymous()
            .post("/v1/activations/renew", &json!({ "token": mail.token }))
            .await
            .problem(410, "invitation_revoked");
        let seen = other.client.get(&format!("/v1/users/{}", acme.user)).await.expect(200).body;
        assert_eq!(seen["status"], "invited");
        let driver = json!({ "email": "olga@acme.example", "role": "driver", "account_id": other.account });
        app.send(&other.client, SUB_ACCOUNTS, driver).await;
    }

    async fn it_takes_the_permission_and_all_that_the_user_may_do(app: TestApp) {
        let admin = colleague(&app, "boss@example.com", &["admin"]).await;
        let viewer = colleague(&app, "ada@example.com", &["viewer"]).await;
        let (invited, _) = app.invite("new@example.com", &["viewer"]).await;
        let blocker = app.caller(&[Role::Viewer], &[Permission::UsersBlock]);
        for verb in ["block", "unblock"] {
            blocker.post_empty(&path(&admin, verb)).await.problem(403, "role_exceeds_yours");
            app.caller(&[Role::UserManager], &[])
                .post_empty(&path(&viewer, verb))
                .await
                .problem(403, "forbidden");
            app.anonymous().post_empty(&path(&viewer, verb)).await.problem(401, "unauthenticated");
            // Without the permission to see them there is no such user.
            let blind = app.caller(&[], &[Permission::UsersBlock]);
            blind.post_empty(&path(&viewer, verb)).await.problem(404, "not_found");
            blocker.post_empty(&path("usr_01m86xvxh0es8r65rzyjka792g", verb)).await.problem(404, "not_found");
            blocker.post_empty(&path("ada", verb)).await.problem(404, "not_found");
            blocker
                .post_empty(&path(text(&invited, "/user_id"), verb))
                .await
                .problem(409, "user_not_activated");
            blocker
                .post(&path(&viewer, verb), &json!({ "reason": "x" }))
                .await
                .faults(&[("/reason", "unknown_member")]);
            blocker.call(Method::GET, &path(&viewer, verb), &[]).await.problem(405, "method_not_allowed");
        }
        assert_eq!(blocker.post_empty(&path(&viewer, "block")).await.expect(200).body["status"], "blocked");
        assert_eq!(blocker.post_empty(&path(&viewer, "unblock")).await.expect(200).body["status"], "active");
    }

    /// A sign-in that comes at the same moment leaves no session behind.
    async fn no_session_outlives_a_block(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        for _ in 0..4 {
            let sign_ins =
                futures_util::future::join_all((0..4).map(|_| sign_in_status(&app, "ada@example.com")));
            let caller = app.admin();
            let path = path(&user, "block");
            let (statuses, blocked) = futures_util::future::join(sign_ins, caller.post_empty(&path)).await;
            blocked.expect(200);
            assert!(statuses.iter().all(|status| [200, 401].contains(status)), "{statuses:?}");
            assert_eq!(app.database.count("sessions WHERE ended_at IS NULL"), 0, "{statuses:?}");
            app.admin().post_empty(&self::path(&user, "unblock")).await.expect(200);
        }
    }

    async fn a_retry_is_answered_as_the_first_request(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        let block = async |caller: &Client| {
            caller.call(Method::POST, &path(&user, "block"), &[("idempotency-key", "once")]).await
        };
        let first = block(&app.admin()).await.expect(200);
        app.admin().post_empty(&path(&user, "unblock")).await.expect(200);
        let again = block(&app.admin()).await.expect(200);
        assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
        let shown = app.admin().get(&format!("/v1/users/{user}")).await.expect(200).body;
        assert_eq!(shown["status"], "active");
    }
}
