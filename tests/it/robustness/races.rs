//! Many at once: whoever wins, exactly one does, and what must always hold does hold.

use std::collections::BTreeSet;

use chrono::DateTime;
use futures_util::future::{join, join_all};
use invitation_service::{
    courier::Step,
    db::Tx,
    domain::{
        actor::{ActorKind, ActorRef},
        email::Email,
        ids::InvitationId,
        invitation::{Invitation, InvitationKind},
        letter_quota::LetterLimits,
        role::Role,
        suppression_keys::SuppressionKeys,
        token::LinkClaim,
    },
    services::{
        ServiceError,
        invite::{Draft, Outcome, invite_many},
        letter_quota::Payer,
    },
};

use crate::support::{Answer, TestApp, json, on_both_databases};

/// How many callers come at once.
const CROWD: usize = 32;
/// How often two verbs race each other.
const ROUNDS: usize = 12;

/// What must hold, whoever won.
fn invariants(app: &TestApp) {
    let count = |from_where: &str| app.database.count(from_where);
    let orphans = "invitations i JOIN users u ON u.id = i.user_id WHERE i.state = 'pending' AND u.removed_at \
        IS NOT NULL";
    assert_eq!(count(orphans), 0, "a live invitation belongs to a removed user");
    assert_eq!(
        count("users WHERE status = 'active' AND removed_at IS NOT NULL"),
        0,
        "an active user was removed"
    );
    let sends =
        "invitations i WHERE i.send_count <> (SELECT COUNT(*) FROM letters l WHERE l.invitation_id = i.id)";
    assert_eq!(count(sends), 0, "letters and sends differ");
    let twice = "(SELECT email_key FROM invitations WHERE state = 'pending' GROUP BY email_key HAVING \
        COUNT(*) > 1) AS twice";
    assert_eq!(count(twice), 0, "two live invitations to one address");
    let doubles = "(SELECT invitation_id FROM letters WHERE state = 'queued' GROUP BY invitation_id HAVING \
        COUNT(*) > 1) AS two";
    assert_eq!(count(doubles), 0, "two letters of one invitation wait to be sent");
    let unread = "letters l JOIN invitations i ON i.id = l.invitation_id WHERE l.state = 'queued' AND \
        i.state <> 'pending'";
    assert_eq!(count(unread), 0, "a letter with a dead link waits to be sent");
}

/// The token of one sending, as the courier makes it.
fn token(app: &TestApp, invitation: &str, generation: i32) -> String {
    let invitation: InvitationId = invitation.parse().unwrap();
    app.parts.services.links.sign(LinkClaim { invitation, generation }).expose().to_owned()
}

