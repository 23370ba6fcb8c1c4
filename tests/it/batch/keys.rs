//! `Idempotency-Key` with batches: one effect and one answer, whatever becomes of the items.

use chrono::TimeDelta;
use futures_util::future::join_all;

use crate::support::{
    TestApp,
    batches::{BATCH, RESEND, colleague, colleagues, results, words},
    customers::{text, with},
    json, on_both_databases,
};

on_both_databases! {
    async fn a_batch_happens_once(app: TestApp) {
        let admin = app.admin();
        let body = json!({
            "invitations": [colleague("ada@example.com"), colleague("x"), colleague("ADA@example.com")]
        });
        let first = admin.keyed(BATCH, "b", &body).await;
        assert_eq!(words(&results(&first)), ["invited", "validation_failed", "invitation_pending"]);
        assert_eq!(first.header("idempotency-replayed"), "");
        app.letter().await;
        app.advance(TimeDelta::hours(1));
        let again = admin.keyed(BATCH, "\"b\"", &body).await.expect(200);
        assert_eq!(
            (again.header("idempotency-replayed"), again.header("content-type")),
            ("true", "application/json")
        );
        // The very same bytes: its problems name the first request.
        assert_eq!(again.text, first.text);
        assert_eq!(again.body["results"][1]["error"]["request_id"], first.header("x-request-id"));
        assert!(app.letters().await.is_empty());
        assert_eq!(app.database.count("invitations"), 1);
        let metrics = app.anonymous().get("/metrics").await.expect(200).text;
        assert!(metrics.contains("invites_total{outcome=\"invited\"} 1\n"), "{metrics}");

        let other = with(body.clone(), json!({ "validate_only": true }));
        admin.keyed(BATCH, "b", &other).await.problem(422, "idempotency_key_reused");
        admin.keyed(RESEND, "b", &json!({ "ids": ["x"] })).await.problem(422, "idempotency_key_reused");
        admin.keyed(BATCH, "", &body).await.problem(400, "idempotency_key_invalid");
    }

    async fn a_batch_without_effect_has_an_answer_all_the_same(app: TestApp) {
        let admin = app.admin();
        let body = json!({
            "invitations": [
                colleague("x"),
                { "kind": "sub_account", "email": "a@b.example", "role": "driver", "account_name": "N" }
            ]
        });
        let first = admin.keyed(BATCH, "none", &body).await;
        assert_eq!(words(&results(&first)), ["validation_failed", "account_not_found"]);
        let again = admin.keyed(BATCH, "none", &body).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
        // So has one that is only judged, though by now it would be judged otherwise.
        let body = json!({ "invitations": [colleague("ada@example.com")], "validate_only": true });
        let first = admin.keyed(BATCH, "judge", &body).await;
        assert_eq!(words(&results(&first)), ["valid"]);
        app.invite("ada@example.com", &["viewer"]).await;
        let again = admin.keyed(BATCH, "judge", &body).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
        // And one that is refused as a whole.
        let empty = json!({ "invitations": [] });
        let first = admin.keyed(BATCH, "whole", &empty).await.problem(422, "validation_failed");
        let again = admin.keyed(BATCH, "whole", &empty).await.expect(422);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    }

    async fn a_batch_of_resends_happens_once(app: TestApp) {
        let admin = app.admin();
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let body = json!({ "ids": [made["id"], "inv_nothing", made["id"]] });
        let early = admin.keyed(RESEND, "early", &body).await;
        assert_eq!(words(&results(&early)), ["resend_too_soon", "not_found", "validation_failed"]);
        app.advance(TimeDelta::minutes(2));
        // What a single resend would not keep, a batch keeps: it was answered.
        assert_eq!(admin.keyed(RESEND, "early", &body).await.expect(200).text, early.text);
        let first = admin.keyed(RESEND, "later", &body).await;
        assert_eq!(words(&results(&first)), ["resent", "not_found", "validation_failed"]);
        app.letter().await;
        app.advance(TimeDelta::minutes(2));
        let again = admin.keyed(RESEND, "later", &body).await.expect(200);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
        let judged = json!({ "filter": { "status": "pending" }, "validate_only": true });
        let first = admin.keyed(RESEND, "judge", &judged).await;
        assert_eq!(words(&results(&first)), ["valid"]);
        assert_eq!(admin.keyed(RESEND, "judge", &judged).await.expect(200).text, first.text);
        let shown = admin.get(&format!("/v1/invitations/{}", text(&made, "/id"))).await.expect(200);
        assert_eq!(shown.body["send_count"], 2);
        assert!(app.letters().await.is_empty());
    }

    async fn of_a_crowd_with_one_key_one_batch_happens(app: TestApp) {
        let admin = app.admin();
        let body = json!({ "invitations": colleagues(40) });
        let answers = join_all((0..16).map(|_| admin.keyed(BATCH, "crowd", &body))).await;
        let first = answers
            .iter()
            .filter(|answer| answer.status == 200 && answer.header("idempotency-replayed").is_empty());
        assert_eq!(first.count(), 1);
        let reported: Vec<&str> =
            answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.text.as_str()).collect();
        assert!(reported.iter().all(|text| *text == reported[0]));
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            answer.problem(409, "idempotency_in_progress");
        }
        assert_eq!(app.database.count("invitations"), 40);
        assert_eq!(app.letters().await.len(), 40);
    }
}
