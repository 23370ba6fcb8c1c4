//! The command line, on the real binary: what each subcommand prints, and how it ends.

use std::{
    os::unix::fs::PermissionsExt,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use invitation_service::{
    config::{Variable, variables::variables},
    domain::locale::Locale,
};
use serde_json::Value;

use crate::support::{Backend, Home, eventually, json, mailbox, on_each};

const LIMIT: Duration = Duration::from_secs(30);

fn home() -> Home {
    Home::new(Backend::Sqlite, &[])
}

/// Runs it to an end that must not be a good one, and gives its code and what it complained of.
fn complaint(home: &Home, arguments: &[&str]) -> (i32, String) {
    failed(arguments, home.run(arguments))
}

fn failed(arguments: &[&str], output: Output) -> (i32, String) {
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?} succeeded");
    assert!(output.stdout.is_empty(), "{arguments:?} printed {}", String::from_utf8_lossy(&output.stdout));
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().unwrap(), said)
}

fn answer(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_lists_every_variable_with_its_default() {
    let help = home().print(&["--help"]);
    for variable in variables() {
        let (Variable { name, default, .. }, meaning) = (variable, &variable.explanation());
        let line = if default.is_empty() { format!("  {name}\n") } else { format!("  {name} [{default}]\n") };
        assert!(help.contains(&line) && help.contains(meaning), "{name}");
    }
    for command in [
        "serve",
        "courier",
        "migrate",
        "token",
        "import",
        "openapi",
        "check-config",
        "check-mail",
        "mail-preview",
        "healthcheck",
        "bounce",
        "write-manual",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
    for arguments in
        [["serve", "--help"], ["token", "--help"], ["import", "--help"], ["mail-preview", "--help"]]
    {
        home().print(&arguments);
    }
    assert!(home().print(&["--version"]).starts_with("invitation-service "));
}

#[test]
fn every_fault_of_the_configuration_is_reported_at_once() {
    let home = Home::new(
        Backend::Sqlite,
        &[
            ("LISTEN_ADDR", "nowhere"),
            ("MAIL_URL", "smtp://ada:relay-sesame@"),
            ("SECRET_KEY", "too short, secret"),
            ("INVITATION_TTL", "soon"),
            ("RATE_LIMITS", "perhaps"),
            ("LOG_FORMAT", "xml"),
        ],
    );
    for arguments in [
        &[][..],
        &["serve"],
        &["courier"],
        &["migrate"],
        &["check-config"],
        &["token", "--role", "admin"],
        &["healthcheck"],
    ] {
        let (code, said) = complaint(&home, arguments);
        assert_eq!(code, 78, "{arguments:?}");
        assert!(said.contains("6 fault(s)"), "{said}");
        for name in ["LISTEN_ADDR", "MAIL_URL", "SECRET_KEY", "INVITATION_TTL", "RATE_LIMITS", "LOG_FORMAT"] {
            assert_eq!(said.matches(&format!("\n  {name}: ")).count(), 1, "{name}: {said}");
        }
        assert!(!said.contains("relay-sesame") && !said.contains("too short, secret"), "{said}");
    }
    assert_eq!(home.path().read_dir().unwrap().count(), 0, "a faulty configuration leaves nothing behind");
}

#[test]
fn check_config_says_what_the_configuration_leads_to() {
    let home = Home::new(
        Backend::Sqlite,
        &[
            ("DATABASE_URL", "postgres://me:db-sesame@db.example:5433/inv"),
            ("MAIL_URL", "smtp://ada:relay-sesame@relay.example.com"),
            ("PUBLIC_URL", "https://invite.example.com/"),
            ("INVITATION_TTL", "90m"),
            ("REMINDER_BEFORE", "30m"),
            ("MAIL_RATE_LIMIT", "100/min"),
            ("MAIL_TEMPLATES", "."),
            ("MAIL_EVENTS_POSTMARK", "a-sesame-that-opens-to-postmark"),
            ("MAIL_EVENTS_RESEND", "whsec_c2VzYW1lIHNlc2FtZSBzZXNhbWU="),
        ],
    );
    let said = home.print(&["check-config"]);
    for words in [
        "PostgreSQL at db.example:5433/inv",
        "smtp://relay.example.com:587, under TLS when the relay offers STARTTLS, and in the clear when it \
        does not\n",
        "warning     MAIL_URL: it has a password and no tls=",
        "add ?tls=required",
        "https://invite.example.com/activate",
        "1h 30m",
        "reminders   30m before the link expires",
        "mail rate   100/min at most",
        "templates   from folder .",
        "webhooks    Postmark, Resend\n",
        "The configuration is valid.",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("sesame") && !said.contains("whsec"), "{said}");

    let said = Home::new(Backend::Sqlite, &[]).print(&["check-config"]);
    assert!(!said.contains("warning"), "{said}");
    for words in
        ["reminders   off\n", "mail rate   no limit\n", "templates   built in\n", "webhooks    none\n"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn the_key_is_made_once_and_only_its_owner_reads_it() {
    let home = Home::new(Backend::Sqlite, &[("SECRET_KEY", "")]);
    let server = home.start(&["serve"]);
    let file = home.path().join("data/secret.key");
    let made = std::fs::read_to_string(&file).unwrap();
    assert!(made.trim().len() >= 32);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    drop(server);
    home.print(&["token", "--role", "viewer"]);
    home.start(&["serve"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), made);
    // A key that somebody emptied is not replaced in silence: every link would die.
    std::fs::write(&file, "\n").unwrap();
    let (code, said) = complaint(&home, &["serve"]);
    assert_eq!(code, 1);
    assert!(said.contains("secret.key") && said.contains("fewer than 32 bytes"), "{said}");
}

#[test]
fn a_token_that_cannot_be_made_says_why() {
    for (arguments, words) in [
        (&["token"][..], "add --role, --scope or --account"),
        (&["token", "--role", "emperor"], "'emperor' for '--role"),
        (&["token", "--scope", "customers:eat"], "there is no such permission"),
        (&["token", "--account", "usr_01kavx6e9kfzabv5qhm1p4d6xn"], "is no account id"),
        (&["token", "--role", "admin", "--ttl", "soon"], "'soon' for '--ttl"),
        (&["token", "--role", "admin", "--subject", " "], "--subject: A name is required."),
        (
            &["token", "--role", "admin", "--subject", &"a".repeat(101)],
            "--subject: A name has at most 100 characters.",
        ),
        (
            &["token", "--role", "admin", "--subject", "two\nlines"],
            "--subject: A name must not contain line breaks",
        ),
        (
            &["token", "--role", "admin", "--subject", "Grace\u{202E}reppoH"],
            "control characters or text-direction controls",
        ),
        (&["token", "--role", "admin", "--subject", "Grace\u{2066}Hopper"], "text-direction controls"),
        (&["token", "--role", "admin", "--subject", "Grace\u{2028}Hopper"], "line breaks"),
        (&["token", "--role", "admin", "--subject", "Grace\u{7F}Hopper"], "control characters"),
        (&["token", "--role", "admin", "--ttl", "0s"], "--ttl"),
        (&["token", "--role", "admin", "--ttl", "99999999999y"], "--ttl"),
    ] {
        let (code, said) = complaint(&home(), arguments);
        assert!(code == 1 || code == 2, "{arguments:?}: {code}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn unknown_words_are_refused() {
    for arguments in [&["dance"][..], &["serve", "--loud"], &["courier", "now"], &["--role", "admin"]] {
        let (code, said) = complaint(&home(), arguments);
        assert_eq!(code, 2, "{arguments:?}");
        assert!(
            said.contains(arguments.iter().find(|word| **word != "serve" && **word != "courier").unwrap()),
            "{said}"
        );
    }
}

#[test]
fn the_contract_is_printed_without_any_configuration() {
    let home = Home::new(Backend::Sqlite, &[("LISTEN_ADDR", "nowhere")]);
    let document: Value = serde_json::from_str(&home.print(&["openapi"])).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/v1/activations"]["post"].is_object());
}

#[test]
fn every_letter_in_every_language_is_written() {
    let home = home();
    let said = home.print(&["mail-preview", "letters"]);
    let files: Vec<_> =
        home.path().join("letters").read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    // Invitation and reminder to each of five sorts of people; two letters about passwords, two about
    // addresses, one about a webhook endpoint.
    let letters = 15 * Locale::ALL.len();
    assert_eq!(files.len(), letters, "{files:?}");
    assert!(
        said.lines().count() == letters && said.contains("letters/invitation-system_user-nl.eml"),
        "{said}"
    );
    let letters: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert!(letters.iter().any(|letter| letter.contains("Accept the invitation")));
    assert!(letters.iter().any(|letter| letter.contains("uitnodiging")));
}

#[test]
fn previewed_letters_are_the_operators_own() {
    for (name, shown) in [("Voltmark", "Voltmark"), ("", "EV Charging")] {
        let home = Home::new(Backend::Sqlite, &[("OPERATOR_NAME", name)]);
        for file in home.print(&["mail-preview"]).lines() {
            let letter = mailbox::parse(&std::fs::read(home.path().join(file)).unwrap());
            for part in [&letter.text, &letter.html] {
                assert!(part.contains(shown) && !part.contains("Example Charging"), "{file}: {part}");
            }
        }
    }
}

on_each! {
    async fn migrating_twice_changes_nothing(backend: Backend) {
        let home = Home::new(backend, &[]);
        let first = home.print(&["migrate"]);
        assert!(!first.contains(" 0 migration"), "{first}");
        let second = home.print(&["migrate"]);
        assert!(second.contains(": 0 migration(s) run"), "{second}");
        assert_eq!(home.database.count("invitations"), 0);
    }

    async fn a_token_works_beside_a_running_server(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let token =
            |arguments: &[&str]| Some(home.print(&[&["token"], arguments].concat()).trim().to_owned());
        let invite = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let admin = server.client(token(&["--role", "admin", "--subject", "Grace Hopper"]));
        let invited = admin.post("/v1/system-users/invitations", &invite).await.expect(201);
        assert_eq!(
            invited.body["invited_by"],
            json!({ "type": "cli", "id": "Grace Hopper", "name": "Grace Hopper" })
        );
        let reader = server.client(token(&["--scope", "system_users:read", "--scope", "customers:read"]));
        reader.get("/v1/invitations").await.expect(200);
        reader.post("/v1/system-users/invitations", &invite).await.problem(403, "forbidden");
        let support = server.client(token(&["--role", "customer_support"]));
        support.get(&format!("/v1/invitations/{}", invited.text_of("id"))).await.problem(404, "not_found");
        let owner = server.client(token(&["--account", "acc_01kavx6e9kfzabv5qhm1p4d6xn"]));
        owner.get("/v1/roles").await.expect(200);
        // Clocks may differ by half a minute, and no more.
        let other =
            Home::new(Backend::Sqlite, &[("SECRET_KEY", "another key, which this server does not have")]);
        let stranger = server.client(Some(other.token()));
        stranger.get("/v1/roles").await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn healthcheck_tells_a_ready_server_from_one_that_is_not() {
    let home = home();
    let server = home.start(&["serve"]);
    let check = |address: &str| {
        let mut command = home.command(&["healthcheck"]);
        command.env("LISTEN_ADDR", address).output().unwrap()
    };
    let address = server.url.trim_start_matches("http://").to_owned();
    assert_eq!(answer(check(&address)), "");
    // A container listens everywhere, and asks itself.
    let port = address.rsplit_once(':').unwrap().1;
    assert_eq!(answer(check(&format!("0.0.0.0:{port}"))), "");
    server.stop().await;
    let (code, said) = failed(&["healthcheck"], check(&address));
    assert_eq!(code, 1);
    assert!(said.to_lowercase().contains("connection refused"), "{said}");

    // Alive, and of no use: its database is gone.
    let home = Home::new(Backend::Postgres, &[]);
    let server = home.start(&["serve"]);
    home.database.drop_connections();
    let address = server.url.trim_start_matches("http://").to_owned();
    let (code, said) = failed(&["healthcheck"], check(&address));
    assert!(code == 1 && said.contains("not ready"), "{said}");
}

/// The API in one process, the courier in another, as they are scaled out.
#[tokio::test]
async fn a_courier_of_its_own_delivers_what_others_were_asked_for() {
    let home = Home::new(Backend::Postgres, &[]);
    let couriers = [home.start(&["courier"]), home.start(&["courier"])];
    let server = home.start(&["serve", "--no-courier"]);
    let says_so = async || server.out().contains("sent by another process").then_some(());
    eventually("the greeting says that there is no courier", LIMIT, says_so).await;
    let admin = server.client(Some(home.token()));
    assert_eq!(admin.get("/readyz").await.expect(200).body["courier"], "elsewhere");
    let mut ids = Vec::new();
    for number in 0..20 {
        let body = json!({ "email": format!("ada{number}@example.com"), "roles": ["viewer"] });
        ids.push(admin.post("/v1/system-users/invitations", &body).await.expect(201).text_of("id"));
    }
    for id in ids {
        let path = format!("/v1/invitations/{id}");
        let sent =
            async || (admin.get(&path).await.expect(200).body["delivery"]["state"] == "sent").then_some(());
        eventually("the letter is sent", LIMIT, sent).await;
        assert_eq!(admin.get(&path).await.body["delivery"]["attempts"], 1);
    }
    // Two couriers, and no letter twice.
    assert_eq!(home.letters().len(), 20);
    for courier in couriers {
        courier.stop().await;
    }
    server.stop().await;
}

/// What a newcomer does: start it with nothing set, and paste what it prints.
#[tokio::test]
async fn the_greeting_can_be_pasted() {
    let nothing = ["DATABASE_URL", "SECRET_KEY", "MAIL_URL", "RATE_LIMITS"].map(|name| (name, ""));
    let home = Home::new(Backend::Sqlite, &nothing);
    let server = home.start(&["serve"]);
    let greeted = async || server.out().contains("curl").then(|| server.out());
    let greeting = eventually("the greeting", LIMIT, greeted).await;
    let command = &greeting[greeting.find("TOKEN=").unwrap()..];
    // The port is the test's own; a newcomer's is that of PUBLIC_URL.
    let command = command.replace("http://127.0.0.1:8080", &server.url);
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("left out: there is no curl here to paste the command to");
        return;
    }
    let started = Instant::now();
    let pasted = Command::new("sh").arg("-c").arg(&command).current_dir("/").output().unwrap();
    let invited: Value = serde_json::from_slice(&pasted.stdout).unwrap_or_else(|_| panic!("{pasted:?}"));
    assert_eq!((&invited["email"], &invited["status"]), (&json!("ada@example.com"), &json!("pending")));
    let letter = eventually("the letter", LIMIT, async || home.letters().pop()).await;
    assert_eq!(letter.to, "ada@example.com");
    assert!(started.elapsed() < LIMIT);
    server.stop().await;
    let names = ["data/invitations.db", "data/secret.key", "data/mail"];
    assert!(names.iter().all(|name| home.path().join(name).exists()));
}

/// A port that somebody has, and a database that is not there: a sentence, and no stack of causes.
#[tokio::test]
async fn what_cannot_start_says_why_in_a_line() {
    let home = home();
    let server = home.start(&["serve"]);
    let taken = server.url.trim_start_matches("http://");
    let other = Home::new(Backend::Sqlite, &[("LISTEN_ADDR", taken)]);
    let (code, said) = complaint(&other, &["serve"]);
    assert!(code == 1 && said.contains(taken) && said.contains("in use"), "{said}");
    let away = Home::new(
        Backend::Sqlite,
        &[("DATABASE_URL", "postgres://me:db-sesame@127.0.0.1:1/inv"), ("LOG", "error")],
    );
    for arguments in [&["serve"][..], &["courier"], &["migrate"]] {
        let (code, said) = complaint(&away, arguments);
        assert!(
            code == 1 && said.contains("the database is unavailable") && !said.contains("sesame"),
            "{said}"
        );
    }
}
