//! The public keys of our access tokens, and the document that names them.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::Value;

use crate::support::{Backend, TestApp, json, on_both_databases, on_each};

const KEYS: &str = "/.well-known/jwks.json";
const METADATA: &str = "/.well-known/openid-configuration";

/// The claims and the header of a token, by the published keys.
async fn verified(app: &TestApp, token: &str) -> Option<(Value, Value)> {
    let keys: JwkSet = serde_json::from_value(app.anonymous().get(KEYS).await.expect(200).body).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = DecodingKey::from_jwk(keys.find(header.kid.as_deref()?)?).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["invitation-service"]);
    validation.set_issuer(&["invitation-service"]);
    // Our clock is a manual one.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).ok()?.claims;
    Some((json!(header), claims))
}

fn token_of(client: &crate::support::Client) -> String {
    client.token.clone().unwrap()
}

on_both_databases! {
    async fn others_verify_our_tokens_by_the_published_keys(app: TestApp) {
        app.owner("olga@acme.example", "Acme").await;
        let olga = app.sign_in("olga@acme.example").await;
        for client in [&app.admin(), &olga] {
            let (header, claims) = verified(&app, &token_of(client)).await.unwrap();
            assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
            assert!(claims["sub"].is_string() && claims["jti"].is_string(), "{claims}");
        }
        let set = app.anonymous().get(KEYS).await.expect(200).body;
        let keys = set["keys"].as_array().unwrap();
        assert_eq!((set.as_object().unwrap().len(), keys.len()), (1, 1), "{set}");
        // Nothing of a private key: neither `d` nor `k`.
        let mut members: Vec<&str> = keys[0].as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        let fixed = ["alg", "crv", "kty", "use"].map(|name| keys[0][name].as_str().unwrap());
        assert_eq!(fixed, ["EdDSA", "Ed25519", "OKP", "sig"]);
    }

    async fn the_metadata_claims_what_there_is(app: TestApp) {
        let metadata = app.anonymous().get(METADATA).await.expect(200).body;
        assert_eq!(metadata["issuer"], "invitation-service");
        assert_eq!(metadata["jwks_uri"], json!(format!("{}{KEYS}", app.url)));
        assert_eq!(metadata["token_endpoint"], json!(format!("{}/v1/auth/token", app.url)));
        assert_eq!(metadata["grant_types_supported"], json!(["client_credentials"]));
        let ways = json!(["client_secret_basic", "client_secret_post"]);
        assert_eq!(metadata["token_endpoint_auth_methods_supported"], ways);
        assert!(metadata["scopes_supported"].as_array().unwrap().contains(&json!("customers:invite")));
        assert!(metadata.get("authorization_endpoint").is_none(), "{metadata}");
        for named in ["jwks_uri", "service_documentation"] {
            let path = metadata[named].as_str().unwrap().strip_prefix(&app.url).unwrap().to_owned();
            app.anonymous().get(&path).await.expect(200);
        }
    }

    async fn both_are_public_and_may_be_cached(app: TestApp) {
        for path in [KEYS, METADATA] {
            let answer = app.anonymous().get(path).await.expect(200);
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(answer.header("cache-control"), "public, max-age=300");
            assert_eq!(app.bearer("forged").get(path).await.expect(200).text, answer.text);
            app.anonymous().get(&format!("{path}?kid=x")).await.faults(&[("kid", "unknown_parameter")]);
            app.admin().post(path, &Value::Null).await.problem(405, "method_not_allowed");
        }
    }
}

on_each! {
    async fn the_previous_key_is_published_and_its_tokens_are_taken(backend: Backend) {
        let old = "5d3b1f0c9a7e42688c1d90e3f6b2a4755d0e1c8f7b6a49322e1d0c9b8a7f6e5d";
        let new = "c04f7a1e93b8d26510fe6c2d7a59b38441e0d9c8b7a6f5e4d3c2b1a09f8e7d6c";
        let before = TestApp::start(backend, &[("SECRET_KEY", old)]).await;
        let token = token_of(&before.admin());
        let both = TestApp::start(backend, &[("SECRET_KEY", new), ("SECRET_KEY_PREVIOUS", old)]).await;
        both.bearer(&token).get("/v1/users").await.expect(200);
        assert!(verified(&both, &token).await.is_some());
        let keys = async |app: &TestApp| app.anonymous().get(KEYS).await.expect(200).body["keys"].clone();
        let (of_old, of_both) = (keys(&before).await, keys(&both).await);
        assert_eq!((of_both.as_array().unwrap().len(), &of_both[1]), (2, &of_old[0]));
        assert!(verified(&before, &token_of(&both.admin())).await.is_none(), "it is signed with the new key");
        let after = TestApp::start(backend, &[("SECRET_KEY", new)]).await;
        after.bearer(&token).get("/v1/users").await.problem(401, "unauthenticated");
        assert_eq!(keys(&after).await, json!([of_both[0]]));
        // The same key twice is one key.
        let same = TestApp::start(backend, &[("SECRET_KEY", new), ("SECRET_KEY_PREVIOUS", new)]).await;
        assert_eq!(keys(&same).await, keys(&after).await);
    }
}
