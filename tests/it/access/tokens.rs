//! Access tokens: what is accepted, and everything that is not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use invitation_service::domain::{
    permission::Permission::{SystemUsersInvite, SystemUsersRead},
    token::DerivedKey,
};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, ThumbprintHash},
};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

use crate::support::{TestApp, json, on_both_databases};

const ROOT: &str = "a key for tests that nobody else has";

fn derived(root: &str, purpose: &str) -> DerivedKey {
    DerivedKey::derive(&SecretString::from(root), purpose)
}

/// The key pair of a root key, in PKCS #8 (RFC 8410 §7).
fn pair(root: &str, purpose: &str) -> EncodingKey {
    let begin = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    EncodingKey::from_ed_der(&[begin.as_slice(), derived(root, purpose).secret()].concat())
}

fn thumbprint(key: &EncodingKey) -> String {
    Jwk::from_encoding_key(key, Algorithm::EdDSA).unwrap().thumbprint(ThumbprintHash::SHA256).unwrap()
}

fn ours() -> EncodingKey {
    pair(ROOT, "access-token-ed25519")
}

fn header() -> Header {
    Header { typ: Some("at+jwt".to_owned()), kid: Some(thumbprint(&ours())), ..Header::new(Algorithm::EdDSA) }
}

/// As earlier versions signed.
fn shared() -> (Header, EncodingKey) {
    let key = derived(ROOT, "access-token");
    let header =
        Header { typ: Some("at+jwt".to_owned()), kid: Some(key.id()), ..Header::new(Algorithm::HS256) };
    (header, EncodingKey::from_secret(key.secret()))
}

