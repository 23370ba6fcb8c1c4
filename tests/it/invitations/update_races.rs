//! Changes that meet: each other, activations by the old link, everything else that changes an invitation,
//! and the courier.

use futures_util::future::{join, join_all};
use serde_json::Value;

use crate::support::{
    Answer, Backend, Client, TestApp,
    batches::{BATCH, RESEND, colleague, results, words},
    customers::text,
    extent::rounds,
    json, on_both_databases,
};

const INVITE: &str = "/v1/system-users/invitations";
/// How often two verbs meet.
const ROUNDS: usize = rounds(12, 40);
/// The most requests by which a race is delayed: an activation takes as long as these.
const LONGEST_WARM_UP: usize = 120;

/// What must hold, whoever was first.
fn invariants(app: &TestApp) {
    let count = |from_where: &str| app.database.count(from_where);
    let homes = "invitations i JOIN users u ON u.id = i.user_id WHERE i.state = 'pending'
                 AND (u.removed_at IS NOT NULL OR u.email_key <> i.email_key)";
    assert_eq!(count(homes), 0, "a live invitation is not its addressee's");
    let abandoned = "users u WHERE u.status = 'invited' AND u.removed_at IS NULL
                    AND NOT EXISTS (SELECT 1 FROM invitations i WHERE i.user_id = u.id AND i.state = \
                    'pending')";
    assert_eq!(count(abandoned), 0, "somebody never came, is awaited nowhere, and is still there");
    assert_eq!(
        count(
            "invitations i WHERE i.send_count <> (SELECT COUNT(*) FROM letters l WHERE l.invitation_id = \
            i.id)"
        ),
        0
    );
    assert_eq!(count("invitations i WHERE i.send_count <> i.generation"), 0);
    assert_eq!(count("invitation_events WHERE event_type = 'email_queued'"), count("letters"));
    let doubles = "(SELECT invitation_id FROM letters WHERE state = 'queued' GROUP BY invitation_id HAVING \
        COUNT(*) > 1) AS two";
    assert_eq!(count(doubles), 0, "two letters of one invitation wait to be sent");
    let unread = "letters l JOIN invitations i ON i.id = l.invitation_id
                  WHERE l.state = 'queued' AND (i.state <> 'pending' OR i.generation <> l.generation)";
    assert_eq!(count(unread), 0, "a letter with a dead link waits to be sent");
    if app.database.backend == Backend::Postgres {
        let deadlocks =
            "SELECT CAST(deadlocks AS TEXT) AS text FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(app.database.texts(deadlocks), ["0"], "deadlocks");
    }
}

/// Some requests that touch nothing, so that each round's race begins at another moment of its rival.
async fn warm_up(app: &TestApp, requests: usize) {
    for _ in 0..requests {
        app.anonymous().get("/healthz").await.expect(200);
    }
}

async fn tag(caller: &Client, id: &str) -> String {
    caller.get(&format!("/v1/invitations/{id}")).await.expect(200).header("etag").to_owned()
}

