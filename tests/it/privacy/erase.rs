//! Erasing users: who may, what is refused, and that an erased user is found nowhere afterwards.

use invitation_service::domain::{permission::Permission, role::Role};
use reqwest::Method;

use crate::support::{
    Answer, Client, PASSWORD, TestApp,
    customers::{OWNERS, text, with},
    json, on_both_databases,
};

const UNKNOWN: &str = "usr_01m86xvxh0es8r65rzyjka792g";

/// A system user who has activated.
async fn colleague(app: &TestApp, email: &str, roles: &[&str]) -> String {
    let (made, mail) = app.invite(email, roles).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

async fn erase(caller: &Client, user: &str) -> Answer {
    caller.call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn an_erased_user_is_gone_everywhere(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        let ada = app.sign_in("ada@example.com").await;
        let (second, _) = app.invite("eve@example.com", &["viewer"]).await;
        let admin = app.admin();
        let gone = erase(&admin, &user).await.expect(204);
        assert_eq!((gone.text.as_str(), gone.header("cache-control")), ("", "no-store"));
        ada.get("/v1/me").await.problem(401, "unauthenticated");
        let credentials = json!({ "email": "ada@example.com", "password": PASSWORD });
        app.anonymous().post("/v1/auth/token", &credentials).await.problem(401, "invalid_credentials");
        let at = format!("/v1/users/{user}");
        admin.get(&at).await.problem(404, "not_found");
        admin.get(&format!("{at}/export")).await.problem(404, "not_found");
        erase(&admin, &user).await.problem(404, "not_found");
        admin.change_user(&user, "*", &json!({ "first_name": "Eve" })).await.problem(404, "not_found");
        for verb in ["block", "unblock", "resend-invitation"] {
            admin.post_empty(&format!("{at}/{verb}")).await.problem(404, "not_found");
        }
        for query in
            ["", "?role=viewer", "?status=active", "?status=invited", "?search=ada", "?search=lovelace"]
        {
            let page = admin.get(&format!("/v1/users{query}")).await.expect(200);
            assert!(!page.text.contains(&user), "{query}: {}", page.text);
        }
        for query in ["?search=ada", "?search=lovelace", "?email=ada@example.com"] {
            let page = admin.get(&format!("/v1/invitations{query}")).await.expect(200);
            assert_eq!(page.body["data"], json!([]), "{query}");
        }
        // Others are untouched.
        admin.get(&format!("/v1/users/{}", text(&second, "/user_id"))).await.expect(200);
        // The address is free: whoever has it is another user.
        let again = colleague(&app, "ada@example.com", &["viewer"]).await;
        assert_ne!(again, user);
        assert_eq!(
            admin.get("/v1/users?search=ada").await.expect(200).body["data"].as_array().unwrap().len(),
            1
        );
    }

    async fn pending_invitations_end_and_their_letters_are_not_sent(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let owner =
            json!({ "email": "ADA@example.com", "account_name": "Ada's", "account_type": "business" });
        let other = app.admin().post(OWNERS, &owner).await.expect(201).body;
        let user = text(&made, "/user_id");
        assert_eq!(other["user_id"], made["user_id"]);
        erase(&app.admin(), user).await.expect(204);
        assert!(app.letters().await.is_empty());
        app.activate(&mail.token).await.problem(410, "invitation_revoked");
        app.anonymous()
            .post("/v1/activations/renew", &json!({ "token": mail.token }))
            .await
            .problem(410, "invitation_revoked");
        let id = text(&made, "/id");
        app.admin()
            .post_empty(&format!("/v1/invitations/{id}/resend"))
            .await
            .problem(409, "invitation_not_pending");
        let shown = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body;
        assert_eq!(
            (&shown["status"], &shown["email"]),
            (&json!("revoked"), &json!(format!("{user}@erased.invalid")))
        );
        // The account never came to life.
        let account = text(&other, "/account/id");
        app.admin().get(&format!("/v1/accounts/{account}")).await.problem(404, "not_found");
        assert_eq!(app.database.count("accounts WHERE name IS NOT NULL"), 0);
    }

    async fn it_takes_the_permission_and_all_that_the_user_may_do(app: TestApp) {
        let boss = colleague(&app, "boss@example.com", &["admin"]).await;
        let viewer = colleague(&app, "ada@example.com", &["viewer"]).await;
        let eraser = app.caller(&[Role::Viewer], &[Permission::UsersErase]);
        erase(&eraser, &boss).await.problem(403, "role_exceeds_yours");
        erase(&app.caller(&[Role::UserManager], &[]), &viewer).await.problem(403, "forbidden");
        erase(&app.anonymous(), &viewer).await.problem(401, "unauthenticated");
        // Without the permission to see them there is no such user.
        erase(&app.caller(&[], &[Permission::UsersErase]), &viewer).await.problem(404, "not_found");
        for unknown in [UNKNOWN, "ada", "inv_01m86xvxh0e3pt0yekqqme4qcm"] {
            erase(&eraser, unknown).await.problem(404, "not_found");
        }
        let surplus = eraser.call(Method::DELETE, &format!("/v1/users/{viewer}?force=1"), &[]).await;
        surplus.faults(&[("force", "unknown_parameter")]);
        erase(&eraser, &viewer).await.expect(204);
        let log = app.admin().get("/v1/audit-events?action=user_erased").await.expect(200).body;
        assert_eq!(log["data"].as_array().unwrap().len(), 1);
        assert_eq!((&log["data"][0]["object"], &log["data"][0]["details"]), (&json!(viewer), &json!({})));
    }

    async fn a_condition_is_compared_where_it_is_sent(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        let at = format!("/v1/users/{user}");
        let seen = app.admin().get(&at).await.expect(200);
        app.admin().change_user(&user, "*", &json!({ "last_name": "King" })).await.expect(200);
        let matching = async |tag: &str| app.admin().call(Method::DELETE, &at, &[("if-match", tag)]).await;
        for tag in [seen.header("etag"), "W/\"x\"", "x"] {
            let refused = matching(tag).await.problem(412, "precondition_failed");
            let now = app.admin().get(&at).await.expect(200);
            assert_eq!(refused.header("etag"), now.header("etag"));
        }
        let now = app.admin().get(&at).await.expect(200).header("etag").to_owned();
        matching(&now).await.expect(204);
    }

    async fn the_last_admin_stays(app: TestApp) {
        let boss = colleague(&app, "boss@example.com", &["admin"]).await;
        erase(&app.admin(), &boss).await.problem(409, "last_admin");
        colleague(&app, "second@example.com", &["admin"]).await;
        erase(&app.admin(), &boss).await.expect(204);
    }

    async fn a_person_with_the_permission_may_erase_themselves(app: TestApp) {
        let boss = colleague(&app, "boss@example.com", &["admin"]).await;
        colleague(&app, "second@example.com", &["admin"]).await;
        let client = app.sign_in("boss@example.com").await;
        erase(&client, &boss).await.expect(204);
        client.get("/v1/me").await.problem(401, "unauthenticated");
    }

    async fn a_blocked_user_can_be_erased(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        app.admin().post_empty(&format!("/v1/users/{user}/block")).await.expect(200);
        erase(&app.admin(), &user).await.expect(204);
        // The address may be invited again.
        app.invite("ada@example.com", &["viewer"]).await;
    }

    async fn accounts_lose_a_name_that_is_the_persons(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let home = app.driver("dirk@acme.example", &acme.account).await;
        let consumer = app.consumer("carla@example.com", "Carla at home").await;
        let name = async |account: &str| {
            app.admin().get(&format!("/v1/accounts/{account}")).await.expect(200).body["name"].clone()
        };
        assert_eq!(name(&home.account).await, "Ada Lovelace");
        for owner in [&acme, &home, &consumer] {
            erase(&app.admin(), &owner.user).await.expect(204);
        }
        // A company's data stay, and it has no owner now; staff can invite one.
        let company = app.admin().get(&format!("/v1/accounts/{}", acme.account)).await.expect(200).body;
        assert_eq!(company["name"], "Acme");
        assert_eq!(company["company"]["name"], "Acme Laadpalen B.V.");
        app.invite_by(OWNERS, json!({ "email": "otto@acme.example", "account_id": acme.account })).await;
        for account in [&home.account, &consumer.account] {
            assert_eq!(name(account).await, json!(account));
        }
        for search in ["lovelace", "carla"] {
            let found = app.admin().get(&format!("/v1/accounts?search={search}")).await.expect(200).body;
            assert_eq!(found["data"], json!([]));
        }
    }

    /// A server that returns a letter may write the address in a form of its own.
    async fn what_came_back_of_their_letters_and_was_not_read_is_gone(app: TestApp) {
        let user = colleague(&app, "ada@example.com", &["viewer"]).await;
        app.invite("eve@example.com", &["viewer"]).await;
        let reset = json!({ "email": "ada@example.com" });
        app.anonymous().post("/v1/auth/password-reset", &reset).await.expect(202);
        app.letter().await;
        let letters = app.database.texts("SELECT id || ' ' || recipient AS text FROM letters ORDER BY id");
        assert_eq!(letters.len(), 3, "{letters:?}");
        for letter in &letters {
            let id = letter.split(' ').next().unwrap();
            app.database.execute(&format!(
                "INSERT INTO unread_mail (id, digest, reason, letter_id, message, received_at)
                 VALUES ('ret_{id}', '{id}', 'no_letter', '{id}', 'To: user 7 at example',
                         '2026-11-24 12:00:00.000000+00')"
            ));
        }
        erase(&app.admin(), &user).await.expect(204);
        let left = app.database.texts("SELECT letter_id AS text FROM unread_mail");
        let eves = letters.iter().find(|letter| letter.ends_with("eve@example.com")).unwrap();
        assert_eq!(left, [eves.split(' ').next().unwrap()]);
    }

    async fn an_account_keeps_its_name_while_it_has_another_member(app: TestApp) {
        let consumer = app.consumer("carla@example.com", "Our home").await;
        let second = json!({ "email": "carlo@example.com", "account_id": consumer.account });
        let (_, mail) = app.invite_by(OWNERS, second).await;
        let path = format!("/v1/accounts/{}", consumer.account);
        let shown = async || app.admin().get(&path).await.expect(200).body["name"].clone();
        app.activate(&mail.token).await.expect(201);
        let carlo = app.admin().get("/v1/users?search=carlo").await.expect(200).body["data"][0].clone();
        erase(&app.admin(), &consumer.user).await.expect(204);
        assert_eq!(shown().await, "Our home");
        erase(&app.admin(), text(&carlo, "/id")).await.expect(204);
        assert_eq!(shown().await, json!(consumer.account));
    }

    async fn a_retry_does_not_invite_an_erased_person_anew(app: TestApp) {
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let post = async |key: &str, body: &serde_json::Value| {
            let request = app.admin().request(Method::POST, "/v1/system-users/invitations");
            Answer::of(request.header("idempotency-key", key).json(body)).await
        };
        let made = post("ada", &body).await.expect(201).body;
        let other = post("eve", &with(body.clone(), json!({ "email": "eve@example.com" }))).await.expect(201);
        app.letters().await;
        erase(&app.admin(), text(&made, "/user_id")).await.expect(204);
        for _ in 0..2 {
            post("ada", &body).await.problem(410, "idempotency_answer_erased");
        }
        let reused = with(body.clone(), json!({ "roles": ["admin"] }));
        post("ada", &reused).await.problem(422, "idempotency_key_reused");
        let replayed =
            post("eve", &with(body.clone(), json!({ "email": "eve@example.com" }))).await.expect(201);
        assert_eq!(replayed.body, other.body);
        // With a new key the person is invited as another user.
        let again = post("ada-2", &body).await.expect(201).body;
        assert_ne!(again["user_id"], made["user_id"]);
        app.letters().await;
    }
}
