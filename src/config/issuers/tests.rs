use super::*;
use crate::{
    config::tests::read,
    domain::{permission::Permission, role::Role},
    identity::ClaimPath,
};

const OWN: &str = "https://invitations.example.com";

fn faults(text: &str) -> Vec<String> {
    issuers(text, Some(OWN)).err().unwrap_or_else(|| panic!("{text} is taken"))
}

/// The places of the faults.
fn places(text: &str) -> Vec<String> {
    faults(text).iter().map(|fault| fault.split(": ").next().unwrap().to_owned()).collect()
}

fn one(more: &str) -> String {
    let own =
        r#""issuer": "https://id.example.com", "jwks_url": "https://id.example.com/keys", "audience": "us""#;
    format!("[{{ {own}{more} }}]")
}

#[test]
fn the_least_is_three_members() {
    let read = issuers(&one(""), Some(OWN)).unwrap().remove(0);
    assert_eq!((read.issuer.as_str(), read.audiences), ("https://id.example.com", vec!["us".to_owned()]));
    assert_eq!((read.types, read.permissions), (vec![TokenType::AccessToken], None));
    assert_eq!(read.claims.permissions, Some(ClaimPath::named("scope")));
    assert_eq!((read.claims.roles, read.roles.len(), read.allow_private_network), (None, 0, false));
    assert!(issuers("", None).unwrap().is_empty() && issuers("[]", None).unwrap().is_empty());
}

#[test]
fn everything_is_read() {
    let text = one(r#", "typ": ["at+jwt", "JWT", null], "allow_private_network": true,
        "claims": { "roles": ["realm_access", "roles"], "permissions": null, "name": "/n", "email": "upn",
                    "accounts": "https://a.example/x" },
        "map": { "roles": { "boss": "admin", "desk": ["finance", "viewer"] },
                 "permissions": { "see": "customers:read" } }"#);
    let read = issuers(&text, None).unwrap().remove(0);
    assert_eq!(read.types, [TokenType::AccessToken, TokenType::Jwt, TokenType::Absent]);
    assert_eq!(read.claims.roles.unwrap().to_string(), "/realm_access/roles");
    assert_eq!(read.claims.accounts.unwrap().only_name(), Some("https://a.example/x"));
    assert_eq!(read.claims.permissions, None);
    assert_eq!(read.roles["desk"], [Role::Finance, Role::Viewer]);
    assert_eq!(read.permissions.unwrap()["see"], [Permission::CustomersRead]);
    assert!(read.allow_private_network);
}

#[test]
fn every_fault_is_reported_with_its_place() {
    let text = format!(
        r#"[3, {{ "issuer": "{OWN}", "jwks_url": "http://id.example.com", "audience": [], "typ": "ID",
            "claims": {{ "roles": "", "rolls": 1 }}, "map": {{ "roles": {{ "x": "boss" }}, "a/b": 1 }},
            "allow_private_network": "yes", "jwks": 1 }}, {{}}]"#
    );
    let mut found = places(&text);
    found.sort();
    let expected = [
        "/0",
        "/1/allow_private_network",
        "/1/audience",
        "/1/claims/roles",
        "/1/claims/rolls",
        "/1/jwks",
        "/1/jwks_url",
        "/1/map/a~1b",
        "/1/map/roles",
        "/1/typ",
        "/2/audience",
        "/2/issuer",
        "/2/jwks_url",
    ];
    assert_eq!(found, expected);
    let twice = one("").replace("[{", "[{\"typ\": \"JWT\",").replace("}]", "},");
    assert_eq!(places(&format!("{twice}{}", &one("")[1..])), ["/1/issuer"]);
    assert_eq!(places(&one("").replace("https://id.example.com\"", &format!("{OWN}\""))), ["/0/issuer"]);
    assert_eq!(places(&one(r#", "claims": { "roles": "roles" }"#)), ["/0/map"]);
}

#[test]
fn only_a_list_of_objects_will_do() {
    for text in ["{}", "3", "\"x\"", "[1", "nonsense", "@/no/such/file", "@"] {
        assert_eq!(faults(text).len(), 1, "{text}");
    }
    for text in ["[null]", "[[]]"] {
        assert_eq!(places(text), ["/0"]);
    }
}

#[test]
fn keys_are_fetched_from_the_internet_by_https_unless_it_is_allowed() {
    let with = |url: &str, more: &str| {
        issuers(&one(more).replace("https://id.example.com/keys", url), None).map(|read| read.len())
    };
    let allowed = r#", "allow_private_network": true"#;
    for url in
        ["https://id.example.com:8443/x?y", "http://localhost:1/k", "http://127.0.0.1/k", "https://[::1]/k"]
    {
        assert_eq!(with(url, ""), Ok(1), "{url}");
    }
    for url in [
        "http://id.example.com/k",
        "https://10.0.0.1/k",
        "http://keycloak:8080/k",
        "https://169.254.169.254/",
    ] {
        assert!(with(url, "").is_err(), "{url}");
        assert_eq!(with(url, allowed), Ok(1), "{url}");
    }
    for url in
        ["ftp://id.example.com", "keys.json", "https://u:p@id.example.com", "https://id.example.com#x", ""]
    {
        assert!(with(url, allowed).is_err(), "{url}");
    }
}

#[test]
fn names_of_issuers_are_kept_as_they_are() {
    for name in ["https://tenant.eu.auth0.com/", "https://ID.example.com", "http://127.0.0.1:3000"] {
        let text = one("").replace("https://id.example.com\"", &format!("{name}\""));
        assert_eq!(issuers(&text, None).unwrap()[0].issuer, name);
    }
    for name in
        ["id.example.com", "usr_01kavx6e9kfzabv5qhm1p4d6xn", "https://a.example#b", "https://a.example?b", ""]
    {
        assert_eq!(places(&one("").replace("https://id.example.com\"", &format!("{name}\""))), ["/0/issuer"]);
    }
}

#[test]
fn the_file_is_read_and_its_faults_have_the_variable_s_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, one("")).unwrap();
    let path = format!("@{}", file.path().display());
    assert_eq!(
        read(&[("JWT_ISSUERS", &path)]).unwrap_or_else(|faults| panic!("{faults:?}")).jwt_issuers.len(),
        1
    );
    std::fs::write(&file, "[{}]").unwrap();
    let faults = read(&[("JWT_ISSUERS", &path)]).err().unwrap();
    assert!(
        faults.len() == 3 && faults.iter().all(|fault| fault.starts_with("JWT_ISSUERS: /0/")),
        "{faults:?}"
    );
}
