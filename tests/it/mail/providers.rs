//! Letters through mail providers, from the invite to what the provider reports in the end;
//! `src/mail/providers` has the shapes of requests, answers and reports.

use chrono::TimeDelta;
use invitation_service::courier::Step;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Answer, Backend, TestApp, json, on_each,
    provider::{Provider, case::Request, cases::cases},
    sns::Sns,
};

async fn work(app: &TestApp) -> Step {
    loop {
        match app.parts.courier.step().await.unwrap() {
            Step::Worked(_) => {}
            idle @ Step::Idle { .. } => return idle,
        }
    }
}

async fn invite(app: &TestApp) -> String {
    let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
    app.admin().post("/v1/system-users/invitations", &body).await.expect(201).text_of("id")
}

async fn delivery(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body["delivery"].clone()
}

on_each! {
    async fn what_a_provider_took_it_reports_on_under_its_own_name(backend: Backend) {
        for case in cases() {
            let provider = Provider::start(&[case.accepted]).await;
            let mail_url = format!("{}?api={}", case.mail_url, provider.base);
            let variable = format!("MAIL_EVENTS_{}", case.provider.to_uppercase());
            let variables = [("MAIL_URL", mail_url.as_str()), (&variable, &case.reports.key)];
            let app = TestApp::start_with(backend, &variables, |parts| drop(Sns::installed(parts))).await;
            let id = invite(&app).await;
            work(&app).await;
            assert_eq!(provider.asked().len(), 1, "{}", case.provider);
            assert_eq!(delivery(&app, &id).await["state"], "sent", "{}", case.provider);

            let bounce = case.event_of_accepted("bounced", "e1", app.now().timestamp());
            let request = (case.reports.request)(&[bounce], app.now());
            let report = |(headers, body): Request| {
                let path = format!("/v1/mail-events/{}", case.provider);
                let request = app.anonymous().request(Method::POST, &path);
                let request =
                    headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
                Answer::of(request.header("content-type", "application/json").body(body))
            };
            // From one who knows the shapes and not the key.
            report((case.reports.forged)(request.clone())).await.problem(401, "mail_event_unverified");
            assert_eq!(delivery(&app, &id).await["state"], "sent", "{}", case.provider);

            for _ in 0..2 {
                report(request.clone()).await.expect(200);
            }
            let reported = delivery(&app, &id).await;
            assert_eq!(reported["state"], "bounced", "{}", case.provider);
            assert!(reported["advice"].as_str().unwrap().contains("address"), "{reported}");
            assert_eq!(
                app.timeline(&id).await,
                ["created", "email_queued", "email_sent", "email_bounced"],
                "{}",
                case.provider
            );
        }
    }

    async fn a_busy_provider_is_asked_again_when_it_said(backend: Backend) {
        let busy = (429, "Retry-After: 120", r#"{"message":"slower"}"#);
        let provider = Provider::start(&[busy, (200, "", r#"{"id":"m"}"#)]).await;
        let app =
            TestApp::start(backend, &[("MAIL_URL", &format!("resend://hunter22?api={}", provider.base))])
                .await;
        let (id, start) = (invite(&app).await, app.now());
        let due = start + TimeDelta::seconds(120);
        assert_eq!(work(&app).await, Step::Idle { next_due: Some(due) });
        let waits = delivery(&app, &id).await;
        assert_eq!(waits["state"], "queued");
        assert!(waits["last_error"].as_str().unwrap().contains("429"), "{waits}");
        app.advance(TimeDelta::seconds(119));
        work(&app).await;
        assert_eq!(provider.asked().len(), 1);
        app.advance(TimeDelta::seconds(1));
        assert_eq!(work(&app).await, Step::Idle { next_due: None });
        let sent = delivery(&app, &id).await;
        assert_eq!((&sent["state"], &sent["attempts"]), (&json!("sent"), &json!(2)));
        assert_eq!(app.database.texts("SELECT provider_message_id AS text FROM letters"), ["m"]);
    }

    /// A relay that asked for too long a time is asked after a day; no letter is given up for it.
    async fn a_provider_that_wants_a_week_is_asked_after_a_day(backend: Backend) {
        let week = (429, "Retry-After: 604800", "{}");
        let provider = Provider::start(&[week, (200, "", r#"{"id":"m"}"#)]).await;
        let app =
            TestApp::start(backend, &[("MAIL_URL", &format!("resend://hunter22?api={}", provider.base))])
                .await;
        let (id, start) = (invite(&app).await, app.now());
        assert_eq!(work(&app).await, Step::Idle { next_due: Some(start + TimeDelta::days(1)) });
        assert_eq!(delivery(&app, &id).await["state"], "queued");
        app.advance(TimeDelta::days(1));
        assert_eq!(work(&app).await, Step::Idle { next_due: None });
        assert_eq!(delivery(&app, &id).await["state"], "sent");
    }

    /// Also when the letter that was told so is given up by it.
    async fn a_provider_that_ends_a_letters_day_is_left_alone_by_the_next(backend: Backend) {
        let busy = |seconds| (429, seconds, r#"{"message":"slower"}"#);
        let answers = [busy("Retry-After: 86400"), busy("Retry-After: 120"), (200, "", r#"{"id":"m"}"#)];
        let provider = Provider::start(&answers).await;
        let app =
            TestApp::start(backend, &[("MAIL_URL", &format!("resend://hunter22?api={}", provider.base))])
                .await;
        let given_up = invite(&app).await;
        work(&app).await;
        app.advance(TimeDelta::days(1));
        work(&app).await;
        assert_eq!(delivery(&app, &given_up).await["state"], "failed");
        app.invite_unsent("late@example.com", &["viewer"]).await;
        let due = app.now() + TimeDelta::seconds(120);
        assert_eq!(work(&app).await, Step::Idle { next_due: Some(due) });
        assert_eq!(provider.asked().len(), 2);
        app.advance(TimeDelta::seconds(120));
        assert_eq!(work(&app).await, Step::Idle { next_due: None });
        assert_eq!(provider.asked().len(), 3);
    }

    /// It has asked all couriers to stay away, with every letter: those in hand are given back untried, later
    /// ones wait.
    async fn a_busy_provider_is_left_alone_by_everybody(backend: Backend) {
        for limit in [&[][..], &[("MAIL_RATE_LIMIT", "10000/s")]] {
            let busy = (429, "Retry-After: 120", r#"{"message":"slower"}"#);
            // At most as many are asked as are under way together.
            let answers = [[busy].repeat(4), vec![(200, "", r#"{"id":"m"}"#)]].concat();
            let provider = Provider::start(&answers).await;
            let mail_url = format!("resend://hunter22?api={}", provider.base);
            let app = TestApp::start(backend, &[&[("MAIL_URL", mail_url.as_str())], limit].concat()).await;
            for number in 0..20 {
                app.invite_unsent(&format!("person-{number}@example.com"), &["viewer"]).await;
            }
            let start = app.now();
            let due = start + TimeDelta::seconds(120);
            assert_eq!(work(&app).await, Step::Idle { next_due: Some(due) });
            assert_eq!(provider.asked().len(), 4);
            assert_eq!(app.database.count("letters WHERE attempts = 0 AND first_tried_at IS NULL"), 16);
            // Whoever comes later waits as well.
            app.invite_unsent("late@example.com", &["viewer"]).await;
            app.advance(TimeDelta::seconds(119));
            assert_eq!(work(&app).await, Step::Idle { next_due: Some(due) });
            assert_eq!(provider.asked().len(), 4);
            app.advance(TimeDelta::seconds(1));
            assert_eq!(work(&app).await, Step::Idle { next_due: None });
            assert_eq!(app.database.count("letters WHERE state = 'sent'"), 21);
            assert_eq!(provider.asked().len(), 25);
        }
    }

    /// An unverified sender, an account without credit or that is suspended: the letter waits, and goes once
    /// that is put right.
    async fn what_a_provider_says_of_the_account_ends_no_letter(backend: Backend) {
        for case in cases() {
            let (mail_url, (refusal, words)) = (case.mail_url, case.refused);
            let provider = Provider::start(&[refusal, case.accepted]).await;
            let app =
                TestApp::start(backend, &[("MAIL_URL", &format!("{mail_url}?api={}", provider.base))]).await;
            let id = invite(&app).await;
            let Step::Idle { next_due: Some(due) } = work(&app).await else {
                panic!("{mail_url}: nothing waits")
            };
            let waits = delivery(&app, &id).await;
            assert_eq!(
                (&waits["state"], &waits["attempts"]),
                (&json!("queued"), &json!(1)),
                "{mail_url}: {waits}"
            );
            let reason = waits["reason"].as_str().unwrap();
            assert!(
                reason.starts_with("The operator must put this right") && reason.contains(words),
                "{mail_url}: {waits}"
            );
            assert!(
                waits["advice"].as_str().unwrap().contains("Nothing is wrong with the address"),
                "{mail_url}: {waits}"
            );
            app.advance(due - app.now());
            assert_eq!(work(&app).await, Step::Idle { next_due: None });
            let sent = delivery(&app, &id).await;
            assert_eq!((&sent["state"], sent.get("reason")), (&json!("sent"), None), "{mail_url}: {sent}");
        }
    }
}
