//! Addresses that are not written to: who puts them on the list, who reads and lifts it, and what becomes of
//! letters to them.

use chrono::TimeDelta;
use invitation_service::domain::{locale::Locale, permission::Permission, role::Role};
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Answer, Mail, TestApp,
    batches::{BATCH, colleague},
    customers::{OWNERS, SUB_ACCOUNTS, with},
    json, on_both_databases,
};

const LIST: &str = "/v1/suppressions";
const INVITE: &str = "/v1/system-users/invitations";
const SECRET: &str = "a-secret-for-postmark";

/// Postmark's event about the newest letter to an address.
async fn report(app: &TestApp, email: &str, kind: &str, details: &str) {
    let letter = format!(
        "SELECT l.id AS text FROM letters l WHERE l.recipient = '{email}' AND l.state = 'sent' ORDER BY l.id \
        DESC LIMIT 1"
    );
    let letter = app.database.texts(&letter).remove(0);
    let record = if kind == "SpamComplaint" { "SpamComplaint" } else { "Bounce" };
    let id = app.database.count("mail_events") + 1;
    let event = json!({
        "RecordType": record, "Type": kind, "ID": id, "Metadata": { "letter": letter }, "Details": details
    });
    let request = app
        .anonymous()
        .request(Method::POST, "/v1/mail-events/postmark")
        .header("x-mail-events-secret", SECRET);
    Answer::of(request.json(&event)).await.expect(200);
}

/// Address and reason of everything on the list, newest first.
async fn listed(app: &TestApp, query: &str) -> Vec<(String, String)> {
    let page = app.admin().get(&format!("{LIST}{query}")).await.expect(200);
    let one =
        |one: &Value| (one["email"].as_str().unwrap().to_owned(), one["reason"].as_str().unwrap().to_owned());
    page.body["data"].as_array().unwrap().iter().map(one).collect()
}

fn pair(email: &str, reason: &str) -> (String, String) {
    (email.to_owned(), reason.to_owned())
}

async fn unsubscribe(app: &TestApp, token: &str, confirm: Option<&str>) -> Answer {
    let fields: Vec<(&str, &str)> =
        [("token", token)].into_iter().chain(confirm.map(|yes| ("confirm", yes))).collect();
    Answer::of(app.anonymous().request(Method::POST, "/activate/unsubscribe").form(&fields)).await
}

async fn delivery(app: &TestApp, invitation: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{invitation}")).await.expect(200).body["delivery"].clone()
}

async fn page(app: &TestApp, mail: &Mail) -> Answer {
    app.anonymous().get(&format!("/activate?token={}", mail.token)).await
}

