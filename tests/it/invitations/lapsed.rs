//! The hourly sweep marks pending invitations that expired long ago; every change that moves the expiry, and
//! every change that ends the invitation, takes the mark away.

use chrono::TimeDelta;
use invitation_service::services::cleanup::sweep;
use tokio_util::sync::CancellationToken;

use crate::support::{TestApp, json, on_both_databases};

/// The addresses of the marked invitations, without their domain.
async fn swept(app: &TestApp) -> Vec<String> {
    sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
    marked(app)
}

fn marked(app: &TestApp) -> Vec<String> {
    let emails = app.database.texts("SELECT email AS text FROM invitations WHERE lapsed ORDER BY email");
    emails.iter().map(|email| email.split('@').next().unwrap().to_owned()).collect()
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s")];

    async fn an_hour_after_it_expired_it_has_lapsed(app: TestApp) {
        app.invite("ada@example.com", &["viewer"]).await;
        app.invite_by("/v1/account-owners/invitations", json!({ "email": "bob@example.com" })).await;
        app.advance(TimeDelta::hours(1));
        app.invite("carol@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(24));
        assert_eq!(swept(&app).await, [""; 0]);
        app.advance(TimeDelta::seconds(1));
        assert_eq!(swept(&app).await, ["ada", "bob"]);
        app.advance(TimeDelta::hours(1));
        assert_eq!(swept(&app).await, ["ada", "bob", "carol"]);
    }

    async fn each_change_of_a_lapsed_invitation_takes_the_mark_away(app: TestApp) {
        let names = ["again", "batch", "letter", "moved", "replaced", "revoked", "untouched"];
        let mut ids = Vec::new();
        for name in names {
            let made = app.invite_unsent(&format!("{name}@example.com"), &["viewer"]).await;
            ids.push(made["id"].as_str().unwrap().to_owned());
        }
        app.database.execute("UPDATE letters SET next_attempt_at = '2026-11-27T12:00:00.000Z'");
        app.advance(TimeDelta::hours(49));
        assert_eq!(swept(&app).await, names);
        let admin = app.admin();
        admin.post_empty(&format!("/v1/invitations/{}/resend", ids[0])).await.expect(200);
        admin.post("/v1/invitations/batch/resend", &json!({ "ids": [ids[1]] })).await.expect(200);
        admin.update(&ids[3], "*", &json!({ "email": "elsewhere@example.com" })).await.expect(200);
        app.invite_unsent("replaced@example.com", &["viewer"]).await;
        admin.post_empty(&format!("/v1/invitations/{}/revoke", ids[5])).await.expect(200);
        assert_eq!(marked(&app), ["letter", "untouched"]);
        // A letter that waited until now is sent, and its link is valid from now on.
        let untouched = format!("UPDATE letters SET state = 'withdrawn' WHERE invitation_id = '{}'", ids[6]);
        app.database.execute(&untouched);
        app.advance(TimeDelta::hours(24));
        let letters = app.letters().await;
        let letter = letters.iter().find(|mail| mail.to.contains("letter@")).unwrap();
        assert_eq!(marked(&app), ["untouched"]);
        app.activate(&letter.token).await.expect(201);
        assert_eq!(swept(&app).await, ["untouched"]);
    }
}
