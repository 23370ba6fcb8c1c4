//! The last active admin stays, however many requests would take them away at once.

use futures_util::future::join_all;
use invitation_service::domain::role::Role;

use crate::support::{TestApp, customers::text, json, on_both_databases};

async fn admin(app: &TestApp, email: &str) -> String {
    let (made, mail) = app.invite(email, &["admin"]).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];
    async fn the_last_admin_is_neither_blocked_nor_demoted(app: TestApp) {
        let only = admin(&app, "boss@example.com").await;
        let roles = json!({ "system_roles": ["viewer"] });
        let block = format!("/v1/users/{only}/block");
        app.admin().post_empty(&block).await.problem(409, "last_admin");
        app.admin().change_user(&only, "*", &roles).await.problem(409, "last_admin");
        app.admin().change_user(&only, "*", &json!({ "system_roles": [] })).await.problem(409, "last_admin");
        // An invited admin is none yet, and a blocked one none any more.
        let (invited, _) = app.invite("second@example.com", &["admin"]).await;
        app.admin().post_empty(&block).await.problem(409, "last_admin");
        assert_eq!(invited["status"], "pending");
        let third = admin(&app, "third@example.com").await;
        app.admin().post_empty(&format!("/v1/users/{third}/block")).await.expect(200);
        app.admin().post_empty(&block).await.problem(409, "last_admin");
        app.admin().post_empty(&format!("/v1/users/{third}/unblock")).await.expect(200);
        app.admin().post_empty(&block).await.expect(200);
        // A blocked admin may be demoted.
        app.admin().change_user(&only, "*", &roles).await.expect(200);
    }

    async fn of_many_at_once_one_admin_remains(app: TestApp) {
        let mut admins = Vec::new();
        for number in 0..4 {
            admins.push(admin(&app, &format!("admin{number}@example.com")).await);
        }
        let caller = app.caller(&[Role::Admin], &[]);
        let take = async |number: usize| {
            let user = &admins[number % admins.len()];
            if number % 8 < 4 {
                caller.post_empty(&format!("/v1/users/{user}/block")).await
            } else {
                caller.change_user(user, "*", &json!({ "system_roles": ["viewer"] })).await
            }
        };
        let answers = join_all((0..32).map(take)).await;
        for answer in &answers {
            assert!([200, 409].contains(&answer.status), "{}", answer.text);
        }
        assert!(answers.iter().any(|answer| answer.body["code"] == "last_admin"));
        let left = app.admin().get("/v1/users?role=admin&status=active").await.expect(200).body;
        assert_eq!(left["data"].as_array().map(Vec::len), Some(1), "{left}");
    }
}
