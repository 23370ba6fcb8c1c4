//! What metrics say of invitations, letters and the database. A fact counts once, when it is committed.

use chrono::TimeDelta;

use crate::support::{
    Backend, Relay, TestApp, json, on_both_databases, on_each,
    relay::{Behaviour, Speaks},
};

/// Asserts that metrics have these lines, each behind the prefix of all.
async fn assert_metrics(app: &TestApp, lines: &[&str]) {
    let metrics = app.anonymous().get("/metrics").await.expect(200).text;
    for line in lines {
        let line = format!("invitation_service_{line}");
        assert!(metrics.lines().any(|known| known == line), "{line}: {metrics}");
    }
}

on_both_databases! {
    async fn an_invitation_is_opened_and_activated_once(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        assert_metrics(&app, &[
            "invites_total{outcome=\"invited\"} 1",
            "letters_total{outcome=\"sent\"} 1",
            "first_openings_total{link=\"valid\"} 0",
            "first_openings_total{link=\"expired\"} 0",
            "activation_delay_seconds_count 0",
            "invitations{status=\"pending\"} 1",
            "invitations{status=\"activated\"} 0",
            "deliveries{state=\"sent\"} 1",
            "deliveries{state=\"bounced\"} 0",
        ])
        .await;
        // By the page, by the API, and by the page once more when that is recorded again.
        let page = format!("/activate?token={}", mail.token);
        app.anonymous().get(&page).await.expect(200);
        let preview = json!({ "token": mail.token });
        app.anonymous().post("/v1/activations/preview", &preview).await.expect(200);
        app.advance(TimeDelta::minutes(62));
        app.anonymous().get(&page).await.expect(200);
        assert_metrics(&app, &["first_openings_total{link=\"valid\"} 1"]).await;
        app.activate(&mail.token).await.expect(201);
        app.activate(&mail.token).await.expect(410);
        assert_metrics(&app, &[
            "first_openings_total{link=\"valid\"} 1",
            "first_openings_total{link=\"expired\"} 0",
            "activations_total{outcome=\"activated\"} 1",
            "activation_delay_seconds_sum 3720.0",
            "activation_delay_seconds_count 1",
            "activation_delay_seconds_bucket{le=\"3600.0\"} 0",
            "activation_delay_seconds_bucket{le=\"7200.0\"} 1",
            "invitations{status=\"pending\"} 0",
            "invitations{status=\"activated\"} 1",
        ])
        .await;
    }

    async fn a_link_that_is_opened_too_late_is_counted_as_expired(app: TestApp) {
        let (made, late) = app.invite("eve@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(25));
        app.anonymous().get(&format!("/activate?token={}", late.token)).await.expect(410);
        assert_metrics(&app, &[
            "first_openings_total{link=\"valid\"} 0",
            "first_openings_total{link=\"expired\"} 1",
            "invitations{status=\"pending\"} 0",
            "invitations{status=\"expired\"} 1",
        ])
        .await;
        let resend = format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap());
        app.admin().post_empty(&resend).await.expect(200);
        let mail = app.letter().await;
        app.anonymous().get(&format!("/activate?token={}", mail.token)).await.expect(200);
        app.activate(&mail.token).await.expect(201);
        // The time counts from the invitation, and not from the second letter.
        assert_metrics(&app, &[
            "first_openings_total{link=\"valid\"} 0",
            "first_openings_total{link=\"expired\"} 1",
            "activation_delay_seconds_sum 90000.0",
            "invitations{status=\"expired\"} 0",
            "invitations{status=\"activated\"} 1",
        ])
        .await;
    }

    async fn the_process_says_since_when_it_runs_and_how_its_courier_is(app: TestApp) {
        assert_metrics(&app, &[
            &format!("start_time_seconds {}", app.now().timestamp()),
            "courier{condition=\"ok\"} 1",
            "courier{condition=\"stopped\"} 0",
            "courier{condition=\"held\"} 0",
            "courier{condition=\"elsewhere\"} 0",
            "database_readable 1",
            "database_writable 1",
            "operator_faults_total{fault=\"sender\"} 0",
        ])
        .await;
    }
}

on_both_databases! {
    with [("MAIL_RATE_LIMIT", "1/h")];
    async fn a_relay_that_is_held_shows_for_how_long(app: TestApp) {
        assert_metrics(&app, &["relay_hold_seconds 0.0"]).await;
        app.invite("ada@example.com", &["viewer"]).await;
        assert_metrics(&app, &["relay_hold_seconds 3600.25"]).await;
        app.advance(TimeDelta::hours(2));
        assert_metrics(&app, &["relay_hold_seconds 0.0"]).await;
    }
}

on_each! {
    async fn a_fault_of_the_operator_is_counted_at_each_attempt(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        relay.is(Behaviour::Refuses("553 5.7.1 Sender address rejected: not owned by user ada"));
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.parts.courier.step().await.unwrap();
        app.advance(TimeDelta::hours(1));
        app.parts.courier.step().await.unwrap();
        assert_metrics(&app, &[
            "letters_total{outcome=\"deferred\"} 2",
            "operator_faults_total{fault=\"sender\"} 2",
            "operator_faults_total{fault=\"quota\"} 0",
        ])
        .await;
    }
}

#[tokio::test]
async fn the_free_space_of_the_disk_is_shown_where_the_database_is_a_file() {
    for (backend, is_shown) in [(Backend::Sqlite, true), (Backend::Postgres, false)] {
        let app = TestApp::start(backend, &[]).await;
        let metrics = app.anonymous().get("/metrics").await.expect(200).text;
        let line = "invitation_service_database_disk_free_bytes{database=\"sqlite\"} ";
        let free = metrics.lines().find_map(|known| known.strip_prefix(line));
        let bytes = free.map(|bytes| bytes.parse::<u64>().unwrap());
        assert_eq!(bytes.is_some_and(|bytes| bytes > 0), is_shown, "{metrics}");
    }
}

#[tokio::test]
async fn metrics_say_that_postgres_is_away() {
    let app = TestApp::start(Backend::Postgres, &[]).await;
    app.database.drop_connections();
    assert_metrics(&app, &["database_readable 0", "database_writable 0"]).await;
    app.database.bring_back();
    assert_metrics(&app, &["database_readable 1", "database_writable 1"]).await;
}
