//! Relays that support only HELO.

use super::*;

const OLD: (&str, &str) = ("EHLO", "502 command not implemented\r\n");

async fn commands_sent(
    relay: Relay,
    mut reported: mpsc::UnboundedReceiver<String>,
) -> (Result<(), SendError>, Vec<String>) {
    let outcome = attempt(&relay).await;
    let mut commands = Vec::new();
    while let Ok(line) = reported.try_recv() {
        commands.push(line);
    }
    (outcome, commands)
}

#[tokio::test]
async fn a_relay_that_does_not_know_ehlo_is_greeted_with_helo() {
    for refusal in ["500 what?\r\n", "501 5.5.4 no\r\n", "502 5.5.1 no\r\n", "500-what\r\n500 ever\r\n"] {
        for tls in [TlsUse::None, TlsUse::Offered] {
            let (mut relay, reported) = relay(vec![("EHLO", refusal), ("HELO", "250\r\n")].leak()).await;
            relay.tls = tls;
            let (outcome, commands) = commands_sent(relay, reported).await;
            assert_eq!(outcome, Ok(()), "{refusal}");
            let words: Vec<&str> = commands.iter().filter_map(|line| line.split([' ', ':']).next()).collect();
            assert_eq!(words, ["CONNECT", "EHLO", "HELO", "MAIL", "RCPT", "DATA"], "{refusal}");
            assert_eq!(commands[1].strip_prefix("EHLO "), commands[2].strip_prefix("HELO "));
        }
    }
}

/// The text of its reply to HELO is a greeting, and no list of extensions.
#[tokio::test]
async fn nothing_that_came_after_helo_is_expected_of_it() {
    let (relay, mut reported) = relay(&[OLD, ("HELO", "250-test\r\n250 PIPELINING\r\n"), ("MAIL", "")]).await;
    let smtp = Smtp::with_limits(&relay, SHORT).unwrap();
    let builder = MessageBuilder::new(sender()).unwrap();
    smtp.send(&letter(), &builder).await.unwrap_err();
    let mut commands = Vec::new();
    while let Ok(line) = reported.try_recv() {
        commands.push(line);
    }
    assert!(commands.last().unwrap().starts_with("MAIL"), "{commands:?}");
}

#[tokio::test]
async fn where_tls_or_a_sign_in_is_needed_it_gets_nothing() {
    let login = Login { user: "ada".to_owned(), password: SecretString::from("hunter22") };
    for (tls, login, missing) in [
        (TlsUse::Required, None, "TLS"),
        (TlsUse::Required, Some(login.clone()), "TLS"),
        (TlsUse::Offered, Some(login.clone()), "sign-in"),
        (TlsUse::None, Some(login), "sign-in"),
    ] {
        let (mut relay, reported) =
            relay(&[OLD, ("HELO", "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")]).await;
        (relay.tls, relay.login) = (tls, login);
        let (outcome, commands) = commands_sent(relay, reported).await;
        let Err(SendError::Temporary { text, .. }) = outcome else { panic!("{tls:?}: {outcome:?}") };
        let wanted = format!(" cannot be used: it does not support EHLO, and so offers no {missing}");
        assert!(text.ends_with(&wanted), "{text}");
        assert!(commands.last().unwrap().starts_with("HELO"), "{commands:?}");
    }
}

/// HELO is sent only after an unknown-command reply to EHLO.
#[tokio::test]
async fn other_refusals_of_ehlo_and_one_of_helo_are_its_answer() {
    for (script, code) in [
        (&[("EHLO", "550 5.7.1 not from there\r\n")] as Script, "(550)"),
        (&[("EHLO", "421 4.3.2 closing\r\n")], "(421)"),
        (&[OLD, ("HELO", "550 5.7.1 not from there\r\n")], "(550)"),
        (&[OLD, ("HELO", "502 5.5.1 nor that\r\n")], "(502)"),
    ] {
        let text = later(script).await;
        assert!(text.contains("cannot be used") && text.contains(code), "{text}");
    }
}
