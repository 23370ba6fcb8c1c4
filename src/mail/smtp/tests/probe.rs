//! What a connection without a letter shows of a relay.

use std::io;

use futures_util::FutureExt;
use rcgen::{CertificateParams, date_time_ymd};

use super::{
    reach::{BlackHole, client, closed},
    tls::{authority_of, login, secure},
    *,
};
use crate::mail::{smtp::Probe, testing::now};

async fn probe(relay: &Relay) -> Result<Probe, ProbeFault> {
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
    for (script, at_connect, is_final, words) in [
        (
            &[("AUTH", "535 5.7.8 hunter22 is wrong\r\n")] as Script,
            false,
            true,
            "refused the sign-in: permanent error (535)",
        ),
        (
            &[("AUTH", "454 4.7.0 hunter22 cannot be verified now\r\n")],
            false,
            false,
            "refused the sign-in: transient error (454)",
        ),
        (&[("EHLO", "250-test\r\n250 SIZE 1000\r\n")], false, true, "it offers no supported sign-in"),
        (&[("EHLO", "502 no\r\n")], false, true, "it does not support EHLO"),
        (
            &[("", "554 5.3.2 hunter22 may not connect\r\n")],
            true,
            true,
            "cannot be used: permanent error (554)",
        ),
        (&[("", "421 4.3.2 hunter22 is busy\r\n")], true, false, "cannot be used: transient error (421)"),
    ] {
        let (mut relay, _reported) = relay(script).await;
        relay.login = Some(login());
        let fault = match probe(&relay).await {
            Ok(found) if !at_connect => found.sign_in.unwrap().unwrap_err(),
            other => other.unwrap_err(),
        };
        let text = text(&fault, is_final);
        assert!(text.contains(words) && !text.contains("hunter22"), "{text}");
    }
    let (mut relay, _reported) = relay(&[]).await;
    relay.tls = TlsUse::Required;
    assert!(text(&probe(&relay).await.unwrap_err(), true).contains("does not offer STARTTLS"));
    let (silent, _reported) = super::relay(&[("", "")]).await;
    let found = Smtp::with_limits(&silent, SHORT).unwrap().probe(now()).await;
    assert!(text(&found.unwrap_err(), false).contains("did not answer in time"));
}

#[track_caller]
fn text(fault: &ProbeFault, is_final: bool) -> &str {
    match fault {
        ProbeFault::Final(text) if is_final => text,
        ProbeFault::Passing(text) if !is_final => text,
        other => panic!("{other:?}"),
    }
}

/// That a relay was not reached may be the fault of this machine's network; that it refused is certain.
#[tokio::test]
async fn a_relay_that_is_not_reached_is_no_certain_fault() {
    let closed = closed().await;
    let refused = client(vec![closed, closed], AMPLE);
    assert!(text(&refused.probe(now()).await.unwrap_err(), true).contains("Connection refused"));
    let hole = BlackHole::new().await;
    let silent = client(vec![closed, hole.address], SHORT);
    assert!(text(&silent.probe(now()).await.unwrap_err(), false).contains("no answer in time"));
    let mut unresolved = client(Vec::new(), SHORT);
    assert!(text(&unresolved.probe(now()).await.unwrap_err(), false).contains("its name has no address"));
    unresolved.connector.resolve = Box::new(|_, _| async { Err(io::Error::other("no such name")) }.boxed());
    assert!(text(&unresolved.probe(now()).await.unwrap_err(), false).contains("no such name"));
    unresolved.connector.resolve = Box::new(|_, _| std::future::pending().boxed());
    assert!(text(&unresolved.probe(now()).await.unwrap_err(), false).contains("was not resolved in time"));
}
