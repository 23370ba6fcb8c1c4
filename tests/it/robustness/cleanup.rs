//! What is kept for a time goes when that is over, though nobody asks for anything any more.

use chrono::TimeDelta;
use invitation_service::services::cleanup::sweep;
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, Backend, Home, TestApp, json, on_both_databases, on_each};

async fn swept(app: &TestApp) -> [i64; 4] {
    sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
    ["idempotency_keys", "mail_events", "mail_tokens", "letter_counts"].map(|table| app.database.count(table))
}

async fn keyed(app: &TestApp, number: usize) {
    let body = json!({ "email": format!("ada{number}@example.com"), "roles": ["viewer"] });
    let request = app.admin().request(reqwest::Method::POST, "/v1/system-users/invitations");
    Answer::of(request.header("idempotency-key", format!("k{number}")).json(&body)).await.expect(201);
}

on_both_databases! {
    async fn answers_to_keys_are_forgotten_after_a_day_though_no_key_comes_again(app: TestApp) {
        keyed(&app, 0).await;
        // More than go at once, as a database holds them where nobody swept.
        let row = |number: u32| {
            let over = format!("2026-11-25T11:{:02}:{:02}.000Z", number / 60, number % 60);
            format!("('grace', 'old{number}', 'x', 'x', '{over}', '{over}')")
        };
        let columns = "principal, key, fingerprint, worker, held_until, expires_at";
        let rows = (0..250).map(row).collect::<Vec<_>>().join(", ");
        assert_eq!(
            app.database.execute(&format!("INSERT INTO idempotency_keys ({columns}) VALUES {rows}")),
            250
        );
        app.advance(TimeDelta::hours(12));
        keyed(&app, 1).await;
        assert_eq!(swept(&app).await, [252, 0, 0, 2]);
        app.advance(TimeDelta::hours(12));
        assert_eq!(swept(&app).await, [1, 0, 0, 1]);
        // The younger one is not only there, it answers.
        keyed(&app, 1).await;
        app.advance(TimeDelta::hours(12));
        assert_eq!(swept(&app).await, [0, 0, 0, 0]);
        assert_eq!(app.letters().await.len(), 2);
    }

    async fn audit_events_are_kept_for_two_years(app: TestApp) {
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        for (id, at) in [
            ("aud_01j1sn1sg0e008000000000001", "2024-07-02T12:00:00.000Z"),
            ("aud_01jdf0p0g0e008000000000001", "2024-11-24T12:00:00.000Z"),
        ] {
            app.database.execute(&format!(
                "INSERT INTO audit_events (id, at, action, outcome, details)
                 VALUES ('{id}', '{at}', 'access', 'denied', '{{}}')"
            ));
        }
        swept(&app).await;
        // The second one is two years old today.
        assert_eq!(app.database.count("audit_events WHERE id LIKE 'aud_01j%'"), 1);
        assert_eq!(app.database.count("audit_events"), 2);
    }

    async fn events_and_tokens_of_providers_are_forgotten_after_a_month(app: TestApp) {
        for row in [
            "mail_events (provider, event_id, received_at) VALUES ('mailgun', 'e1', \
            '2026-11-24T12:00:00.000Z')",
            "mail_tokens (provider, token, event, received_at) VALUES ('mailgun', 't1', 'e1', \
            '2026-11-24T12:00:00.000Z')",
        ] {
            assert_eq!(app.database.execute(&format!("INSERT INTO {row}")), 1);
        }
        app.advance(TimeDelta::days(30));
        assert_eq!(swept(&app).await, [0, 1, 1, 0]);
        app.advance(TimeDelta::seconds(1));
        assert_eq!(swept(&app).await, [0, 0, 0, 0]);
    }
}

on_each! {
    async fn a_server_sweeps_when_it_starts(backend: Backend) {
        let home = Home::new(backend, &[]);
        home.print(&["migrate"]);
        let columns = "principal, key, fingerprint, worker, held_until, expires_at";
        let old = "'grace', 'old', 'x', 'x', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'";
        assert_eq!(
            home.database.execute(&format!("INSERT INTO idempotency_keys ({columns}) VALUES ({old})")),
            1
        );
        // It is begun before anything else is done, and finished before the process ends.
        home.start(&["serve", "--no-courier"]).stop().await;
        assert_eq!(home.database.count("idempotency_keys"), 0);
    }
}
