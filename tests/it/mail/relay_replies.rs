//! What relays really say, at the step at which they say it: what speaks of us keeps the letter waiting, and
//! what speaks of the recipient ends it.

use std::{collections::HashMap, time::Duration};

use chrono::TimeDelta;
use invitation_service::courier::Step;
use serde_json::Value;

use crate::support::{
    Backend, Home, Relay, TestApp, eventually, json, on_each,
    relay::{Behaviour, Speaks},
};

const RECIPIENT: &str = "ada@rcpt.example";

/// A reply as `tests/cases/relay-replies.tsv` has it.
struct Case {
    number: usize,
    stage: &'static str,
    /// With this case's own recipient in it.
    reply: &'static str,
    waits: bool,
    /// What the operator has to put right; empty where any will do.
    fault: &'static str,
}

impl Case {
    fn recipient(&self) -> String {
        format!("row-{}@rcpt.example", self.number)
    }
}

fn cases() -> Vec<Case> {
    let lines =
        include_str!("../../cases/relay-replies.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
    let case = |(number, line): (usize, &'static str)| {
        let [stage, reply, right, fault] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let own = reply.replace("\\n", "\r\n").replace(RECIPIENT, &format!("row-{number}@rcpt.example"));
        Case { number, stage, reply: own.leak(), waits: right == "waits", fault }
    };
    lines.enumerate().map(case).collect()
}

async fn work(app: &TestApp) -> Step {
    loop {
        match app.parts.courier.step().await.unwrap() {
            Step::Worked(_) => {}
            idle @ Step::Idle { .. } => return idle,
        }
    }
}

async fn invite(app: &TestApp, email: &str) -> String {
    app.invite_unsent(email, &["viewer"]).await["id"].as_str().unwrap().to_owned()
}

async fn delivery(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body["delivery"].clone()
}

async fn app_with(backend: Backend, relay: &Relay) -> TestApp {
    let url = relay.url().replacen("smtp://", "smtp://ada:hunter22@", 1);
    TestApp::start(backend, &[("MAIL_URL", &url), ("MAIL_FROM", "no-reply@sender.example")]).await
}

/// What is wrong with how a case was told.
fn wrong(case: &Case, delivery: &Value) -> Option<String> {
    let text = |name: &str| delivery[name].as_str().unwrap_or_default().to_owned();
    let waits = delivery["state"] == "queued" && delivery["attempts"] == 1;
    let tells = |words: &str| {
        text("reason").contains(words) && text("advice").contains("Nothing is wrong with the address")
    };
    let good = match (case.waits, case.reply.starts_with('4')) {
        (true, _) => waits && tells("The operator must put this right"),
        (false, _) => delivery["state"] == "failed" && delivery["reason"] == delivery["last_error"],
    };
    let code = text("last_error").contains(&format!("({})", &case.reply[..3]));
    (!(good && code)).then(|| format!("{} {}: {delivery}", case.stage, case.reply))
}

on_each! {
    async fn every_reply_has_its_meaning(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let app = app_with(backend, &relay).await;
        let (of_letters, of_sessions): (Vec<Case>, Vec<Case>) =
            cases().into_iter().partition(|case| ["RCPT", "DATA", "."].contains(&case.stage));
        assert!(of_letters.len() + of_sessions.len() > 120);
        let mut wrongs = Vec::new();

        // Each recipient meets a reply of their own, and none of them holds up another's letter.
        let mut invited = Vec::new();
        let mut moods = HashMap::new();
        for case in of_letters {
            let mood = match case.stage {
                "RCPT" => Behaviour::Refuses(case.reply),
                stage => Behaviour::RefusesAt(stage, case.reply),
            };
            moods.insert(case.recipient(), mood);
            invited.push((invite(&app, &case.recipient()).await, case));
        }
        invited.push((
            invite(&app, "somebody@else.example").await,
            Case { number: 0, stage: "", reply: "", waits: false, fault: "" },
        ));
        relay.is_to(move |to| moods.get(to).copied().unwrap_or(Behaviour::Takes));
        work(&app).await;
        let (other_invitation, _) = invited.pop().unwrap();
        assert_eq!(delivery(&app, &other_invitation).await["state"], "sent");
        for (id, case) in &invited {
            wrongs.extend(wrong(case, &delivery(&app, id).await));
        }
        let page = app.admin().get("/v1/invitations?delivery=failed&limit=200").await.expect(200);
        let failed = invited.iter().filter(|(_, case)| !case.waits).count();
        assert_eq!(page.body["data"].as_array().unwrap().len(), failed);
        let reported = app.database.texts(
            "SELECT invitations.email || ' ' || cause AS text FROM letters
             JOIN invitations ON invitations.id = letters.invitation_id WHERE cause IS NOT NULL",
        );
        for (_, case) in invited.iter().filter(|(_, case)| !case.fault.is_empty()) {
            let wanted = format!("{} {}", case.recipient(), case.fault);
            if !reported.contains(&wanted) {
                wrongs.push(format!("not {wanted}: {}", case.reply));
            }
        }

        // Before a recipient is named, every letter meets the same.
        relay.is(Behaviour::Takes);
        for case in of_sessions {
            relay.says(&[(case.stage, case.reply)]);
            // Connections that wait for the next letter are past that step.
            relay.down().await;
            relay.up();
            let id = invite(&app, &case.recipient()).await;
            work(&app).await;
            wrongs.extend(wrong(&case, &delivery(&app, &id).await));
        }
        assert!(wrongs.is_empty(), "{wrongs:#?}");

        // Once it is put right, all of them go.
        relay.says(&[]);
        relay.taken();
        app.advance(TimeDelta::minutes(15));
        work(&app).await;
        let waited = cases().iter().filter(|case| case.waits).count();
        assert_eq!(relay.taken().len(), waited);
        assert_eq!(app.database.count("letters WHERE cause IS NOT NULL AND state <> 'failed'"), 0);
    }

    /// For a day it is tried; then staff are told whose fault it was, and a resend sends it anew.
    async fn what_the_operator_does_not_put_right_is_given_up_after_a_day_with_the_reason(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        relay.is(Behaviour::Refuses(
            "554 5.7.1 <no-reply@sender.example>: Sender address rejected: Access denied",
        ));
        let app = app_with(backend, &relay).await;
        let id = invite(&app, "ada@example.com").await;
        work(&app).await;
        let reported = delivery(&app, &id).await;
        assert_eq!((&reported["state"], &reported["failed_at"]), (&json!("queued"), &Value::Null));
        assert!(reported["advice"].as_str().unwrap().contains("sent automatically"), "{reported}");
        assert!(reported["reason"].as_str().unwrap().contains("(MAIL_FROM)"), "{reported}");
        let failed = app.events(&id).await.into_iter().find(|event| event["type"] == "email_failed").unwrap();
        assert_eq!(
            (&failed["details"]["will_retry"], &failed["details"]["fault"]),
            (&json!(true), &json!("sender"))
        );

        app.advance(TimeDelta::hours(24));
        assert_eq!(work(&app).await, Step::Idle { next_due: None });
        let reported = delivery(&app, &id).await;
        assert_eq!((&reported["state"], &reported["attempts"]), (&json!("failed"), &json!(2)));
        assert!(reported["advice"].as_str().unwrap().contains("then resend the invitation"), "{reported}");
        assert!(
            reported["reason"].as_str().unwrap().contains("The operator must put this right"),
            "{reported}"
        );

        relay.is(Behaviour::Takes);
        app.admin().post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        work(&app).await;
        let reported = delivery(&app, &id).await;
        assert_eq!(
            (&reported["state"], reported.get("reason"), reported.get("advice")),
            (&json!("sent"), None, None)
        );
        assert_eq!(relay.taken().len(), 1);
    }

    /// A reason that no longer holds is not told.
    async fn the_last_word_counts(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let app = app_with(backend, &relay).await;
        let id = invite(&app, "ada@example.com").await;
        for (reply, state, reason) in [
            ("554 5.7.1 <relay>: Helo command rejected: Access denied", "queued", true),
            ("451 4.7.1 Greylisted, please come again", "queued", false),
            ("554 5.7.1 <relay>: Helo command rejected: Access denied", "queued", true),
            ("550 5.1.1 <ada@example.com>: Recipient address rejected: User unknown", "failed", false),
        ] {
            relay.is(Behaviour::Refuses(reply));
            work(&app).await;
            let reported = delivery(&app, &id).await;
            assert_eq!(reported["state"], state, "{reply}: {reported}");
            let operators =
                reported["reason"].as_str().is_some_and(|words| words.contains("The operator must"));
            assert_eq!(operators, reason, "{reply}: {reported}");
            app.advance(TimeDelta::minutes(15));
        }
    }
}

on_each! {
    /// Of however many letters, the log has one warning a minute.
    async fn the_log_warns_once_and_not_once_a_letter(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        relay.is(Behaviour::Refuses("554 5.7.1 <localhost[127.0.0.1]>: Client host rejected: Access denied"));
        let home = Home::new(backend, &[("MAIL_URL", &relay.url()), ("LOG_FORMAT", "json")]);
        let server = home.start(&["serve"]);
        let caller = server.client(Some(home.token()));
        for number in 0..5 {
            let body = json!({ "email": format!("ada{number}@rcpt.example"), "roles": ["viewer"] });
            caller.post("/v1/system-users/invitations", &body).await.expect(201);
        }
        let deferred = async || (server.log().matches("\"outcome\":\"deferred\"").count() >= 5).then_some(());
        eventually("five letters are deferred", Duration::from_secs(20), deferred).await;
        let log = server.log();
        let warnings: Vec<&str> =
            log.lines().filter(|line| line.contains("\"WARN\"") && line.contains("\"fault\"")).collect();
        let [warning] = warnings[..] else { panic!("{log}") };
        assert!(
            warning.contains("\"fault\":\"client\"") && warning.contains("The operator must put this right"),
            "{warning}"
        );
        server.stop().await;
    }
}
