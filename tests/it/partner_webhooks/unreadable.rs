//! What cannot be read of one endpoint keeps nothing from the others, and no request from its work.

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{LOOPBACK, Receiver},
};

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn a_type_that_a_newer_version_wrote_is_ignored_and_stays(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        let newer = "UPDATE webhook_endpoints SET event_types = event_types || ' invitation.merged'";
        assert_eq!(app.database.execute(newer), 1);
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.created"]);
        assert_eq!(endpoint.shown(&app).await["event_types"], json!(["invitation.created"]));
        endpoint.patch(&app, json!({ "status": "paused" })).await.expect(200);
        let stored = app.database.texts("SELECT event_types AS text FROM webhook_endpoints");
        assert_eq!(stored, ["invitation.created invitation.merged"]);
        app.letters().await;
    }

    async fn an_endpoint_that_cannot_be_read_keeps_nothing_from_the_others(app: TestApp) {
        let receiver = Receiver::start().await;
        let faulty = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        let url = format!("UPDATE webhook_endpoints SET url = 'nowhere' WHERE id = '{}'", faulty.id);
        assert_eq!(app.database.execute(&url), 1);
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        assert_eq!(app.parts.dispatcher.step().await.unwrap(), 1);
        assert_eq!(receiver.types(), ["invitation.created"]);
        assert_eq!(app.database.count("webhook_deliveries WHERE state = 'pending'"), 1);
        app.letters().await;
    }

    async fn deliveries_go_on_where_expired_links_cannot_be_looked_for(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.database.execute("DROP TABLE webhook_progress");
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.created"]);
        app.letters().await;
    }
}
