//! Whose an `Idempotency-Key` is: a grant's; and a retry is given the first answer only by whoever may still
//! ask for it.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use invitation_service::{
    domain::{
        actor::{ActorKind, ActorRef},
        ids::AccountId,
        permission::Permission,
        role::Role,
    },
    services::access_token::Grant,
};
use serde_json::Value;

use crate::support::{
    Answer, Backend, Client, Home, TestApp,
    batches::{BATCH, RESEND, colleague, results, words},
    customers::{OWNERS, SUB_ACCOUNTS, text, with},
    json, on_both_databases,
};

const STAFF: &str = "/v1/system-users/invitations";

/// A caller of the command line's default subject, as `token` makes them.
fn cli(app: &TestApp, roles: &[Role], scope: &[Permission], accounts: &[&str]) -> Client {
    let grant = Grant {
        holder: ActorRef {
            kind: ActorKind::Cli,
            id: "operations".to_owned(),
            name: "operations".to_owned(),
            origin: None,
        },
        roles: roles.to_vec(),
        scope: scope.to_vec(),
        accounts: accounts.iter().map(|id| id.parse::<AccountId>().unwrap()).collect(),
        lifetime: Duration::from_hours(7 * 24),
    };
    app.bearer(&app.parts.services.access_tokens.issue(&grant, app.clock.now()).unwrap())
}

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[track_caller]
fn is_replayed(answer: &Answer, first: &Answer) {
    assert_eq!(
        (answer.status, answer.header("idempotency-replayed")),
        (first.status, "true"),
        "{}",
        answer.text
    );
    assert_eq!(answer.text, first.text);
}

/// Every route that takes a key, with a body for it: what an owner of `parent` does with an invitation below
/// it.
fn routes(parent: &str, made: &Value) -> [(String, Value); 8] {
    let (invitation, user) = (text(made, "/id"), text(made, "/user_id"));
    let below =
        json!({ "email": "new@example.com", "role": "driver", "account_id": parent, "delivery": "link" });
    let item =
        json!({ "kind": "sub_account", "email": "item@example.com", "role": "driver", "account_id": parent });
    [
        (OWNERS.to_owned(), json!({ "email": "co@example.com", "account_id": parent, "delivery": "link" })),
        (SUB_ACCOUNTS.to_owned(), below),
        (
            format!("/v1/accounts/{parent}/sub-accounts"),
            json!({
                "email": "sub@example.com", "used_by": "employee", "account_name": "S",
                "account_type": "consumer"
            }),
        ),
        (BATCH.to_owned(), json!({ "invitations": [item] })),
        (format!("/v1/invitations/{invitation}/resend"), json!({})),
        (RESEND.to_owned(), json!({ "ids": [invitation], "validate_only": true })),
        (format!("/v1/users/{user}/resend-invitation"), json!({})),
        (format!("/v1/invitations/{invitation}/revoke"), json!({})),
    ]
}

/// Sends every one of these once, under a key of its own.
async fn all(app: &TestApp, caller: &Client, routes: &[(String, Value)]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (path, body) in routes {
        app.advance(TimeDelta::minutes(2));
        let answer = caller.keyed(path, path, body).await;
        assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.text);
        answers.push(answer);
    }
    answers
}

