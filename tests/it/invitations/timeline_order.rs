//! The timeline of an invitation is in one order: by time, whoever wrote the entry, and of equals in the
//! order of their ids, which stays the same.

use chrono::TimeDelta;
use invitation_service::domain::ids::{EventId, Id};
use reqwest::Method;
use uuid::Uuid;

use crate::support::{Answer, Client, TestApp, customers::text, json, on_both_databases};

const SECRET: &str = "a-secret-for-postmark";

/// Writes an entry as another process does: with this time, and this number as the random part of its id.
fn write(app: &TestApp, invitation: &str, (kind, actor): (&str, &str), milliseconds: i64, number: u128) {
    let at = app.now() + TimeDelta::milliseconds(milliseconds);
    let id: EventId = Id::from_uuid(Uuid::from_u128(
        (u128::try_from(app.now().timestamp_millis()).unwrap() << 80) | 0x7fff_8000_0000_0000_0000 | number,
    ));
    app.database.execute(&format!(
        "INSERT INTO invitation_events (id, invitation_id, event_type, at, actor_kind, actor_id, actor_name, \
            details) \
         VALUES ('{id}', '{invitation}', '{kind}', '{}', 'system', '{actor}', '{actor}', '{{}}')",
        at.format("%Y-%m-%dT%H:%M:%S%.3fZ")
    ));
}

/// The types of all entries, read in pages of this size.
async fn in_pages(caller: &Client, invitation: &str, limit: usize) -> Vec<String> {
    let path = format!("/v1/invitations/{invitation}/events?limit={limit}");
    let (mut types, mut next) = (Vec::new(), Some(path.clone()));
    while let Some(path_of_page) = next {
        let page = caller.get(&path_of_page).await.expect(200).body;
        let entries = page["data"].as_array().unwrap();
        assert!(entries.len() <= limit);
        types.extend(entries.iter().map(|one| text(one, "/type").to_owned()));
        next = page["next_cursor"].as_str().map(|cursor| format!("{path}&cursor={cursor}"));
    }
    types
}

on_both_databases! {
    with [("MAIL_EVENTS_POSTMARK", SECRET)];

    async fn attempts_reports_and_returned_mail_are_in_the_order_of_time(app: TestApp) {
        let ada = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let id = text(&ada, "/id");
        // A courier failed, and the letter went a second later.
        app.advance(TimeDelta::seconds(1));
        write(&app, id, ("email_failed", "courier"), -500, 9);
        app.letter().await;
        app.database.execute(
            "UPDATE letters SET provider = 'postmark', provider_message_id = 'm-1' WHERE state = 'sent'",
        );
        app.advance(TimeDelta::seconds(1));
        let event = json!({
            "RecordType": "Bounce", "Type": "Transient", "ID": 1, "MessageID": "m-1",
            "BouncedAt": "2026-11-24T12:00:00Z", "Details": "action: delayed"
        });
        let request = app.anonymous().request(Method::POST, "/v1/mail-events/postmark");
        Answer::of(request.header("x-mail-events-secret", SECRET).json(&event)).await.expect(200);
        // Returned mail that another process read before: it was written later, and happened earlier.
        write(&app, id, ("email_bounced", "provider"), 1500, 5);
        write(&app, id, ("email_delivered", "postmark"), 700, 6);
        // At the same moment: the order of the ids.
        write(&app, id, ("email_complained", "postmark"), 1500, 7);
        write(&app, id, ("opened", "activation_link"), 1500, 3);
        let expected = [
            "created",
            "email_queued",
            "email_failed",
            "email_sent",
            "email_deferred",
            "email_delivered",
            "opened",
            "email_bounced",
            "email_complained",
        ];
        assert_eq!(app.timeline(id).await, expected);
        let times: Vec<String> =
            app.events(id).await.iter().map(|one| text(one, "/at").to_owned()).collect();
        assert!(times.is_sorted(), "{times:?}");
        for limit in 1..=expected.len() {
            assert_eq!(in_pages(&app.admin(), id, limit).await, expected, "pages of {limit}");
        }
    }

    async fn a_cursor_of_another_timeline_is_refused(app: TestApp) {
        let ada = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let bob = app.invite_unsent("bob@example.com", &["viewer"]).await;
        let path = |one| format!("/v1/invitations/{}/events?limit=1", text(one, "/id"));
        let page = app.admin().get(&path(&ada)).await.expect(200).body;
        let cursor = text(&page, "/next_cursor");
        app.admin().get(&format!("{}&cursor={cursor}", path(&bob))).await.problem(422, "cursor_mismatch");
        assert_eq!(app.letters().await.len(), 2);
    }
}
