//! A limit that all couriers keep together, and letters that grow old.

use chrono::TimeDelta;
use invitation_service::courier::Step;

use crate::support::{Backend, Relay, TestApp, on_each, relay::Speaks};

on_each! {
    async fn a_limit_holds_for_all_couriers_together(backend: Backend) {
        let app = TestApp::start(backend, &[("MAIL_RATE_LIMIT", "100/min")]).await;
        for number in 0..130 {
            app.invite_unsent(&format!("person-{number}@example.com"), &["viewer"]).await;
        }
        let began = app.now();
        let (first, second) = (app.parts.courier.clone(), app.parts.courier.clone());
        let (one, other) = tokio::join!(first.step(), second.step());
        // A minute and a quarter of a second, for a hundred letters.
        let pause = TimeDelta::milliseconds(603);
        let next = began + pause;
        let steps = [one.unwrap(), other.unwrap()];
        assert!(
            steps.contains(&Step::Worked(1)) && steps.contains(&Step::Idle { next_due: Some(next) }),
            "{steps:?}"
        );
        let mut sent = 1;
        while app.now() + pause < began + TimeDelta::minutes(1) {
            app.advance(pause);
            let (one, other) = tokio::join!(first.step(), second.step());
            for step in [one.unwrap(), other.unwrap()] {
                sent += if let Step::Worked(letters) = step { letters } else { 0 };
            }
        }
        assert_eq!(sent, 100);
        assert_eq!(app.mailbox.unread().len(), 100);
        // Nothing is owed for the time in which nothing went.
        app.advance(TimeDelta::hours(1));
        assert_eq!(first.step().await.unwrap(), Step::Worked(1));
        assert!(matches!(first.step().await.unwrap(), Step::Idle { .. }));
        assert_eq!(app.mailbox.unread().len(), 1);
    }
}

on_each! {
    async fn letters_that_grow_old_are_seen(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let anonymous = app.anonymous();
        let assert_health = async |status: &str, mail: &str| {
            let ready = anonymous.get("/readyz").await.expect(200).body;
            assert_eq!((ready["status"].as_str(), ready["mail"].as_str()), (Some(status), Some(mail)));
        };
        assert_health("ok", "ok").await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.parts.courier.step().await.unwrap();
        app.advance(TimeDelta::minutes(15));
        assert_health("ok", "ok").await;
        app.advance(TimeDelta::seconds(1));
        assert_health("degraded", "late").await;
        let metrics = anonymous.get("/metrics").await.expect(200).text;
        assert!(metrics.contains("invitation_service_outbox_queued 1\n"), "{metrics}");
        assert!(metrics.contains("invitation_service_outbox_oldest_seconds 901.0\n"), "{metrics}");
        relay.up();
        app.parts.courier.step().await.unwrap();
        assert_eq!(relay.taken().len(), 1);
        assert_health("ok", "ok").await;
        assert!(
            anonymous.get("/metrics").await.expect(200).text.contains("invitation_service_outbox_queued 0\n")
        );
    }
}
