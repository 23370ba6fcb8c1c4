//! Erasures beside activations, invites, resends and the courier: whoever comes first, nothing of the erased
//! person is written afterwards.

use futures_util::future::{join, join_all};
use invitation_service::courier::Step;
use reqwest::Method;

use crate::support::{Answer, TestApp, customers::text, json, on_both_databases};

const ROUNDS: usize = 8;

async fn erase(app: &TestApp, user: &str) -> Answer {
    app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await
}

/// What must hold of an erased user.
fn nothing_is_left(app: &TestApp, user: &str) {
    let invited = format!("SELECT id FROM invitations WHERE user_id = '{user}'");
    for (left, what) in [
        (
            format!("users WHERE id = '{user}' AND (erased_at IS NULL OR email NOT LIKE '%@erased.invalid')"),
            "user",
        ),
        (
            format!("users WHERE id = '{user}' AND (first_name IS NOT NULL OR password_hash IS NOT NULL)"),
            "name",
        ),
        (format!("invitations WHERE user_id = '{user}' AND email NOT LIKE '%@erased.invalid'"), "address"),
        (format!("invitations WHERE user_id = '{user}' AND state = 'pending'"), "pending"),
        (
            format!("letters WHERE invitation_id IN ({invited}) AND recipient NOT LIKE '%@erased.invalid'"),
            "letter",
        ),
        (format!("letters WHERE invitation_id IN ({invited}) AND last_error IS NOT NULL"), "error"),
        (format!("letters WHERE invitation_id IN ({invited}) AND state = 'queued'"), "queued"),
        (format!("memberships WHERE user_id = '{user}'"), "membership"),
        (format!("user_roles WHERE user_id = '{user}'"), "role"),
        (format!("invitation_events WHERE actor_id = '{user}' AND actor_name <> ''"), "actor"),
    ] {
        assert_eq!(app.database.count(&left), 0, "{what}");
    }
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn an_erasure_beside_an_activation(app: TestApp) {
        for round in 0..ROUNDS {
            let (made, mail) = app.invite(&format!("ada{round}@example.com"), &["viewer"]).await;
            let user = text(&made, "/user_id");
            let (erased, activated) = join(erase(&app, user), app.activate(&mail.token)).await;
            erased.expect(204);
            assert!([201, 404, 410].contains(&activated.status), "{}", activated.text);
            nothing_is_left(&app, user);
        }
    }

    async fn an_erasure_beside_an_invite_of_the_address(app: TestApp) {
        for round in 0..ROUNDS {
            let email = format!("ada{round}@example.com");
            let (made, _) = app.invite(&email, &["viewer"]).await;
            let user = text(&made, "/user_id");
            let owner = json!({ "email": email, "account_name": "Home" });
            let admin = app.admin();
            let invite = admin.post("/v1/account-owners/invitations", &owner);
            let (erased, invited) = join(erase(&app, user), invite).await;
            erased.expect(204);
            let invited = invited.expect(201).body;
            nothing_is_left(&app, user);
            // Before the erasure it was the same person's, and after it another person's.
            let is_new = invited["user_id"] != made["user_id"];
            let live =
                app.database.count(&format!("users WHERE email_key = '{email}' AND removed_at IS NULL"));
            assert_eq!(live, i64::from(is_new));
            app.letters().await;
        }
    }

    async fn an_erasure_beside_a_resend(app: TestApp) {
        for round in 0..ROUNDS {
            let (made, _) = app.invite(&format!("ada{round}@example.com"), &["viewer"]).await;
            let (id, user) = (text(&made, "/id"), text(&made, "/user_id"));
            let admin = app.admin();
            let at = format!("/v1/invitations/{id}/resend");
            let resend = admin.post_empty(&at);
            let (erased, resent) = join(erase(&app, user), resend).await;
            erased.expect(204);
            assert!([200, 409].contains(&resent.status), "{}", resent.text);
            nothing_is_left(&app, user);
            assert!(app.letters().await.is_empty());
        }
    }

    async fn an_erasure_beside_the_courier(app: TestApp) {
        for round in 0..ROUNDS {
            let made = app.invite_unsent(&format!("ada{round}@example.com"), &["viewer"]).await;
            let user = text(&made, "/user_id");
            let (erased, step) = join(erase(&app, user), app.parts.courier.step()).await;
            erased.expect(204);
            assert!(matches!(step.unwrap(), Step::Worked(_) | Step::Idle { .. }));
            app.letters().await;
            nothing_is_left(&app, user);
        }
    }

    async fn of_many_erasures_one_is_applied(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let user = text(&made, "/user_id");
        let answers = join_all((0..16).map(|_| erase(&app, user))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), 15);
        assert_eq!(app.database.count("audit_events WHERE action = 'user_erased'"), 1);
        nothing_is_left(&app, user);
    }

    async fn people_who_invited_each_other_are_erased_at_once(app: TestApp) {
        for round in 0..ROUNDS {
            let (made, mail) = app.invite(&format!("ada{round}@example.com"), &["user_manager"]).await;
            app.activate(&mail.token).await.expect(201);
            let ada = app.sign_in(&format!("ada{round}@example.com")).await;
            let bob = json!({ "email": format!("bob{round}@example.com"), "roles": ["user_manager"] });
            let bobs = ada.post("/v1/system-users/invitations", &bob).await.expect(201).body;
            let mail = app.letter().await;
            app.activate(&mail.token).await.expect(201);
            let (first, second) = (text(&made, "/user_id"), text(&bobs, "/user_id"));
            let (one, other) = join(erase(&app, first), erase(&app, second)).await;
            one.expect(204);
            other.expect(204);
            nothing_is_left(&app, first);
            nothing_is_left(&app, second);
        }
    }
}
