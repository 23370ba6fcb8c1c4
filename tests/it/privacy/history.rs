//! What an erasure leaves of the history: that something happened, when, and by which id.

use reqwest::Method;

use crate::support::{TestApp, customers::text, json, on_both_databases};

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

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
}
