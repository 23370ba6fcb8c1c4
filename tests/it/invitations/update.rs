//! `PATCH /v1/invitations/{id}`: conditions, what may be said, and what a change shows. Where it goes is in
//! `update_people`.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Client, TestApp, customers::text, json, on_both_databases};

const INVITE: &str = "/v1/system-users/invitations";

/// Looks, and gives the tag and the invitation.
pub async fn look(caller: &Client, id: &str) -> (String, Value) {
    let shown = caller.get(&format!("/v1/invitations/{id}")).await.expect(200);
    (shown.header("etag").to_owned(), shown.body)
}

/// The changes that the newest `updated` entry of the timeline tells.
pub async fn changes(app: &TestApp, id: &str) -> Value {
    let events = app.events(id).await;
    events
        .iter()
        .rev()
        .find(|event| event["type"] == "updated")
        .map_or(Value::Null, |event| event["details"]["changes"].clone())
}

/// The part of a tag by which `If-Match` is compared.
fn revision(tag: &str) -> &str {
    tag.split('.').next().unwrap()
}

on_both_databases! {
    async fn every_answer_with_one_invitation_has_its_tag(app: TestApp) {
        let admin = app.admin();
        let made =
            admin.post(INVITE, &json!({ "email": "ada@example.com", "roles": ["viewer"] })).await.expect(201);
        let id = made.text_of("id");
        let tag = made.header("etag").to_owned();
        let digits = revision(&tag).strip_prefix('"').unwrap();
        assert!(digits.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{tag}");
        assert_eq!(look(&admin, &id).await.0, tag);
        // Neither the progress of the letter nor the clock changes what can be changed; what is shown, they
        // do.
        app.letter().await;
        let sent = look(&admin, &id).await.0;
        assert!(revision(&sent) == revision(&tag) && sent != tag, "{sent}");
        app.advance(TimeDelta::hours(25));
        let (expired, shown) = look(&admin, &id).await;
        assert_eq!((revision(&expired), &shown["status"]), (revision(&tag), &json!("expired")));
        let path = format!("/v1/invitations/{id}");
        assert_eq!(admin.call(Method::HEAD, &path, &[]).await.header("etag"), expired);
        let whole = admin.call(Method::GET, &path, &[("if-none-match", &sent)]).await.expect(200);
        assert_eq!(whole.body["status"], "expired");
        admin.call(Method::GET, &path, &[("if-none-match", &expired)]).await.expect(304);
        // A tag of any of these answers is good for a change.
        for seen in [&tag, &sent, &expired] {
            admin.update(&id, seen, &json!({})).await.expect(200);
        }

        let mut seen = vec![tag];
        let mut differs = async |answer: Answer| {
            let tag = answer.header("etag").to_owned();
            assert_eq!(look(&admin, &id).await.0, tag);
            assert!(!tag.is_empty() && !seen.contains(&tag), "{tag} among {seen:?}");
            seen.push(tag);
        };
        differs(admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200)).await;
        app.advance(TimeDelta::minutes(2));
        differs(
            admin
                .post_empty(&format!("/v1/users/{}/resend-invitation", text(&shown, "/user_id")))
                .await
                .expect(200),
        )
        .await;
        differs(admin.update(&id, "*", &json!({ "locale": "nl" })).await.expect(200)).await;
        differs(admin.update(&id, "*", &json!({ "roles": ["viewer", "finance"] })).await.expect(200)).await;
        differs(admin.update(&id, "*", &json!({ "email": "ADA@example.com" })).await.expect(200)).await;
        differs(admin.update(&id, "*", &json!({ "email": "eve@example.com" })).await.expect(200)).await;
        differs(admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200)).await;
        assert_eq!(seen.len(), 8);
        app.letters().await;
    }

    async fn a_change_says_which_state_it_is_meant_for(app: TestApp) {
        let admin = app.admin();
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let (tag, before) = look(&admin, id).await;
        let unconditional =
            admin.request(Method::PATCH, &format!("/v1/invitations/{id}")).json(&json!({ "locale": "nl" }));
        Answer::of(unconditional).await.problem(428, "precondition_required");
        let bare = tag.trim_matches('"');
        for stale in ["\"0\"", "", bare, &format!("W/{tag}"), "\"a\", \"b\"", &tag[1..], &tag.to_uppercase()]
        {
            let refused =
                admin.update(id, stale, &json!({ "locale": "nl" })).await.problem(412, "precondition_failed");
            assert_eq!(refused.header("etag"), tag, "{stale}");
            // What no answer can have shown has not changed since.
            let expected = match stale {
                _ if stale.starts_with("W/") => "only weak tags",
                _ if ["", bare, &tag[1..]].contains(&stale) => "no entity tag",
                _ => "has changed since",
            };
            let words = refused.body["detail"].as_str().unwrap();
            for known in ["only weak tags", "no entity tag", "has changed since"] {
                assert_eq!(words.contains(known), known == expected, "{stale}: {words}");
            }
        }
        assert_eq!(look(&admin, id).await, (tag.clone(), before.clone()));
        assert_eq!(app.timeline(id).await.len(), 3);

        let changed =
            admin.update(id, &format!("\"0\", {tag}"), &json!({ "locale": "nl" })).await.expect(200);
        assert_eq!(changed.body["locale"], "nl");
        let again =
            admin.update(id, &tag, &json!({ "locale": null })).await.problem(412, "precondition_failed");
        assert_eq!(again.header("etag"), changed.header("etag"));
        assert_eq!(
            admin.update(id, "*", &json!({ "locale": null })).await.expect(200).header("etag"),
            tag,
            "it is as it was"
        );
        // The key that other requests carry says nothing here: the tag keeps a repeated change from having
        // two effects.
        let keyed = async || {
            let request =
                admin.request(Method::PATCH, &format!("/v1/invitations/{id}")).header("idempotency-key", "k");
            Answer::of(request.header("if-match", &tag).json(&json!({ "locale": "en" }))).await
        };
        keyed().await.expect(200);
        assert_eq!(keyed().await.problem(412, "precondition_failed").header("idempotency-replayed"), "");
        // Whoever may not see it is told no tag, and whoever may not change it needs none.
        app.caller(&[], &[]).update(id, "\"0\"", &json!({ "locale": "nl" })).await.problem(404, "not_found");
    }

    /// As a compressed answer has it, and as Apache's `mod_deflate` (2.2 and 2.4) and nginx change it.
    async fn a_tag_that_a_proxy_has_changed_is_taken_where_it_is_still_strong(app: TestApp) {
        let admin = app.admin();
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let (mut tag, _) = look(&admin, id).await;
        let change = |locale: &str| json!({ "locale": locale });
        for (end, locale) in
            ["-gzip\"", ";gzip\"", "-gzip-gzip\"", "-br\""].iter().zip(["nl", "de", "fr", "en"])
        {
            let changed = format!("{}{end}", tag.trim_end_matches('"'));
            let answer = admin.update(id, &changed, &change(locale)).await.expect(200);
            // The one before is as stale as it would be without the end.
            admin.update(id, &changed, &change("en")).await.problem(412, "precondition_failed");
            tag = answer.header("etag").to_owned();
        }
        for (weak, expected) in [
            (format!("W/{tag}"), "only weak tags"),
            (format!("W/{}-gzip\"", tag.trim_end_matches('"')), "only weak tags"),
            (format!("W/{tag}, W/\"0\""), "only weak tags"),
            (format!("W/{tag}, nonsense"), "only weak tags"),
            (format!("W/{tag}, \"0\""), "has changed since"),
            (format!("w/{tag}"), "no entity tag"),
        ] {
            let refused = admin.update(id, &weak, &change("nl")).await.problem(412, "precondition_failed");
            assert!(refused.text_of("detail").contains(expected), "{weak}: {}", refused.text);
            assert_eq!(refused.header("etag"), tag, "{weak}");
        }
        admin.update(id, &format!("W/\"0\", {tag}"), &change("nl")).await.expect(200);
    }

    async fn a_patch_leaves_what_it_does_not_name(app: TestApp) {
        let admin = app.admin();
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"], "locale": "nl" });
        let made = admin.post(INVITE, &body).await.expect(201);
        let (id, tag) = (made.text_of("id"), made.header("etag").to_owned());
        for nothing in [
            json!({}),
            json!({ "email": "ada@example.com", "roles": ["viewer"], "locale": "nl" }),
            json!({ "email": " ada@EXAMPLE.com", "locale": "nl-BE" }),
        ] {
            let same = admin.update(&id, &tag, &nothing).await.expect(200);
            assert_eq!((same.header("etag"), &same.body), (tag.as_str(), &made.body), "{nothing}");
        }
        assert_eq!(app.timeline(&id).await, ["created", "email_queued"]);

        app.advance(TimeDelta::minutes(5));
        let manager = app.caller_named(
            "Katherine Johnson",
            &[invitation_service::domain::role::Role::UserManager],
            &[],
        );
        let changed = manager
            .update(&id, &tag, &json!({ "roles": ["finance", "viewer"], "locale": null }))
            .await
            .expect(200);
        let mut expected = made.body.clone();
        expected["roles"] = json!(["finance", "viewer"]);
        expected["locale"] = json!(null);
        assert_eq!(changed.body, expected, "nothing else, and no new letter");
        assert_eq!(look(&admin, &id).await.1, expected);
        assert_eq!(app.timeline(&id).await, ["created", "email_queued", "updated"]);
        let event = app.events(&id).await.pop().unwrap();
        assert_eq!(event["actor"], json!({ "type": "cli", "id": "grace", "name": "Katherine Johnson" }));
        assert_eq!(event["at"], "2026-11-24T12:05:00.000Z");
        assert_eq!(
            event["details"],
            json!({ "changes": {
                "roles": {
                    "from": ["viewer"], "to": ["finance", "viewer"]
                }, "locale": { "from": "nl", "to": null }
            } })
        );
        // The one letter is written from what is true when it is sent, and so is the page.
        let mail = app.letter().await;
        assert!(mail.subject.contains("Grace Hopper invites you"), "{}", mail.subject);
        assert!(mail.text.contains("* Finance"), "{}", mail.text);
        let preview = app
            .anonymous()
            .post("/v1/activations/preview", &json!({ "token": mail.token }))
            .await
            .expect(200);
        assert_eq!(preview.body["roles"], json!(["finance", "viewer"]));
        admin.update(&id, "*", &json!({ "roles": ["customer_support"], "locale": "nl" })).await.expect(200);
        let page = app.anonymous().get(&format!("/activate?token={}", mail.token)).await.expect(200);
        assert!(page.text.contains("lang=\"nl\""), "{}", page.text);
        assert_eq!(
            app.activate(&mail.token).await.expect(201).body["user"]["system_roles"],
            json!(["customer_support"])
        );
    }

    async fn all_faulty_members_are_reported_together(app: TestApp) {
        let admin = app.admin();
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let body = json!({
            "email": "ada", "roles": [
                "boss", "viewer", "viewer"
            ], "locale": "xx", "account_name": null, "reimbursement_rate": 1,
            "id": id, "role": "driver"
        });
        admin.update(id, "*", &body).await.faults(&[
            ("/email", "invalid_email"),
            ("/roles/0", "unknown_role"),
            ("/roles/2", "duplicate_role"),
            ("/locale", "unknown_locale"),
            ("/account_name", "not_applicable"),
            ("/reimbursement_rate", "not_applicable"),
            ("/id", "unknown_member"),
            ("/role", "unknown_member"),
        ]);
        admin
            .update(id, "*", &json!({ "email": null, "roles": null }))
            .await
            .faults(&[("/email", "required"), ("/roles", "required")]);
        admin
            .update(id, "*", &json!({ "email": 1, "roles": [] }))
            .await
            .faults(&[("/email", "wrong_type"), ("/roles", "too_few")]);
        // The state is judged before what is wanted of it.
        admin.update(id, "\"0\"", &json!({ "email": 1 })).await.problem(412, "precondition_failed");
        assert_eq!(app.timeline(id).await.len(), 3);

        let send = |kind: &'static str, body: &'static str| {
            let request =
                admin.request(Method::PATCH, &format!("/v1/invitations/{id}")).header("if-match", "*");
            Answer::of(request.header("content-type", kind).body(body))
        };
        let twice = r#"{"locale": "nl", "locale": null}"#;
        send("application/json", twice).await.faults(&[("/locale", "duplicate_member")]);
        send("application/json", "").await.problem(400, "malformed_json");
        send("application/json", "[]").await.faults(&[("", "wrong_type")]);
        assert_eq!(
            send("application/merge-patch+json", r#"{"locale": "nl"}"#).await.expect(200).body["locale"],
            "nl"
        );
        let refused = send("application/json-patch+json", "{}").await.problem(415, "unsupported_media_type");
        assert_eq!(refused.header("accept-patch"), "application/json, application/merge-patch+json");
        let elsewhere = admin
            .post_raw(INVITE, "application/merge-patch+json", "{}")
            .await
            .problem(415, "unsupported_media_type");
        assert_eq!(elsewhere.header("accept-patch"), "");
        admin
            .call(Method::PATCH, &format!("/v1/invitations/{id}?x=1"), &[])
            .await
            .faults(&[("x", "unknown_parameter")]);
    }

    async fn what_awaits_no_answer_is_not_changed(app: TestApp) {
        let admin = app.admin();
        let patch = json!({ "email": "eve@example.com", "locale": "nl" });
        let (activated, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let (stale, _) = look(&admin, text(&activated, "/id")).await;
        app.activate(&mail.token).await.expect(201);
        let (tag, _) = look(&admin, text(&activated, "/id")).await;
        assert_ne!(tag, stale);
        let (revoked, _) = app.invite("bob@example.com", &["viewer"]).await;
        admin.post_empty(&format!("/v1/invitations/{}/revoke", text(&revoked, "/id"))).await.expect(200);
        for one in [&activated, &revoked] {
            // Why it is no longer as it was seen says more than that it is not.
            for condition in ["*", &stale, &tag] {
                admin
                    .update(text(one, "/id"), condition, &patch)
                    .await
                    .problem(409, "invitation_not_pending");
            }
        }
        let (replaced, _) = app.invite("joe@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(25));
        let (newer, _) = app.invite("joe@example.com", &["viewer"]).await;
        let refused =
            admin.update(text(&replaced, "/id"), "*", &patch).await.problem(409, "invitation_pending");
        assert_eq!(refused.body["invitation_id"], newer["id"]);
        admin.post_empty(&format!("/v1/invitations/{}/revoke", text(&newer, "/id"))).await.expect(200);
        admin.update(text(&replaced, "/id"), "*", &patch).await.problem(409, "invitation_not_pending");
        assert_eq!(
            app.database.count("users WHERE email_key = 'eve@example.com'"),
            0,
            "nobody was entered in vain"
        );
    }

    async fn an_expired_invitation_is_put_right_too(app: TestApp) {
        let admin = app.admin();
        let (made, old) = app.invite("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        app.advance(TimeDelta::hours(30));
        let changed = admin.update(id, "*", &json!({ "locale": "nl" })).await.expect(200).body;
        assert_eq!(
            (&changed["status"], &changed["expires_at"]),
            (&json!("expired"), &json!("2026-11-25T12:00:00.000Z"))
        );
        app.activate(&old.token).await.problem(410, "activation_link_expired");
        let moved = admin.update(id, "*", &json!({ "email": "eve@example.com" })).await.expect(200).body;
        assert_eq!(
            (&moved["status"], &moved["expires_at"]),
            (&json!("pending"), &json!("2026-11-26T18:00:00.000Z"))
        );
        let new = app.letter().await;
        assert_eq!(new.to, "eve@example.com");
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        app.activate(&new.token).await.expect(201);
    }

    async fn no_caller_gives_more_than_they_hold(app: TestApp) {
        use invitation_service::domain::role::Role::UserManager;
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let manager = app.caller(&[UserManager], &[]);
        manager.update(id, "*", &json!({ "roles": ["admin"] })).await.problem(403, "role_exceeds_yours");
        manager.update(id, "*", &json!({ "roles": ["user_manager"] })).await.expect(200);
        app.admin().update(id, "*", &json!({ "roles": ["admin"] })).await.expect(200);
        // From now on it is above them, whatever they would make of it.
        for patch in [json!({ "roles": ["viewer"] }), json!({ "locale": "nl" }), json!({})] {
            manager.update(id, "*", &patch).await.problem(403, "role_exceeds_yours");
        }
        assert_eq!(look(&app.admin(), id).await.1["roles"], json!(["admin"]));
    }
}
