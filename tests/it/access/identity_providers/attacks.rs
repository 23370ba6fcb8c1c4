//! Forged, borrowed and damaged tokens of identity providers: each is 401, whatever it would allow.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::Value;

use super::trusting;
use crate::support::{
    Backend, TestApp,
    identity_provider::{AUDIENCE, IdentityProvider, KeyPair, issuers},
    json, on_each,
};

#[track_caller]
fn refused(app: &TestApp, token: &str) -> impl Future<Output = ()> {
    let (caller, place) = (app.bearer(token), std::panic::Location::caller());
    async move {
        for path in ["/v1/users", "/v1/roles"] {
            let answer = caller.get(path).await;
            assert_eq!(answer.status, 401, "{place}: {}", answer.text);
            assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{place}");
        }
    }
}

async fn accepted(app: &TestApp, token: &str) {
    app.bearer(token).get("/v1/users").await.expect(200);
}

fn with(mut value: Value, more: &Value) -> Value {
    let members = value.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    value
}

on_each! {
    async fn a_key_signs_for_its_own_issuer_alone(backend: Backend) {
        let (one, two) = (
            IdentityProvider::start(KeyPair::rsa_a()).await,
            IdentityProvider::start(KeyPair::rsa_b()).await,
        );
        let entries = issuers(&[one.entry(&json!({})), two.entry(&json!({}))]);
        let app = TestApp::start(backend, &[("JWT_ISSUERS", &entries)]).await;
        for (signer, named) in [(&one, &two), (&two, &one)] {
            accepted(&app, &signer.token(&app, &json!({}))).await;
            let claims = named.claims(&app, &json!({}));
            refused(&app, &signer.key.sign(&signer.key.header(), &claims)).await;
            // With the other's key id.
            refused(&app, &signer.key.sign(&named.key.header(), &claims)).await;
            refused(&app, &signer.key.sign(&with(signer.key.header(), &json!({ "kid": null })), &claims))
                .await;
            refused(&app, &named.key.sign(&signer.key.header(), &claims)).await;
            // And for ourselves.
            for iss in ["invitation-service", "", "https://invitations.example.com"] {
                let claims = signer.claims(
                    &app,
                    &json!({
                        "iss": iss, "aud": "invitation-service", "actor": "cli", "roles": ["admin"]
                    }),
                );
                refused(&app, &signer.key.sign(&signer.key.header(), &claims)).await;
            }
        }
        // Ours are not theirs.
        let ours = app.admin().token.unwrap();
        let (head, rest) = ours.split_once('.').unwrap();
        let signature = rest.split_once('.').unwrap().1;
        let claims = URL_SAFE_NO_PAD.encode(one.claims(&app, &json!({})).to_string());
        refused(&app, &format!("{head}.{claims}.{signature}")).await;
    }

    async fn the_algorithm_is_one_of_the_key_s(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        let claims = provider.claims(&app, &json!({}));
        let jwk = provider.key.jwk();
        let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
        // The public key as a shared one, in each form in which it is published or stored.
        for secret in [modulus, jwk.to_string().into_bytes(), jwk["n"].as_str().unwrap().into(), vec![]] {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let shared =
                    KeyPair { algorithm, signs: EncodingKey::from_secret(&secret), ..provider.key.clone() };
                refused(&app, &shared.sign(&shared.header(), &claims)).await;
            }
        }
        let good = provider.token(&app, &json!({}));
        accepted(&app, &good).await;
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let claims_part = signed.split_once('.').unwrap().1;
        for alg in [
            "none", "None", "NONE", "", "HS256", "ES256", "EdDSA", "RS384", "PS256", "PS384", "rs256",
            "RSA-OAEP",
        ] {
            let head =
                URL_SAFE_NO_PAD.encode(with(provider.key.header(), &json!({ "alg": alg })).to_string());
            for signature in ["", signature] {
                refused(&app, &format!("{head}.{claims_part}.{signature}")).await;
            }
        }
        for key in [KeyPair::p256(), KeyPair::ed25519(), KeyPair::rsa_b()] {
            refused(&app, &key.sign(&with(key.header(), &json!({ "kid": provider.key.id })), &claims)).await;
        }
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        refused(&app, &format!("{signed}.{flipped}{}", &signature[1..])).await;
        for damaged in [
            &good[..good.len() / 2],
            &good[..good.len() - 1],
            signed,
            &format!("{good}.x"),
            &format!("{good}."),
        ] {
            refused(&app, damaged).await;
        }
    }

    async fn headers_name_no_keys_and_no_extensions(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        let (own, claims) = (KeyPair::rsa_b(), provider.claims(&app, &json!({})));
        let elsewhere = IdentityProvider::start(KeyPair::rsa_b()).await;
        let url = format!("{}/keys", elsewhere.server.uri());
        let signed = |key: &KeyPair, more: Value| key.sign(&with(key.header(), &more), &claims);
        for more in [
            json!({ "jku": url }),
            json!({ "jwk": own.jwk() }),
            json!({ "x5u": url }),
            json!({ "x5c": ["MIIB"] }),
            json!({ "kid": provider.key.id, "jku": url, "jwk": own.jwk() }),
        ] {
            refused(&app, &signed(&own, more)).await;
        }
        assert_eq!(elsewhere.asked().await, 0);
        // They are not looked at.
        accepted(&app, &signed(&provider.key, json!({ "jku": url, "jwk": own.jwk(), "x5u": url, "x5c": 3 })))
            .await;
        for more in [
            json!({ "crit": ["exp"] }),
            json!({ "crit": [] }),
            json!({ "crit": "b64", "b64": false }),
            json!({ "zip": "DEF" }),
        ] {
            refused(&app, &signed(&provider.key, more)).await;
        }
        for kid in
            [json!("rsa-b"), json!(""), json!("../rsa-a"), json!("rsa-a\u{0}"), json!(3), json!(["rsa-a"])]
        {
            refused(&app, &signed(&provider.key, json!({ "kid": kid }))).await;
        }
    }

    async fn the_type_is_one_that_is_configured(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        let typed = |app: &TestApp, provider: &IdentityProvider, typ: Value| {
            let header = with(provider.key.header(), &json!({ "typ": typ }));
            provider.key.sign(&header, &provider.claims(app, &json!({})))
        };
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
            accepted(&app, &typed(&app, &provider, json!(typ))).await;
        }
        for typ in [
            json!(null),
            json!("JWT"),
            json!("jwt"),
            json!("dpop+jwt"),
            json!("text/at+jwt"),
            json!(""),
            json!(3),
        ] {
            refused(&app, &typed(&app, &provider, typ)).await;
        }
        let (app, provider) = trusting(backend, json!({ "typ": ["JWT"] })).await;
        for typ in ["JWT", "jwt", "application/jwt"] {
            accepted(&app, &typed(&app, &provider, json!(typ))).await;
        }
        for typ in [json!(null), json!("at+jwt"), json!("logout+jwt")] {
            refused(&app, &typed(&app, &provider, typ)).await;
        }
        let jwt = |change: Value| {
            let header = with(provider.key.header(), &json!({ "typ": "JWT" }));
            provider.key.sign(&header, &provider.claims(&app, &change))
        };
        accepted(&app, &jwt(json!({ "typ": "Bearer" }))).await;
        // An ID token of the same provider, a refresh token, a logout token.
        for change in [
            json!({ "nonce": "n" }),
            json!({ "at_hash": "x" }),
            json!({ "c_hash": "x" }),
            json!({ "typ": "ID" }),
            json!({ "typ": "Refresh" }),
            json!({ "events": { "http://schemas.openid.net/event/backchannel-logout": {} } }),
        ] {
            refused(&app, &jwt(change)).await;
        }
        let (app, provider) = trusting(backend, json!({ "typ": [null, "at+jwt"] })).await;
        accepted(&app, &typed(&app, &provider, json!(null))).await;
        refused(&app, &typed(&app, &provider, json!("JWT"))).await;
    }

    async fn claims_are_ours_and_whole(backend: Backend) {
        let (app, provider) = trusting(backend, json!({ "audience": [AUDIENCE, "second"] })).await;
        let (issuer, huge) = (provider.issuer.clone(), "x".repeat(20_000));
        for change in [
            json!({ "aud": [AUDIENCE] }),
            json!({ "aud": ["other", "second"] }),
            json!({ "sub": "x".repeat(255) }),
            json!({ "name": "a\u{0}b" }),
            json!({ "exp": f64::from(u32::try_from(app.now().timestamp()).unwrap()) + 0.5 }),
        ] {
            accepted(&app, &provider.token(&app, &change)).await;
        }
        for change in [
            json!({ "aud": null }),
            json!({ "aud": "other" }),
            json!({ "aud": format!("{AUDIENCE}/") }),
            json!({ "aud": [] }),
            json!({ "aud": ["other"] }),
            json!({ "aud": { "0": AUDIENCE } }),
            json!({ "iss": format!("{issuer}/") }),
            json!({ "iss": issuer.to_uppercase() }),
            json!({ "iss": [issuer] }),
            json!({ "iss": null }),
            json!({ "sub": null }),
            json!({ "sub": "" }),
            json!({ "sub": "ada\u{0}" }),
            json!({ "sub": "ada\n" }),
            json!({ "sub": "x".repeat(256) }),
            json!({ "sub": 248_289 }),
            json!({ "exp": null }),
            json!({ "exp": "tomorrow" }),
            json!({ "exp": 1e300 }),
            json!({ "exp": i64::MAX }),
            json!({ "exp": u64::MAX }),
            json!({ "nbf": "now" }),
            json!({ "iat": {} }),
            json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
            json!({ "huge": huge }),
        ] {
            refused(&app, &provider.token(&app, &change)).await;
        }
        // Two issuers in one token.
        let good = provider.claims(&app, &json!({})).to_string();
        let twice = format!("{{\"iss\":\"{issuer}\",{}", &good[1..]);
        let signed =
            [provider.key.header().to_string(), twice].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &provider.key.signs, Algorithm::RS256).unwrap();
        refused(&app, &format!("{signed}.{signature}")).await;
    }

    async fn times_hold_with_the_leeway_also_for_tokens_that_are_remembered(backend: Backend) {
        let (app, provider) = trusting(backend, json!({})).await;
        let now = app.now().timestamp();
        for change in [
            json!({ "exp": now - 29 }),
            json!({ "nbf": now + 29 }),
            json!({ "iat": now + 29 }),
            json!({ "iat": null }),
            // Lifetimes are the provider's own business.
            json!({ "exp": now + 5 * 365 * 24 * 3600 }),
        ] {
            accepted(&app, &provider.token(&app, &change)).await;
        }
        for change in [
            json!({ "exp": now - 30 }),
            json!({ "exp": 0 }),
            json!({ "exp": -1 }),
            json!({ "nbf": now + 31 }),
            json!({ "iat": now + 31 }),
        ] {
            refused(&app, &provider.token(&app, &change)).await;
        }
        let (short, later) = (
            provider.token(&app, &json!({ "exp": now + 60 })),
            provider.token(&app, &json!({ "nbf": now + 60 })),
        );
        accepted(&app, &short).await;
        refused(&app, &later).await;
        app.advance(TimeDelta::seconds(60 + 29));
        accepted(&app, &short).await;
        accepted(&app, &later).await;
        app.advance(TimeDelta::seconds(2));
        refused(&app, &short).await;
    }
}
