//! `PATCH /v1/users/{id}` with another address: it counts once it is confirmed.

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::{domain::role::Role, services::cleanup::sweep};
use tokio_util::sync::CancellationToken;

use crate::support::{
    Answer, Mail, PASSWORD, TestApp,
    customers::{OWNERS, text},
    extent::IS_LONG,
    json,
    lists::{column, query},
    on_both_databases,
};

const CONFIRM: &str = "/v1/auth/email-change/confirm";
const NEW: &str = "ada.king@new.example.com";

async fn ada(app: &TestApp) -> String {
    let (made, mail) = app.invite("Ada@example.com", &["viewer"]).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

async fn change(app: &TestApp, user: &str, email: &str) -> Answer {
    app.admin().change_user(user, "*", &json!({ "email": email })).await
}

/// The letter to the new address; that to the present one is read too.
async fn request(app: &TestApp, user: &str, email: &str) -> Mail {
    change(app, user, email).await.expect(200);
    let letters = app.letters().await;
    let [first, second] = <[Mail; 2]>::try_from(letters).unwrap();
    let (new, old) = if first.to == email { (first, second) } else { (second, first) };
    assert_eq!(new.to, email);
    assert!(old.token.is_empty() && !old.text.contains("token="), "{}", old.text);
    new
}

async fn confirm(app: &TestApp, token: &str, password: &str) -> Answer {
    app.anonymous().post(CONFIRM, &json!({ "token": token, "password": password })).await
}

async fn sign_in_status(app: &TestApp, email: &str) -> u16 {
    let body = json!({ "email": email, "password": PASSWORD });
    app.anonymous().post("/v1/auth/token", &body).await.status
}

async fn shown(app: &TestApp, user: &str) -> String {
    let user = app.admin().get(&format!("/v1/users/{user}")).await.expect(200).body;
    user["email"].as_str().unwrap().to_owned()
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];
    async fn a_new_address_counts_once_it_is_confirmed_with_the_password(app: TestApp) {
        let user = ada(&app).await;
        let session = app.sign_in("ada@example.com").await;
        let answer = change(&app, &user, NEW).await.expect(200);
        assert_eq!(answer.body["email"], "Ada@example.com");
        let letters = app.letters().await;
        let to = |address: &str| letters.iter().find(|mail| mail.to == address).unwrap();
        let (link, notice) = (to(NEW), to("Ada@example.com"));
        assert!(link.text.contains("/confirm-email?token="), "{}", link.text);
        assert!(!notice.text.contains(NEW) && !notice.html.contains("token="), "{}", notice.text);
        assert!(notice.subject.contains("Another e-mail address"), "{}", notice.subject);
        assert_eq!(sign_in_status(&app, NEW).await, 401);
        assert_eq!(sign_in_status(&app, "ada@example.com").await, 200);
        // A refusal does not use the link up.
        app.anonymous()
            .post(CONFIRM, &json!({ "token": link.token }))
            .await
            .faults(&[("/password", "required")]);
        let wrong = confirm(&app, &link.token, "wrong horse battery staple").await;
        wrong.faults(&[("/password", "password_wrong")]);
        assert_eq!(shown(&app, &user).await, "Ada@example.com");
        confirm(&app, &link.token, PASSWORD).await.expect(204);
        assert_eq!(shown(&app, &user).await, NEW);
        assert_eq!(sign_in_status(&app, NEW).await, 200);
        assert_eq!(sign_in_status(&app, "ada@example.com").await, 401);
        session.get("/v1/me").await.expect(200);
        for (search, found) in [("ada.king", 1), ("ada@example.com", 0)] {
            let list = app.admin().get(&format!("/v1/users?search={search}")).await.expect(200).body;
            assert_eq!(list["data"].as_array().unwrap().len(), found, "{search}");
        }
        confirm(&app, &link.token, PASSWORD).await.problem(410, "email_link_used");
        // The old address is free.
        let (again, _) = app.invite("ada@example.com", &["viewer"]).await;
        assert_ne!(again["user_id"], json!(user));
        let log = app.admin().get(&format!("/v1/audit-events?object={user}&action=email_changed")).await;
        let log = log.expect(200).body;
        let outcomes: Vec<_> =
            log["data"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["succeeded", "denied"]);
        let log = app.admin().get("/v1/audit-events?action=email_change_requested").await.expect(200);
        assert!(!log.text.contains(NEW), "{}", log.text);
    }

    async fn old_invitations_are_found_by_any_part_of_the_old_address(app: TestApp) {
        let (made, mail) = app.invite("rosalind@lab.example", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let (user, id) = (text(&made, "/user_id"), text(&made, "/id"));
        // The address in the middle never had an invitation, and is forgotten.
        for address in ["rosalind@lab2.example", "r.quirk@newlab.example"] {
            let mail = request(&app, user, address).await;
            confirm(&app, &mail.token, PASSWORD).await.expect(204);
        }
        let characters: Vec<char> = "rosalind@lab.example".chars().collect();
        // Shorter than the index's pieces, as long, and longer.
        for length in (1..=characters.len()).filter(|length| IS_LONG || *length < 4 || length % 4 == 0) {
            for part in characters.windows(length) {
                let part = query(&[("search", &part.iter().collect::<String>())]);
                let found = app.admin().get(&format!("/v1/invitations?{part}")).await.expect(200);
                assert_eq!(column(&found, "id"), [id], "{part}");
            }
        }
        let keys = "SELECT email_key AS text FROM former_addresses";
        assert_eq!(app.database.texts(keys), ["rosalind@lab.example"]);
        // Without the invitation nothing is left to be found.
        for table in ["letters", "invitation_events", "invitations"] {
            app.database.execute(&format!("DELETE FROM {table}"));
        }
        assert_eq!(app.database.texts(keys), [""; 0]);
    }

    async fn each_dead_link_says_why(app: TestApp) {
        let user = ada(&app).await;
        let first = request(&app, &user, NEW).await;
        let second = request(&app, &user, "ada@second.example.com").await;
        confirm(&app, &first.token, PASSWORD).await.problem(410, "email_link_superseded");
        // The present address withdraws it, in whatever spelling.
        change(&app, &user, "ADA@example.com").await.expect(200);
        assert_eq!(shown(&app, &user).await, "ADA@example.com");
        confirm(&app, &second.token, PASSWORD).await.problem(410, "email_link_superseded");
        let third = request(&app, &user, NEW).await;
        app.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
        confirm(&app, &third.token, "wrong horse battery staple").await.expect(422);
        app.advance(TimeDelta::seconds(1));
        confirm(&app, &third.token, PASSWORD).await.problem(410, "email_link_expired");
        let (_, invitation) = app.invite("eve@example.com", &["viewer"]).await;
        let (rest, last) = third.token.split_at(third.token.len() - 1);
        let damaged = format!("{rest}{}", if last == "A" { "B" } else { "A" });
        for token in ["", "x", &damaged, &invitation.token] {
            confirm(&app, token, PASSWORD).await.problem(404, "email_link_invalid");
        }
        for (path, code) in [
            ("/v1/activations/preview", "activation_link_invalid"),
            ("/v1/auth/password-reset/confirm", "reset_link_invalid"),
        ] {
            let mut body = json!({ "token": third.token });
            if path.contains("reset") {
                body["password"] = json!(PASSWORD);
            }
            app.anonymous().post(path, &body).await.problem(404, code);
        }
        app.anonymous().post(CONFIRM, &json!({ "token": 1, "password": [], "x": 1 })).await.faults(&[
            ("/password", "wrong_type"),
            ("/token", "wrong_type"),
            ("/x", "unknown_member"),
        ]);
        app.anonymous().post_empty(CONFIRM).await.problem(400, "malformed_json");
        // Forgotten after a week.
        app.advance(TimeDelta::days(8));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("email_changes"), 0);
        assert_eq!(app.database.count("letters WHERE kind LIKE 'email_change%'"), 0);
        confirm(&app, &third.token, PASSWORD).await.problem(404, "email_link_invalid");
    }

    async fn it_takes_the_permission_and_a_free_address(app: TestApp) {
        let user = ada(&app).await;
        let boss = {
            let (made, mail) = app.invite("boss@example.com", &["admin"]).await;
            app.activate(&mail.token).await.expect(201);
            text(&made, "/user_id").to_owned()
        };
        let olga = app.owner("olga@acme.example", "Acme").await;
        let patch = json!({ "email": NEW });
        let me = app.sign_in("ada@example.com").await;
        me.change_user(&user, "*", &patch).await.problem(403, "forbidden");
        olga.client.change_user(&olga.user, "*", &patch).await.problem(403, "forbidden");
        olga.client.change_user(&user, "*", &patch).await.problem(404, "not_found");
        let manager = app.caller(&[Role::UserManager], &[]);
        manager.change_user(&boss, "*", &patch).await.problem(403, "role_exceeds_yours");
        let support = app.caller(&[Role::CustomerSupport], &[]);
        support.change_user(&user, "*", &patch).await.problem(404, "not_found");
        support.change_user(&olga.user, "*", &patch).await.expect(200);
        assert_eq!(app.letters().await.len(), 2);
        change(&app, &user, "BOSS@example.com").await.problem(409, "email_taken");
        for (email, code) in
            [(json!("no address"), "invalid_email"), (json!(null), "required"), (json!(1), "wrong_type")]
        {
            let answer = app.admin().change_user(&user, "*", &json!({ "email": email })).await;
            answer.faults(&[("/email", code)]);
        }
        assert!(app.letters().await.is_empty());
    }

    async fn of_two_users_who_want_an_address_one_gets_it(app: TestApp) {
        let (ada, olga) = (ada(&app).await, app.owner("olga@acme.example", "Acme").await);
        let tokens = [request(&app, &ada, NEW).await.token, request(&app, &olga.user, NEW).await.token];
        let tries = (0..16).map(|number| confirm(&app, &tokens[number % 2], PASSWORD));
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
        for answer in &answers {
            assert!([204, 409, 410].contains(&answer.status), "{}", answer.text);
        }
        assert_eq!(app.database.count(&format!("users WHERE email = '{NEW}'")), 1);
    }

    /// An address to which somebody else was invited, and that this user proves to be theirs: the invitations
    /// are theirs, too.
    async fn invitations_to_the_new_address_follow(app: TestApp) {
        let user = ada(&app).await;
        let late = request(&app, &user, NEW).await;
        let body = json!({ "email": NEW, "account_name": "Late", "account_type": "consumer" });
        let (made, mail) = app.send(&app.admin(), OWNERS, body).await;
        assert_ne!(made["user_id"], json!(user));
        confirm(&app, &late.token, PASSWORD).await.expect(204);
        let invitation = format!("/v1/invitations/{}", text(&made, "/id"));
        let shown = app.admin().get(&invitation).await.expect(200).body;
        assert_eq!((&shown["user_id"], &shown["status"]), (&json!(user), &json!("pending")));
        app.join(&mail.token, NEW, json!({})).await.expect(201);
        let shown = app.admin().get(&format!("/v1/users/{user}")).await.expect(200).body;
        assert_eq!(shown["memberships"].as_array().unwrap().len(), 1);
        assert_eq!(app.database.count("users WHERE removed_at IS NULL"), 1);
    }

    /// Links in the old mailbox are of no use for its next reader.
    async fn invitations_to_the_old_address_are_revoked(app: TestApp) {
        let user = ada(&app).await;
        let body = json!({ "email": "ada@example.com", "account_name": "Home", "account_type": "consumer" });
        let (made, mail) = app.send(&app.admin(), OWNERS, body).await;
        let link = request(&app, &user, NEW).await;
        confirm(&app, &link.token, PASSWORD).await.expect(204);
        app.join(&mail.token, "ada@example.com", json!({})).await.problem(410, "invitation_revoked");
        let id = text(&made, "/id");
        assert_eq!(app.timeline(id).await.last().map(String::as_str), Some("revoked"));
        let resent = app.admin().post_empty(&format!("/v1/invitations/{id}/resend")).await;
        resent.problem(409, "invitation_not_pending");
    }

    async fn what_a_caller_may_not_see_is_told_by_the_confirmation_alone(app: TestApp) {
        ada(&app).await;
        let olga = app.owner("olga@acme.example", "Acme").await;
        let support = app.caller(&[Role::CustomerSupport], &[]);
        let patch = json!({ "email": "ada@example.com" });
        support.change_user(&olga.user, "*", &patch).await.expect(200);
        let letters = app.letters().await;
        let link = letters.iter().find(|mail| mail.to == "ada@example.com").unwrap();
        confirm(&app, &link.token, PASSWORD).await.problem(409, "email_taken");
        app.admin().change_user(&olga.user, "*", &patch).await.problem(409, "email_taken");
    }

    async fn blocking_ends_the_links(app: TestApp) {
        let user = ada(&app).await;
        let reset = {
            let body = json!({ "email": "ada@example.com" });
            app.anonymous().post("/v1/auth/password-reset", &body).await.expect(202);
            app.letter().await
        };
        let link = request(&app, &user, NEW).await;
        app.admin().post_empty(&format!("/v1/users/{user}/block")).await.expect(200);
        confirm(&app, &link.token, PASSWORD).await.problem(404, "email_link_invalid");
        change(&app, &user, NEW).await.problem(409, "user_blocked");
        app.admin().post_empty(&format!("/v1/users/{user}/unblock")).await.expect(200);
        confirm(&app, &link.token, PASSWORD).await.problem(410, "email_link_superseded");
        let body = json!({ "token": reset.token, "password": "eleven quiet lanterns drift past harbours" });
        let answer = app.anonymous().post("/v1/auth/password-reset/confirm", &body).await;
        answer.problem(410, "reset_link_used");
        assert!(app.letters().await.is_empty());
    }

    async fn refusals_and_withdrawals_are_in_the_audit_log(app: TestApp) {
        let user = ada(&app).await;
        let link = request(&app, &user, NEW).await;
        confirm(&app, &link.token, "wrong horse battery staple").await.expect(422);
        change(&app, &user, "ada@example.com").await.expect(200);
        let log = app.admin().get(&format!("/v1/audit-events?object={user}")).await.expect(200).body;
        let found = |action: &str, outcome: &str| {
            let events = log["data"].as_array().unwrap();
            events.iter().any(|one| one["action"] == action && one["outcome"] == outcome)
        };
        assert!(found("email_changed", "denied"), "{log}");
        assert!(found("email_change_withdrawn", "succeeded"), "{log}");
    }

    async fn a_reset_link_of_the_old_address_is_of_no_use_for_its_next_holder(app: TestApp) {
        let user = ada(&app).await;
        let reset = {
            let body = json!({ "email": "ada@example.com" });
            app.anonymous().post("/v1/auth/password-reset", &body).await.expect(202);
            app.letter().await
        };
        let link = request(&app, &user, NEW).await;
        confirm(&app, &link.token, PASSWORD).await.expect(204);
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let body = json!({ "token": reset.token, "password": "eleven quiet lanterns drift past harbours" });
        let answer = app.anonymous().post("/v1/auth/password-reset/confirm", &body).await;
        answer.problem(410, "reset_link_used");
    }

    async fn the_page_confirms_it(app: TestApp) {
        let user = ada(&app).await;
        let link = request(&app, &user, NEW).await;
        let page = format!("/confirm-email?token={}", link.token);
        let shown_page = app.anonymous().get(&page).await.expect(200);
        // The present address is not for the reader of a letter that was sent to a mistyped one.
        assert!(shown_page.text.contains(NEW) && !shown_page.text.contains("Ada@example.com"));
        assert_eq!(shown_page.header("cache-control"), "no-store");
        assert_eq!(shown_page.header("referrer-policy"), "no-referrer");
        assert_eq!(shown(&app, &user).await, "Ada@example.com");
        let submit = |password: &str| {
            let body = format!("token={}&password={}", link.token, password.replace(' ', "+"));
            let client = app.anonymous();
            async move { client.post_raw("/confirm-email", "application/x-www-form-urlencoded", body).await }
        };
        let again = submit("wrong horse").await.expect(422);
        assert!(again.text.contains("aria-invalid"), "{}", again.text);
        submit("").await.expect(422);
        let done = submit(PASSWORD).await.expect(200);
        assert!(done.text.contains("Your address is changed"), "{}", done.text);
        assert_eq!(shown(&app, &user).await, NEW);
        app.anonymous().get(&page).await.expect(410);
        app.anonymous().get("/confirm-email").await.expect(400);
        app.anonymous().get("/confirm-email?token=x").await.expect(404);
        app.anonymous().post("/confirm-email", &json!({ "token": link.token })).await.expect(415);
    }
}

on_both_databases! {
    async fn letters_count_to_the_quota_of_the_new_mailbox(app: TestApp) {
        let user = ada(&app).await;
        // The present address had the letter of the invitation, and gets one with each request.
        for left in (1..6).rev() {
            let answer = change(&app, &user, NEW).await.expect(200);
            let quotas = answer.header("ratelimit");
            assert!(quotas.contains(&format!("\"mailbox\";r={left};")), "{quotas}");
        }
        change(&app, &user, "another@example.com").await.problem(429, "rate_limited");
        let answer = change(&app, &user, NEW).await.problem(429, "rate_limited");
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
        app.letters().await;
    }
}
