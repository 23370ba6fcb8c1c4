//! Nobody accepts in somebody else's place: what a link that was handed over can do, and what it cannot.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::Value;

use crate::{
    proven_addresses::{GRACE, TAKEN, choose, go_on, hand_over, link_of, sign_in},
    support::{
        Answer, Client, PASSWORD, TestApp,
        customers::{OWNERS, SUB_ACCOUNTS, company, text, with},
        json, on_both_databases,
    },
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
            let subsidiary = json!({ "email": email, "role": "driver", "account_id": mallory.account, "account_type": "consumer" });
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
        let by_token = by_hand(&acme.client, OWNERS, json!({ "email": GRACE, "account_id": acme.account })).await;
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
        let basic = app.anonymous().request(Method::POST, "/v1/activations").header("authorization", "Basic YTpi").json(&unproven);
        Answer::of(basic).await.faults(&NOTHING_PROVES);
        app.advance(TimeDelta::minutes(20));
        grace.post("/v1/activations", &body).await.problem(401, "unauthenticated");
        app.anonymous().post("/v1/activations", &body).await.expect(201);
    }

    async fn the_timeline_names_nobody_who_proved_nothing(app: TestApp) {
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
        assert_eq!((&user["email"], &user["pending_invitation_id"]), (&json!("dirk@acme.example"), &Value::Null));
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
                (SUB_ACCOUNTS, json!({ "email": email, "role": "account_owner", "account_id": mallory.account })),
            ] {
                let (_, token) = by_hand(&mallory.client, path, body).await;
                let preview = app.anonymous().post("/v1/activations/preview", &json!({ "token": token })).await.expect(200);
                let page = app.anonymous().get(&format!("/activate?token={token}")).await.expect(200).text;
                let told = |text: &str| text.replace(email, "ADDRESS").replace(&token, "TOKEN");
                seen.push((path, told(&preview.text), told(&page)));
            }
        }
        assert_eq!((&seen[0], &seen[1]), (&seen[2], &seen[3]));
        assert_eq!((&seen[0], &seen[1]), (&seen[4], &seen[5]));
    }

    async fn what_is_missing_or_faulty_is_told_alike_of_everybody(app: TestApp) {
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
        let mut told = Vec::new();
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
                    told.push((path, number, answer.body["errors"].to_string()));
                    let text = |name: &str| case[name].as_str().map(|text| (name.to_owned(), text.to_owned()));
                    let members = ["password", "first_name", "last_name", "email"].into_iter().filter_map(text);
                    let form: Vec<_> = std::iter::once(("token".to_owned(), token.clone())).chain(members).collect();
                    // Without a fault, somebody unknown would be activated by it.
                    if form.len() < 4 || case["password"] == "z" {
                        let page = Answer::of(app.anonymous().request(Method::POST, "/activate").form(&form)).await;
                        told.push((path, number, page.expect(422).text.replace(email, "ADDRESS").replace(&token, "TOKEN")));
                    }
                }
            }
        }
        let (known, others) = told.split_at(told.len() / 3);
        let (taken, unknown) = others.split_at(others.len() / 2);
        for ((known, taken), unknown) in known.iter().zip(taken).zip(unknown) {
            assert_eq!((known, taken), (unknown, unknown));
        }
        assert_eq!((known.len(), taken.len()), (unknown.len(), unknown.len()));
    }

    async fn the_first_inviter_is_not_shown_whoever_took_the_address_over(app: TestApp) {
        let (rita, typed) = ("rita@zenith.example", "Rita@zenith.example");
        let acme = app.owner("mallory@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let (id, token) = hand_over(&acme.client, typed, &acme.account).await;
        let joined = choose(&app, &token, TAKEN, "Mallory").await.expect(201).body;
        let (user, home) = (text(&joined, "/user/id").to_owned(), text(&joined, "/account/id").to_owned());
        let path = format!("/v1/users/{user}");
        let found = async |caller: &Client, query: &str| {
            let list = caller.get(query).await.expect(200).body;
            list["data"].as_array().unwrap().iter().any(|one| one["id"] == user || one["user_id"] == user)
        };
        // Nobody has proved anything yet: it is the driver whom the account has.
        assert_eq!(acme.client.get(&path).await.expect(200).body["first_name"], "Mallory");
        assert!(found(&acme.client, "/v1/invitations?search=mallory%20hopper").await);
        app.advance(TimeDelta::minutes(1));
        let driver = json!({ "email": rita, "role": "driver", "account_id": zenith.account, "account_type": "consumer" });
        let (_, mail) = app.send(&zenith.client, SUB_ACCOUNTS, driver).await;
        choose(&app, &mail.token, PASSWORD, "Grace").await.expect(201);
        // Where they accepted it themselves, and to staff, they are shown.
        for caller in [&zenith.client, &app.admin()] {
            assert_eq!(caller.get(&path).await.expect(200).body["first_name"], "Grace");
            assert!(found(caller, "/v1/users?search=grace%20hopper").await);
            assert!(found(caller, "/v1/invitations?search=grace%20hopper").await);
        }
        acme.client.get(&path).await.problem(404, "not_found");
        let of_home = format!("/v1/users?account_id={home}");
        for query in ["/v1/users", "/v1/users?search=grace", "/v1/users?role=driver", "/v1/users?status=active", &of_home] {
            assert!(!found(&acme.client, query).await, "{query}");
        }
        let csv = acme.client.request(Method::GET, "/v1/users").header("accept", "text/csv");
        let csv = Answer::of(csv).await.expect(200).text;
        assert!(!csv.contains("Grace") && !csv.to_lowercase().contains("rita"), "{csv}");
        assert!(!found(&acme.client, "/v1/invitations?search=grace%20hopper").await);
        let shown = acme.client.get(&format!("/v1/invitations/{id}")).await.expect(200).body;
        assert_eq!((&shown["email"], &shown["status"]), (&json!(typed), &json!("activated")));
        // Invited once more they are shown as they are invited, and found by that alone.
        let further = json!({ "email": typed, "account_id": acme.account });
        let (_, mail) = app.send(&acme.client, OWNERS, further).await;
        let shown = acme.client.get(&path).await.expect(200).body;
        assert_eq!((&shown["email"], &shown["status"]), (&json!(typed), &json!("invited")));
        for field in ["first_name", "last_name", "activated_at", "created_at"] {
            assert_eq!(shown[field], Value::Null, "{field}");
        }
        assert_eq!((&shown["memberships"], &shown["system_roles"]), (&json!([]), &json!([])));
        for (query, is_found) in [
            ("/v1/users?search=grace", false),
            ("/v1/users?search=home", false),
            ("/v1/users?role=driver", false),
            ("/v1/users?status=active", false),
            (of_home.as_str(), false),
            ("/v1/invitations?search=grace%20hopper", false),
            ("/v1/users?search=rita", true),
            ("/v1/users?status=invited", true),
        ] {
            assert_eq!(found(&acme.client, query).await, is_found, "{query}");
        }
        // When they leave what they never accepted, the timeline has the address.
        let grace = app.sign_in(rita).await;
        grace.call(Method::DELETE, &format!("/v1/me/memberships/{home}"), &[]).await.expect(204);
        let event = app.events(&id).await.pop().unwrap();
        assert_eq!(event["actor"], json!({ "type": "user", "id": user, "name": typed }));
        // Accepted by them, it is theirs.
        app.join(&mail.token, rita, json!({})).await.expect(201);
        assert_eq!(acme.client.get(&path).await.expect(200).body["first_name"], "Grace");
        assert!(found(&acme.client, "/v1/users?search=grace%20hopper").await);
    }

    async fn an_unproven_person_keeps_the_real_one_out_of_nothing(app: TestApp) {
        let acme = app.owner("mallory@acme.example", "Acme").await;
        let admin = app.admin();
        // As a co-owner, as the owner of a new account, as a driver, and as staff: each of them by hand.
        let real = "rita@zenith.example";
        let (_, token) = by_hand(&acme.client, OWNERS, json!({ "email": real, "account_id": acme.account })).await;
        choose(&app, &token, TAKEN, "Mallory").await.expect(201);
        let (_, token) = by_hand(&admin, OWNERS, json!({ "email": real, "account_name": "Fake", "account_type": "consumer" })).await;
        go_on(&app, &token, real, TAKEN).await.expect(201);
        let (_, token) = hand_over(&acme.client, real, &acme.account).await;
        go_on(&app, &token, real, TAKEN).await.expect(201);
        let (_, token) = by_hand(&admin, STAFF, json!({ "email": real, "roles": ["viewer"] })).await;
        go_on(&app, &token, real, TAKEN).await.expect(201);
        let old = sign_in(&app, real, TAKEN).await.expect(200).text_of("access_token");
        app.bearer(&old).get("/v1/users").await.expect(200);
        // Each is invited all the same, in a batch too.
        let staff = json!({ "email": real, "roles": ["viewer"] });
        let owner = json!({ "email": real, "account_name": "Rita", "account_type": "business" });
        let further = json!({ "email": real, "account_id": acme.account });
        let driver = json!({ "email": real, "role": "driver", "account_id": acme.account, "account_type": "consumer" });
        let item = |kind: &str, body: &Value| with(body.clone(), json!({ "kind": kind }));
        let items = [item("system_user", &staff), item("account_owner", &owner), item("account_owner", &further), item("sub_account", &driver)];
        let batch = json!({ "invitations": items, "validate_only": true });
        let judged = admin.post("/v1/invitations/batch", &batch).await.expect(200).body;
        assert!(judged["results"].as_array().unwrap().iter().all(|one| one["status"] == "valid"), "{judged}");
        let (_, mail) = app.invite_by(OWNERS, owner.clone()).await;
        let staff_letter = app.send(&admin, STAFF, staff.clone()).await.1.token;
        for (path, body) in [(OWNERS, &further), (SUB_ACCOUNTS, &driver)] {
            app.send(&admin, path, body.clone()).await;
        }
        // By the letter they take the address over, and are shown what was joined with it.
        let members = json!({ "account": { "company": company() } });
        let activated = app.activate_with(&mail.token, members).await.expect(201).body;
        let named = |list: &Value| {
            let mut names: Vec<String> =
                list.as_array().unwrap().iter().map(|one| text(one, "/account_name").to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(named(&activated["user"]["memberships"]), ["Rita"]);
        assert_eq!(named(&activated["memberships_before"]), ["Acme", "Fake", "Home"]);
        sign_in(&app, real, TAKEN).await.problem(401, "invalid_credentials");
        app.bearer(&old).get("/v1/users").await.problem(401, "unauthenticated");
        // Each with a way to leave: but not the one that would have no owner left.
        let rita = app.sign_in(real).await;
        for one in activated["memberships_before"].as_array().unwrap() {
            let left = rita.call(Method::DELETE, &format!("/v1/me/memberships/{}", text(one, "/account_id")), &[]).await;
            match text(one, "/account_name") {
                "Fake" => drop(left.problem(409, "last_owner")),
                _ => drop(left.expect(204)),
            }
        }
        // From now on they are proven, and in the way: but as no colleague, since the roles that were given
        // by hand have ended.
        admin.post(OWNERS, &json!({ "email": real })).await.problem(409, "already_account_owner");
        admin.post(STAFF, &json!({ "email": real, "roles": ["finance"] })).await.problem(409, "invitation_pending");
        app.join(&staff_letter, real, json!({})).await.expect(201);
        admin.post(STAFF, &json!({ "email": real, "roles": ["finance"] })).await.problem(409, "already_system_user");
    }

    async fn no_other_way_makes_a_link_by_hand_join_an_active_person(app: TestApp) {
        let mallory = app.owner("mallory@acme.example", "Acme").await;
        let (_, mail) = app.invite(GRACE, &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let body = json!({ "email": "nobody@acme.example", "account_id": mallory.account, "delivery": "link" });
        let send = async || Answer::of(mallory.client.request(Method::POST, OWNERS).header("idempotency-key", "k").json(&body)).await;
        let (id, token) = link_of(&send().await.expect(201));
        // Moved to the victim's address: the link is dead, and the fresh one goes there by letter.
        let moved = mallory.client.amend(&id, "*", &json!({ "email": GRACE })).await.expect(200);
        assert!(!moved.text.contains("activation_link"));
        let letter = app.letter().await;
        assert_eq!(letter.to, GRACE);
        assert_eq!(link_of(&send().await.expect(201)).1, token, "the same answer again");
        app.join(&token, GRACE, json!({})).await.problem(410, "activation_link_superseded");
        // There is no way back to a link in hand.
        for delivery in ["link", "email"] {
            mallory.client.amend(&id, "*", &json!({ "delivery": delivery })).await.faults(&[("/delivery", "unknown_member")]);
            let resent = mallory.client.post(&format!("/v1/invitations/{id}/resend"), &json!({ "delivery": delivery })).await;
            resent.faults(&[("/delivery", "unknown_member")]);
        }
        // The same address in other letters is the same person.
        mallory.client.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        let other = json!({ "email": "GRACE@Operator.Example", "account_id": mallory.account });
        let (id, token) = by_hand(&mallory.client, OWNERS, other).await;
        gave_nothing(attempts(&app, &token, GRACE).await, &["admin"]);
        mallory.client.amend(&id, "*", &json!({ "email": "Grace@operator.example" })).await.expect(200);
        gave_nothing(attempts(&app, &token, GRACE).await, &["admin"]);
        // A batch hands nothing over, and a renewal goes by letter.
        app.advance(TimeDelta::hours(25));
        app.anonymous().post("/v1/activations/renew", &json!({ "token": token })).await.expect(202);
        assert_eq!(app.letter().await.to, "Grace@operator.example");
        app.join(&token, GRACE, json!({})).await.problem(410, "activation_link_superseded");
    }
}