/// Some requests that touch nothing, so that each round's race begins at another moment of its rival.
async fn warm_up(app: &TestApp, requests: usize) {
    for _ in 0..requests {
        app.anonymous().get("/healthz").await.expect(200);
    }
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")];

    async fn of_many_activations_of_one_link_one_succeeds(app: TestApp) {
        let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let attempt = |number: usize| {
            let body = json!({
                "token": mail.token, "password": format!("seven green bicycles sing at {number}"),
                "first_name": format!("Ada {number}"), "last_name": "Lovelace"
            });
            let caller = app.anonymous();
            async move { caller.post("/v1/activations", &body).await }
        };
        let answers = join_all((0..CROWD).map(attempt)).await;
        let winners: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(winners.len(), 1, "{:?}", statuses(&answers));
        let name = winners[0].body["user"]["first_name"].as_str().unwrap().to_owned();
        for loser in answers.into_iter().filter(|answer| answer.status != 201) {
            loser.problem(410, "activation_link_used");
        }
        let id = invitation["id"].as_str().unwrap();
        assert_eq!(app.timeline(id).await, ["created", "email_queued", "email_sent", "activated"]);
        // Name and password are of one and the same request.
        let user = app
            .admin()
            .get(&format!("/v1/users/{}", invitation["user_id"].as_str().unwrap()))
            .await
            .expect(200);
        assert_eq!((&user.body["first_name"], &user.body["status"]), (&json!(name), &json!("active")));
        let stored =
            app.database.texts("SELECT password_hash AS text FROM users WHERE password_hash IS NOT NULL");
        assert_eq!(stored.len(), 1);
        let number = name.trim_start_matches("Ada ");
        assert!(is_hash_of(&stored[0], &format!("seven green bicycles sing at {number}")));
        invariants(&app);
    }

    async fn of_many_identical_invites_one_succeeds(app: TestApp) {
        let admin = app.admin();
        let invite = |number: usize| {
            let email = if number.is_multiple_of(2) { "ada@example.com" } else { "ADA@Example.com" };
            let (caller, body) = (admin.clone(), json!({ "email": email, "roles": ["viewer"] }));
            async move { caller.post("/v1/system-users/invitations", &body).await }
        };
        let answers = join_all((0..CROWD).map(invite)).await;
        let winners: Vec<String> =
            answers.iter().filter(|answer| answer.status == 201).map(|one| one.text_of("id")).collect();
        assert_eq!(winners.len(), 1, "{:?}", statuses(&answers));
        for loser in answers.into_iter().filter(|answer| answer.status != 201) {
            let loser = loser.problem(409, "invitation_pending");
            assert_eq!(loser.text_of("invitation_id"), winners[0]);
        }
        for (table, rows) in [("invitations", 1), ("users", 1), ("letters", 1), ("invitation_events", 2)] {
            assert_eq!(app.database.count(table), rows, "{table}");
        }
        invariants(&app);
        app.letter().await;
    }

    async fn of_many_resends_the_last_link_lives(app: TestApp) {
        let (invitation, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = invitation["id"].as_str().unwrap();
        let path = format!("/v1/invitations/{id}/resend");
        let admin = app.admin();
        // The courier works all the while: a letter that it has in hand may be superseded under its fingers.
        let courier = async {
            for _ in 0..CROWD {
                let _: Step = app.parts.courier.step().await.unwrap();
            }
        };
        let (answers, ()) = join(join_all((0..CROWD).map(|_| admin.post_empty(&path))), courier).await;
        let resent = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(
            resent >= 1 && answers.iter().all(|answer| matches!(answer.status, 200 | 400..=499)),
            "{:?}",
            statuses(&answers)
        );
        let shown = admin.get(&format!("/v1/invitations/{id}")).await.expect(200);
        assert_eq!(shown.body["send_count"], resent + 1);
        let sends: BTreeSet<i64> = answers
            .iter()
            .filter(|answer| answer.status == 200)
            .map(|one| one.body["send_count"].as_i64().unwrap())
            .collect();
        assert_eq!(sends.len(), resent, "two resends were told the same send_count");
        invariants(&app);

        let last = i32::try_from(resent).unwrap() + 1;
        for generation in 1..last {
            app.activate(&token(&app, id, generation)).await.problem(410, "activation_link_superseded");
        }
        let letters = app.letters().await;
        let live = token(&app, id, last);
        assert_eq!(letters.iter().filter(|letter| letter.token == live).count(), 1);
        app.activate(&live).await.expect(201);
    }

    async fn resend_against_activate(app: TestApp) {
        let admin = app.admin();
        let mut activated = 0;
        for round in 0..ROUNDS {
            let (invitation, mail) = app.invite(&format!("ada{round}@example.com"), &["viewer"]).await;
            let id = invitation["id"].as_str().unwrap();
            let path = format!("/v1/invitations/{id}/resend");
            let post_empty = async {
                warm_up(&app, round * 4).await;
                admin.post_empty(&path).await
            };
            let (used, resent) = join(app.activate(&mail.token), post_empty).await;
            let letters = app.letters().await;
            if used.status == 201 {
                activated += 1;
                resent.problem(409, "invitation_not_pending");
                assert!(letters.is_empty());
            } else {
                used.problem(410, "activation_link_superseded");
                resent.expect(200);
                assert_eq!(letters.len(), 1);
                app.activate(&letters[0].token).await.expect(201);
            }
            invariants(&app);
        }
        eprintln!("the activation was first in {activated} of {ROUNDS} rounds");
        assert_eq!(app.database.count("users WHERE status = 'active'"), i64::try_from(ROUNDS).unwrap());
    }

    async fn revoke_against_activate(app: TestApp) {
        let admin = app.admin();
        let mut activated = 0;
        for round in 0..ROUNDS {
            let (invitation, mail) = app.invite(&format!("ada{round}@example.com"), &["viewer"]).await;
            let (id, person) = (invitation["id"].as_str().unwrap(), invitation["user_id"].as_str().unwrap());
            let path = format!("/v1/invitations/{id}/revoke");
            let post_empty = async {
                warm_up(&app, round * 4).await;
                admin.post_empty(&path).await
            };
            let (used, revoked) = join(app.activate(&mail.token), post_empty).await;
            let person = admin.get(&format!("/v1/users/{person}")).await;
            if used.status == 201 {
                activated += 1;
                revoked.problem(409, "invitation_not_pending");
                assert_eq!(person.expect(200).body["status"], "active");
            } else {
                used.problem(410, "invitation_revoked");
                revoked.expect(200);
                person.problem(404, "not_found");
            }
            invariants(&app);
        }
        eprintln!("the activation was first in {activated} of {ROUNDS} rounds");
    }

    async fn revoke_against_invites_of_the_same_address(app: TestApp) {
        let admin = app.admin();
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        for _ in 0..ROUNDS {
            // Whatever is alive is revoked by some while others invite.
            let listed = admin.get("/v1/invitations?status=pending").await.expect(200);
            let live = match listed.body["data"].as_array().unwrap().first() {
                Some(live) => live["id"].as_str().unwrap().to_owned(),
                None => admin.post("/v1/system-users/invitations", &body).await.expect(201).text_of("id"),
            };
            let path = format!("/v1/invitations/{live}/revoke");
            let inviters = join_all((0..6).map(|_| admin.post("/v1/system-users/invitations", &body)));
            let others = join_all((0..3).map(|_| admin.post_empty(&path)));
            let (invited, revoked) = join(inviters, others).await;
            assert_eq!(
                revoked.iter().filter(|answer| answer.status == 200).count(),
                1,
                "{:?}",
                statuses(&revoked)
            );
            assert!(
                invited.iter().filter(|answer| answer.status == 201).count() <= 1,
                "{:?}",
                statuses(&invited)
            );
            for answer in invited.into_iter().filter(|answer| answer.status != 201) {
                answer.problem(409, "invitation_pending");
            }
            for answer in revoked.into_iter().filter(|answer| answer.status != 200) {
                answer.problem(409, "invitation_not_pending");
            }
            invariants(&app);
        }
        app.letters().await;
    }

    async fn a_crowd_that_invites_and_revokes_one_address_gets_no_500(app: TestApp) {
        let admin = app.admin();
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let one = |_| async {
            let mut seen = Vec::new();
            for _ in 0..6 {
                let invited = admin.post("/v1/system-users/invitations", &body).await;
                let id = if invited.status == 201 {
                    invited.text_of("id")
                } else {
                    invited.text_of("invitation_id")
                };
                seen.push(invited.status);
                seen.push(admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await.status);
            }
            seen
        };
        let seen = join_all((0..12).map(one)).await.concat();
        assert!(seen.iter().all(|status| matches!(status, 200 | 201 | 409)), "{seen:?}");
        invariants(&app);
        app.letters().await;
    }

    async fn callers_who_invite_the_same_people_in_opposite_order_never_deadlock(app: TestApp) {
        let drafts: Vec<Draft> =
            (0..12).map(|number| draft(&app, &format!("person{number}@example.com"))).collect();
        for round in 0..ROUNDS {
            // Every other round the people are known already, and are locked rather than entered.
            if round % 2 == 0 {
                app.database.execute("UPDATE letters SET state = 'withdrawn'");
                app.database.execute("DELETE FROM invitation_events");
                app.database.execute("DELETE FROM letters");
                app.database.execute("DELETE FROM invitations");
                app.database.execute("DELETE FROM users");
            }
            let calls = (0..8).map(|caller: usize| {
                let (clock, mut mine) = (app.clock.clone(), drafts.clone());
                mine.rotate_left(caller);
                if caller % 2 == 1 {
                    mine.reverse();
                }
                for draft in &mut mine {
                    draft.invitation.id = clock.id();
                    draft.invitation.user_id = clock.id();
                }
                let db = app.parts.services.db.clone();
                async move {
                    let unlimited = LetterLimits::default();
                    let keys = SuppressionKeys::derive(&"a root key".to_owned().into(), None);
                    let work = move |tx: &mut Tx<'_>| {
                        Ok::<_, ServiceError>(invite_many(
                            &clock,
                            (&unlimited, &keys),
                            tx,
                            &mine.iter().collect::<Vec<_>>(),
                        )?)
                    };
                    db.write(work).await
                }
            });
            let outcomes: Vec<Outcome> =
                join_all(calls).await.into_iter().flat_map(|outcomes| outcomes.unwrap()).collect();
            let invited = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Invited(..))).count();
            assert_eq!(invited, if round % 2 == 0 { drafts.len() } else { 0 });
            assert_eq!(app.database.count("users"), i64::try_from(drafts.len()).unwrap());
            invariants(&app);
        }
        app.letters().await;
    }
}

fn draft(app: &TestApp, email: &str) -> Draft {
    let (clock, now) = (&app.clock, app.now());
    let never: DateTime<chrono::Utc> = now + chrono::TimeDelta::days(1);
    let (id, name) = ("grace".to_owned(), "Grace Hopper".to_owned());
    let invited_by = ActorRef { kind: ActorKind::Cli, id, name, origin: None };
    let addressed = (InvitationKind::SystemUser, Email::parse(email).unwrap());
    let new = Invitation::new((clock.id(), clock.id()), addressed, invited_by, (now, never));
    let invitation = Invitation { roles: [Role::Viewer].into_iter().collect(), ..new };
    Draft { invitation, account: None, payer: Payer::None, sees_blocked: true }
}

fn is_hash_of(hash: &str, password: &str) -> bool {
    use argon2::{Argon2, PasswordVerifier, password_hash::phc::PasswordHash};
    Argon2::default().verify_password(password.as_bytes(), &PasswordHash::new(hash).unwrap()).is_ok()
}