fn to(email: &str) -> Value {
    json!({ "email": email })
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")];

    async fn a_new_address_against_an_activation_by_the_old_link(app: TestApp) {
        let admin = app.admin();
        let mut activated = 0;
        for round in 0..ROUNDS {
            let (made, mail) = app.invite(&format!("adda{round}@example.com"), &["viewer"]).await;
            let (id, email) = (text(&made, "/id"), format!("ada{round}@example.com"));
            let tag = tag(&admin, id).await;
            let change = async {
                // An activation hashes for a while before it writes; a change does not.
                warm_up(&app, round * LONGEST_WARM_UP / ROUNDS).await;
                admin.update(id, &tag, &to(&email)).await
            };
            let (used, changed) = join(app.activate(&mail.token), change).await;
            let letters = app.letters().await;
            if used.status == 201 {
                activated += 1;
                changed.problem(409, "invitation_not_pending");
                assert!(letters.is_empty());
                assert_eq!(app.database.count(&format!("users WHERE email_key = '{email}'")), 0);
            } else {
                used.problem(410, "activation_link_superseded");
                changed.expect(200);
                assert_eq!(letters.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), [email]);
                app.activate(&letters[0].token).await.expect(201);
            }
            invariants(&app);
        }
        eprintln!("the activation was first in {activated} of {ROUNDS} rounds");
        assert_eq!(app.database.count("users WHERE status = 'active'"), i64::try_from(ROUNDS).unwrap());
    }

    async fn many_with_any_tag_are_all_applied(app: TestApp) {
        let admin = app.admin();
        let made = app.invite_unsent("adda@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let patches: Vec<Value> = (0..100).map(|number| to(&format!("ada{number}@example.com"))).collect();
        // All of a wave wait for one row: more of them could wait longer than a request may for a connection.
        for wave in patches.chunks(20) {
            for answer in join_all(wave.iter().map(|patch| admin.update(id, "*", patch))).await {
                answer.expect(200);
            }
        }
        assert_eq!(app.letters().await.len(), 1);
        invariants(&app);
    }

    async fn of_many_changes_of_one_state_one_is_made(app: TestApp) {
        let admin = app.admin();
        for round in 0..8 {
            let made = app.invite_unsent(&format!("adda{round}@example.com"), &["viewer"]).await;
            let id = text(&made, "/id");
            let tag = tag(&admin, id).await;
            let patches: Vec<Value> = (0..16)
                .map(|number| match number % 4 {
                    0 => to("ada@example.com"),
                    1 => to(&format!("ada{round}.{number}@example.com")),
                    2 => json!({ "roles": ["finance"] }),
                    _ => json!({ "locale": "nl", "roles": ["viewer", "finance"] }),
                })
                .collect();
            let answers = join_all(patches.iter().map(|patch| admin.update(id, &tag, patch))).await;
            assert_eq!(with_status(&answers, 200), 1, "round {round}");
            let (won, lost): (Vec<Answer>, Vec<Answer>) =
                answers.into_iter().partition(|answer| answer.status == 200);
            for refused in lost {
                assert_eq!(refused.problem(412, "precondition_failed").header("etag"), won[0].header("etag"));
            }
            let shown = admin.get(&format!("/v1/invitations/{id}")).await.expect(200);
            assert_eq!((shown.header("etag"), &shown.body), (won[0].header("etag"), &won[0].body));
            assert_eq!(app.timeline(id).await.iter().filter(|event| *event == "updated").count(), 1);
            invariants(&app);
            admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
            invariants(&app);
        }
        app.letters().await;
    }

    async fn a_revoke_while_it_moves_to_a_person_who_is_invited_elsewhere(app: TestApp) {
        let admin = app.admin();
        let mut moved = 0;
        for round in 0..ROUNDS {
            let made = app.invite_unsent(&format!("adda{round}@example.com"), &["viewer"]).await;
            let (id, email) = (text(&made, "/id"), format!("ada{round}@example.com"));
            let path = format!("/v1/invitations/{id}/revoke");
            let body = to(&email);
            let rivals = join_all((0..4).map(|_| admin.post_empty(&path)));
            let others = join_all((0..3).map(|_| admin.post("/v1/account-owners/invitations", &body)));
            let (changed, (revoked, invited)) =
                join(admin.update(id, "*", &body), join(rivals, others)).await;
            match changed.status {
                200 => moved += 1,
                _ => drop(changed.problem(409, "invitation_not_pending")),
            }
            assert_eq!((with_status(&revoked, 200), with_status(&invited, 201)), (1, 1));
            // Whoever was invited elsewhere meanwhile stays, whatever became of this one.
            assert_eq!(
                app.database.count(&format!("users WHERE email_key = '{email}' AND removed_at IS NULL")),
                1
            );
            invariants(&app);
        }
        eprintln!("it moved first in {moved} of {ROUNDS} rounds");
        app.letters().await;
    }

    async fn two_invitations_that_change_places(app: TestApp) {
        let admin = app.admin();
        let (customer, _) = app.invite_by("/v1/account-owners/invitations", to("ada@example.com")).await;
        let made = app.invite_unsent("eve@example.com", &["viewer"]).await;
        let (one, other) = (text(&customer, "/id"), text(&made, "/id"));
        let people = ["ada@example.com", "eve@example.com"];
        for round in 0..ROUNDS {
            let there = people[(round + 1) % 2];
            let back = people[round % 2];
            // Each goes to the other's address: both lock both people, in one order.
            let (there, back) = (to(there), to(back));
            let (first, second) = join(admin.update(one, "*", &there), admin.update(other, "*", &back)).await;
            first.expect(200);
            second.expect(200);
            invariants(&app);
        }
        app.letters().await;
    }

    async fn changes_against_everything_else(app: TestApp) {
        let admin = app.admin();
        let people: Vec<String> = (0..4).map(|number| format!("person{number}@example.com")).collect();
        for email in people.iter().step_by(2) {
            app.invite_unsent(email, &["viewer"]).await;
        }
        for round in 0..12 {
            let listed = admin.get("/v1/invitations?status=pending").await.expect(200).body;
            let ids: Vec<String> =
                listed["data"].as_array().unwrap().iter().map(|one| text(one, "/id").to_owned()).collect();
            let moves = ids
                .iter()
                .flat_map(|id| people.iter().map(move |email| (id.clone(), to(email))))
                .map(|(id, patch)| {
                    let caller = admin.clone();
                    async move { caller.update(&id, "*", &patch).await }
                });
            let resends = async {
                if ids.is_empty() { None } else { Some(admin.post(RESEND, &json!({ "ids": ids })).await) }
            };
            let taken = ids.iter().take(1).map(|id| {
                let (caller, path) = (admin.clone(), format!("/v1/invitations/{id}/revoke"));
                async move { caller.post_empty(&path).await }
            });
            let singles = people.iter().map(|email| {
                let (caller, body) = (admin.clone(), json!({ "email": email, "roles": ["viewer"] }));
                async move { caller.post(INVITE, &body).await }
            });
            let items: Vec<Value> = people.iter().rev().map(|email| colleague(email)).collect();
            let batch = json!({ "invitations": items });
            let courier = async {
                warm_up(&app, round).await;
                for _ in 0..6 {
                    app.parts.courier.step().await.unwrap();
                }
            };
            let ((changed, resent), ((gone, invited), (batch, ()))) = join(
                join(join_all(moves), resends),
                join(join(join_all(taken), join_all(singles)), join(admin.post(BATCH, &batch), courier)),
            )
            .await;
            for answer in changed {
                let code = answer.body["code"].as_str();
                assert!(
                    [None, Some("invitation_pending"), Some("invitation_not_pending")].contains(&code),
                    "{}",
                    answer.text
                );
            }
            assert!(gone.iter().all(|answer| answer.status == 200), "{gone:?}");
            assert!(invited.iter().all(|answer| [201, 409].contains(&answer.status)), "{invited:?}");
            for result in resent.iter().chain([&batch]).flat_map(results) {
                let word = words(std::slice::from_ref(&result))[0].to_owned();
                let expected = ["resent", "invited", "invitation_pending", "invitation_not_pending"];
                assert!(expected.contains(&word.as_str()), "{result}");
            }
            invariants(&app);
        }
        // Of all letters, one to each addressee of a live invitation has a link that lives, and nobody else's
        // does.
        let mut living = Vec::new();
        for mail in app.letters().await {
            let looked =
                app.anonymous().post("/v1/activations/preview", &json!({ "token": mail.token })).await;
            match looked.status {
                200 => {
                    assert_eq!(looked.body["email"], mail.to);
                    living.push(mail.to);
                }
                _ if looked.body["code"] == "invitation_revoked" => {}
                _ => drop(looked.problem(410, "activation_link_superseded")),
            }
        }
        living.sort();
        assert_eq!(
            living,
            app.database
                .texts("SELECT email AS text FROM invitations WHERE state = 'pending' ORDER BY email_key")
        );
    }
}