/// The claims of a good token, changed by `change`; a null takes a claim out.
fn claims(app: &TestApp, change: &Value) -> Value {
    let now = app.now().timestamp();
    let mut claims = json!({
        "iss": "invitation-service", "aud": "invitation-service", "sub": "ada", "actor": "cli", "iat": now,
        "exp": now + 3600,
        "roles": ["admin"],
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(change.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    claims
}

fn sign(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}

async fn accepted(app: &TestApp, token: &str) {
    app.bearer(token).get("/v1/users").await.expect(200);
}

#[track_caller]
fn refused(app: &TestApp, token: &str) -> impl Future<Output = ()> {
    let (caller, place) = (app.bearer(token), std::panic::Location::caller());
    async move {
        for path in ["/v1/users", "/v1/roles"] {
            let answer = caller.get(path).await;
            assert_eq!(answer.status, 401, "{place}: {}", answer.text);
            let answer = answer.problem(401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{place}");
        }
    }
}

on_both_databases! {
    async fn claims_and_times(app: TestApp) {
        let token = |change: Value| sign(&header(), &claims(&app, &change), &ours());
        let now = app.now().timestamp();
        accepted(&app, &token(json!({}))).await;
        accepted(&app, &token(json!({ "exp": now - 29 }))).await;
        accepted(&app, &token(json!({ "iat": now + 29 }))).await;
        accepted(&app, &token(json!({ "nbf": now + 29 }))).await;
        accepted(&app, &token(json!({ "aud": ["invitation-service"] }))).await;
        for change in [
            json!({ "exp": now - 31 }),
            json!({ "exp": now - 30 }),
            json!({ "exp": null }),
            json!({ "exp": "tomorrow" }),
            json!({ "iat": now + 31 }),
            json!({ "iat": null }),
            json!({ "iss": "somebody-else" }),
            json!({ "iss": null }),
            json!({ "aud": "something-else" }),
            json!({ "aud": null }),
            json!({ "sub": null }),
            json!({ "actor": "robot" }),
            json!({ "actor": null }),
            json!({ "actor": "link" }),
            json!({ "roles": ["boss"] }),
            json!({ "roles": "admin" }),
            json!({ "scope": "everything" }),
            json!({ "account_ids": ["acc_x"] }),
        ] {
            refused(&app, &token(change)).await;
        }
        let short = token(json!({ "exp": now + 60 }));
        app.advance(TimeDelta::seconds(60 + 29));
        accepted(&app, &short).await;
        app.advance(TimeDelta::seconds(2));
        refused(&app, &short).await;
    }

    async fn who_cannot_be_named(app: TestApp) {
        let token = |change: Value| sign(&header(), &claims(&app, &change), &ours());
        let long = "x".repeat(256);
        for bad in ["", "\u{0}", "ada\u{0}", "a\nb", "a\r", "a\tb", "\u{7f}", "\u{85}", &long] {
            for name in ["sub", "name"] {
                let token = token(json!({ name: bad }));
                refused(&app, &token).await;
                // Nor where it would be written down.
                let invite = json!({ "email": "ada@example.com", "roles": ["viewer"] });
                let keyed = app
                    .bearer(&token)
                    .request(Method::POST, "/v1/system-users/invitations")
                    .header("idempotency-key", "k");
                crate::support::Answer::of(keyed.json(&invite)).await.problem(401, "unauthenticated");
            }
        }
        for good in ["ada", "Ada Lovelace", "zoë@example.com", "李", &"x".repeat(255)] {
            accepted(&app, &token(json!({ "sub": good, "name": good }))).await;
        }
    }

    async fn lifetimes(app: TestApp) {
        let token = |change: Value| sign(&header(), &claims(&app, &change), &ours());
        let (now, year) = (app.now().timestamp(), 365 * 24 * 3600);
        accepted(&app, &token(json!({ "exp": now + year }))).await;
        accepted(&app, &token(json!({ "iat": now - year + 60, "exp": now + 60 }))).await;
        refused(&app, &token(json!({ "exp": now + year + 1 }))).await;
        refused(&app, &token(json!({ "iat": now - year, "exp": now + 60 }))).await;
        refused(&app, &token(json!({ "iat": 0, "exp": now + 60 }))).await;
        refused(&app, &token(json!({ "exp": i64::MAX }))).await;
        refused(&app, &token(json!({ "iat": i64::MIN, "exp": now + 60 }))).await;
    }

    /// What a reader of the header must understand, and we do not; whatever it holds.
    async fn headers_that_change_how_a_token_is_read(app: TestApp) {
        let claims = claims(&app, &json!({}));
        let signed = |more: Value| {
            let mut head = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": thumbprint(&ours()) });
            head.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let text = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(head.to_string()),
                URL_SAFE_NO_PAD.encode(claims.to_string())
            );
            let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &ours(), Algorithm::EdDSA).unwrap();
            format!("{text}.{signature}")
        };
        accepted(&app, &signed(json!({}))).await;
        accepted(&app, &signed(json!({ "cty": "json" }))).await;
        for more in [
            json!({ "crit": ["exp"] }),
            json!({ "crit": ["b64"], "b64": true }),
            json!({ "crit": ["http://example.com/unknown"] }),
            json!({ "crit": [] }),
            json!({ "crit": null }),
            json!({ "crit": "exp" }),
            json!({ "zip": "DEF" }),
            json!({ "zip": null }),
            json!({ "zip": "none", "crit": ["zip"] }),
        ] {
            refused(&app, &signed(more)).await;
        }
    }

    async fn signatures_algorithms_and_types(app: TestApp) {
        let (claims, header) = (claims(&app, &json!({})), header());
        let good = sign(&header, &claims, &ours());
        accepted(&app, &good).await;
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let (head, _) = signed.split_once('.').unwrap();

        let stranger = pair("a key that somebody else has, for sure", "access-token-ed25519");
        refused(&app, &sign(&header, &claims, &stranger)).await;
        let kid = Some(thumbprint(&stranger));
        refused(&app, &sign(&Header { kid, ..header.clone() }, &claims, &stranger)).await;
        for purpose in ["access-token", "activation-link"] {
            refused(&app, &sign(&header, &claims, &pair(ROOT, purpose))).await;
        }
        refused(&app, &sign(&Header { kid: None, ..header.clone() }, &claims, &ours())).await;
        // The published key as a shared one.
        let key = Jwk::from_encoding_key(&ours(), Algorithm::EdDSA).unwrap();
        let x = URL_SAFE_NO_PAD.decode(json!(key)["x"].as_str().unwrap()).unwrap();
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let confused = Header { alg: algorithm, ..header.clone() };
            refused(&app, &sign(&confused, &claims, &EncodingKey::from_secret(&x))).await;
        }
        for typ in ["application/at+jwt", "AT+JWT", "Application/at+JWT"] {
            accepted(&app, &sign(&Header { typ: Some(typ.to_owned()), ..header.clone() }, &claims, &ours()))
                .await;
        }
        for typ in
            [None, Some("JWT"), Some("id+jwt"), Some("text/at+jwt"), Some("application/jwt"), Some("/at+jwt")]
        {
            let typ = typ.map(ToOwned::to_owned);
            refused(&app, &sign(&Header { typ, ..header.clone() }, &claims, &ours())).await;
        }

        let more = URL_SAFE_NO_PAD.encode(claims.to_string().replace("ada", "eve"));
        refused(&app, &format!("{head}.{more}.{signature}")).await;
        for none in ["none", "None", "NONE", ""] {
            let head = URL_SAFE_NO_PAD
                .encode(json!({ "alg": none, "typ": "at+jwt", "kid": thumbprint(&ours()) }).to_string());
            refused(&app, &format!("{head}.{more}.")).await;
            refused(&app, &format!("{head}.{more}.{signature}")).await;
        }
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        refused(&app, &format!("{signed}.{flipped}{}", &signature[1..])).await;
        for damaged in
            [&good[..good.len() / 2], &good[..good.len() - 1], &good[1..], signed, "x", "a.b.c", ".."]
        {
            refused(&app, damaged).await;
        }
    }

    async fn tokens_of_earlier_versions_are_taken_until_they_end(app: TestApp) {
        let (header, key) = shared();
        let token = |change: Value| sign(&header, &claims(&app, &change), &key);
        let now = app.now().timestamp();
        accepted(&app, &token(json!({}))).await;
        for change in [json!({ "exp": now - 31 }), json!({ "aud": "x" }), json!({ "iss": "x" })] {
            refused(&app, &token(change)).await;
        }
        let (signing, claims) = (self::header(), claims(&app, &json!({})));
        // Each key with its own algorithm alone.
        refused(&app, &sign(&Header { kid: signing.kid.clone(), ..header.clone() }, &claims, &key)).await;
        refused(&app, &sign(&Header { kid: header.kid.clone(), ..signing }, &claims, &ours())).await;
        for alg in [Algorithm::HS384, Algorithm::HS512] {
            refused(&app, &sign(&Header { alg, ..header.clone() }, &claims, &key)).await;
        }
        let other = EncodingKey::from_secret(derived(ROOT, "activation-link").secret());
        refused(&app, &sign(&header, &claims, &other)).await;
    }

    async fn the_header(app: TestApp) {
        let token = sign(&header(), &claims(&app, &json!({})), &ours());
        let get = async |value: String| {
            app.anonymous().call(Method::GET, "/v1/roles", &[("authorization", &value)]).await
        };
        for scheme in ["Bearer", "bearer", "BEARER"] {
            get(format!("{scheme} {token}")).await.expect(200);
        }
        for value in [
            token.clone(),
            format!("Basic {token}"),
            format!("Token {token}"),
            "Bearer".to_owned(),
            String::new(),
            format!("Bearer:{token}"),
        ] {
            let answer = get(value).await.problem(401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let (bearer, basic) = (format!("Bearer {token}"), format!("Basic {token}"));
        for second in [&bearer, &basic] {
            for values in [[&bearer, second], [second, &bearer]] {
                let headers = values.map(|value| ("authorization", value.as_str()));
                app.anonymous()
                    .call(Method::GET, "/v1/roles", &headers)
                    .await
                    .problem(401, "unauthenticated");
            }
        }
        let missing = app.anonymous().get("/v1/roles").await.problem(401, "unauthenticated");
        assert_eq!(missing.header("www-authenticate"), "Bearer");
        app.anonymous().get(&format!("/v1/roles?access_token={token}")).await.problem(401, "unauthenticated");
    }

    async fn a_link_is_no_access_token_nor_the_other_way_round(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        refused(&app, &mail.token).await;
        let access = sign(&header(), &claims(&app, &json!({})), &ours());
        for token in [access.as_str(), &mail.token[..mail.token.len() / 2], &mail.token[1..], "", "é"] {
            app.activate(token).await.problem(404, "activation_link_invalid");
            app.anonymous()
                .post("/v1/activations/preview", &json!({ "token": token }))
                .await
                .problem(404, "activation_link_invalid");
        }
        app.activate(&mail.token).await.expect(201);
    }

    async fn scopes_do_as_well_as_roles(app: TestApp) {
        let scoped = |scope: &str| {
            app.bearer(&sign(&header(), &claims(&app, &json!({ "roles": null, "scope": scope })), &ours()))
        };
        scoped("system_users:read").get("/v1/users").await.expect(200);
        scoped("").get("/v1/users").await.problem(403, "forbidden");
        scoped("").get("/v1/roles").await.expect(200);
        let invite = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let viewer_and_invite = "system_users:invite  system_users:read customers:read accounts:read";
        scoped("system_users:invite")
            .post("/v1/system-users/invitations", &invite)
            .await
            .problem(403, "role_exceeds_yours");
        let made = scoped(viewer_and_invite).post("/v1/system-users/invitations", &invite).await.expect(201);
        assert_eq!(made.body["invited_by"], json!({ "type": "cli", "id": "ada", "name": "ada" }));
        app.caller(&[], &[SystemUsersInvite, SystemUsersRead])
            .get(&format!("/v1/users/{}", made.text_of("user_id")))
            .await
            .expect(200);
    }
}
