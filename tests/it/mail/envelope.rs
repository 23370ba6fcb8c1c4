//! The envelope of a letter: where it is returned, and what the relay is asked to report.

use invitation_service::{
    courier::Step,
    domain::bounce_address::{BounceAddress, BounceKeys},
};

use crate::support::{Backend, Home, Relay, TestApp, on_each, relay::Speaks};

/// The commands that a relay with these extensions hears of one letter, and the letter's id.
async fn commands(
    backend: Backend,
    offers: &'static str,
    variables: &[(&str, &str)],
) -> (Vec<String>, String) {
    let mut relay = Relay::new(Speaks::Smtp);
    relay.up();
    relay.says(&[("EHLO", offers)]);
    let url = relay.url();
    let variables: Vec<(&str, &str)> =
        [("MAIL_URL", url.as_str())].into_iter().chain(variables.iter().copied()).collect();
    let app = TestApp::start(backend, &variables).await;
    app.invite_unsent("Ada+work@example.com", &["viewer"]).await;
    while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
    assert_eq!(relay.taken().len(), 1);
    (relay.commands(), app.database.texts("SELECT id AS text FROM letters").remove(0))
}

fn command<'a>(commands: &'a [String], verb: &str) -> &'a str {
    commands.iter().find(|line| line.starts_with(verb)).unwrap()
}

const ENVELOPE: (&str, &str) = ("MAIL_ENVELOPE_FROM", "bounces@invite.example.com");

on_each! {
    async fn each_letter_is_returned_to_an_address_of_its_own(backend: Backend) {
        let (commands, letter) = commands(backend, "250 relay", &[ENVELOPE]).await;
        let sender = command(&commands, "MAIL").strip_prefix("MAIL FROM:<").unwrap();
        let address = sender.strip_suffix('>').unwrap();
        assert!(address.starts_with(&format!("bounces+{letter}.")), "{address}");
        assert!(address.ends_with("@invite.example.com"), "{address}");
        let keys = BounceKeys::derive(&"a key for tests that nobody else has".into(), None);
        assert_eq!(keys.check(address), BounceAddress::Letter(letter.parse().unwrap()));
    }

    async fn without_such_an_address_it_is_the_senders(backend: Backend) {
        let from = ("MAIL_FROM", "Ada <ada@voltmark.example>");
        let (commands, _) = commands(backend, "250 relay", &[from]).await;
        assert_eq!(command(&commands, "MAIL"), "MAIL FROM:<ada@voltmark.example>");
    }

    async fn a_relay_that_reports_is_asked_for_failures_and_delays_without_the_letter(backend: Backend) {
        let offers = "250-relay\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 dsn";
        let (heard, letter) = commands(backend, offers, &[]).await;
        assert_eq!(
            command(&heard, "MAIL"),
            format!("MAIL FROM:<no-reply@localhost> RET=HDRS ENVID={letter}")
        );
        // RFC 3461 §4.2: xtext.
        assert_eq!(
            command(&heard, "RCPT"),
            "RCPT TO:<Ada+work@example.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;Ada+2Bwork@example.com"
        );
        let (heard, _) = commands(backend, offers, &[("MAIL_DSN_SUCCESS", "on")]).await;
        assert!(command(&heard, "RCPT").contains(" NOTIFY=SUCCESS,FAILURE,DELAY "), "{heard:?}");
    }

    async fn a_relay_that_does_not_announce_it_is_asked_for_nothing(backend: Backend) {
        for offers in ["250 relay", "250-relay\r\n250 XDSN", "502 5.5.2 what?"] {
            let (commands, _) = commands(backend, offers, &[("MAIL_DSN_SUCCESS", "on")]).await;
            assert_eq!(command(&commands, "MAIL"), "MAIL FROM:<no-reply@localhost>");
            assert_eq!(command(&commands, "RCPT"), "RCPT TO:<Ada+work@example.com>");
        }
    }
}

#[test]
fn a_wrong_return_address_is_reported_with_the_other_faults() {
    let long = format!("{}@example.com", "b".repeat(17));
    for address in ["nobody", "Bounces <bounces@example.com>", "bounces+x@example.com", &long] {
        let home = Home::new(Backend::Sqlite, &[("MAIL_ENVELOPE_FROM", address), ("MAIL_FROM", "nobody")]);
        let broken = home.run(&["check-config"]);
        let errors = String::from_utf8(broken.stderr).unwrap();
        assert_eq!(broken.status.code(), Some(78), "{errors}");
        assert!(errors.contains("\n  MAIL_ENVELOPE_FROM ") && errors.contains("\n  MAIL_FROM "), "{errors}");
    }
    let variables = [("MAIL_ENVELOPE_FROM", "returns@example.com")];
    let warned = Home::new(Backend::Sqlite, &variables).print(&["check-config"]);
    assert!(warned.contains("warning     MAIL_ENVELOPE_FROM: "), "{warned}");
    let quiet = Home::new(Backend::Sqlite, &[ENVELOPE]).print(&["check-config"]);
    assert!(!quiet.contains("MAIL_ENVELOPE_FROM"), "{quiet}");
}
