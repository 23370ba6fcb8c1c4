use serde_json::json;

use super::*;

const MODULUS: [&str; 4] = [
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE",
    "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q",
    "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6",
    "WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
];

/// The EC key of RFC 7517 §A.1.
fn p256() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
    })
}

/// The RSA key of RFC 7517 §A.1.
fn rsa() -> Value {
    json!({
        "kty": "RSA", "kid": "2", "e": "AQAB",
        "n": MODULUS.concat()
    })
}

/// The key of RFC 8037 §A.2.
fn ed25519() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "3", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn with(mut key: Value, more: &Value) -> Value {
    key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    key
}

fn algorithms(key: Value) -> Option<Vec<Algorithm>> {
    Key::read(key).map(|key| key.algorithms)
}

#[test]
fn keys_without_alg_and_use_are_used_by_their_type() {
    assert_eq!(algorithms(p256()), Some(vec![Algorithm::ES256]));
    assert_eq!(algorithms(rsa()), Some(RSA.to_vec()));
    assert_eq!(algorithms(ed25519()), Some(vec![Algorithm::EdDSA]));
    for more in [json!({ "use": "sig" }), json!({ "key_ops": ["verify"] }), json!({ "x5c": ["x"], "x5t": 1 })]
    {
        assert!(algorithms(with(rsa(), &more)).is_some(), "{more}");
    }
    assert_eq!(algorithms(with(rsa(), &json!({ "alg": "PS256" }))), Some(vec![Algorithm::PS256]));
    assert_eq!(algorithms(with(ed25519(), &json!({ "alg": "Ed25519" }))), Some(vec![Algorithm::EdDSA]));
}

#[test]
fn what_is_not_understood_is_skipped() {
    let half: String = rsa()["n"].as_str().unwrap().chars().take(171).collect();
    let skipped = [
        with(rsa(), &json!({ "use": "enc" })),
        with(rsa(), &json!({ "key_ops": ["sign"] })),
        with(rsa(), &json!({ "alg": "RSA-OAEP" })),
        with(rsa(), &json!({ "alg": "HS256" })),
        with(rsa(), &json!({ "alg": "ES256" })),
        with(rsa(), &json!({ "alg": "none" })),
        with(rsa(), &json!({ "n": half })),
        with(rsa(), &json!({ "n": null })),
        with(rsa(), &json!({ "e": "AQAC" })),
        with(p256(), &json!({ "crv": "P-384" })),
        with(p256(), &json!({ "crv": "P-521" })),
        with(p256(), &json!({ "crv": "secp256k1" })),
        with(p256(), &json!({ "y": "" })),
        with(p256(), &json!({ "alg": "ES384" })),
        with(ed25519(), &json!({ "crv": "X25519" })),
        with(ed25519(), &json!({ "crv": "Ed448" })),
        with(ed25519(), &json!({ "x": "11qYAYKxCrfVS" })),
        with(ed25519(), &json!({ "x": "" })),
        json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "2" }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "x" }),
        json!({ "kid": "4" }),
        json!({ "kty": 3 }),
        json!(null),
        json!("x"),
    ];
    for key in &skipped {
        assert_eq!(algorithms(key.clone()), None, "{key}");
    }
    let all: Vec<Value> = skipped.into_iter().chain([p256(), rsa()]).collect();
    assert_eq!(KeySet::parse(json!({ "keys": all }).to_string().as_bytes()).unwrap().len(), 2);
}

#[test]
fn a_document_without_keys_is_none() {
    for text in ["", "[]", "{}", "null", r#"{"keys": {}}"#, r#"{"keys": "x"}"#, "<html>"] {
        assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(KeySet::parse(br#"{"keys": []}"#).unwrap().len(), 0);
}

#[test]
fn a_key_is_found_by_its_id_and_fits_the_algorithm() {
    let nameless = with(rsa(), &json!({ "kid": null }));
    let set = |keys: Vec<Value>| KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    let found = |keys: Vec<Value>, id: Option<&str>, algorithm| set(keys).candidates(id, algorithm).len();
    assert_eq!(found(vec![rsa(), p256()], Some("2"), Algorithm::RS256), 1);
    assert_eq!(found(vec![rsa(), p256()], Some("1"), Algorithm::RS256), 0);
    assert_eq!(found(vec![rsa(), p256()], Some("4"), Algorithm::RS256), 0);
    // Without an id on either side the type decides.
    assert_eq!(found(vec![rsa(), p256()], None, Algorithm::ES256), 1);
    assert_eq!(found(vec![nameless.clone(), p256()], Some("4"), Algorithm::RS256), 1);
    assert_eq!(found(vec![nameless.clone(), rsa()], Some("2"), Algorithm::RS256), 1);
    assert_eq!(found(vec![nameless; 9], None, Algorithm::RS256), MAX_TRIED);
}
