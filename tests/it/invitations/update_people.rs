//! A new address is another person: who has the invitation then, what they are sent, and what stands in the
//! way.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::Value;

use crate::{
    invitations::update::{changes, look},
    support::{Client, TestApp, customers::text, json, on_both_databases},
};

async fn user(app: &TestApp, id: &Value) -> (u16, Value) {
    let answer = app.admin().get(&format!("/v1/users/{}", id.as_str().unwrap())).await;
    (answer.status, answer.body)
}

async fn user_list(caller: &Client) -> Vec<String> {
    let list = caller.get("/v1/users").await.expect(200).body;
    let mut emails: Vec<String> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["email"].as_str().unwrap().to_owned())
        .collect();
    emails.sort();
    emails
}

on_both_databases! {
    async fn the_old_link_dies_and_the_new_address_has_the_new_one(app: TestApp) {
        let admin = app.admin();
        let (made, old) = app.invite("adda@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        // At once: the pause between two sendings is one mailbox's.
        let moved = admin
            .update(id, &look(&admin, id).await.0, &json!({ "email": "ada@example.com" }))
            .await
            .expect(200)
            .body;
        let queued = json!({ "state": "queued", "attempts": 0, "last_error": null, "sent_at": null });
        for (member, value) in [
            ("id", made["id"].clone()),
            ("email", json!("ada@example.com")),
            ("status", json!("pending")),
            ("send_count", json!(2)),
            ("created_at", made["created_at"].clone()),
            ("expires_at", json!("2026-11-25T12:00:00.000Z")),
            ("delivery", queued),
        ] {
            assert_eq!(moved[member], value, "{member}");
        }
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        assert_ne!(moved["user_id"], made["user_id"]);
        assert_eq!(
            user(&app, &made["user_id"]).await.0,
            404,
            "whoever never came and is not awaited is gone"
        );
        let (_, successor) = user(&app, &moved["user_id"]).await;
        assert_eq!(
            (&successor["email"], &successor["pending_invitation_id"]),
            (&json!("ada@example.com"), &made["id"])
        );
        assert_eq!(user_list(&admin).await, ["ada@example.com"]);
        for (query, found) in [
            ("email=adda@example.com", 0),
            ("search=adda", 0),
            ("email=ada@example.com", 1),
            ("search=ada@", 1),
        ] {
            let list = admin.get(&format!("/v1/invitations?{query}")).await.expect(200).body;
            assert_eq!(list["data"].as_array().unwrap().len(), found, "{query}");
        }

        let new = app.letter().await;
        assert_eq!(new.to, "ada@example.com");
        assert_ne!((&new.token, &new.message_id), (&old.token, &old.message_id));
        let activated = app.activate(&new.token).await.expect(201).body;
        assert_eq!(
            (&activated["user"]["id"], &activated["user"]["email"]),
            (&moved["user_id"], &json!("ada@example.com"))
        );
        assert_eq!(
            app.timeline(id).await,
            ["created", "email_queued", "email_sent", "updated", "email_queued", "email_sent", "activated"]
        );
        let events = app.events(id).await;
        assert_eq!(
            events[3]["details"],
            json!({
                "changes": { "email": { "from": "adda@example.com", "to": "ada@example.com" } },
                "user_removed": true
            })
        );
        assert_eq!(events[4]["details"], json!({ "send_count": 2 }));
        // The old address is free.
        app.invite("adda@example.com", &["viewer"]).await;
    }

    async fn a_letter_that_was_not_sent_goes_nowhere(app: TestApp) {
        let admin = app.admin();
        let made = app.invite_unsent("adda@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let patch = json!({ "email": "ada@example.com", "roles": ["finance"], "locale": "nl" });
        admin.update(id, "*", &patch).await.expect(200);
        let letters = app.letters().await;
        assert_eq!(letters.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.com"]);
        assert!(letters[0].subject.contains("nodigt"), "{}", letters[0].subject);
        let names = changes(&app, id).await;
        assert_eq!(names.as_object().unwrap().keys().collect::<Vec<_>>(), ["email", "locale", "roles"]);
        assert_eq!(app.database.count("letters WHERE state = 'withdrawn'"), 1);
        // Back again: the first address has a link of its own, the third.
        app.advance(TimeDelta::minutes(1));
        let back = admin.update(id, "*", &json!({ "email": "adda@example.com" })).await.expect(200).body;
        assert_eq!(back["send_count"], 3);
        assert_ne!(back["user_id"], made["user_id"]);
        app.activate(&letters[0].token).await.problem(410, "activation_link_superseded");
        let last = app.letter().await;
        assert_eq!(last.to, "adda@example.com");
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.problem(429, "resend_too_soon");
        app.activate(&last.token).await.expect(201);
    }

    async fn two_changes_of_address_keep_their_distance(app: TestApp) {
        let admin = app.admin();
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let to = |email: &str| json!({ "email": email });
        app.advance(TimeDelta::minutes(2));
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        app.letter().await;
        admin.update(id, "*", &to("eve@example.com")).await.expect(200);
        assert_eq!(
            app.letter().await.to,
            "eve@example.com",
            "the first goes at once, whatever was sent a moment ago"
        );
        app.advance(TimeDelta::milliseconds(1));

        // There and back again would write to the same mailbox twice; nor does a third one hear of it, or is
        // entered.
        let (tag, before) = look(&admin, id).await;
        for email in ["ada@example.com", "grace@example.com"] {
            let patch = json!({ "email": email, "roles": ["finance"] });
            let refused = admin.update(id, "*", &patch).await.problem(429, "resend_too_soon");
            assert_eq!((refused.header("retry-after"), &refused.body["retry_after"]), ("60", &json!(60)));
            assert!(refused.body["detail"].as_str().unwrap().contains("address"), "{}", refused.text);
        }
        assert_eq!(look(&admin, id).await, (tag.clone(), before));
        assert!(app.letters().await.is_empty());
        assert_eq!(app.database.count("users WHERE email_key = 'grace@example.com'"), 0);
        // What stands in the way anyway is told first.
        admin.update(id, "\"0\"", &to("ada@example.com")).await.problem(412, "precondition_failed");

        // Nothing else waits, nor makes wait: other members, the same address, the same in another form.
        for patch in [
            json!({ "roles": ["finance"] }),
            to("eve@example.com"),
            to("EVE@example.com"),
            json!({ "locale": "nl" }),
        ] {
            admin.update(id, "*", &patch).await.expect(200);
        }
        app.advance(TimeDelta::milliseconds(58_999));
        let refused = admin.update(id, "*", &to("ada@example.com")).await.problem(429, "resend_too_soon");
        assert_eq!(refused.header("retry-after"), "1");
        app.advance(TimeDelta::seconds(1));
        admin.update(id, "*", &to("ada@example.com")).await.expect(200);
        let back = app.letter().await;
        assert_eq!(back.to, "ada@example.com");
        app.activate(&back.token).await.expect(201);
    }

    async fn of_many_changes_of_address_at_once_one_is_made(app: TestApp) {
        let admin = app.admin();
        let (made, _) = app.invite("adda@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let patches: Vec<Value> =
            (0..8).map(|number| json!({ "email": format!("ada{number}@example.com") })).collect();
        let answers = join_all(patches.iter().map(|patch| admin.update(id, "*", patch))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        for refused in answers.into_iter().filter(|answer| answer.status != 200) {
            refused.problem(429, "resend_too_soon");
        }
        assert_eq!(look(&admin, id).await.1["email"], app.letter().await.to);
    }

    async fn the_same_address_in_another_form_sends_nothing(app: TestApp) {
        let admin = app.admin();
        let (made, mail) = app.invite("ADA@bücher.example", &["viewer"]).await;
        let id = text(&made, "/id");
        let (tag, before) = look(&admin, id).await;
        let changed =
            admin.update(id, &tag, &json!({ "email": "ada@xn--bcher-kva.example" })).await.expect(200);
        assert_ne!(changed.header("etag"), tag);
        let mut expected = before;
        expected["email"] = json!("ada@xn--bcher-kva.example");
        assert_eq!(changed.body, expected);
        let form = json!({ "email": { "from": "ADA@bücher.example", "to": "ada@xn--bcher-kva.example" } });
        assert_eq!(changes(&app, id).await, form);
        assert_eq!(app.timeline(id).await, ["created", "email_queued", "email_sent", "updated"]);
        assert_eq!(
            user(&app, &made["user_id"]).await.1["email"],
            "ada@xn--bcher-kva.example",
            "nobody came yet"
        );
        assert_eq!(
            admin.get("/v1/users?search=xn--bcher").await.expect(200).body["data"].as_array().unwrap().len(),
            1
        );
        assert_eq!(
            app.activate(&mail.token).await.expect(201).body["user"]["email"],
            "ada@xn--bcher-kva.example"
        );

        // Whoever has come keeps the form of their own.
        let body = json!({ "email": "ADA@bücher.example" });
        let (owner, _) = app.invite_by("/v1/account-owners/invitations", body).await;
        admin.update(text(&owner, "/id"), "*", &json!({ "email": "Ada@bücher.example" })).await.expect(200);
        assert_eq!(user(&app, &made["user_id"]).await.1["email"], "ada@xn--bcher-kva.example");
    }

    async fn a_known_person_takes_it_over(app: TestApp) {
        let admin = app.admin();
        let owner = app.owner("olga@acme.example", "Acme").await;
        let (made, _) = app.invite("adda@example.com", &["viewer"]).await;
        let (also, _) =
            app.invite_by("/v1/account-owners/invitations", json!({ "email": "adda@example.com" })).await;
        let moved = admin
            .update(text(&made, "/id"), "*", &json!({ "email": "Olga@acme.example" }))
            .await
            .expect(200)
            .body;
        assert_eq!((&moved["user_id"], &moved["email"]), (&json!(owner.user), &json!("Olga@acme.example")));
        assert_eq!(user(&app, &json!(owner.user)).await.1["email"], "olga@acme.example");
        let event = app
            .events(text(&made, "/id"))
            .await
            .into_iter()
            .find(|event| event["type"] == "updated")
            .unwrap();
        assert_eq!(event["details"]["user_removed"], false, "something else awaits them");
        assert_eq!(user(&app, &made["user_id"]).await.1["pending_invitation_id"], also["id"]);
        let mail = app.letter().await;
        let requires = app.requires(&mail.token).await;
        assert_eq!((&requires["email"], &requires["password"]), (&json!(true), &json!(false)));
        app.join(&mail.token, "olga@acme.example", json!({})).await.expect(201);
        assert_eq!(user(&app, &json!(owner.user)).await.1["system_roles"], json!(["viewer"]));
        app.anonymous()
            .post(
                "/v1/auth/token",
                &json!({ "email": "adda@example.com", "password": crate::support::PASSWORD }),
            )
            .await
            .expect(401);
    }

    async fn what_stands_in_the_way_of_an_invite_does_so_here(app: TestApp) {
        let admin = app.admin();
        let (made, mail) = app.invite("adda@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let (standing, _) = app.invite("ada@example.com", &["finance"]).await;
        let (active, link) = app.invite("grace@example.com", &["viewer"]).await;
        app.activate(&link.token).await.expect(201);
        let before = look(&admin, id).await;
        let refused = admin.update(id, "*", &json!({ "email": "ADA@example.com", "locale": "nl" })).await;
        assert_eq!(refused.problem(409, "invitation_pending").body["invitation_id"], standing["id"]);
        admin
            .update(id, "*", &json!({ "email": "grace@example.com" }))
            .await
            .problem(409, "already_system_user");
        assert_eq!(look(&admin, id).await, before);
        assert_eq!(user(&app, &active["user_id"]).await.1["pending_invitation_id"], json!(null));
        app.anonymous().post("/v1/activations/preview", &json!({ "token": mail.token })).await.expect(200);

        // An expired one never blocks, and is replaced.
        app.advance(TimeDelta::hours(25));
        let moved = admin.update(id, "*", &json!({ "email": "ada@example.com" })).await.expect(200).body;
        assert_eq!(moved["user_id"], standing["user_id"]);
        let new = app.letter().await;
        assert_eq!(look(&admin, text(&standing, "/id")).await.1["status"], "expired");
        let again = admin.post_empty(&format!("/v1/invitations/{}/resend", text(&standing, "/id"))).await;
        assert_eq!(again.problem(409, "invitation_pending").body["invitation_id"], made["id"]);
        let user = user(&app, &standing["user_id"]).await.1;
        assert_eq!(user["pending_invitation_id"], made["id"]);
        assert_eq!(
            app.activate(&new.token).await.expect(201).body["user"]["system_roles"],
            json!(["viewer"])
        );
    }
}
