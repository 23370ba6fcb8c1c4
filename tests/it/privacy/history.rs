//! What an erasure leaves of the history: that something happened, when, and by which id.

use invitation_service::services::cleanup::sweep;
use reqwest::Method;
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, TestApp, customers::text, json, on_both_databases};

const SECRET: &str = "a-secret-for-postmark";

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off"), ("MAIL_EVENTS_POSTMARK", SECRET)];

    async fn what_an_erased_inviter_did_stays_without_the_name(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["user_manager"]).await;
        app.activate(&mail.token).await.expect(201);
        let ada = app.sign_in("ada@example.com").await;
        let invite = json!({ "email": "bob@example.com", "roles": ["viewer"] });
        let bobs = ada.post("/v1/system-users/invitations", &invite).await.expect(201).body;
        assert_eq!(bobs["invited_by"]["name"], "Ada Lovelace");
        let user = text(&made, "/user_id");
        app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        // The letter, sent afterwards, and the page name the operator instead.
        let mail = app.letter().await;
        assert!(!mail.text.contains("Lovelace") && mail.text.contains("EV Charging"), "{}", mail.text);
        let preview = app.anonymous().post("/v1/activations/preview", &json!({ "token": mail.token })).await;
        assert_eq!(
            preview.expect(200).body["inviter"],
            json!({ "name": "EV Charging", "organisation": "EV Charging" })
        );
        let page = app.anonymous().get(&format!("/activate?token={}", mail.token)).await.expect(200);
        assert!(!page.text.contains("Lovelace"), "{}", page.text);
        let id = text(&bobs, "/id");
        let shown = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body;
        assert_eq!(shown["invited_by"], json!({ "type": "user", "id": user, "name": "" }));
        for event in app.events(id).await {
            assert!(!event.to_string().contains("Lovelace"), "{event}");
        }
        let log = app.admin().get(&format!("/v1/audit-events?actor={user}")).await.expect(200).body;
        assert!(log["data"].as_array().unwrap().len() >= 3, "{log}");
        assert!(!log.to_string().contains("Lovelace"), "{log}");
    }

    async fn a_timeline_keeps_what_is_no_personal_data(app: TestApp) {
        let (made, _) = app.invite("typo@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let change = json!({ "email": "ada@example.com", "locale": "nl" });
        let moved = app.admin().update(id, "*", &change).await.expect(200).body;
        let mail = app.letter().await;
        app.anonymous().post("/v1/activations/preview", &json!({ "token": mail.token })).await.expect(200);
        app.activate(&mail.token).await.expect(201);
        let user = text(&moved, "/user_id");
        let before = app.timeline(id).await;
        app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        assert_eq!(app.timeline(id).await, before);
        let events = app.events(id).await;
        let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
        assert_eq!(of("created")["details"], json!({ "roles": ["viewer"] }));
        assert_eq!(of("opened")["details"], json!({}));
        assert_eq!(of("activated")["actor"], json!({ "type": "user", "id": user, "name": "" }));
        let changes = &of("updated")["details"]["changes"];
        assert_eq!(changes["locale"], json!({ "from": null, "to": "nl" }));
        assert_eq!(changes["email"], json!({ "from": null, "to": null }));
    }

    async fn an_address_in_the_timeline_of_another_person_goes(app: TestApp) {
        // Ada was invited, and the invitation was reassigned to Bob; another one of hers remains.
        let (made, _) = app.invite("Ada@bücher.example", &["viewer"]).await;
        let id = text(&made, "/id");
        app.admin().update(id, "*", &json!({ "email": "bob@example.com" })).await.expect(200);
        app.letter().await;
        let (hers, _) = app.invite("ada@xn--bcher-kva.example", &["viewer"]).await;
        assert!(app.events(id).await.iter().any(|event| event.to_string().contains("Ada@bücher.example")));
        let user = text(&hers, "/user_id");
        app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        let events = app.events(id).await;
        let updated = events.iter().find(|event| event["type"] == "updated").unwrap();
        let change = &updated["details"]["changes"]["email"];
        assert_eq!(change, &json!({ "from": null, "to": "bob@example.com" }));
        let recipients = app.database.texts("SELECT COALESCE(recipient, '') AS text FROM letters");
        assert_eq!(recipients.iter().filter(|one| one.contains("bob@example.com")).count(), 1);
        assert!(recipients.iter().all(|one| !one.to_lowercase().contains("ada@")), "{recipients:?}");
    }

    async fn what_a_request_wrote_that_began_before_is_erased_by_the_cleanup(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let (other, _) = app.invite("bob@example.com", &["viewer"]).await;
        let (user, id) = (text(&made, "/user_id"), text(&made, "/id"));
        app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        // As requests would write it that were authenticated before.
        let late = [
            format!(
                "UPDATE invitations SET inviter_kind = 'user', inviter_id = '{user}', inviter_name = 'Ada'
                 WHERE id = '{}'",
                text(&other, "/id")
            ),
            format!(
                "INSERT INTO invitation_events
                 (id, invitation_id, event_type, at, actor_kind, actor_id, actor_name, details) VALUES
                 ('evt_01m86xvxh0f46bs8r42wfv2z13', '{}', 'resent', '2026-11-24T12:00:00.000Z', 'user',
                  '{user}', 'Ada', '{{}}'),
                 ('evt_01m86xvxh0f46bs8r42wfv2z14', '{id}', 'opened', '2026-11-24T12:00:00.000Z', 'link',
                  'activation_link', 'Activation link', '{{\"user_agent\":\"Ada\"}}')",
                text(&other, "/id")
            ),
        ];
        for statement in &late {
            app.database.execute(statement);
        }
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("invitations WHERE inviter_name = 'Ada'"), 0);
        let left = "invitation_events WHERE actor_name = 'Ada' OR details LIKE '%Ada%'";
        assert_eq!(app.database.count(left), 0);
    }

    async fn a_report_on_a_letter_to_an_erased_person_is_ignored(app: TestApp) {
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let (id, user) = (text(&made, "/id"), text(&made, "/user_id"));
        let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
        app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        let before = app.timeline(id).await;
        let event = json!({
            "RecordType": "Bounce", "Type": "HardBounce", "ID": 1, "Metadata": { "letter": letter },
            "Details": "550 no such user ada"
        });
        let request = app.anonymous().request(Method::POST, "/v1/mail-events/postmark");
        let request = request.header("x-mail-events-secret", SECRET);
        Answer::of(request.json(&event)).await.expect(200);
        assert_eq!(app.timeline(id).await, before);
        assert_eq!(app.database.count("suppressions"), 0);
        assert_eq!(app.database.count("letters WHERE fate IS NOT NULL"), 0);
    }
}
