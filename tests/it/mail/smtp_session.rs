//! How a relay is greeted, and how letters travel to it.

use invitation_service::courier::Step;

use crate::support::{Backend, Home, Relay, TestApp, json, on_each, relay::Speaks};

/// A relay that offers this, with what it heard and the letter's source.
async fn session(
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
    let body = json!({ "email": "ada@example.com", "roles": ["viewer", "finance"], "locale": "de" });
    app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
    while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
    let mail = relay.taken().pop().unwrap();
    app.activate(&mail.token).await.expect(201);
    let source = relay.sources().pop().unwrap();
    assert!(
        source.contains("\r\nPrecedence: bulk\r\n")
            && source.contains("\r\nAuto-Submitted: auto-generated\r\n"),
        "{source}"
    );
    let link = mail.link;
    // Whatever way it travels, whoever reads the source finds the link whole.
    let whole = source.lines().filter(|line| line.contains(&link)).count();
    assert!(whole >= 1 && source.lines().all(|line| line.len() <= 998), "{source}");
    (relay.commands(), source)
}

on_each! {
    async fn a_relay_that_takes_eight_bits_gets_a_german_letter_as_it_is(backend: Backend) {
        let (commands, source) = session(backend, "250-relay\r\n250 8BITMIME", &[]).await;
        assert!(
            commands.contains(&"MAIL FROM:<no-reply@localhost> BODY=8BITMIME".to_owned()),
            "{commands:?}"
        );
        assert_eq!(source.matches("Content-Transfer-Encoding: 8bit").count(), 2, "{source}");
        assert!(source.contains("ladeplattform von") || source.contains("lädt Sie"), "{source}");
        assert!(
            source.lines().any(|line| line.starts_with("http://") && line.contains("?token=")),
            "{source}"
        );
    }

    async fn one_that_does_not_gets_ascii_alone(backend: Backend) {
        let (commands, source) = session(backend, "250-relay\r\n250 SIZE 1000000", &[]).await;
        assert!(commands.contains(&"MAIL FROM:<no-reply@localhost>".to_owned()), "{commands:?}");
        assert!(source.is_ascii() && !source.contains("8bit"), "{source}");
    }

    async fn mail_helo_is_what_the_relay_is_greeted_with(backend: Backend) {
        let greeting =
            |commands: &[String]| commands.iter().find(|line| line.starts_with("EHLO")).cloned().unwrap();
        let (commands, _) = session(backend, "250 relay", &[("MAIL_HELO", "mail.voltmark.example")]).await;
        assert_eq!(greeting(&commands), "EHLO mail.voltmark.example");
        let (commands, _) = session(backend, "250 relay", &[("MAIL_HELO", "[192.0.2.1]")]).await;
        assert_eq!(greeting(&commands), "EHLO [192.0.2.1]");
        // This machine's own name, where it has a domain; else the connection's address.
        let (commands, _) = session(backend, "250 relay", &[]).await;
        let own = greeting(&commands);
        let name = own.trim_start_matches("EHLO ");
        assert!(name == "[127.0.0.1]" || (name.contains('.') && !name.starts_with('[')), "{own}");
        // A relay that knows HELO alone is told the same.
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        relay.says(&[("EHLO", "502 5.5.2 what?")]);
        let app =
            TestApp::start(backend, &[("MAIL_URL", &relay.url()), ("MAIL_HELO", "mail.voltmark.example")])
                .await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
        assert_eq!(relay.taken().len(), 1);
        assert!(relay.commands().contains(&"HELO mail.voltmark.example".to_owned()));
    }
}

#[test]
fn check_config_warns_of_a_sender_and_a_link_that_lead_nowhere() {
    let said = |variables: &[(&str, &str)]| Home::new(Backend::Sqlite, variables).print(&["check-config"]);
    let relay = ("MAIL_URL", "smtp://mail.example.com");
    let text = said(&[relay]);
    for words in [
        "warning     MAIL_FROM: letters are sent from no-reply@localhost",
        "warning     PUBLIC_URL: links in letters open http://127.0.0.1:",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let (from, page) = (
        ("MAIL_FROM", "Invitations <no-reply@voltmark.example>"),
        ("PUBLIC_URL", "https://invite.voltmark.example"),
    );
    let text = said(&[relay, from, page]);
    assert!(!text.contains("MAIL_FROM") && !text.contains("PUBLIC_URL"), "{text}");
    let text = said(&[]);
    assert!(
        !text.contains("MAIL_FROM") && !text.contains("links in letters"),
        "letters that stay in a folder lead nobody anywhere: {text}"
    );
    let broken = Home::new(Backend::Sqlite, &[("MAIL_HELO", "mail voltmark"), ("MAIL_FROM", "nobody")])
        .run(&["check-config"]);
    let errors = String::from_utf8(broken.stderr).unwrap();
    assert!(
        broken.status.code() == Some(78)
            && errors.contains("\n  MAIL_HELO: ")
            && errors.contains("\n  MAIL_FROM "),
        "{errors}"
    );
}
