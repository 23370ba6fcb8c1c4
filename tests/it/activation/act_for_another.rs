//! Nobody accepts in somebody else's place: what a link that was handed over can do, and what it cannot.

mod unproven;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Answer, Client, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, company, text, with},
    handed_over::{GRACE, TAKEN, choose, go_on, hand_over, link_of, sign_in},
    json, on_both_databases,
};

const STAFF: &str = "/v1/system-users/invitations";
/// What a link that was handed over lacks when it comes without the person's password and names.
const NOTHING_PROVES: [(&str, &str); 3] =
    [("/password", "required"), ("/first_name", "required"), ("/last_name", "required")];

/// Invites by a link that the inviter is given.
async fn by_hand(caller: &Client, path: &str, body: Value) -> (String, String) {
    link_of(&caller.post(path, &with(body, json!({ "delivery": "link" }))).await.expect(201))
}

/// Everything that an inviter may try with a link and the address, but for the person's own secrets.
async fn attempts(app: &TestApp, token: &str, email: &str) -> Vec<Answer> {
    let names = json!({ "first_name": "Mallory", "last_name": "M" });
    let mut answers = Vec::new();
    for members in [
        json!({}),
        json!({ "email": email }),
        json!({ "email": email.to_uppercase() }),
        json!({ "password": TAKEN }),
        with(json!({ "password": TAKEN }), names.clone()),
        with(json!({ "email": email, "password": TAKEN }), names.clone()),
        with(json!({ "email": email }), names),
    ] {
        let body = with(json!({ "token": token }), members);
        answers.push(app.anonymous().post("/v1/activations", &body).await);
        // By the page's form, too.
        let fields: Vec<(String, String)> = body
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        answers.push(Answer::of(app.anonymous().request(Method::POST, "/activate").form(&fields)).await);
    }
    answers
}

/// None of them joined anybody, consumed anything, or told anything of the person.
fn gave_nothing(answers: Vec<Answer>, secrets: &[&str]) {
    for answer in answers {
        let answer = answer.expect(422);
        for secret in secrets {
            assert!(!answer.text.contains(secret), "{secret} in {}", answer.text);
        }
    }
}

fn proven_by(token: &str, password: &str) -> Value {
    json!({ "token": token, "password": password, "first_name": "Ada", "last_name": "Lovelace" })
}

