//! Access tokens of identity providers: what they allow, whose keys verify them, and every way to forge one.

mod attacks;
mod keys;
mod matrix;

use serde_json::Value;

use crate::support::{
    Backend, TestApp,
    customers::text,
    identity_provider::{IdentityProvider, KeyPair, issuers},
    json, on_each,
};

const INVITE: &str = "/v1/system-users/invitations";

/// A service that trusts one provider, with these members more in its entry.
async fn trusting(backend: Backend, more: Value) -> (TestApp, IdentityProvider) {
    let provider = IdentityProvider::start(KeyPair::rsa_a()).await;
    let variables = [("JWT_ISSUERS", issuers(&[provider.entry(&more)]))];
    let app =
        TestApp::start(backend, &variables.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    (app, provider)
}

on_each! {
    async fn a_person_of_a_provider_is_no_user_of_ours(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        let me = provider.caller(&app, &json!({})).get("/v1/me").await.expect(200).body;
        let id = format!("{}#248289761001", provider.issuer);
        let expected = json!({
            "type": "user", "id": id, "name": "Ada Lovelace", "user": null, "permissions": ["customers:read"],
            "roles": [], "accounts": [], "expires_at": "2026-11-24T12:05:00.000Z",
        });
        assert_eq!(me, expected);
        // Whatever the subject is.
        let acme = app.owner("olga@acme.example", "Acme").await;
        let olga = json!({ "sub": acme.user, "email": "olga@acme.example", "account_ids": [acme.account] });
        let impostor = provider.caller(&app, &olga);
        let me = impostor.get("/v1/me").await.expect(200).body;
        assert_eq!(
            (&me["id"], &me["user"], &me["accounts"]),
            (&json!(format!("{}#{}", provider.issuer, acme.user)), &Value::Null, &json!([]))
        );
        impostor
            .call(reqwest::Method::DELETE, &format!("/v1/me/memberships/{}", acme.account), &[])
            .await
            .problem(403, "forbidden");
        assert_eq!(
            acme.client.get("/v1/me").await.expect(200).body["accounts"][0]["id"],
            json!(acme.account)
        );
    }

    async fn a_program_is_a_client(backend: Backend) {
        let (app, provider) =
            trusting(backend, json!({ "claims": { "accounts": ["our", "accounts"] } })).await;
        let acme = app.owner("olga@acme.example", "Acme").await;
        let change = json!({
            "sub": "fleet-sync", "client_id": "fleet-sync", "name": null, "email": null,
            "our": { "accounts": [acme.account, "acc_x"] }
        });
        let me = provider.caller(&app, &change).get("/v1/me").await.expect(200).body;
        assert_eq!(
            (&me["type"], &me["name"], &me["user"]),
            (&json!("client"), &json!("fleet-sync"), &Value::Null)
        );
        assert_eq!(me["accounts"], json!([{ "id": acme.account, "name": "Acme", "role": "account_owner" }]));
    }

    async fn who_invites_is_the_issuer_and_the_subject(backend: Backend) {
        let more = json!({
            "claims": { "roles": "groups" }, "map": { "roles": { "Portal managers": ["user_manager"] } }
        });
        let (app, provider) = trusting(backend, more).await;
        let manager = provider.caller(&app, &json!({ "groups": ["Everyone", "Portal managers"] }));
        let body = json!({ "email": "grace@example.com", "roles": ["viewer"] });
        let made = manager.post(INVITE, &body).await.expect(201);
        let id = format!("{}#248289761001", provider.issuer);
        assert_eq!(made.body["invited_by"], json!({ "type": "user", "id": id, "name": "Ada Lovelace" }));
        app.letter().await;
        let event = app.events(text(&made.body, "/id")).await.remove(0);
        assert_eq!(event["actor"]["id"], json!(id));
        let above = json!({ "email": "boss@example.com", "roles": ["admin"] });
        manager.post(INVITE, &above).await.problem(403, "role_exceeds_yours");
    }

    async fn two_issuers_subjects_are_two_principals(backend: Backend) {
        let (one, two) =
            (IdentityProvider::start(KeyPair::rsa_a()).await, IdentityProvider::start(KeyPair::p256()).await);
        let entries = issuers(&[one.entry(&json!({})), two.entry(&json!({}))]);
        let app = TestApp::start(backend, &[("JWT_ISSUERS", &entries)]).await;
        let scope = json!({ "scope": "system_users:invite system_users:read customers:read accounts:read" });
        let post = async |client: &crate::support::Client, email: &str| {
            let body = json!({ "email": email, "roles": ["viewer"] });
            let request = client.request(reqwest::Method::POST, INVITE).header("idempotency-key", "k");
            crate::support::Answer::of(request.json(&body)).await
        };
        let (ada, namesake) = (one.caller(&app, &scope), two.caller(&app, &scope));
        let first = post(&ada, "a@example.com").await.expect(201);
        // A key of the other issuer's subject is another key.
        let second = post(&namesake, "b@example.com").await.expect(201);
        assert_ne!(first.body["id"], second.body["id"]);
        // A fresh token of the same principal is the same one.
        let again =
            post(&one.caller(&app, &json!({ "jti": "2", "scope": scope["scope"] })), "a@example.com").await;
        assert_eq!((again.header("idempotency-replayed"), &again.body["id"]), ("true", &first.body["id"]));
        app.letters().await;
    }

    async fn what_maps_to_nothing_is_forbidden_and_not_unauthenticated(backend: Backend) {
        let more = json!({
            "claims": { "roles": "/realm_access/roles" },
            "map": { "roles": { "boss": "admin" }, "permissions": { "see-customers": "customers:read" } }
        });
        let (app, provider) = trusting(backend, more).await;
        let caller = |change: Value| provider.caller(&app, &change);
        for nothing in [
            json!({ "scope": null }),
            json!({ "scope": "customers:read" }),
            json!({ "scope": 3 }),
            json!({ "realm_access": { "roles": ["admin", "viewer", 1] } }),
            json!({ "realm_access": { "roles": "admin" } }),
            json!({ "realm_access": [] }),
            json!({ "roles": ["boss"] }),
            json!({ "realm_access.roles": ["boss"] }),
        ] {
            caller(nothing.clone()).get("/v1/users").await.problem(403, "forbidden");
            caller(nothing).get("/v1/roles").await.expect(200);
        }
        caller(json!({ "scope": "openid see-customers" })).get("/v1/users").await.expect(200);
        for boss in [json!(["boss"]), json!({ "boss": {} }), json!("boss other")] {
            caller(json!({ "realm_access": { "roles": boss } }))
                .get("/v1/users?kind=system_user")
                .await
                .expect(200);
        }
    }
}
