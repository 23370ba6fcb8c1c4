//! Rechecks that are refused: where nobody can be asked, where the provider does not tell, and to callers who
//! may not.

use chrono::TimeDelta;
use invitation_service::domain::{permission::Permission, role::Role};

use super::{ACCEPTED, details, invite, recheck, shown, with_postmark};
use crate::support::{
    Backend, TestApp,
    customers::{SUB_ACCOUNTS, text},
    json, on_both_databases, on_each,
    provider::{CannedAnswer, Provider},
};

/// The sentence of a refusal.
async fn refused(app: &TestApp, id: &str) -> String {
    recheck(&app.admin(), id).await.problem(409, "delivery_not_checkable").text_of("detail")
}

on_both_databases! {
    async fn a_folder_cannot_be_asked(app: TestApp) {
        let waiting = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let id = text(&waiting, "/id").to_owned();
        assert_eq!(refused(&app, &id).await, "The letter was never handed to a provider.");
        app.letter().await;
        assert!(refused(&app, &id).await.contains("a relay or into a folder"));
        let body = json!({ "email": "bob@example.com", "roles": ["viewer"], "delivery": "link" });
        let by_hand = app.admin().post("/v1/system-users/invitations", &body).await.expect(201).body;
        assert!(refused(&app, text(&by_hand, "/id")).await.contains("handed over"));
        // Nobody was asked, so nobody has to wait.
        assert!(refused(&app, &id).await.contains("a relay or into a folder"));
    }

    async fn who_may_resend_may_recheck(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let globex = app.owner("gina@globex.example", "Globex").await;
        let body = json!({
            "email": "dirk@acme.example", "role": "driver", "account_id": acme.account,
            "account_type": "consumer"
        });
        let (driver, _) = app.invite_by(SUB_ACCOUNTS, body).await;
        let (boss, _) = app.invite("boss@example.com", &["admin"]).await;
        let (driver, boss) = (text(&driver, "/id"), text(&boss, "/id"));
        for (caller, id, status, code) in [
            (app.anonymous(), driver, 401, "unauthenticated"),
            (acme.client.clone(), driver, 409, "delivery_not_checkable"),
            (acme.client, boss, 404, "not_found"),
            (globex.client, driver, 404, "not_found"),
            (app.caller(&[Role::CustomerSupport], &[]), driver, 409, "delivery_not_checkable"),
            (app.caller(&[Role::CustomerSupport], &[]), boss, 404, "not_found"),
            (app.caller(&[Role::Viewer], &[]), driver, 403, "forbidden"),
            (app.caller(&[Role::UserManager], &[]), boss, 403, "role_exceeds_yours"),
            (app.caller(&[], &[Permission::CustomersInvite]), driver, 409, "delivery_not_checkable"),
            (app.caller(&[], &[Permission::AccountsRead]), driver, 404, "not_found"),
            (app.admin(), boss, 409, "delivery_not_checkable"),
        ] {
            recheck(&caller, id).await.problem(status, code);
        }
    }

    async fn a_request_has_no_members(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let path = format!("/v1/invitations/{}/recheck", text(&ada, "/id"));
        let admin = app.admin();
        admin.post(&path, &json!({ "locale": "de" })).await.faults(&[("/locale", "unknown_member")]);
        admin.post(&path, &json!([])).await.faults(&[("", "wrong_type")]);
        admin.post_raw(&path, "application/json", "{").await.problem(400, "malformed_json");
        admin.post_empty(&format!("{path}?force=true")).await.faults(&[("force", "unknown_parameter")]);
        for empty in [json!({}), json!(null)] {
            admin.post(&path, &empty).await.problem(409, "delivery_not_checkable");
        }
        for id in ["inv_01kavx6e9me0r8jm6d2e1k2v3w", "x", "usr_01m86xvxh0es8r65rzyjka792g"] {
            recheck(&admin, id).await.problem(404, "not_found");
        }
        admin.get(&path).await.problem(405, "method_not_allowed");
    }
}

