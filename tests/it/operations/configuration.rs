//! What the environment and the command line lead to, in the real process.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::support::{Backend, Home, eventually, json, process::Process};

const SOON: Duration = Duration::from_secs(10);

/// What a process said on standard error, having ended badly.
fn complaint(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert!(!output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// What a server prints when it has started, to its last line.
async fn greeting(server: &Process) -> String {
    let greeted = async || server.out().contains("Authorization").then(|| server.out());
    eventually("the greeting", SOON, greeted).await;
    // It is printed at once; what follows the command is there when the server answers.
    server.client(None).get("/healthz").await.expect(200);
    server.out()
}

#[test]
fn a_password_that_cannot_be_read_is_reported_without_being_shown() {
    let home = Home::new(Backend::Sqlite, &[("DATABASE_URL", "postgres://u:s3cr%ZZ@127.0.0.1:1/x")]);
    for arguments in [&["check-config"][..], &["serve"], &["migrate"]] {
        let said = complaint(&home, arguments);
        assert!(said.contains("DATABASE_URL: ") && !said.contains("s3cr"), "{said}");
    }
}

/// libpq's list of hosts, as `check-config` and the greeting show it.
#[test]
fn a_list_of_hosts_is_shown_without_its_password() {
    for (hosts, shown) in [
        ("h1:5432,h2:5432", "h1:5432,h2:5432"),
        ("h1,[2001:db8::7]:5433,10.0.0.1", "h1:5432,[2001:db8::7]:5433,10.0.0.1:5432"),
    ] {
        for query in ["", "?target_session_attrs=primary", "?sslmode=disable&target_session_attrs=read-write"]
        {
            let url = format!("postgres://u:s3cret@{hosts}/db{query}");
            let said = Home::new(Backend::Sqlite, &[("DATABASE_URL", &url)]).print(&["check-config"]);
            assert!(
                said.contains(&format!("PostgreSQL at {shown}/db\n")) && !said.contains("s3cret"),
                "{said}"
            );
        }
    }
    let any = "postgres://u:s3cret@h1,h2/db?target_session_attrs=any";
    let said = Home::new(Backend::Sqlite, &[("DATABASE_URL", any)]).print(&["check-config"]);
    assert!(said.contains("warning     DATABASE_URL: ") && !said.contains("s3cret"), "{said}");
    for wrong in ["h1:5432,h2:port", "h1,[::1", "h1,h2:70000"] {
        let home =
            Home::new(Backend::Sqlite, &[("DATABASE_URL", &format!("postgres://u:s3cret@{wrong}/db"))]);
        for arguments in [&["check-config"][..], &["serve"]] {
            let said = complaint(&home, arguments);
            assert!(
                said.contains("DATABASE_URL: is no PostgreSQL URL: ") && !said.contains("s3cret"),
                "{said}"
            );
        }
    }
    let standby = Home::new(
        Backend::Sqlite,
        &[("DATABASE_URL", "postgres://u:s3cret@h1,h2/db?target_session_attrs=standby")],
    );
    assert!(complaint(&standby, &["check-config"]).contains("the service writes"));
}

#[tokio::test]
async fn links_lead_to_the_port_that_the_system_chose() {
    let home = Home::new(Backend::Sqlite, &[]);
    let server = home.start(&["serve"]);
    let caller = server.client(Some(home.token()));
    let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
    caller.post("/v1/system-users/invitations", &body).await.expect(201);
    eventually("the letter", SOON, async || (home.letters().len() == 1).then_some(())).await;
    let link = &home.letters()[0].link;
    assert!(link.starts_with(&format!("{}/activate?token=", server.url)), "{link}");
    let greeting = greeting(&server).await;
    assert!(greeting.contains(&format!("curl -sS {}/v1/", server.url)), "{greeting}");
    server.stop().await;
}

#[tokio::test]
async fn only_what_serves_makes_a_key() {
    let home = Home::new(Backend::Sqlite, &[("SECRET_KEY", "")]);
    let key = home.path().join("data/secret.key");
    let said = complaint(&home, &["token", "--role", "admin"]);
    assert!(said.contains("Start the service once in this folder, or set SECRET_KEY"), "{said}");
    home.print(&["check-config"]);
    home.print(&["mail-preview"]);
    home.print(&["migrate"]);
    complaint(&home, &["healthcheck"]);
    assert!(!key.exists());

    let server = home.start(&["serve"]);
    assert!(key.exists());
    server.client(Some(home.token())).get("/v1/roles").await.expect(200);
    assert!(!greeting(&server).await.contains("needs the same"));
    server.stop().await;
}

#[tokio::test]
async fn the_greeting_says_what_the_token_command_needs() {
    let home = Home::new(Backend::Sqlite, &[("JWT_AUDIENCE", "charging")]);
    let server = home.start(&["serve"]);
    let says = "The token command needs the same SECRET_KEY, JWT_AUDIENCE in its environment";
    eventually("it says so", SOON, async || server.out().contains(says).then_some(())).await;
    server.stop().await;
}

/// With a umask that lets everybody read, and a key that somebody copied carelessly.
#[tokio::test]
async fn what_is_stored_is_for_its_owner_alone() {
    let home = Home::new(
        Backend::Sqlite,
        &[("SECRET_KEY", ""), ("DATABASE_URL", "sqlite://data/db/x.db"), ("LOG", "warn")],
    );
    let mode = |path: &str| {
        let found =
            std::fs::metadata(home.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        found.permissions().mode() & 0o777
    };
    let server = home.start(&["serve"]);
    server.client(None).get("/readyz").await.expect(200);
    for folder in ["data", "data/db", "data/mail"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    for file in
        ["data/secret.key", "data/db/x.db", "data/db/x.db-wal", "data/db/x.db-shm", "data/db/x.db.lock"]
    {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    assert!(!server.stop().await.contains("secret.key"));

    std::fs::set_permissions(home.path().join("data/secret.key"), Permissions::from_mode(0o640)).unwrap();
    let server = home.start(&["serve"]);
    assert!(server.stop().await.contains("other users can read the key file"));
    let said = home.print(&["check-config"]);
    assert!(said.contains("data/secret.key: other users can read the key file"), "{said}");
}

/// What a start would refuse is refused before it, in the same words, and nothing is left behind by asking.
#[test]
fn check_config_refuses_what_serve_refuses() {
    let no_file = "MAIL_URL: no TLS to smtp://relay.example.com:587 is possible: /nofile cannot be read";
    let no_certificate = "MAIL_URL: no TLS to smtps://relay.example.com:465 is possible: empty.pem contains \
        no PEM certificate";
    for (mail, words) in [
        ("smtp://relay.example.com?ca=/nofile", no_file),
        ("smtps://relay.example.com?ca=empty.pem", no_certificate),
        ("directory:empty.pem/mail", "MAIL_URL: the folder empty.pem/mail cannot be made: Not a directory"),
        ("directory:empty.pem", "MAIL_URL: the folder empty.pem cannot be made: "),
    ] {
        let home = Home::new(Backend::Sqlite, &[("MAIL_URL", mail)]);
        std::fs::write(home.path().join("empty.pem"), "").unwrap();
        for arguments in ["check-config", "serve", "courier"] {
            let said = complaint(&home, &[arguments]);
            assert!(said.contains(words), "{mail}: {arguments}: {said}");
        }
    }
    let home = Home::new(
        Backend::Sqlite,
        &[("SECRET_KEY", ""), ("MAIL_URL", "smtp://relay.example.com?ca=/nofile")],
    );
    std::fs::create_dir(home.path().join("data")).unwrap();
    std::fs::write(home.path().join("data/secret.key"), "short").unwrap();
    let said = complaint(&home, &["check-config"]);
    assert!(said.contains(no_file) && said.contains("fewer than 32 bytes"), "{said}");

    let home = Home::new(Backend::Sqlite, &[("MAIL_URL", "directory:not/yet/there")]);
    home.print(&["check-config"]);
    assert_eq!(home.path().read_dir().unwrap().count(), 0);
}

/// By whoever sends letters, and by nobody else.
#[tokio::test]
async fn a_password_that_may_go_in_the_clear_is_warned_of() {
    for (mail, arguments, warned) in [
        ("smtp://ada:relay-sesame@127.0.0.1:1", &["serve"][..], true),
        ("smtp://ada:relay-sesame@127.0.0.1:1", &["serve", "--no-courier"], false),
        ("smtp://ada:relay-sesame@127.0.0.1:1?tls=offered", &["serve"], false),
        ("smtp://127.0.0.1:1", &["serve"], false),
    ] {
        let home = Home::new(Backend::Sqlite, &[("MAIL_URL", mail)]);
        let log = home.start(arguments).stop().await;
        assert_eq!(log.contains("MAIL_URL: it has a password and no tls="), warned, "{mail}: {log}");
        assert!(!log.contains("sesame"), "{log}");
    }
}

/// A header that claims to be a log line: refused for a reason in a word, and repeated nowhere.
#[tokio::test]
async fn a_token_writes_nothing_into_the_log() {
    for format in ["pretty", "json"] {
        let home = Home::new(Backend::Sqlite, &[("LOG_FORMAT", format)]);
        let server = home.start(&["serve"]);
        let head = "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"x\\n2026 ERROR forged\":\"a\", forged\n}";
        let forged = format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(head));
        let unknown =
            format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode("{\"alg\":\"for\\nged\",\"typ\":\"at+jwt\"}"));
        for token in [forged, unknown] {
            server.client(Some(token)).get("/v1/roles").await.expect(401);
        }
        let log = server.stop().await;
        assert!(log.contains("an access token was refused") && log.contains("malformed"), "{log}");
        assert!(!log.contains("forged") && !log.contains("for\\nged") && !log.contains("ged`"), "{log}");
    }
}

#[test]
fn a_token_lives_from_a_second_to_a_year() {
    let home = Home::new(Backend::Sqlite, &[]);
    for (ttl, good) in [
        ("0s", false),
        ("999ms", false),
        ("1s", true),
        ("365days", true),
        ("366days", false),
        ("soon", false),
    ] {
        let output = home.run(&["token", "--role", "viewer", "--ttl", ttl]);
        assert_eq!(output.status.success(), good, "{ttl}: {output:?}");
    }
}
