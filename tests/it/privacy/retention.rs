//! How long invitations are kept that ended without an activation.

use chrono::TimeDelta;
use invitation_service::services::cleanup::sweep;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Backend, Home, TestApp,
    customers::{OWNERS, text},
    json, on_both_databases,
};

/// What the sweep leaves of users, accounts, invitations, letters and timeline entries.
async fn swept(app: &TestApp) -> [i64; 5] {
    sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
    ["users", "accounts", "invitations", "letters", "invitation_events"]
        .map(|table| app.database.count(table))
}

async fn revoke(app: &TestApp, id: &str) {
    app.admin().post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RETENTION", "30d")];

    async fn what_ended_without_an_activation_goes_with_all_that_belongs_to_it(app: TestApp) {
        let (accepted, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let kept = swept(&app).await;
        app.invite("expired@example.com", &["viewer"]).await;
        let (revoked, _) = app.invite("revoked@example.com", &["viewer"]).await;
        revoke(&app, text(&revoked, "/id")).await;
        let owner = json!({ "email": "owner@example.com", "account_name": "Never used" });
        app.invite_by(OWNERS, owner).await;
        // Replaced after it expired.
        app.invite("twice@example.com", &["viewer"]).await;
        app.advance(TimeDelta::days(2));
        let (second, _) = app.invite("twice@example.com", &["viewer"]).await;
        let all = swept(&app).await;
        // The revoked one ended at once, the others a day later.
        app.advance(TimeDelta::days(29) - TimeDelta::seconds(1));
        let [users, ..] = swept(&app).await;
        assert_eq!(users, all[0] - 1, "the revoked one has gone, the others not yet");
        app.advance(TimeDelta::seconds(2));
        let left = swept(&app).await;
        // The second invitation of the same person has not ended for long enough.
        assert_eq!(left[0], kept[0] + 1);
        assert_eq!((left[1], left[2]), (kept[1], kept[2] + 1));
        app.admin().get(&format!("/v1/invitations/{}", text(&second, "/id"))).await.expect(200);
        app.advance(TimeDelta::days(31));
        assert_eq!(swept(&app).await, kept);
        // An activated invitation stays, with its timeline.
        app.advance(TimeDelta::days(400));
        assert_eq!(swept(&app).await, kept);
        assert!(app.timeline(text(&accepted, "/id")).await.contains(&"activated".to_owned()));
    }

    async fn a_resend_keeps_an_expired_invitation(app: TestApp) {
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::days(32));
        app.admin().post_empty(&format!("/v1/invitations/{}/resend", text(&made, "/id"))).await.expect(200);
        app.letter().await;
        let before = ["users", "accounts", "invitations", "letters", "invitation_events"]
            .map(|table| app.database.count(table));
        assert_eq!(swept(&app).await, before);
    }

    async fn many_go_in_batches_and_other_members_stay(app: TestApp) {
        for number in 0..230 {
            app.invite_unsent(&format!("ada{number}@example.com"), &["viewer"]).await;
        }
        app.letters().await;
        // One of these is active by another invitation.
        let (_, mail) = app.invite_by(OWNERS, json!({ "email": "ada7@example.com" })).await;
        let account = json!({ "account": { "name": "Home", "type": "consumer" } });
        app.activate_with(&mail.token, account).await.expect(201);
        app.advance(TimeDelta::days(32));
        let [users, accounts, invitations, ..] = swept(&app).await;
        assert_eq!((users, accounts, invitations), (1, 1, 1));
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RETENTION", "off")];

    async fn without_a_retention_everything_is_kept(app: TestApp) {
        app.invite("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::days(700));
        let [users, _, invitations, letters, _] = swept(&app).await;
        assert_eq!((users, invitations, letters), (1, 1, 1));
    }
}

#[test]
fn a_retention_is_at_least_a_month() {
    for (value, fault) in [
        ("29d", "RETENTION: must be from 30d to 36600d, or off"),
        ("99999d", "RETENTION: must be from 30d to 36600d, or off"),
        ("0", "RETENTION: "),
        ("for ever", "RETENTION: is neither off nor a duration, as 730d"),
    ] {
        let output = Home::new(Backend::Sqlite, &[("RETENTION", value)]).run(&["check-config"]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success() && said.contains(fault), "{value}: {said}");
    }
    for value in ["30d", "2years", "off"] {
        let output = Home::new(Backend::Sqlite, &[("RETENTION", value)]).run(&["check-config"]);
        assert!(output.status.success(), "{value}: {output:?}");
    }
}
