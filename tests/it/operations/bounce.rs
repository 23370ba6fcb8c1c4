//! `invitation-service bounce` on the real binary, as a mail server calls it.

use std::{
    io::Write,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::json;

use crate::support::{Backend, Home, Relay, eventually, on_each, process::Process, relay::Speaks};

/// How long sending may take.
const TIMEOUT: Duration = Duration::from_secs(30);

const SECRET: (&str, &str) = ("MAIL_EVENTS_DSN", "a-secret-for-returned-mail");

/// The outcome of the command with this message on its standard input.
fn bounce(home: &Home, arguments: &[&str], message: &[u8]) -> Output {
    let mut command = home.command(&[&["bounce"], arguments].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The command may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(message);
    child.wait_with_output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A failure report that names the letter by its `Message-ID`.
fn report(letter: &str) -> Vec<u8> {
    format!(
        "From: MAILER-DAEMON@relay.example.com\r\nTo: no-reply@localhost\r\nSubject: Undelivered mail\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example.com\r\n\r\n\
         Final-Recipient: rfc822; ada@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{letter}@localhost>\r\n\r\n--b--\r\n"
    )
    .into_bytes()
}

/// A service with a relay, and the ids of letters that were sent through it.
async fn sent(home: &Home, letters: usize) -> (Process, Vec<String>) {
    let process = home.start(&["serve"]);
    let client = process.client(Some(home.token()));
    for number in 0..letters {
        let body = json!({ "email": format!("ada{number}@example.com"), "roles": ["viewer"] });
        client.post("/v1/system-users/invitations", &body).await.expect(201);
    }
    let sent = "SELECT id AS text FROM letters WHERE state = 'sent' ORDER BY id";
    let recorded = async || Some(home.database.texts(sent)).filter(|ids| ids.len() == letters);
    let ids = eventually("the letters are sent", TIMEOUT, recorded).await;
    (process, ids)
}

on_each! {
    async fn a_message_is_taken_or_left_for_later(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let mut home = Home::new(backend, &[SECRET, ("MAIL_URL", &relay.url())]);
        let (mut process, letters) = sent(&home, 1).await;
        relay.taken();
        let message = report(&letters[0]);
        let url = process.url.clone();
        let taken = bounce(&home, &["--url", &url, "--recipient", "no-reply@localhost"], &message);
        assert_eq!((code(&taken), said(&taken).trim()), (0, "bounced"));
        // A full disk behind its output changes no exit code.
        let full = || std::fs::File::create("/dev/full").unwrap();
        let unread = |home: &Home| {
            let mut command = home.command(&["bounce", "--url", &url]);
            command.stdin(std::fs::File::open(home.path().join("message")).unwrap());
            command.stdout(full()).stderr(full()).status().unwrap().code().unwrap()
        };
        std::fs::write(home.path().join("message"), &message).unwrap();
        assert_eq!(unread(&home), 0);
        home.set("MAIL_EVENTS_DSN", "the-secret-of-somebody-else");
        assert_eq!(unread(&home), 75);
        home.set("MAIL_EVENTS_DSN", SECRET.1);
        let again = bounce(&home, &["--url", &url], &message);
        assert_eq!((code(&again), said(&again).trim()), (0, "repeated"));
        // A long one is taken by its beginning.
        let long = [&message[..], &vec![b'x'; 3_000_000]].concat();
        let long = bounce(&home, &["--url", &url], &long);
        assert_eq!(code(&long), 0, "{}", said(&long));
        let secret = home.path().join("dsn");
        std::fs::write(&secret, "a-secret-for-returned-mail\n").unwrap();
        home.set("MAIL_EVENTS_DSN", "");
        let missing = bounce(&home, &["--url", &url], &message);
        assert_eq!(code(&missing), 75);
        assert!(said(&missing).contains("MAIL_EVENTS_DSN"), "{}", said(&missing));
        let from_file = bounce(&home, &["--url", &url, "--secret-file", secret.to_str().unwrap()], &message);
        assert_eq!((code(&from_file), said(&from_file).trim()), (0, "repeated"));
        home.set("MAIL_EVENTS_DSN", "the-secret-of-somebody-else");
        let refused = bounce(&home, &["--url", &url], &message);
        assert_eq!(code(&refused), 75);
        assert!(said(&refused).contains("401"), "{}", said(&refused));
        home.set("MAIL_EVENTS_DSN", SECRET.1);
        process.kill();
        let away = bounce(&home, &["--url", &url], &message);
        assert_eq!(code(&away), 75);
        assert!(said(&away).contains("does not answer"), "{}", said(&away));
        home.set("LOCALE", "tlh");
        assert_eq!(code(&bounce(&home, &["--url", &url], &message)), 75, "a faulty configuration");
    }

    async fn what_cannot_be_read_is_printed_without_links(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let home = Home::new(backend, &[SECRET, ("MAIL_URL", &relay.url())]);
        let process = home.start(&["serve"]);
        assert!(home.print(&["bounce", "--unread"]).contains("could be read"));
        let noise = b"From: eve@example.net\r\nSubject: Hello \x1b[31m\r\n\r\nSee \
            https://invite.example.com/activate?token=abcdefghijkl\r\n";
        let kept = bounce(&home, &["--url", &process.url, "--recipient", "bounces@example.com"], noise);
        assert_eq!((code(&kept), said(&kept).trim()), (0, "unread"));
        // A URL as long as this is refused, and the message would be tried for days.
        let long = format!("{}@example.com", "a".repeat(100_000));
        let message = b"Subject: Again\r\n\r\nHello";
        let kept = bounce(&home, &["--url", &process.url, "--recipient", &long], message);
        assert_eq!((code(&kept), said(&kept).trim()), (0, "unread"));
        let printed = home.print(&["bounce", "--unread"]);
        assert!(printed.contains("Subject: Hello") && printed.contains("bounces@example.com"), "{printed}");
        assert!(!printed.contains("abcdefghijkl") && !printed.contains('\u{1b}'), "{printed}");
    }

    async fn a_killed_service_loses_no_message(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let home = Home::new(backend, &[SECRET, ("MAIL_URL", &relay.url())]);
        let (mut process, letters) = sent(&home, 24).await;
        relay.taken();
        let url = process.url.clone();
        let pass_all = |letters: &[String], url: &str| -> Vec<(String, i32)> {
            std::thread::scope(|scope| {
                let started: Vec<_> = letters
                    .iter()
                    .map(|letter| {
                        let pass = || code(&bounce(&home, &["--url", url], &report(letter)));
                        scope.spawn(move || (letter.clone(), pass()))
                    })
                    .collect();
                started.into_iter().map(|one| one.join().unwrap()).collect()
            })
        };
        let first = std::thread::scope(|scope| {
            let passing = scope.spawn(|| pass_all(&letters, &url));
            // In the middle: once the first one is stored.
            let stored = "SELECT id AS text FROM letters WHERE fate = 'bounced'";
            while home.database.texts(stored).is_empty() {
                std::thread::yield_now();
            }
            process.kill();
            passing.join().unwrap()
        });
        let later: Vec<String> =
            first.iter().filter(|(_, code)| *code == 75).map(|(letter, _)| letter.clone()).collect();
        assert!(first.iter().all(|(_, code)| [0, 75].contains(code)), "{first:?}");
        let bounced = home.database.texts("SELECT id AS text FROM letters WHERE fate = 'bounced'");
        for (letter, code) in &first {
            assert!(*code != 0 || bounced.contains(letter), "{letter} was taken and is not stored");
        }
        let process = home.start(&["serve"]);
        for (letter, code) in pass_all(&later, &process.url) {
            assert_eq!(code, 0, "{letter}");
        }
        let events = "SELECT invitation_id AS text FROM invitation_events WHERE event_type = 'email_bounced'";
        let events = home.database.texts(events);
        assert_eq!(events.len(), letters.len(), "each once");
    }
}
