//! Batches that meet: over the same people, from both ends, and against everything else that changes an
//! invitation.

use futures_util::future::{join, join_all};
use serde_json::Value;

use crate::support::{
    Answer, Backend, Client, TestApp,
    batches::{BATCH, RESEND, colleague, colleagues, results, words},
    extent::rounds,
    json, on_both_databases,
};

/// How often two batches meet.
const ROUNDS: usize = rounds(30, 100);
/// How many people are in each.
const PEOPLE: usize = 24;

/// The same, from the other end.
fn backwards(items: &[Value]) -> Vec<Value> {
    items.iter().rev().cloned().collect()
}

async fn send(caller: &Client, items: &[Value]) -> Answer {
    caller.post(BATCH, &json!({ "invitations": items })).await
}

/// What must hold, whoever was first.
fn invariants(app: &TestApp) {
    let count = |from_where: &str| app.database.count(from_where);
    assert_eq!(
        count(
            "invitations i WHERE i.send_count <> (SELECT COUNT(*) FROM letters l WHERE l.invitation_id = \
            i.id)"
        ),
        0
    );
    assert_eq!(count("invitations i WHERE i.send_count <> i.generation"), 0);
    let twice = "(SELECT email_key FROM invitations WHERE state = 'pending' GROUP BY email_key HAVING \
        COUNT(*) > 1) AS twice";
    assert_eq!(count(twice), 0);
    let doubles = "(SELECT invitation_id FROM letters WHERE state = 'queued' GROUP BY invitation_id HAVING \
        COUNT(*) > 1) AS two";
    assert_eq!(count(doubles), 0);
    assert_eq!(
        count(
            "letters l JOIN invitations i ON i.id = l.invitation_id WHERE l.state = 'queued' AND i.state <> \
            'pending'"
        ),
        0
    );
    // One that was met with another try cost a second, and would have surfaced under more load.
    if app.database.backend == Backend::Postgres {
        let deadlocks =
            "SELECT CAST(deadlocks AS TEXT) AS text FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(app.database.texts(deadlocks), ["0"], "deadlocks");
    }
    let sendings = "invitation_events WHERE event_type = 'email_queued'";
    assert_eq!(count(sendings), count("letters"));
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn two_batches_over_the_same_people_in_opposite_order(app: TestApp) {
        let admin = app.admin();
        for round in 0..ROUNDS {
            // New people each round, and every third round those of the round before, who are known by then.
            let generation = round - usize::from(round % 3 == 2);
            let items: Vec<Value> = colleagues(PEOPLE)
                .into_iter()
                .map(|mut item| {
                    item["email"] =
                        json!(item["email"].as_str().unwrap().replace('@', &format!(".{generation}@")));
                    item
                })
                .collect();
            let other = backwards(&items);
            let (one, two) = join(send(&admin, &items), send(&admin, &other)).await;
            let (one, mut two) = (results(&one), results(&two));
            two.reverse();
            for (one, two) in one.iter().zip(&two) {
                let pair = [one.clone(), two.clone()];
                let mut both = words(&pair);
                both.sort_unstable();
                if generation == round {
                    assert_eq!(both, ["invitation_pending", "invited"], "round {round}");
                    let (made, refused) = if one["status"] == "invited" { (one, two) } else { (two, one) };
                    assert_eq!(refused["error"]["invitation_id"], made["invitation"]["id"]);
                } else {
                    assert_eq!(both, ["invitation_pending"; 2], "round {round}");
                }
            }
        }
        let rounds = (0..ROUNDS).filter(|round| round % 3 != 2).count();
        let expected = i64::try_from(rounds * PEOPLE).unwrap();
        for table in ["users", "invitations", "letters", "letters WHERE state = 'queued'"] {
            assert_eq!(app.database.count(table), expected, "{table}");
        }
        invariants(&app);
    }

    async fn resends_against_invites_of_the_same_people_in_opposite_order(app: TestApp) {
        let admin = app.admin();
        let items = colleagues(PEOPLE);
        let other = backwards(&items);
        let made = admin.batch(&items).await;
        let ids: Vec<Value> = made.iter().map(|result| result["invitation"]["id"].clone()).collect();
        let (forth, back) = (json!({ "ids": ids }), json!({ "ids": backwards(&ids) }));
        for round in 0..ROUNDS {
            let resends = join(admin.post(RESEND, &forth), admin.post(RESEND, &back));
            let invites = join(send(&admin, &items), send(&admin, &other));
            let ((one, two), (three, four)) = join(resends, invites).await;
            for answer in [one, two] {
                assert_eq!(words(&results(&answer)), vec!["resent"; PEOPLE], "round {round}");
            }
            for answer in [three, four] {
                assert_eq!(words(&results(&answer)), vec!["invitation_pending"; PEOPLE], "round {round}");
            }
        }
        let sent = i64::try_from(1 + 2 * ROUNDS).unwrap();
        let people = i64::try_from(PEOPLE).unwrap();
        assert_eq!(
            app.database.count(&format!("invitations WHERE send_count = {sent} AND state = 'pending'")),
            people
        );
        assert_eq!((app.database.count("invitations"), app.database.count("users")), (people, people));
        assert_eq!(app.database.count("letters"), people * sent);
        assert_eq!(app.database.count("invitation_events WHERE event_type = 'resent'"), people * (sent - 1));
        invariants(&app);
    }

    async fn resends_against_activations(app: TestApp) {
        let admin = app.admin();
        let mut activated = 0;
        for round in 0..6 {
            let items: Vec<Value> =
                (0..8).map(|number| colleague(&format!("person{number}.{round}@example.com"))).collect();
            let made = admin.batch(&items).await;
            let ids: Vec<Value> = made.iter().map(|result| result["invitation"]["id"].clone()).collect();
            let letters = app.letters().await;
            let people = join_all(letters.iter().map(|letter| app.activate(&letter.token)));
            let resends = async {
                // At another moment of the activations in each round.
                for _ in 0..round * 12 {
                    app.anonymous().get("/healthz").await.expect(200);
                }
                let (forth, back) = (json!({ "ids": ids }), json!({ "ids": backwards(&ids) }));
                join(admin.post(RESEND, &forth), admin.post(RESEND, &back)).await
            };
            let (people, (one, two)) = join(people, resends).await;
            let came = people.iter().filter(|answer| answer.status == 201).count();
            for answer in people.into_iter().filter(|answer| answer.status != 201) {
                answer.problem(410, "activation_link_superseded");
            }
            let (one, two) = (results(&one), results(&two));
            let resent = words(&one).into_iter().chain(words(&two)).filter(|word| *word == "resent").count();
            let late = words(&one)
                .into_iter()
                .chain(words(&two))
                .filter(|word| *word == "invitation_not_pending")
                .count();
            assert_eq!(resent + late, 2 * ids.len());
            // Whoever did not come has been sent both.
            assert!(late <= 2 * came && resent >= 2 * (ids.len() - came), "{came} came, {resent} resent");
            activated += came;
            invariants(&app);
            app.letters().await;
        }
        eprintln!("{activated} of 48 were faster than a resend");
        assert_eq!(app.database.count("users WHERE status = 'active'"), i64::try_from(activated).unwrap());
    }

    async fn batches_against_single_revokes_and_the_courier(app: TestApp) {
        let admin = app.admin();
        let items = colleagues(PEOPLE);
        let mut made = 0;
        for _ in 0..12 {
            let listed = admin.get("/v1/invitations?status=pending&limit=100").await.expect(200);
            let ids: Vec<Value> =
                listed.body["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
            let taken_back = ids.iter().step_by(2).map(|id| {
                let path = format!("/v1/invitations/{}/revoke", id.as_str().unwrap());
                let caller = admin.clone();
                async move { caller.post_empty(&path).await }
            });
            let resends = async {
                if ids.is_empty() {
                    None
                } else {
                    Some(admin.post(RESEND, &json!({ "ids": backwards(&ids) })).await)
                }
            };
            let courier = async {
                for _ in 0..4 {
                    app.parts.courier.step().await.unwrap();
                }
            };
            let ((gone, resent), (invited, ())) =
                join(join(join_all(taken_back), resends), join(send(&admin, &items), courier)).await;
            for answer in gone {
                assert!(answer.status == 200, "{}", answer.text);
            }
            for result in resent.iter().flat_map(results) {
                assert!(
                    ["resent", "invitation_not_pending"].contains(&words(std::slice::from_ref(&result))[0]),
                    "{result}"
                );
            }
            let invited = results(&invited);
            made += words(&invited).iter().filter(|word| **word == "invited").count();
            assert!(
                words(&invited).iter().all(|word| ["invited", "invitation_pending"].contains(word)),
                "{:?}",
                words(&invited)
            );
            invariants(&app);
        }
        assert_eq!(app.database.count("invitations"), i64::try_from(made).unwrap());
        app.letters().await;
    }
}