on_both_databases! {
    with [("MAIL_EVENTS_POSTMARK", SECRET), ("RESEND_COOLDOWN", "0s")];
    async fn complaints_and_missing_mailboxes_are_listed(app: TestApp) {
        for name in ["ada", "bob", "eve", "max", "joe"] {
            app.invite(&format!("{name}@example.com"), &["viewer"]).await;
        }
        report(&app, "ada@example.com", "HardBounce", "smtp;550 5.1.1 <ada@example.com> unknown user").await;
        report(&app, "bob@example.com", "SpamComplaint", "").await;
        for (kind, details) in
            [("SoftBounce", ""), ("HardBounce", "552 5.2.2 mailbox full"), ("Blocked", "554 5.7.1")]
        {
            report(&app, "eve@example.com", kind, details).await;
        }
        report(&app, "max@example.com", "Transient", "action: delayed").await;
        assert_eq!(
            listed(&app, "").await,
            [pair("bob@example.com", "complained"), pair("ada@example.com", "bounced")]
        );
        let ada = app.admin().get(&format!("{LIST}?email=ADA@example.com")).await.expect(200).body["data"][0]
            .clone();
        assert!(ada["id"].as_str().unwrap().starts_with("sup_"), "{ada}");
        assert_eq!(
            (&ada["detail"], &ada["created_at"]),
            (&json!("smtp;550 5.1.1 unknown user"), &json!("2026-11-24T12:00:00.000Z"))
        );
        assert_eq!(ada.as_object().unwrap().len(), 5);
        // A graver reason takes the place of a lesser one, and not the other way round.
        report(&app, "ada@example.com", "SpamComplaint", "").await;
        report(&app, "bob@example.com", "HardBounce", "").await;
        assert_eq!(listed(&app, "?reason=complained").await.len(), 2);
        assert_eq!(listed(&app, "?reason=bounced").await, []);
    }

    async fn the_list_is_paged_and_filtered(app: TestApp) {
        for name in ["ada", "bob", "eve"] {
            let (_, mail) = app.invite(&format!("{name}@BÜCHER.example"), &["viewer"]).await;
            unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
        }
        let admin = app.admin();
        let first = admin.get(&format!("{LIST}?limit=2")).await.expect(200);
        assert_eq!(first.body["data"].as_array().map(Vec::len), Some(2));
        let cursor = first.body["next_cursor"].as_str().unwrap();
        assert_eq!(first.header("link"), format!("<{LIST}?limit=2&cursor={cursor}>; rel=\"next\""));
        let rest = admin.get(&format!("{LIST}?limit=2&cursor={cursor}")).await.expect(200);
        assert_eq!(
            (&rest.body["data"][0]["email"], &rest.body["next_cursor"]),
            (&json!("ada@bücher.example"), &Value::Null)
        );
        admin.get(&format!("{LIST}?reason=bounced&cursor={cursor}")).await.problem(422, "cursor_mismatch");
        for (query, count) in [
            ("?search=BÜCHER", 3),
            ("?search=xn--bcher", 3),
            ("?search=Eve", 1),
            ("?search=%25", 0),
            ("?email=eve@xn--bcher-kva.example", 1),
            ("?reason=unsubscribed", 3),
            ("?email=nobody@example.com", 0),
        ] {
            assert_eq!(listed(&app, query).await.len(), count, "{query}");
        }
        admin.get(&format!("{LIST}?email=x&reason=tired&limit=0&color=blue")).await.faults(&[
            ("email", "invalid_email"),
            ("reason", "unknown_value"),
            ("limit", "invalid_limit"),
            ("color", "unknown_parameter"),
        ]);
    }

    async fn no_letter_goes_there_until_it_is_lifted(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
        let id = made["id"].as_str().unwrap().to_owned();
        // Queued before or after, by whatever way and in whatever spelling.
        let admin = app.admin();
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        let owner = admin
            .post(
                OWNERS,
                &json!({ "email": "ADA@example.com", "account_name": "Acme", "account_type": "business" }),
            )
            .await;
        let owner = owner.expect(201).text_of("id");
        let moved = admin
            .post(BATCH, &json!({ "invitations": [colleague("mistyped@example.com")] }))
            .await
            .expect(200);
        let moved = moved.body["results"][0]["invitation"]["id"].as_str().unwrap().to_owned();
        admin.update(&moved, "*", &json!({ "email": "bob@example.com" })).await.expect(200);
        assert_eq!(app.letter().await.to, "bob@example.com");
        for one in [&id, &owner] {
            let reported = delivery(&app, one).await;
            assert_eq!(reported["state"], "failed");
            assert!(reported["reason"].as_str().unwrap().contains("suppression list"), "{reported}");
            assert_eq!(app.timeline(one).await.last().map(String::as_str), Some("email_failed"));
        }
        let by_hand = json!({ "email": "ada+other@example.com", "roles": ["viewer"] });
        admin.post(INVITE, &by_hand).await.expect(201);
        assert_eq!(app.letter().await.to, "ada+other@example.com");
        let listed = admin.get(LIST).await.expect(200).body["data"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(admin.call(Method::DELETE, &format!("{LIST}/{listed}"), &[]).await.expect(204).text, "");
        admin.call(Method::DELETE, &format!("{LIST}/{listed}"), &[]).await.problem(404, "not_found");
        assert_eq!(admin.get(LIST).await.expect(200).body["data"], json!([]));
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        assert_eq!(app.letter().await.to, "ada@example.com");
        let metrics = app.anonymous().get("/metrics").await.text;
        for counted in
            ["suppressions_total{outcome=\"unsubscribed\"} 1", "suppressions_total{outcome=\"lifted\"} 1"]
        {
            assert!(metrics.contains(counted), "{metrics}");
        }
    }

    async fn the_form_takes_a_tick_and_stands_on_every_page_of_a_mailed_link(app: TestApp) {
        for (number, locale) in Locale::ALL.into_iter().enumerate() {
            let body = json!({
                "email": format!("p{number}@example.com"), "roles": ["viewer"], "locale": locale.as_str()
            });
            let made = app.admin().post(INVITE, &body).await.expect(201).text_of("id");
            let mail = app.letter().await;
            let open = page(&app, &mail).await.expect(200).text;
            assert!(
                open.contains("action=\"/activate/unsubscribe\"") && open.contains("type=\"checkbox\""),
                "{open}"
            );
            assert!(!open.contains(" checked"), "{open}");
            for unticked in [None, Some(""), Some("no"), Some("on")] {
                let asked = unsubscribe(&app, &mail.token, unticked).await.expect(422).text;
                assert!(
                    asked.contains(&format!("<html lang=\"{}\">", locale.as_str()))
                        && asked.contains("type=\"checkbox\""),
                    "{asked}"
                );
            }
            assert_eq!(app.database.count("suppressions"), i64::try_from(number).unwrap());
            app.admin().post_empty(&format!("/v1/invitations/{made}/revoke")).await.expect(200);
            let dead = page(&app, &mail).await.expect(410).text;
            assert!(dead.contains("action=\"/activate/unsubscribe\""), "{dead}");
            let done = unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
            assert!(done.text.contains(&format!("p{number}@example.com")), "{}", done.text);
            assert_eq!(
                (done.header("cache-control"), done.header("referrer-policy")),
                ("no-store", "no-referrer")
            );
            assert!(done.header("ratelimit").starts_with("\"public\""), "{:?}", done.headers);
            // Once more is the same.
            unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
            assert_eq!(app.database.count("suppressions"), i64::try_from(number + 1).unwrap());
        }
        unsubscribe(&app, "", Some("yes")).await.expect(400);
        unsubscribe(&app, "forged", Some("yes")).await.expect(404);
        app.anonymous().get("/activate/unsubscribe").await.problem(405, "method_not_allowed");
    }

    async fn a_link_speaks_for_the_mailbox_that_it_was_mailed_to_alone(app: TestApp) {
        // Handed over: whoever has it may be the inviter.
        let by_hand = json!({ "email": "victim@example.com", "roles": ["viewer"], "delivery": "link" });
        let made = app.admin().post(INVITE, &by_hand).await.expect(201);
        let token = made.text_of("activation_link").split_once("?token=").unwrap().1.to_owned();
        let open = app.anonymous().get(&format!("/activate?token={token}")).await.expect(200).text;
        assert!(!open.contains("unsubscribe\""), "{open}");
        for confirm in [None, Some("yes")] {
            unsubscribe(&app, &token, confirm).await.expect(404);
        }
        // Sent anew by mail: the new link does, the old one still does not.
        app.admin().post_empty(&format!("/v1/invitations/{}/resend", made.text_of("id"))).await.expect(200);
        unsubscribe(&app, &token, Some("yes")).await.expect(404);
        app.letter().await;
        unsubscribe(&app, &token, Some("yes")).await.expect(404);
        assert_eq!(app.database.count("suppressions"), 0);
        // Moved: the old link is the old mailbox's, in a report too.
        let (moved, old) = app.invite("old@example.com", &["viewer"]).await;
        app.admin()
            .update(moved["id"].as_str().unwrap(), "*", &json!({ "email": "new@example.com" }))
            .await
            .expect(200);
        let new = app.letter().await;
        unsubscribe(&app, &old.token, Some("yes")).await.expect(200);
        assert_eq!(listed(&app, "").await, [pair("old@example.com", "unsubscribed")]);
        report(&app, "old@example.com", "SpamComplaint", "").await;
        assert_eq!(listed(&app, "").await, [pair("old@example.com", "complained")]);
        unsubscribe(&app, &new.token, Some("yes")).await.expect(200);
        assert_eq!(listed(&app, "?reason=unsubscribed").await, [pair("new@example.com", "unsubscribed")]);
    }

    async fn no_reminder_is_sent_to_a_suppressed_address(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
        app.activate(&mail.token).await.expect(201);
        app.advance(TimeDelta::hours(30));
        assert!(app.letters().await.is_empty());
    }

    async fn only_staff_who_invite_customers_read_and_lift_it(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
        let id = app.admin().get(LIST).await.expect(200).body["data"][0]["id"].as_str().unwrap().to_owned();
        let roles = Role::ALL.map(|role| {
            let may = role.permissions().contains(&Permission::CustomersInvite);
            (role.as_str(), app.caller(&[role], &[]), if may { 200 } else { 403 })
        });
        let scopes = Permission::ALL.map(|scope| {
            let status = if scope == Permission::CustomersInvite { 200 } else { 403 };
            (scope.as_str(), app.caller(&[], &[scope]), status)
        });
        let others = [
            ("nobody", app.anonymous(), 401),
            ("no role", app.caller(&[], &[]), 403),
            ("an owner", acme.client.clone(), 403),
        ];
        let absent = "sup_01m86xvxh0f46bs8r42wfv2z13";
        for (name, caller, status) in roles.into_iter().chain(scopes).chain(others) {
            assert_eq!(caller.get(LIST).await.status, status, "{name}");
            let unknown = if status == 200 { 404 } else { status };
            for path in [format!("{LIST}/{absent}"), format!("{LIST}/{}", absent.replace("sup_", "usr_"))] {
                // A malformed id is no address of anybody's.
                let expected = if path.contains("usr_") && status != 401 { 404 } else { unknown };
                assert_eq!(caller.call(Method::DELETE, &path, &[]).await.status, expected, "{name}: {path}");
            }
            if status != 200 {
                assert_eq!(
                    caller.call(Method::DELETE, &format!("{LIST}/{id}"), &[]).await.status,
                    status,
                    "{name}"
                );
            }
        }
        assert_eq!(listed(&app, "").await.len(), 1);
        // An owner's letter to somebody who complained elsewhere fails, and says nothing of that.
        let driver = json!({ "email": "ada@example.com", "role": "driver", "account_id": acme.account });
        let made = acme.client.post(SUB_ACCOUNTS, &driver).await.expect(201).text_of("id");
        assert!(app.letters().await.is_empty());
        let seen = acme.client.get(&format!("/v1/invitations/{made}")).await.expect(200);
        assert_eq!(seen.body["delivery"]["state"], "failed");
        for omitted in ["unsubscribed", "complained", "bounced", "sup_"] {
            assert!(!seen.text.contains(omitted), "{}", seen.text);
        }
        let by_hand = with(
            json!({ "email": "ada@example.com", "role": "driver", "account_id": acme.account }),
            json!({ "delivery": "link" }),
        );
        acme.client.post_empty(&format!("/v1/invitations/{made}/revoke")).await.expect(200);
        acme.client.post(SUB_ACCOUNTS, &by_hand).await.expect(201);
    }

    async fn addresses_of_staff_alone_are_shown_to_those_who_see_staff(app: TestApp) {
        let admin = app.admin();
        // Staff who activated, staff who did not, staff whose invitation was revoked.
        let (_, mail) = app.invite("staff@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
        for name in ["invited", "revoked", "both"] {
            let (made, mail) = app.invite(&format!("{name}@example.com"), &["viewer"]).await;
            unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
            if name == "revoked" {
                admin
                    .post_empty(&format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap()))
                    .await
                    .expect(200);
            }
        }
        // Staff who are invited as a customer too, and a customer.
        let owner = |email: &str| {
            json!({
                "email": email, "account_name": "Acme", "account_type": "business"
            })
        };
        let by_hand = with(owner("both@example.com"), json!({ "delivery": "link" }));
        admin.post(OWNERS, &by_hand).await.expect(201);
        admin.post(OWNERS, &owner("customer@example.com")).await.expect(201);
        let mail = app.letter().await;
        unsubscribe(&app, &mail.token, Some("yes")).await.expect(200);
        let everybody: Vec<_> = ["customer", "both", "revoked", "invited", "staff"]
            .map(|name| pair(&format!("{name}@example.com"), "unsubscribed"))
            .into();
        assert_eq!(listed(&app, "").await, everybody);

        let support = app.caller(&[Role::CustomerSupport], &[]);
        let scoped = app.caller(&[], &[Permission::CustomersInvite]);
        let seen = |page: Answer| {
            let rows = page.body["data"].as_array().unwrap().clone();
            rows.iter().map(|one| one["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for caller in [&support, &scoped] {
            let page = caller.get(LIST).await.expect(200);
            assert_eq!(seen(page), ["customer@example.com", "both@example.com"]);
            for query in
                ["?email=staff@example.com", "?search=invited", "?reason=unsubscribed&search=revoked"]
            {
                assert_eq!(seen(caller.get(&format!("{LIST}{query}")).await.expect(200)), [""; 0], "{query}");
            }
        }
        let manager = app.caller(&[Role::UserManager], &[]);
        assert_eq!(seen(manager.get(LIST).await.expect(200)).len(), 5);

        let ids: Vec<String> = admin.get(LIST).await.expect(200).body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        for staff in &ids[2..] {
            support.call(Method::DELETE, &format!("{LIST}/{staff}"), &[]).await.problem(404, "not_found");
        }
        assert_eq!(app.database.count("suppressions"), 5);
        for customer in &ids[..2] {
            support.call(Method::DELETE, &format!("{LIST}/{customer}"), &[]).await.expect(204);
        }
        manager.call(Method::DELETE, &format!("{LIST}/{}", ids[2]), &[]).await.expect(204);
        assert_eq!(app.database.count("suppressions"), 2);
    }
}