on_both_databases! {
    async fn another_grant_of_the_same_subject_is_another_principal(app: TestApp) {
        let body = json!({ "email": "ada@example.com", "roles": ["admin"], "delivery": "link" });
        let admin = cli(&app, &[Role::Admin], &[], &[]);
        let first = admin.keyed(STAFF, "k", &body).await.expect(201);
        assert!(first.body["activation_link"].is_string());
        cli(&app, &[Role::UserManager], &[], &[])
            .keyed(STAFF, "k", &body)
            .await
            .problem(403, "role_exceeds_yours");
        cli(&app, &[Role::Viewer], &[], &[]).keyed(STAFF, "k", &body).await.problem(403, "forbidden");
        // Who may do it all the same has keys of their own.
        let all_but_one: Vec<Permission> = Permission::ALL[..Permission::ALL.len() - 1].to_vec();
        for (roles, scope) in
            [(&[][..], &all_but_one[..]), (&[Role::CustomerSupport, Role::UserManager], &[])]
        {
            let viewer = json!({ "email": "ada@example.com", "roles": ["viewer"], "delivery": "link" });
            let answer = cli(&app, roles, scope, &[])
                .keyed(STAFF, "k", &viewer)
                .await
                .problem(409, "invitation_pending");
            assert_eq!(answer.header("idempotency-replayed"), "");
        }
        let batch = json!({
            "invitations": [with(colleague("eve@example.com"), json!({ "roles": ["admin"] }))]
        });
        assert_eq!(words(&results(&admin.keyed(BATCH, "b", &batch).await.expect(200))), ["invited"]);
        let less = cli(&app, &[Role::UserManager], &[], &[]).keyed(BATCH, "b", &batch).await;
        assert_eq!(words(&results(&less)), ["role_exceeds_yours"]);
        is_replayed(&admin.keyed(STAFF, "k", &body).await, &first);
        app.letters().await;
    }

    async fn a_grant_stays_the_same_whatever_its_holder_has_lost_since(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let (_, mail) = app
            .invite_by(OWNERS, json!({ "email": "grace@example.com", "account_id": zenith.account }))
            .await;
        app.join(&mail.token, "grace@example.com", json!({})).await.expect(201);
        let grace = app.sign_in("grace@example.com").await;
        let below =
            |account: &str| json!({ "email": "ada@example.com", "role": "driver", "account_id": account });
        let invited = grace.keyed(SUB_ACCOUNTS, "acme", &below(&acme.account)).await.expect(201);
        grace.keyed(SUB_ACCOUNTS, "zenith", &below(&zenith.account)).await.expect(201);
        assert_eq!(app.letters().await.len(), 2);
        app.advance(TimeDelta::minutes(2));
        let resend = format!("/v1/invitations/{}/resend", invited.text_of("id"));
        let resent = grace.keyed(&resend, "resend", &json!({})).await.expect(200);
        app.letter().await;
        let member = format!("/v1/accounts/{}/members/{}", zenith.account, acme.user);
        zenith.client.call(reqwest::Method::DELETE, &member, &[]).await.expect(204);
        app.advance(TimeDelta::minutes(2));
        is_replayed(&grace.keyed(SUB_ACCOUNTS, "acme", &below(&acme.account)).await, &invited);
        is_replayed(&grace.keyed(&resend, "resend", &json!({})).await, &resent);
        grace.keyed(SUB_ACCOUNTS, "zenith", &below(&zenith.account)).await.problem(404, "account_not_found");
        assert!(app.letters().await.is_empty());
    }

    async fn a_fresh_token_of_the_same_grant_is_the_same_principal(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let scope = [Permission::CustomersInvite, Permission::CustomersRead];
        let body = json!({
            "email": "ada@example.com", "role": "driver", "account_id": acme.account, "delivery": "link"
        });
        let caller = cli(&app, &[], &scope, &[&acme.account, &zenith.account]);
        let first = caller.keyed(SUB_ACCOUNTS, "k", &body).await.expect(201);
        app.advance(TimeDelta::hours(1));
        let mut reversed = scope;
        reversed.reverse();
        let fresh = cli(&app, &[], &reversed, &[&zenith.account, &acme.account, &zenith.account]);
        assert_ne!(fresh.token, caller.token);
        is_replayed(&fresh.keyed(SUB_ACCOUNTS, "k", &body).await, &first);
        // What a role allows is the same as its permissions one by one.
        let body = json!({ "email": "eve@example.com" });
        let first = cli(&app, &[Role::CustomerSupport], &[], &[]).keyed(OWNERS, "r", &body).await.expect(201);
        app.letter().await;
        let same = cli(&app, &[], Role::CustomerSupport.permissions(), &[]);
        is_replayed(&same.keyed(OWNERS, "r", &body).await, &first);
        // Somebody who signs in again.
        let below = json!({ "email": "joe@example.com", "role": "driver", "account_id": acme.account });
        let signed_in = app.sign_in("grace@example.com").await;
        let first = signed_in.keyed(SUB_ACCOUNTS, "s", &below).await.expect(201);
        app.letter().await;
        app.advance(TimeDelta::minutes(20));
        signed_in.keyed(SUB_ACCOUNTS, "s", &below).await.problem(401, "unauthenticated");
        is_replayed(&app.sign_in("grace@example.com").await.keyed(SUB_ACCOUNTS, "s", &below).await, &first);
    }

    async fn an_account_s_token_gets_nothing_of_another_account(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let below = json!({ "email": "ada@example.com", "role": "driver", "account_id": acme.account });
        let (made, _) = app.invite_by(SUB_ACCOUNTS, below).await;
        let routes = routes(&acme.account, &made);
        let (ours, theirs) = (cli(&app, &[], &[], &[&acme.account]), cli(&app, &[], &[], &[&zenith.account]));
        let firsts = all(&app, &ours, &routes).await;
        for ((path, body), first) in routes.iter().zip(&firsts) {
            let answer = theirs.keyed(path, path, body).await;
            assert_eq!(answer.header("idempotency-replayed"), "", "{path}");
            assert!(!answer.text.contains("activation_link"), "{path}: {}", answer.text);
            match path.as_str() {
                BATCH => assert_eq!(words(&results(&answer)), ["account_not_found"]),
                RESEND => assert_eq!(words(&results(&answer)), ["not_found"]),
                OWNERS | SUB_ACCOUNTS => drop(answer.problem(404, "account_not_found")),
                _ => drop(answer.problem(404, "not_found")),
            }
            is_replayed(&ours.keyed(path, path, body).await, first);
        }
        app.letters().await;
    }

    /// The account leaves the owner's tree between the request and its retry; the token is the same.
    async fn a_retry_is_judged_by_what_the_caller_may_do_now(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let south = app.subsidiary("joe@example.com", &acme.account, "South").await;
        let below = json!({ "email": "ada@example.com", "role": "driver", "account_id": south.account });
        let (made, _) = app.invite_by(SUB_ACCOUNTS, below).await;
        let routes = routes(&south.account, &made);
        let owner = cli(&app, &[], &[], &[&acme.account]);
        let firsts = all(&app, &owner, &routes).await;
        for ((path, body), first) in routes.iter().zip(&firsts) {
            is_replayed(&owner.keyed(path, path, body).await, first);
        }
        app.letters().await;
        app.database.execute(&format!(
            "DELETE FROM account_lineage WHERE ancestor_id = '{0}' AND account_id <> '{0}'",
            acme.account
        ));
        for (path, body) in &routes {
            let answer = owner.keyed(path, path, body).await;
            assert!(!answer.text.contains("activation_link\""), "{path}: {}", answer.text);
            match path.as_str() {
                BATCH => assert_eq!(
                    words(answer.body["results"].as_array().unwrap()),
                    ["account_not_found"],
                    "{path}"
                ),
                RESEND => {
                    assert_eq!(words(answer.body["results"].as_array().unwrap()), ["not_found"], "{path}");
                }
                OWNERS | SUB_ACCOUNTS => drop(answer.problem(404, "account_not_found")),
                _ => drop(answer.problem(404, "not_found")),
            }
            // Nor is it told that the key was used for something else.
            if !path.starts_with("/v1/invitations/batch") {
                let other = json!({
                    "email": "other@example.com", "role": "driver", "account_id": south.account
                });
                let other = if path == SUB_ACCOUNTS { other } else { json!({ "locale": "nl" }) };
                let answer = owner.keyed(path, path, &other).await;
                assert!(matches!(answer.status, 404 | 422), "{path}: {}", answer.text);
            }
        }
        assert!(app.letters().await.is_empty());
    }

    async fn authority_is_judged_before_the_key(app: TestApp) {
        let manager = cli(&app, &[Role::UserManager], &[], &[]);
        let body = |role: &str| json!({ "email": "ada@example.com", "roles": [role] });
        manager.keyed(STAFF, "k", &body("viewer")).await.expect(201);
        app.letter().await;
        manager.keyed(STAFF, "k", &body("admin")).await.problem(403, "role_exceeds_yours");
        manager.keyed(STAFF, "k", &body("user_manager")).await.problem(422, "idempotency_key_reused");
        app.database.execute("UPDATE idempotency_keys SET status = NULL, body = NULL, location = NULL");
        manager.keyed(STAFF, "k", &body("viewer")).await.problem(409, "idempotency_in_progress");
    }

    /// A refusal that is itself of authority is kept as any other.
    async fn a_refusal_of_authority_is_replayed(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        let caller = cli(&app, &[], &[], &[&acme.account]);
        let nowhere = json!({ "email": "ada@example.com", "role": "driver", "account_name": "Nowhere" });
        let first = caller.keyed(SUB_ACCOUNTS, "k", &nowhere).await.problem(404, "account_not_found");
        is_replayed(&caller.keyed(SUB_ACCOUNTS, "k", &nowhere).await, &first);
        for path in [
            "/v1/invitations/inv_x/resend",
            "/v1/users/usr_x/resend-invitation",
            "/v1/invitations/inv_x/revoke",
        ] {
            let first = caller.keyed(path, path, &json!({})).await.problem(404, "not_found");
            is_replayed(&caller.keyed(path, path, &json!({})).await, &first);
        }
    }

    async fn every_token_has_an_id_of_its_own(app: TestApp) {
        app.owner("grace@example.com", "Acme").await;
        let mut tokens = vec![
            app.admin(),
            app.admin(),
            app.sign_in("grace@example.com").await,
            app.sign_in("grace@example.com").await,
        ];
        tokens.push(cli(&app, &[Role::Admin], &[], &[]));
        let mut ids: Vec<String> =
            tokens.iter().map(|one| text(&claims(one.token.as_ref().unwrap()), "/jti").to_owned()).collect();
        assert!(ids.iter().all(|id| id.len() >= 16), "{ids:?}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }
}

#[test]
fn tokens_of_the_command_line_have_ids() {
    let home = Home::new(Backend::Sqlite, &[]);
    let [one, two] = [home.token(), home.token()].map(|token| text(&claims(&token), "/jti").to_owned());
    assert_ne!(one, two);
}
