//! A provider's keys: every kind, when they are fetched, and what happens while the provider is away.

use chrono::TimeDelta;
use wiremock::ResponseTemplate;

use super::trusting;
use crate::support::{
    Backend, TestApp,
    identity_provider::{IdentityProvider, KeyPair, issuers, key_set},
    json, on_each,
};

/// Whether the token of this key is taken.
async fn takes(app: &TestApp, provider: &IdentityProvider, key: &KeyPair) -> u16 {
    let token = key.sign(&key.header(), &provider.claims(app, &json!({})));
    app.bearer(&token).get("/v1/users").await.status
}

on_each! {
    async fn every_kind_of_key_verifies_without_alg_and_use(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        let keys = [KeyPair::rsa_a(), KeyPair::rsa_b(), KeyPair::p256(), KeyPair::p384(), KeyPair::ed25519()];
        let strange = [
            json!({ "kty": "oct", "kid": "shared", "k": "c2VjcmV0" }),
            json!({ "kty": "EC", "crv": "secp256k1", "kid": "x", "x": "AA", "y": "AA" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": "short", "x": "AA" }),
            json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" }),
            json!("nonsense"),
        ];
        let mut set = key_set(&keys.each_ref());
        set["keys"].as_array_mut().unwrap().splice(0..0, strange);
        provider.answer(ResponseTemplate::new(200).set_body_json(set));
        for key in &keys {
            let others = match key.id {
                "rsa-a" | "rsa-b" => vec!["RS256", "RS384", "RS512", "PS256"],
                _ => vec![],
            };
            // The first set was fetched at the start; the first unknown key id fetches the present one.
            app.advance(TimeDelta::seconds(31));
            assert_eq!(takes(&app, &provider, key).await, 200, "{}", key.id);
            for name in others {
                let key = KeyPair { algorithm: name.parse().unwrap(), ..key.clone() };
                assert_eq!(takes(&app, &provider, &key).await, 200, "{} {name}", key.id);
            }
        }
        for alg in ["RS256", "ES256"] {
            let header = json!({ "typ": "at+jwt", "alg": alg, "kid": "short" });
            let token = provider.key.sign(&header, &provider.claims(&app, &json!({})));
            app.bearer(&token).get("/v1/users").await.problem(401, "unauthenticated");
        }
        // RFC 9864 names the curve.
        let ed = KeyPair::ed25519();
        let header = json!({ "typ": "at+jwt", "alg": "Ed25519", "kid": ed.id });
        app.bearer(&ed.sign(&header, &provider.claims(&app, &json!({})))).get("/v1/users").await.expect(200);
    }

    async fn a_key_without_an_id_is_found_by_its_type(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        let mut set = key_set(&[&KeyPair::p256(), &provider.key]);
        for key in set["keys"].as_array_mut().unwrap() {
            key.as_object_mut().unwrap().remove("kid");
        }
        provider.answer(ResponseTemplate::new(200).set_body_json(set));
        app.advance(TimeDelta::seconds(31));
        // The present set has the key under an id; the other kind of key makes the set be fetched again.
        assert_eq!(takes(&app, &provider, &KeyPair::p256()).await, 200);
        assert_eq!(takes(&app, &provider, &provider.key).await, 200);
        let header = json!({ "typ": "at+jwt", "alg": "RS256" });
        let token = provider.key.sign(&header, &provider.claims(&app, &json!({})));
        app.bearer(&token).get("/v1/users").await.expect(200);
    }

    async fn an_unknown_key_is_asked_for_at_a_bounded_rate(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        assert_eq!(takes(&app, &provider, &provider.key).await, 200);
        assert_eq!(provider.asked().await, 1);
        let new = KeyPair::rsa_b();
        for _ in 0..5 {
            assert_eq!(takes(&app, &provider, &new).await, 401);
        }
        assert_eq!(provider.asked().await, 1, "the set has just been fetched");
        provider.publish(&[&provider.key, &new]);
        app.advance(TimeDelta::seconds(31));
        // However many ask at once.
        let all = futures_util::future::join_all((0..20).map(|_| takes(&app, &provider, &new))).await;
        assert_eq!((all, provider.asked().await), (vec![200; 20], 2));
        for _ in 0..5 {
            assert_eq!(takes(&app, &provider, &KeyPair::p256()).await, 401);
        }
        assert_eq!(provider.asked().await, 2);
        // A token that is remembered costs nothing; one whose key was withdrawn is worth nothing.
        let (token, good) = (provider.token(&app, &json!({})), provider.token(&app, &json!({ "jti": "3" })));
        app.bearer(&token).get("/v1/users").await.expect(200);
        provider.publish(&[&new]);
        app.advance(TimeDelta::seconds(31));
        assert_eq!(takes(&app, &provider, &KeyPair::p384()).await, 401);
        assert_eq!(provider.asked().await, 3);
        app.bearer(&token).get("/v1/users").await.problem(401, "unauthenticated");
        app.bearer(&good).get("/v1/users").await.problem(401, "unauthenticated");
        assert_eq!(takes(&app, &provider, &new).await, 200);
    }

    async fn a_provider_that_is_away_is_survived(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        assert_eq!(takes(&app, &provider, &provider.key).await, 200);
        let set = key_set(&[&KeyPair::rsa_b()]);
        let elsewhere = IdentityProvider::start(KeyPair::rsa_b()).await;
        let answers = [
            ResponseTemplate::new(500).set_body_json(&set),
            ResponseTemplate::new(200).set_body_string("<html>"),
            ResponseTemplate::new(302).insert_header("location", format!("{}/keys", elsewhere.server.uri())),
            ResponseTemplate::new(200).set_body_string(format!("{set}{}", " ".repeat(300 * 1024))),
            ResponseTemplate::new(204),
        ];
        for (index, answer) in answers.into_iter().enumerate() {
            provider.answer(answer);
            app.advance(TimeDelta::seconds(31));
            assert_eq!(takes(&app, &provider, &KeyPair::rsa_b()).await, 401, "{index}");
            assert_eq!(takes(&app, &provider, &provider.key).await, 200, "{index}");
            assert_eq!(provider.asked().await, index + 2);
        }
        assert_eq!(elsewhere.asked().await, 0, "no redirect is followed");
        provider.publish(&[&KeyPair::rsa_b()]);
        app.advance(TimeDelta::seconds(31));
        assert_eq!(takes(&app, &provider, &KeyPair::rsa_b()).await, 200);
    }

    async fn a_start_needs_no_provider(backend: Backend) {
        let provider = IdentityProvider::start(KeyPair::rsa_a()).await;
        provider.answer(ResponseTemplate::new(503));
        let entry = issuers(&[provider.entry(&json!({}))]);
        let app = TestApp::start(backend, &[("JWT_ISSUERS", &entry)]).await;
        let token = provider.token(&app, &json!({}));
        let refused = app.bearer(&token).get("/v1/users").await.problem(503, "unavailable");
        assert_eq!(refused.header("retry-after"), "10");
        // Everything else works, and what can be refused without keys is.
        app.admin().get("/v1/users").await.expect(200);
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "rsa-a" });
        let untyped = provider.key.sign(&header, &provider.claims(&app, &json!({})));
        app.bearer(&untyped).get("/v1/users").await.problem(401, "unauthenticated");
        provider.publish(&[&provider.key]);
        app.advance(TimeDelta::seconds(31));
        app.bearer(&token).get("/v1/users").await.expect(200);
    }
}