async fn memberships(app: &TestApp, user: &str) -> usize {
    let user = app.admin().get(&format!("/v1/users/{user}")).await.expect(200).body;
    user["memberships"].as_array().unwrap().len()
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn an_active_person_is_joined_to_nothing_by_their_inviter(app: TestApp) {
        let mallory = app.owner("mallory@acme.example", "Acme").await;
        let (made, mail) = app.invite(GRACE, &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let grace = text(&made, "/user_id").to_owned();
        let victim = app.owner("victim@zenith.example", "Zenith Secret").await;
        for (email, user, before) in [(GRACE, &grace, 0), ("victim@zenith.example", &victim.user, 1)] {
            let further = json!({ "email": email, "account_id": mallory.account });
            let subsidiary = json!({
                "email": email, "role": "driver", "account_id": mallory.account, "account_type": "consumer"
            });
            for (path, body) in [(OWNERS, further), (SUB_ACCOUNTS, subsidiary)] {
                let (id, token) = by_hand(&mallory.client, path, body).await;
                gave_nothing(attempts(&app, &token, email).await, &["Zenith Secret", "admin"]);
                // Nor by the token of the inviter, of staff, or of a program.
                for caller in [&mallory.client, &app.admin(), &app.owning(&[&mallory.account])] {
                    let body = json!({ "token": token, "email": email });
                    caller.post("/v1/activations", &body).await.faults(&NOTHING_PROVES);
                }
                assert_eq!(memberships(&app, user).await, before);
                let events = app.timeline(&id).await;
                assert!(!events.contains(&"activated".to_owned()), "{events:?}");
                mallory.client.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
            }
        }
        assert!(app.letters().await.is_empty());
    }

    async fn the_person_joins_by_their_password_or_their_own_token(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (made, mail) = app.invite(GRACE, &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let user = text(&made, "/user_id").to_owned();
        let by_password = hand_over(&acme.client, GRACE, &acme.account).await;
        let answer = app.anonymous().post("/v1/activations", &proven_by(&by_password.1, PASSWORD)).await;
        let answer = answer.expect(201).body;
        assert_eq!((&answer["user"]["id"], &answer["user"]["system_roles"]), (&json!(user), &json!([])));
        let grace = app.sign_in(GRACE).await;
        let by_token =
            by_hand(&acme.client, OWNERS, json!({ "email": GRACE, "account_id": acme.account })).await;
        let answer = grace.post("/v1/activations", &json!({ "token": by_token.1 })).await.expect(201).body;
        let member = json!([{ "account_id": acme.account, "account_name": "Acme", "role": "account_owner" }]);
        assert_eq!(answer["user"]["memberships"], member, "this one alone");
        for (id, _) in [by_password, by_token] {
            let actor = app.events(&id).await.pop().unwrap()["actor"].clone();
            assert_eq!(actor, json!({ "type": "user", "id": user, "name": "Ada Lovelace" }));
        }
        // At a link that was mailed, one's own token does for the address.
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let (_, mail) = app.invite_by(OWNERS, json!({ "email": GRACE, "account_id": zenith.account })).await;
        grace.post("/v1/activations", &json!({ "token": mail.token })).await.expect(201);
        assert_eq!(memberships(&app, &user).await, 3);
    }

    async fn a_token_that_is_not_valid_is_refused_and_consumes_nothing(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (_, mail) = app.invite(GRACE, &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let grace = app.sign_in(GRACE).await;
        let (_, token) = hand_over(&acme.client, GRACE, &acme.account).await;
        let body = proven_by(&token, PASSWORD);
        app.bearer("x").post("/v1/activations", &body).await.problem(401, "unauthenticated");
        // What a proxy asks for is no token of ours.
        let unproven = json!({ "token": token });
        let basic = app
            .anonymous()
            .request(Method::POST, "/v1/activations")
            .header("authorization", "Basic YTpi")
            .json(&unproven);
        Answer::of(basic).await.faults(&NOTHING_PROVES);
        app.advance(TimeDelta::minutes(20));
        grace.post("/v1/activations", &body).await.problem(401, "unauthenticated");
        app.anonymous().post("/v1/activations", &body).await.expect(201);
    }

    async fn the_timeline_names_no_person_who_proved_nothing(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (id, token) = hand_over(&acme.client, GRACE, &acme.account).await;
        choose(&app, &token, TAKEN, "Grace").await.expect(201);
        let actor = app.events(&id).await.pop().unwrap()["actor"].clone();
        assert_eq!(actor, json!({ "type": "link", "id": "activation_link", "name": "Activation link" }));
        let (id, mail) = app.invite("ada@operator.example", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        assert_eq!(app.events(text(&id, "/id")).await.pop().unwrap()["actor"]["type"], "user");
    }

    async fn an_answer_tells_the_inviter_nothing_of_earlier_invitations(app: TestApp) {
        // Known and not active: other invitations wait for the same person.
        app.invite("Dirk@Acme.example", &["admin"]).await;
        app.advance(TimeDelta::hours(3));
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (_, token) = hand_over(&acme.client, "dirk@acme.example", &acme.account).await;
        // The local part is written as it is typed by each.
        let answer = choose(&app, &token, TAKEN, "Mallory").await.expect(201).body;
        let user = &answer["user"];
        assert_eq!(
            (&user["email"], &user["pending_invitation_id"]),
            (&json!("dirk@acme.example"), &Value::Null)
        );
        assert_eq!((&user["created_at"], &user["system_roles"]), (&user["activated_at"], &json!([])));
    }

    async fn a_link_by_hand_tells_an_unknown_address_from_a_known_one_by_nothing(app: TestApp) {
        let mallory = app.owner("mallory@acme.example", "Acme").await;
        let (_, mail) = app.invite(GRACE, &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let (_, taken) = hand_over(&mallory.client, "taken@acme.example", &mallory.account).await;
        choose(&app, &taken, TAKEN, "Mallory").await.expect(201);
        let mut seen = Vec::new();
        for email in [GRACE, "taken@acme.example", "nobody@acme.example"] {
            for (path, body) in [
                (OWNERS, json!({ "email": email, "account_id": mallory.account })),
                (
                    SUB_ACCOUNTS,
                    json!({ "email": email, "role": "account_owner", "account_id": mallory.account }),
                ),
            ] {
                let (_, token) = by_hand(&mallory.client, path, body).await;
                let preview = app
                    .anonymous()
                    .post("/v1/activations/preview", &json!({ "token": token }))
                    .await
                    .expect(200);
                let page = app.anonymous().get(&format!("/activate?token={token}")).await.expect(200).text;
                let without_secrets = |text: &str| text.replace(email, "ADDRESS").replace(&token, "TOKEN");
                seen.push((path, without_secrets(&preview.text), without_secrets(&page)));
            }
        }
        assert_eq!((&seen[0], &seen[1]), (&seen[2], &seen[3]));
        assert_eq!((&seen[0], &seen[1]), (&seen[4], &seen[5]));
    }

    async fn what_is_missing_or_faulty_is_reported_alike_for_every_person(app: TestApp) {
        let mallory = app.owner("mallory@acme.example", "Acme").await;
        let (_, mail) = app.invite(GRACE, &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let (_, taken) = hand_over(&mallory.client, "taken@acme.example", &mallory.account).await;
        choose(&app, &taken, TAKEN, "Mallory").await.expect(201);
        let names = json!({ "first_name": "Mallory", "last_name": "M" });
        let good = json!({ "password": "six crooked bicycles sing at noon" });
        let weak = json!({ "password": "z" });
        let cases = [
            json!({}),
            names.clone(),
            weak.clone(),
            good.clone(),
            json!({ "password": TAKEN }),
            json!({ "password": PASSWORD, "first_name": "Ada" }),
            json!({ "password": "" }),
            json!({ "password": 5, "first_name": 5, "last_name": [] }),
            with(weak.clone(), names.clone()),
            with(weak.clone(), json!({ "first_name": "Mallory" })),
            with(weak.clone(), json!({ "account": { "type": "zz" } })),
            with(good.clone(), json!({ "account": { "type": "zz" } })),
            with(with(weak.clone(), names.clone()), json!({ "account": { "company": {} } })),
            with(with(good.clone(), names.clone()), json!({ "account": { "type": "zz" } })),
            with(with(good.clone(), names.clone()), json!({ "email": "elsewhere@acme.example" })),
            with(with(good, names.clone()), json!({ "nickname": "M" })),
            with(json!({ "password": "seven Mallory bells at noon" }), names.clone()),
            with(json!({ "password": "passwordpassword", "email": "x" }), names.clone()),
            with(json!({ "password": "x".repeat(200) }), names),
        ];
        let mut answers = Vec::new();
        for email in [GRACE, "taken@acme.example", "nobody@acme.example"] {
            let account = json!({ "email": email, "account_id": mallory.account });
            let driver = json!({ "email": email, "role": "driver", "account_id": mallory.account });
            for (caller, path, body) in [
                (&mallory.client, OWNERS, account),
                (&mallory.client, SUB_ACCOUNTS, driver),
                (&app.admin(), OWNERS, json!({ "email": email })),
            ] {
                let (_, token) = by_hand(caller, path, body).await;
                for (number, case) in cases.iter().enumerate() {
                    let body = with(json!({ "token": token }), case.clone());
                    let answer = app.anonymous().post("/v1/activations", &body).await.expect(422);
                    answers.push((path, number, answer.body["errors"].to_string()));
                    let text =
                        |name: &str| case[name].as_str().map(|text| (name.to_owned(), text.to_owned()));
                    let members =
                        ["password", "first_name", "last_name", "email"].into_iter().filter_map(text);
                    let form: Vec<_> =
                        std::iter::once(("token".to_owned(), token.clone())).chain(members).collect();
                    // Without a fault, somebody unknown would be activated by it.
                    if form.len() < 4 || case["password"] == "z" {
                        let page =
                            Answer::of(app.anonymous().request(Method::POST, "/activate").form(&form)).await;
                        answers.push((
                            path,
                            number,
                            page.expect(422).text.replace(email, "ADDRESS").replace(&token, "TOKEN"),
                        ));
                    }
                }
            }
        }
        let (known, others) = answers.split_at(answers.len() / 3);
        let (taken, unknown) = others.split_at(others.len() / 2);
        for ((known, taken), unknown) in known.iter().zip(taken).zip(unknown) {
            assert_eq!((known, taken), (unknown, unknown));
        }
        assert_eq!((known.len(), taken.len()), (unknown.len(), unknown.len()));
    }

    async fn no_other_way_makes_a_link_by_hand_join_an_active_person(app: TestApp) {
        let mallory = app.owner("mallory@acme.example", "Acme").await;
        let (_, mail) = app.invite(GRACE, &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let body = json!({
            "email": "nobody@acme.example", "account_id": mallory.account, "delivery": "link"
        });
        let send = async || {
            Answer::of(
                mallory.client.request(Method::POST, OWNERS).header("idempotency-key", "k").json(&body),
            )
            .await
        };
        let (id, token) = link_of(&send().await.expect(201));
        // Moved to the victim's address: the link is dead, and the fresh one goes there by letter.
        let moved = mallory.client.update(&id, "*", &json!({ "email": GRACE })).await.expect(200);
        assert!(!moved.text.contains("activation_link"));
        let letter = app.letter().await;
        assert_eq!(letter.to, GRACE);
        assert_eq!(link_of(&send().await.expect(201)).1, token, "the same answer again");
        app.join(&token, GRACE, json!({})).await.problem(410, "activation_link_superseded");
        // There is no way back to a link in hand.
        for delivery in ["link", "email"] {
            mallory
                .client
                .update(&id, "*", &json!({ "delivery": delivery }))
                .await
                .faults(&[("/delivery", "unknown_member")]);
            let resent = mallory
                .client
                .post(&format!("/v1/invitations/{id}/resend"), &json!({ "delivery": delivery }))
                .await;
            resent.faults(&[("/delivery", "unknown_member")]);
        }
        // The same address in other letters is the same person.
        mallory.client.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        let other = json!({ "email": "GRACE@Operator.Example", "account_id": mallory.account });
        let (id, token) = by_hand(&mallory.client, OWNERS, other).await;
        gave_nothing(attempts(&app, &token, GRACE).await, &["admin"]);
        mallory.client.update(&id, "*", &json!({ "email": "Grace@operator.example" })).await.expect(200);
        gave_nothing(attempts(&app, &token, GRACE).await, &["admin"]);
        // A batch hands nothing over, and a renewal goes by letter.
        app.advance(TimeDelta::hours(25));
        app.anonymous().post("/v1/activations/renew", &json!({ "token": token })).await.expect(202);
        assert_eq!(app.letter().await.to, "Grace@operator.example");
        app.join(&token, GRACE, json!({})).await.problem(410, "activation_link_superseded");
    }
}
