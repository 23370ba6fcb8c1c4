use serde_json::json;
use url::Url;

use super::*;
use crate::{
    domain::role::Role,
    identity::settings::{Claims, TokenType},
};

fn issuer() -> Issuer {
    Issuer {
        issuer: "https://id.example.com".to_owned(),
        jwks_url: Url::parse("https://id.example.com/keys").unwrap(),
        audiences: vec!["us".to_owned()],
        types: vec![TokenType::AccessToken],
        claims: Claims {
            roles: Some(ClaimPath::named("roles")),
            accounts: Some(ClaimPath::named("accounts")),
            ..Claims::default()
        },
        roles: [("desk".to_owned(), vec![Role::Finance])].into(),
        permissions: None,
        allow_private_network: false,
    }
}

fn holder(claims: &Value) -> Result<Holder, Reason> {
    Holder::of(claims.as_object().unwrap(), &issuer())
}

#[test]
fn a_client_is_its_own_subject_or_has_no_address() {
    let kind = |claims: Value| holder(&claims).unwrap().kind;
    assert_eq!(kind(json!({ "sub": "x", "email": "ada@example.com" })), ActorKind::User);
    assert_eq!(kind(json!({ "sub": "x", "email": "ada@example.com", "azp": "portal" })), ActorKind::User);
    assert_eq!(kind(json!({ "sub": "x", "email": "ada@example.com", "client_id": "x" })), ActorKind::Client);
    for claims in
        [json!({ "sub": "x" }), json!({ "sub": "x", "email": "" }), json!({ "sub": "x", "email": true })]
    {
        assert_eq!(kind(claims), ActorKind::Client);
    }
}

#[test]
fn the_name_is_the_first_that_is_one() {
    let name = |claims: Value| holder(&claims).unwrap().name;
    let email = "ada@example.com";
    assert_eq!(name(json!({ "sub": "x", "email": email, "name": "Ada Lovelace" })), "Ada Lovelace");
    for bad in [json!("a\u{0}b"), json!(" "), json!("x".repeat(101)), json!(3), json!(null)] {
        assert_eq!(name(json!({ "sub": "x", "email": email, "name": bad })), email);
    }
    assert_eq!(name(json!({ "sub": "x-1", "client_id": "fleet-sync" })), "fleet-sync");
    assert_eq!(name(json!({ "sub": "x-1" })), "x-1");
}

#[test]
fn a_subject_can_be_written_down() {
    let long = "x".repeat(256);
    for bad in [json!(""), json!("a\u{0}"), json!("a\nb"), json!(long), json!(3), json!(null), json!(["x"])] {
        assert_eq!(holder(&json!({ "sub": bad })), Err("subject"), "{bad}");
    }
    assert_eq!(holder(&json!({})), Err("subject"));
    assert_eq!(holder(&json!({ "sub": &long[1..] })).unwrap().subject.len(), 255);
}

#[test]
fn what_is_not_mapped_is_ignored() {
    let claims = json!({
        "sub": "x", "roles": ["desk", "admin", "viewer"], "scope": "openid users:block everything",
        "accounts": ["acc_x", "acc_01kavx6e9kfzabv5qhm1p4d6xn", "acc_01kavx6e9kfzabv5qhm1p4d6xn"]
    });
    let holder = holder(&claims).unwrap();
    assert_eq!(holder.roles.names(), ["finance"]);
    let mut expected: BTreeSet<Permission> = Role::Finance.permissions().iter().copied().collect();
    expected.insert(Permission::UsersBlock);
    assert_eq!(holder.permissions, expected);
    assert_eq!(holder.accounts.len(), 1);
}