on_each! {
    async fn a_provider_that_does_not_tell_changes_nothing(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        let before = shown(&app, &ada).await;
        let away: [(CannedAnswer<'_>, &str); 5] = [
            ((503, "Retry-After: 30", ""), "30"),
            ((429, "Retry-After: 7", "{}"), "7"),
            ((429, "", "{}"), "5"),
            ((500, "", "<html>"), "10"),
            ((503, "Retry-After: 999999", ""), "3600"),
        ];
        for (answer, wait) in away {
            provider.answer_gets(&[answer]);
            let refused = recheck(&app.admin(), &ada).await.problem(503, "unavailable");
            assert_eq!(refused.header("retry-after"), wait, "{answer:?}");
            assert!(refused.text_of("detail").starts_with("Postmark does not answer"), "{}", refused.text);
            app.advance(TimeDelta::seconds(10));
        }
        for (answer, words) in [
            (
                (401, "", r#"{"ErrorCode":10,"Message":"hunter22 is wrong"}"#),
                "does not let the key of MAIL_URL",
            ),
            ((403, "", "{}"), "does not let the key of MAIL_URL"),
            ((404, "", "{}"), "does not know the letter"),
            ((422, "", r#"{"ErrorCode":701,"Message":"no such message"}"#), "does not answer questions"),
            ((302, "Location: http://127.0.0.1:1/", ""), "does not answer questions"),
            ((200, "", "We are back soon"), "answered in an unknown form"),
            ((200, "", r#"{"ErrorCode":0}"#), "answered in an unknown form"),
        ] {
            provider.answer_gets(&[answer]);
            let refused = recheck(&app.admin(), &ada).await.problem(409, "delivery_not_checkable");
            let detail = refused.text_of("detail");
            assert!(detail.contains(words) && !detail.contains("hunter22"), "{answer:?}: {detail}");
            app.advance(TimeDelta::seconds(10));
        }
        assert_eq!(shown(&app, &ada).await, before);
        assert_eq!(app.timeline(&ada).await, ["created", "email_queued", "email_sent"]);
    }

    /// The beginning of a long answer is not read as the whole.
    async fn an_answer_without_end_tells_nothing(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        let long = details(&json!([{ "Type": "Opened", "Details": "x".repeat(600_000) }]));
        provider.answer_gets(&[(200, "", &long)]);
        let refused = recheck(&app.admin(), &ada).await.problem(409, "delivery_not_checkable");
        assert!(refused.text_of("detail").contains("unknown form"), "{}", refused.text);
    }

    async fn a_provider_that_leads_on_and_on_is_asked_three_times(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        let again = r#"{"TotalCount":1,"Messages":[{"MessageID":"m-2"}]}"#;
        provider.answer_gets(&[(200, "", again)]);
        recheck(&app.admin(), &ada).await.expect(200);
        assert_eq!(provider.looked_up().len(), 3);
    }

    async fn a_provider_that_is_gone_is_unavailable(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        drop(provider);
        let refused = recheck(&app.admin(), &ada).await.problem(503, "unavailable");
        assert_eq!(refused.header("retry-after"), "10");
    }

    async fn another_provider_s_letter_is_asked_of_nobody(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        app.database.execute("UPDATE letters SET provider = 'mailgun'");
        assert!(refused(&app, &ada).await.contains("Another provider accepted the letter"));
        // As the letters of a relay from before the provider.
        app.database.execute("UPDATE letters SET provider_message_id = NULL, provider = NULL");
        assert!(refused(&app, &ada).await.contains("did not go through a provider's HTTP interface"));
        assert_eq!(provider.looked_up(), [""; 0]);
    }

    /// Resend's letters cannot be searched for by our id.
    async fn a_provider_that_cannot_search_is_not_asked(backend: Backend) {
        let provider = Provider::start(&[(500, "", "")]).await;
        let mail_url = format!("resend://hunter22?api={}", provider.base);
        let app = TestApp::start(backend, &[("MAIL_URL", &mail_url)]).await;
        let ada = invite(&app).await;
        assert!(refused(&app, &ada).await.contains("Resend did not say that it accepted the letter"));
        assert_eq!(provider.looked_up(), [""; 0]);
    }
}
