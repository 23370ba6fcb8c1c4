//! Whose password is it? A link that was handed over tells nothing of who reads the mail at an address; one
//! that was mailed does.

mod page;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Answer, Client, Mail, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, text, with},
    handed_over::{GRACE, TAKEN, choose, go_on, hand_over, link_of, sign_in, taken},
    json, on_both_databases,
};

const STAFF: &str = "/v1/system-users/invitations";

fn asks(password: bool, person_name: bool, email: bool) -> Value {
    json!({
        "password": password, "person_name": person_name, "email": email,
        "account_name": false, "account_type": false, "company": false
    })
}

/// The mailed link treats its person as somebody new, and whoever chose the password before is locked out.
async fn is_given_back(app: &TestApp, mail: &Mail, email: &str) -> (Client, Value) {
    assert_eq!(app.requires(&mail.token).await, asks(true, true, false));
    app.join(&mail.token, email, json!({})).await.faults(&[
        ("/email", "not_applicable"),
        ("/password", "required"),
        ("/first_name", "required"),
        ("/last_name", "required"),
    ]);
    choose(app, &mail.token, "qZ7!vR2?mK9#xT", "Grace").await.faults(&[("/password", "too_short")]);
    sign_in(app, email, TAKEN).await.expect(200);
    let activated = choose(app, &mail.token, PASSWORD, "Grace").await.expect(201).body;
    assert_eq!(
        (&activated["user"]["first_name"], &activated["user"]["status"]),
        (&json!("Grace"), &json!("active"))
    );
    sign_in(app, email, TAKEN).await.problem(401, "invalid_credentials");
    let token = sign_in(app, email, PASSWORD).await.expect(200).text_of("access_token");
    (app.bearer(&token), activated)
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn an_address_taken_beforehand_is_no_way_to_the_staff(app: TestApp) {
        let (_, acme) = taken(&app, GRACE).await;
        let (made, mail) = app.invite(GRACE, &["admin"]).await;
        let (grace, activated) = is_given_back(&app, &mail, GRACE).await;
        // What was joined with the address before is shown, apart from what this invitation gave.
        let before = &activated["memberships_before"];
        assert_eq!(
            (&before[0]["account_name"], &before[0]["role"], &before[1]),
            (&json!("Home"), &json!("driver"), &json!(null))
        );
        assert_eq!(activated["user"]["memberships"], json!([]));
        assert_eq!(activated["user"]["system_roles"], json!(["admin"]));
        assert_eq!(
            app.timeline(text(&made, "/id")).await,
            ["created", "email_queued", "email_sent", "opened", "activated"]
        );
        let shown = grace.get(&format!("/v1/users/{}", text(&made, "/user_id"))).await.expect(200).body;
        assert_eq!(
            (&shown["memberships"][0]["role"], &shown["activated_at"]),
            (&json!("driver"), &activated["user"]["activated_at"])
        );
        // By the new name, and not by the one that was put in its place.
        for (name, found) in [("grace%20hopper", 1), ("mallory%20hopper", 0)] {
            let list = app.admin().get(&format!("/v1/users?search={name}")).await.expect(200).body;
            assert_eq!(list["data"].as_array().unwrap().len(), found, "{name}");
        }
        // Proven from now on, by whichever link: the address alone.
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let (_, token) = hand_over(&zenith.client, GRACE, &zenith.account).await;
        assert_eq!(app.requires(&token).await, asks(true, true, false));
        go_on(&app, &token, GRACE, TAKEN).await.faults(&[("/password", "password_wrong")]);
        go_on(&app, &token, GRACE, PASSWORD).await.expect(201);
        assert_ne!(acme, zenith.account);
    }

    async fn roles_that_were_given_by_hand_end_when_the_address_is_taken_over(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let driver = |email: &str| {
            json!({
                "email": email, "role": "driver", "account_id": acme.account, "account_type": "consumer"
            })
        };
        let staff = |email: &str, roles: Value| json!({ "email": email, "roles": roles });
        // What the letter gives: a driver's membership, other roles, and one of the roles that were given by
        // hand.
        for (email, path, body, gives) in [
            ("st@op.example", SUB_ACCOUNTS, driver("st@op.example"), json!([])),
            ("ed@op.example", STAFF, staff("ed@op.example", json!(["viewer"])), json!(["viewer"])),
            ("al@op.example", STAFF, staff("al@op.example", json!(["finance"])), json!(["finance"])),
        ] {
            let by_hand = json!({ "email": email, "roles": ["admin", "finance"], "delivery": "link" });
            let (_, token) = link_of(&app.admin().post(STAFF, &by_hand).await.expect(201));
            choose(&app, &token, TAKEN, "Mallory").await.expect(201);
            let old = sign_in(&app, email, TAKEN).await.expect(200).text_of("access_token");
            app.bearer(&old).get("/v1/users?kind=system_user").await.expect(200);
            let caller = if path == STAFF { app.admin() } else { acme.client.clone() };
            let (made, mail) = app.send(&caller, path, body).await;
            let activated = choose(&app, &mail.token, PASSWORD, "Grace").await.expect(201).body;
            assert_eq!(activated["user"]["system_roles"], gives, "{email}");
            let shown =
                app.admin().get(&format!("/v1/users/{}", text(&made, "/user_id"))).await.expect(200).body;
            assert_eq!(shown["system_roles"], gives, "{email}");
            let admins = app.admin().get("/v1/users?role=admin").await.expect(200).body;
            assert_eq!(admins["data"], json!([]), "{email}");
            app.bearer(&old).get("/v1/users?kind=system_user").await.problem(401, "unauthenticated");
            let token = sign_in(&app, email, PASSWORD).await.expect(200).text_of("access_token");
            let invites = app.bearer(&token).post(STAFF, &staff("more@op.example", json!(["admin"]))).await;
            invites.problem(403, "forbidden");
        }
    }

    async fn an_address_taken_while_its_letter_waits_is_none_either(app: TestApp) {
        let (_, mail) = app.invite(GRACE, &["admin"]).await;
        taken(&app, GRACE).await;
        let (grace, activated) = is_given_back(&app, &mail, GRACE).await;
        assert_eq!(activated["user"]["system_roles"], json!(["admin"]));
        grace.get("/v1/users?kind=system_user").await.expect(200);
    }

    async fn nor_a_way_into_another_customers_account(app: TestApp) {
        let victim = "nora@zenith.example";
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let before = json!({ "email": victim, "account_id": zenith.account });
        let (_, pending) = app.send(&zenith.client, OWNERS, before).await;
        let (mallory, _) = taken(&app, victim).await;
        let (nora, _) = is_given_back(&app, &pending, victim).await;
        nora.get(&format!("/v1/accounts/{}", zenith.account)).await.expect(200);
        mallory.get(&format!("/v1/accounts/{}", zenith.account)).await.problem(404, "not_found");
    }

    async fn a_second_link_by_hand_takes_the_password_that_one_has(app: TestApp) {
        let dirk = "dirk@acme.example";
        let acme = app.owner("olga@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let hashes = "SELECT password_hash AS text FROM users WHERE password_hash IS NOT NULL ORDER BY id";
        let stored = || app.database.texts(hashes);
        let (_, first) = hand_over(&acme.client, dirk, &acme.account).await;
        choose(&app, &first, PASSWORD, "Dirk").await.expect(201);
        let hashes = stored();
        let (id, second) = hand_over(&zenith.client, dirk, &zenith.account).await;
        let (_, other) = hand_over(&zenith.client, "nobody@acme.example", &zenith.account).await;
        assert_eq!(app.requires(&second).await, asks(true, true, false));
        let names = [("/first_name", "required"), ("/last_name", "required")];
        app.join(&second, dirk, json!({})).await.faults(&[("/password", "required"), names[0], names[1]]);
        app.join(&second, dirk, json!({ "password": PASSWORD })).await.faults(&names);
        go_on(&app, &second, "mallory@acme.example", PASSWORD).await.faults(&[("/email", "email_mismatch")]);
        for wrong in [TAKEN, "six crooked bicycles sing at noon", "dusk over nine crooked ladders"] {
            go_on(&app, &second, dirk, wrong).await.faults(&[("/password", "password_wrong")]);
            app.advance(TimeDelta::minutes(10));
            choose(&app, &second, wrong, "Mallory").await.faults(&[("/password", "password_wrong")]);
        }
        // One that nobody could choose is refused as somebody new is refused it.
        for wrong in ["short", "passwordpassword", "", "seven Mallory bells at noon", &"x".repeat(200)] {
            let of_unknown = choose(&app, &other, wrong, "Mallory").await.expect(422).body["errors"].clone();
            let refused = choose(&app, &second, wrong, "Mallory").await.expect(422).body["errors"].clone();
            assert_eq!(refused, of_unknown, "{wrong}");
            assert_eq!(of_unknown[0]["pointer"], "/password", "{wrong}");
        }
        assert_eq!(app.timeline(&id).await, ["created", "link_handed_over", "opened"]);
        // Names and an address, as the form asks everybody for, are set aside.
        let all = json!({
            "token": second, "email": " Dirk@ACME.example", "password": PASSWORD, "first_name": "Mallory",
            "last_name": "M"
        });
        let joined = app.anonymous().post("/v1/activations", &all).await.expect(201).body;
        assert_eq!(
            (&joined["user"]["first_name"], joined["user"]["memberships"].as_array().unwrap().len()),
            (&json!("Dirk"), 1)
        );
        assert_eq!(joined["memberships_before"], Value::Null);
        go_on(&app, &second, dirk, PASSWORD).await.problem(410, "activation_link_used");
        assert_eq!(stored(), hashes);
        sign_in(&app, dirk, PASSWORD).await.expect(200);
        let actor = app.events(&id).await.pop().unwrap()["actor"].clone();
        assert_eq!(
            actor,
            json!({ "type": "user", "id": joined["user"]["id"], "name": "Dirk Hopper" }),
            "the password proves it"
        );
        // That proves who they are, not where they read their mail.
        let by_hand = json!({ "email": dirk, "roles": ["viewer"], "delivery": "link" });
        let (_, third) = link_of(&app.admin().post(STAFF, &by_hand).await.expect(201));
        assert_eq!(app.requires(&third).await, asks(true, true, false));
    }

    async fn a_person_who_does_not_know_it_has_the_invitation_mailed(app: TestApp) {
        taken(&app, GRACE).await;
        let admin = app.admin();
        let by_hand = json!({ "email": GRACE, "roles": ["admin"], "delivery": "link" });
        let made =
            Answer::of(admin.request(Method::POST, STAFF).header("idempotency-key", "k").json(&by_hand))
                .await
                .expect(201);
        let (id, token) = link_of(&made);
        go_on(&app, &token, GRACE, PASSWORD).await.faults(&[("/password", "password_wrong")]);
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        let mail = app.letter().await;
        // Whoever has the old link, or is given it once more, has nothing.
        let again =
            Answer::of(admin.request(Method::POST, STAFF).header("idempotency-key", "k").json(&by_hand))
                .await
                .expect(201);
        assert_eq!(link_of(&again).1, token);
        go_on(&app, &token, GRACE, TAKEN).await.problem(410, "activation_link_superseded");
        let (_, activated) = is_given_back(&app, &mail, GRACE).await;
        assert_eq!(activated["user"]["system_roles"], json!(["admin"]));
    }

    async fn a_first_invitation_that_was_resent_by_mail_proves(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (id, _) = hand_over(&acme.client, GRACE, &acme.account).await;
        acme.client.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        app.activate(&app.letter().await.token).await.expect(201);
        let (_, mail) = app.invite(GRACE, &["viewer"]).await;
        assert_eq!(app.requires(&mail.token).await, asks(false, false, true));
        app.join(&mail.token, GRACE, json!({})).await.expect(201);
    }

    async fn a_link_that_its_holder_had_renewed_goes_by_mail_too(app: TestApp) {
        taken(&app, GRACE).await;
        let by_hand = json!({ "email": GRACE, "roles": ["admin"], "delivery": "link" });
        let (_, token) = link_of(&app.admin().post(STAFF, &by_hand).await.expect(201));
        app.advance(TimeDelta::hours(25));
        app.anonymous().post("/v1/activations/renew", &json!({ "token": token })).await.expect(202);
        is_given_back(&app, &app.letter().await, GRACE).await;
    }

    async fn an_invitation_that_moves_to_a_taken_address_is_mailed_there(app: TestApp) {
        taken(&app, GRACE).await;
        let by_hand = json!({ "email": "grase@operator.example", "roles": ["admin"], "delivery": "link" });
        let (id, token) = link_of(&app.admin().post(STAFF, &by_hand).await.expect(201));
        app.admin().update(&id, "*", &json!({ "email": GRACE })).await.expect(200);
        let mail = app.letter().await;
        go_on(&app, &token, GRACE, TAKEN).await.problem(410, "activation_link_superseded");
        is_given_back(&app, &mail, GRACE).await;
    }

    async fn a_person_who_came_by_letter_proves_themselves_at_a_link_by_hand(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (_, mail) = app.invite(GRACE, &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let hashes = app.database.texts("SELECT password_hash AS text FROM users ORDER BY id");
        let (_, token) = hand_over(&acme.client, GRACE, &acme.account).await;
        assert_eq!(app.requires(&token).await, asks(true, true, false));
        let lacks = [("/password", "required"), ("/first_name", "required"), ("/last_name", "required")];
        app.join(&token, GRACE, json!({})).await.faults(&lacks);
        go_on(&app, &token, GRACE, TAKEN).await.faults(&[("/password", "password_wrong")]);
        go_on(&app, &token, GRACE, PASSWORD).await.expect(201);
        assert_eq!(app.database.texts("SELECT password_hash AS text FROM users ORDER BY id"), hashes);
    }

    async fn what_another_person_joined_blocks_no_invite(app: TestApp) {
        let acme = app.owner("mallory@acme.example", "Acme").await;
        let further = json!({ "email": GRACE, "account_id": acme.account, "delivery": "link" });
        let (_, token) = link_of(&acme.client.post(OWNERS, &further).await.expect(201));
        choose(&app, &token, TAKEN, "Mallory").await.expect(201);
        // The address becomes its person's by quite another invitation.
        app.advance(TimeDelta::minutes(1));
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let driver = json!({
            "email": GRACE, "role": "driver", "account_id": zenith.account, "account_type": "consumer"
        });
        let (_, mail) = app.send(&zenith.client, SUB_ACCOUNTS, driver.clone()).await;
        choose(&app, &mail.token, PASSWORD, "Grace").await.expect(201);
        // Neither is an account of their own refused, nor is Mallory told that they have come.
        app.invite_by(
            OWNERS,
            json!({ "email": GRACE, "account_name": "Hopper", "account_type": "consumer" }),
        )
        .await;
        let (id, token) = link_of(&acme.client.post(OWNERS, &further).await.expect(201));
        acme.client
            .post(SUB_ACCOUNTS, &with(driver, json!({ "account_id": acme.account })))
            .await
            .expect(201);
        app.letter().await;
        // No owner but Mallory knows of the account.
        let leave = async |client: &Client| {
            client.call(Method::DELETE, &format!("/v1/me/memberships/{}", acme.account), &[]).await
        };
        leave(&acme.client).await.problem(409, "last_owner");
        // By accepting they are one.
        go_on(&app, &token, GRACE, PASSWORD).await.expect(201);
        assert_eq!(app.timeline(&id).await.last().unwrap(), "activated");
        acme.client.post(OWNERS, &further).await.problem(409, "already_member");
        leave(&acme.client).await.expect(204);
        leave(&app.sign_in(GRACE).await).await.problem(409, "last_owner");
    }

    async fn no_one_is_kept_as_the_last_owner_of_what_another_person_joined(app: TestApp) {
        let acme = app.owner("mallory@acme.example", "Acme").await;
        let further = json!({ "email": GRACE, "account_id": acme.account });
        let by_hand = with(further.clone(), json!({ "delivery": "link" }));
        let (_, token) = link_of(&acme.client.post(OWNERS, &by_hand).await.expect(201));
        choose(&app, &token, TAKEN, "Mallory").await.expect(201);
        let path = format!("/v1/me/memberships/{}", acme.account);
        acme.client.call(Method::DELETE, &path, &[]).await.expect(204);
        app.advance(TimeDelta::minutes(1));
        let (_, mail) = app.invite(GRACE, &["viewer"]).await;
        let (grace, activated) = is_given_back(&app, &mail, GRACE).await;
        assert_eq!(activated["memberships_before"][0]["account_id"], json!(acme.account));
        grace.call(Method::DELETE, &path, &[]).await.expect(204);
        // Staff find the account an owner.
        app.invite_by(OWNERS, with(further, json!({ "email": "olga@acme.example" }))).await;
    }
}
