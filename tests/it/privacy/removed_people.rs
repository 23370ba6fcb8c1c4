//! People who were removed before they activated: what is held of them can be exported and erased, and
//! nothing is held of an address that was corrected.

use invitation_service::domain::{permission::Permission, role::Role};
use reqwest::Method;

use crate::support::{Answer, Client, TestApp, customers::text, json, on_both_databases};

async fn erase(caller: &Client, user: &str) -> Answer {
    caller.call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await
}

async fn revoked(app: &TestApp, email: &str) -> (String, String) {
    let made = app.invite_unsent(email, &["viewer"]).await;
    let (id, user) = (text(&made, "/id").to_owned(), text(&made, "/user_id").to_owned());
    app.admin().post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
    (id, user)
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")];

    async fn whoever_was_revoked_is_exported_and_erased(app: TestApp) {
        let (id, user) = revoked(&app, "stranger@gone.example").await;
        let at = format!("/v1/users/{user}");
        let admin = app.admin();
        // In no list, and found by who sees everybody alone.
        admin.get(&at).await.problem(404, "not_found");
        let staff = app.caller(&[], &[Permission::UsersErase, Permission::SystemUsersRead]);
        for caller in [&staff, &app.caller(&[], &[Permission::UsersErase])] {
            caller.get(&format!("{at}/export")).await.problem(404, "not_found");
            erase(caller, &user).await.problem(404, "not_found");
        }
        let viewer = app.caller(&[Role::Viewer], &[]);
        viewer.get(&format!("{at}/export")).await.problem(403, "forbidden");
        erase(&viewer, &user).await.problem(403, "forbidden");
        let file = admin.get(&format!("{at}/export")).await.expect(200).body;
        assert_eq!(text(&file, "/user/email"), "stranger@gone.example");
        assert_eq!(text(&file, "/invitations/0/invitation/id"), id);
        erase(&admin, &user).await.expect(204);
        for table in ["users", "invitations"] {
            assert_eq!(app.database.count(&format!("{table} WHERE email LIKE '%stranger%'")), 0, "{table}");
        }
        admin.get(&format!("{at}/export")).await.problem(404, "not_found");
        erase(&admin, &user).await.problem(404, "not_found");
        // The address is free.
        app.invite_unsent("stranger@gone.example", &["viewer"]).await;
    }

    async fn earlier_invitations_of_the_address_are_exported(app: TestApp) {
        let (first, _) = revoked(&app, "ada@example.com").await;
        let (second, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        revoked(&app, "eve@example.com").await;
        let path = format!("/v1/users/{}/export", text(&second, "/user_id"));
        let file = app.admin().get(&path).await.expect(200).body;
        let exported = file["invitations"].as_array().unwrap().iter();
        let ids: Vec<_> = exported.map(|one| text(one, "/invitation/id")).collect();
        assert_eq!(ids, [text(&second, "/id"), &first]);
    }

    async fn a_corrected_address_is_kept_with_the_invitation_alone(app: TestApp) {
        let made = app.invite_unsent("typo@gone.example", &["viewer"]).await;
        let patch = json!({ "email": "right@gone.example" });
        app.admin().update(text(&made, "/id"), "*", &patch).await.expect(200);
        assert_eq!(app.database.count("users WHERE email LIKE 'typo%'"), 0);
        assert_eq!(app.database.count("users"), 1);
        erase(&app.admin(), text(&made, "/user_id")).await.problem(404, "not_found");
        // With an older invitation the address stays, for as long as that does.
        let (_, user) = revoked(&app, "old@gone.example").await;
        let again = app.invite_unsent("old@gone.example", &["viewer"]).await;
        let patch = json!({ "email": "new@gone.example" });
        app.admin().update(text(&again, "/id"), "*", &patch).await.expect(200);
        assert_eq!(app.database.count("users WHERE email LIKE 'old%'"), 1);
        erase(&app.admin(), &user).await.expect(204);
        assert_eq!(app.database.count("users WHERE email LIKE 'old%'"), 0);
    }
}
