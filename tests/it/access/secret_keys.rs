//! Where the root key comes from, which texts are none, and what is warned of before a start.

use crate::support::{Backend, Home};

const GOOD: &str = "1c7be20d94a6f3508e6b17d2c49f0a63d85ef7021b9c43ae60d81f5279ba34ce";

/// What `check-config` says of these, and whether it is content.
fn check(home: &Home) -> (bool, String) {
    let output = home.run(&["check-config"]);
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn a_guessable_key_is_refused_wherever_it_stands() {
    for key in [
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "changemechangemechangemechangeme",
        "change-me-before-you-go-to-production",
        "12345678901234567890123456789012",
        "0123456789abcdef0123456789abcdef",
        "passwordpasswordpasswordpassword",
        "your-256-bit-secret-your-256-bit-secret",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "00112233445566778899aabbccddeeff",
        "30313233343536373839616263646566",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ThisIsMySigningKeyForProductionUse2024",
    ] {
        for name in ["SECRET_KEY", "SECRET_KEY_PREVIOUS"] {
            let (good, said) = check(&Home::new(Backend::Sqlite, &[(name, key)]));
            assert!(
                !good && said.contains(&format!("{name}: is guessable")) && !said.contains(key),
                "{key}: {said}"
            );
        }
        let home = Home::new(Backend::Sqlite, &[("SECRET_KEY", ""), ("SECRET_KEY_FILE", "key")]);
        std::fs::write(home.path().join("key"), format!("{key}\n")).unwrap();
        let (good, said) = check(&home);
        assert!(
            !good && said.contains("SECRET_KEY_FILE: is guessable") && !said.contains(key),
            "{key}: {said}"
        );
        let home = Home::new(Backend::Sqlite, &[("SECRET_KEY", "")]);
        std::fs::create_dir(home.path().join("data")).unwrap();
        std::fs::write(home.path().join("data/secret.key"), key).unwrap();
        for arguments in [&["check-config"][..], &["serve"], &["token", "--role", "admin"]] {
            let output = home.run(arguments);
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                !output.status.success() && said.contains("data/secret.key is guessable"),
                "{key}: {said}"
            );
        }
    }
    assert!(check(&Home::new(Backend::Sqlite, &[("SECRET_KEY", GOOD)])).0);
}

#[tokio::test]
async fn a_key_is_read_from_a_file() {
    let home = Home::new(Backend::Sqlite, &[("SECRET_KEY", ""), ("SECRET_KEY_FILE", "run/key")]);
    let (good, said) = check(&home);
    assert!(!good && said.contains("SECRET_KEY_FILE: cannot read run/key: "), "{said}");
    std::fs::create_dir(home.path().join("run")).unwrap();
    std::fs::write(home.path().join("run/key"), format!("{GOOD}\r\n")).unwrap();
    let (good, said) = check(&home);
    assert!(good && said.contains("root key    from the file that SECRET_KEY_FILE names"), "{said}");
    let server = home.start(&["serve"]);
    server.client(Some(home.token())).get("/v1/roles").await.expect(200);
    // It is the same key as in the variable.
    let given = Home::new(Backend::Sqlite, &[("SECRET_KEY", GOOD)]);
    server.client(Some(given.token())).get("/v1/roles").await.expect(200);
    server.stop().await;
    assert!(!home.path().join("data/secret.key").exists());

    for (text, words) in [
        ("short", "SECRET_KEY_FILE: has 5 bytes and needs at least 32"),
        ("", "SECRET_KEY_FILE: has 0 bytes"),
    ] {
        std::fs::write(home.path().join("run/key"), text).unwrap();
        let (good, said) = check(&home);
        assert!(!good && said.contains(words), "{said}");
    }
}

#[test]
fn two_keys_at_once_are_a_fault_reported_with_all_others() {
    let home = Home::new(
        Backend::Sqlite,
        &[
            ("SECRET_KEY", GOOD),
            ("SECRET_KEY_FILE", "key"),
            ("SECRET_KEY_PREVIOUS", GOOD),
            ("SECRET_KEY_PREVIOUS_FILE", "/nofile"),
            ("JWT_MAX_TTL", "1m"),
            ("RATE_LIMITS", "perhaps"),
        ],
    );
    std::fs::write(home.path().join("key"), GOOD).unwrap();
    let (good, said) = check(&home);
    for words in [
        "SECRET_KEY_FILE: is set together with SECRET_KEY",
        "SECRET_KEY_PREVIOUS_FILE: is set together with SECRET_KEY_PREVIOUS",
        "JWT_MAX_TTL: must be from 15m to a year",
        "RATE_LIMITS: ",
    ] {
        assert!(!good && said.contains(words), "{words}: {said}");
    }
    let home = Home::new(Backend::Sqlite, &[("SECRET_KEY_PREVIOUS_FILE", "old")]);
    std::fs::write(home.path().join("old"), GOOD).unwrap();
    assert!(check(&home).0);
}

#[test]
fn links_in_the_clear_over_the_internet_are_warned_of() {
    for (url, warned) in [
        ("http://invitations.example.com", true),
        ("http://8.8.8.8:8080", true),
        ("http://[2001:db8::1]", true),
        ("https://invitations.example.com", false),
        ("http://127.0.0.1:8080", false),
        ("http://localhost:8080", false),
        ("http://[::1]:8080", false),
        ("http://10.0.0.5", false),
        ("http://192.168.1.10:8080", false),
        ("http://169.254.10.1", false),
        ("http://[fd00::1]", false),
        ("http://[fe80::1]", false),
        ("http://nas.local", false),
        ("http://invitations.corp.internal", false),
        ("http://invitations.test", false),
        ("http://invitations:8080", false),
    ] {
        for name in ["PUBLIC_URL", "ACTIVATION_URL"] {
            let (good, said) = check(&Home::new(Backend::Sqlite, &[(name, url)]));
            assert!(
                good && said.contains(&format!("warning     {name}: it is http://")) == warned,
                "{name} {url}: {said}"
            );
        }
    }
}

#[tokio::test]
async fn links_in_the_clear_are_warned_of_at_the_start() {
    let home = Home::new(Backend::Sqlite, &[("PUBLIC_URL", "http://invitations.example.com")]);
    let log = home.start(&["serve"]).stop().await;
    assert!(log.contains("PUBLIC_URL: it is http://"), "{log}");
}

#[tokio::test]
async fn the_command_line_makes_no_token_that_the_service_refuses() {
    let home = Home::new(Backend::Sqlite, &[("JWT_MAX_TTL", "2h")]);
    let output = home.run(&["token", "--role", "viewer", "--ttl", "121m"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("2h (JWT_MAX_TTL)"), "{said}");
    let server = home.start(&["serve"]);
    let token =
        |home: &Home, ttl: &str| home.print(&["token", "--role", "viewer", "--ttl", ttl]).trim().to_owned();
    server.client(Some(token(&home, "2h"))).get("/v1/roles").await.expect(200);
    // Made elsewhere, where the limit is another one.
    let elsewhere = Home::new(Backend::Sqlite, &[]);
    server.client(Some(token(&elsewhere, "2h"))).get("/v1/roles").await.expect(200);
    server.client(Some(token(&elsewhere, "121m"))).get("/v1/roles").await.problem(401, "unauthenticated");
    // Whoever signs in and whoever imports stay below it.
    let file = home.path().join("people.csv");
    std::fs::write(&file, "kind,email,roles\nsystem_user,ada@example.com,viewer\n").unwrap();
    let imported = home.run(&["import", file.to_str().unwrap(), "--url", &server.url]);
    assert!(imported.status.success(), "{imported:?}");
    server.stop().await;
}
