//! What a connection without a letter shows of a relay.

use rcgen::{CertificateParams, date_time_ymd};

use super::{
    tls::{authority_of, login, secure},
    *,
};
use crate::mail::{smtp::Probe, testing::now};

async fn probe(relay: &Relay) -> Result<Probe, String> {
    Smtp::with_limits(relay, AMPLE).unwrap().probe(now()).await
}

#[tokio::test]
async fn extensions_are_told_and_no_letter_is_begun() {
    let offer = "250-test\r\n250-8bitmime\r\n250-SIZE 1000\r\n250 DSN\r\n";
    let (relay, mut reported) = relay(vec![("EHLO", offer)].leak()).await;
    let found = probe(&relay).await.unwrap();
    assert_eq!(found.extensions, ["TEST", "8BITMIME", "SIZE 1000", "DSN"]);
    assert!(found.is_extended && found.tls.is_none() && found.sign_in.is_none());
    assert_eq!((found.peer.port(), found.local.ip().is_loopback()), (relay.port, true));
    let mut commands = Vec::new();
    while let Ok(line) = reported.try_recv() {
        commands.push(line);
    }
    assert_eq!(commands, ["CONNECT".to_owned(), format!("EHLO {}", found.hello), "QUIT".to_owned()]);

    let (relay, _reported) = super::relay(&[("EHLO", "502 no\r\n")]).await;
    let found = probe(&relay).await.unwrap();
    assert!(!found.is_extended && found.extensions.is_empty());
}

#[tokio::test]
async fn a_certificate_that_ends_within_two_weeks_is_noticed() {
    for (day, soon) in [("2095-12-19T00:00:00Z", true), ("2095-12-17T00:00:00Z", false)] {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2096, 1, 1);
        let (file, acceptor) = authority_of(&params);
        let (mut relay, _reported) = secure(TlsUse::Required, acceptor).await;
        (relay.ca, relay.login) = (Some(file.path().to_owned()), Some(login()));
        let found = Smtp::with_limits(&relay, AMPLE).unwrap().probe(day.parse().unwrap()).await.unwrap();
        let tls = found.tls.unwrap();
        assert_eq!((tls.version.as_str(), tls.expires_soon), ("TLS 1.3", soon), "{day}");
        assert_eq!(found.sign_in, Some(Ok(())));
    }
}

#[tokio::test]
async fn faults_are_told_without_the_password() {
    for (script, at_connect, words) in [
        (
            &[("AUTH", "535 5.7.8 hunter22 is wrong\r\n")] as Script,
            false,
            "refused the sign-in: permanent error (535)",
        ),
        (&[("EHLO", "250-test\r\n250 SIZE 1000\r\n")], false, "it offers no supported sign-in"),
        (&[("EHLO", "502 no\r\n")], false, "it does not support EHLO"),
        (&[("", "554 5.3.2 hunter22 may not connect\r\n")], true, "cannot be used: permanent error (554)"),
    ] {
        let (mut relay, _reported) = relay(script).await;
        relay.login = Some(login());
        let text = match probe(&relay).await {
            Ok(found) if !at_connect => found.sign_in.unwrap().unwrap_err(),
            other => other.unwrap_err(),
        };
        assert!(text.contains(words) && !text.contains("hunter22"), "{text}");
    }
    let (mut relay, _reported) = relay(&[]).await;
    relay.tls = TlsUse::Required;
    assert!(probe(&relay).await.unwrap_err().contains("does not offer STARTTLS"));
    let (silent, _reported) = super::relay(&[("", "")]).await;
    let found = Smtp::with_limits(&silent, SHORT).unwrap().probe(now()).await;
    assert!(found.unwrap_err().contains("did not answer in time"));
}
