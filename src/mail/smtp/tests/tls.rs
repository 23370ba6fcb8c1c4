//! TLS and sign-in, with a relay whose certificate comes from a CA of the test's own.

use std::{io::Write, path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::NamedTempFile;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use super::*;

/// A CA of the test's own: its file, and the certificate of a relay of that name.
fn authority(name: &str) -> (NamedTempFile, TlsAcceptor) {
    authority_of(&CertificateParams::new(vec![name.to_owned()]).unwrap())
}

/// The same with another certificate of a relay.
pub(super) fn authority_of(relay: &CertificateParams) -> (NamedTempFile, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = relay.signed_by(&key, &issuer).unwrap();
    (file(&issuer.pem()), acceptor(&certificate, &key))
}

pub(super) fn file(pem: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    file
}

pub(super) fn acceptor(certificate: &Certificate, key: &KeyPair) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

const OFFERS: Script =
    &[("EHLO", "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"), ("STARTTLS", "220 2.0.0 go on\r\n")];

pub(super) async fn secure(tls: TlsUse, acceptor: TlsAcceptor) -> (Relay, mpsc::UnboundedReceiver<String>) {
    offering(OFFERS, tls, acceptor).await
}

/// A relay that is reached as `tls` says, with these extensions, and that reports the commands, those under
/// TLS after `TLS `.
async fn offering(
    capabilities: Script,
    tls: TlsUse,
    acceptor: TlsAcceptor,
) -> (Relay, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, reported) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        // One connection, since a letter takes one. When it is closed, the sender is dropped, which ends the
        // receiver's loop.
        let (mut stream, _) = listener.accept().await.unwrap();
        let greets = tls == TlsUse::Implicit;
        if !greets && run_session(&mut stream, capabilities, &tell, true).await != End::Tls {
            return;
        }
        let Ok(mut stream) = acceptor.accept(stream).await else { return };
        let (under_tls, mut commands) = mpsc::unbounded_channel();
        let pass = async {
            while let Some(line) = commands.recv().await {
                tell.send(format!("TLS {line}")).unwrap();
            }
        };
        let talk = async {
            run_session(&mut stream, &[], &under_tls, greets).await;
            drop(under_tls);
        };
        tokio::join!(talk, pass);
    });
    (Relay { host: "localhost".to_owned(), port, tls, tls_said: true, ca: None, login: None }, reported)
}

/// One attempt, and the commands that the relay received until the end of the session.
pub(super) async fn hand_over(
    relay: &Relay,
    mut reported: mpsc::UnboundedReceiver<String>,
) -> (Result<(), SendError>, Vec<String>) {
    let outcome = attempt(relay).await;
    let mut commands = Vec::new();
    while let Some(line) = reported.recv().await {
        commands.push(line);
    }
    (outcome, commands)
}

pub(super) fn login() -> Login {
    Login { user: "ada".to_owned(), password: SecretString::from("hunter22") }
}

#[tokio::test]
async fn letters_and_passwords_go_under_tls_however_it_begins() {
    for tls in [TlsUse::Required, TlsUse::Offered, TlsUse::Implicit] {
        let (file, acceptor) = authority("localhost");
        let (mut relay, reported) = secure(tls, acceptor).await;
        (relay.ca, relay.login) = (Some(file.path().to_owned()), Some(login()));
        let (outcome, commands) = hand_over(&relay, reported).await;
        outcome.unwrap();
        let said = |word: &str| commands.iter().any(|line| line.starts_with(word));
        // NUL ada NUL hunter22
        assert!(
            said("TLS AUTH PLAIN AGFkYQBodW50ZXIyMg==") && said("TLS MAIL") && said("TLS DATA"),
            "{tls:?}: {commands:?}"
        );
        assert!(!said("AUTH") && !said("MAIL"), "{tls:?}: {commands:?}");
    }
}

/// The system's CAs do not know it, another one of our own does not either, and the name must be the relay's.
#[tokio::test]
async fn a_relay_that_cannot_prove_itself_gets_nothing() {
    for tls in [TlsUse::Required, TlsUse::Offered, TlsUse::Implicit] {
        let (own, elsewhere) = (authority("localhost"), authority("mail.example.com"));
        let other = authority("localhost").0;
        for (ca, acceptor) in [
            (None, own.1),
            (Some(other.path().to_owned()), authority("localhost").1),
            (Some(elsewhere.0.path().to_owned()), elsewhere.1),
        ] {
            let (mut relay, reported) = secure(tls, acceptor).await;
            (relay.ca, relay.login) = (ca, Some(login()));
            let (outcome, commands) = hand_over(&relay, reported).await;
            let error = outcome.unwrap_err();
            assert!(
                matches!(&error, SendError::Temporary { text, .. } if text.contains("certificate")),
                "{tls:?}: {error:?}"
            );
            let secret = commands.iter().any(|line| line.contains("AUTH") || line.contains("MAIL"));
            assert!(!secret, "{tls:?}: {commands:?}");
        }
    }
}

/// A man in the middle can add data to the consent, which is in the clear; under TLS it would pass for the
/// relay's.
#[tokio::test]
async fn nothing_said_before_tls_is_taken_for_what_was_said_under_it() {
    for consent in ["220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n", "220 go\r\n250", "220 go\r\n220 go\r\n"] {
        for tls in [TlsUse::Required, TlsUse::Offered] {
            let (file, acceptor) = authority("localhost");
            let script = vec![OFFERS[0], ("STARTTLS", consent)].leak();
            let (mut relay, reported) = offering(script, tls, acceptor).await;
            (relay.ca, relay.login) = (Some(file.path().to_owned()), Some(login()));
            let (outcome, commands) = hand_over(&relay, reported).await;
            assert!(
                matches!(&outcome, Err(SendError::Temporary { text, .. }) if text.contains("in the clear")),
                "{outcome:?}"
            );
            assert!(
                !commands.iter().any(|line| line.starts_with("TLS") || line.contains("AUTH")),
                "{commands:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_offer_of_tls_is_read_in_any_case_and_its_refusal_ends_the_session() {
    let (file, acceptor) = authority("localhost");
    let script: Script = &[("EHLO", "250-test\n250 StartTLS\n"), ("STARTTLS", "220 \u{e9}\n")];
    let (mut relay, reported) = offering(script, TlsUse::Offered, acceptor).await;
    relay.ca = Some(file.path().to_owned());
    let (outcome, commands) = hand_over(&relay, reported).await;
    outcome.unwrap();
    assert!(commands.iter().any(|line| line.starts_with("TLS MAIL")), "{commands:?}");

    for (refusal, wait) in
        [("454 4.7.0 TLS is away, try again in 5 minutes\r\n", Some(300)), ("502 5.5.1 no\r\n", None)]
    {
        let (_file, acceptor) = authority("localhost");
        let script = vec![OFFERS[0], ("STARTTLS", refusal)].leak();
        let (relay, reported) = offering(script, TlsUse::Offered, acceptor).await;
        match hand_over(&relay, reported).await.0 {
            Err(SendError::Temporary { text, wait: reported, .. }) => {
                assert!(text.contains("cannot be used") && text.contains(&refusal[4..12]), "{text}");
                assert_eq!(
                    reported.map(|reported| (reported.time.num_seconds(), reported.every_letter)),
                    wait.map(|wait| (wait, true))
                );
            }
            other => panic!("{refusal}: {other:?}"),
        }
    }
}

/// The error says what is missing, and what the operator can do about it; the password is not sent.
#[tokio::test]
async fn a_relay_that_offers_too_little_is_reported_as_that() {
    let no_sign_in = "cannot be used: it offers no supported sign-in (PLAIN, LOGIN) on this connection";
    for (tls, capabilities, words) in [
        (TlsUse::Offered, "250-test\r\n250 PIPELINING\r\n", no_sign_in),
        (TlsUse::None, "250-test\r\n250 AUTH GSSAPI NTLM\r\n", no_sign_in),
        (TlsUse::None, "250 test\r\n", no_sign_in),
        (
            TlsUse::Required,
            "250-test\r\n250 AUTH PLAIN\r\n",
            "cannot be used: it does not offer STARTTLS, which ?tls=required demands",
        ),
    ] {
        let (mut relay, mut reported) = relay(vec![("EHLO", capabilities)].leak()).await;
        (relay.tls, relay.login) = (tls, Some(login()));
        match attempt(&relay).await {
            Err(SendError::Temporary { text, .. }) => {
                assert!(text.contains(words) && !text.contains("internal"), "{text}");
            }
            other => panic!("{capabilities}: {other:?}"),
        }
        while let Ok(line) = reported.try_recv() {
            assert!(!line.starts_with("AUTH") && !line.starts_with("MAIL"), "{line}");
        }
    }
}

#[test]
fn a_file_without_authorities_is_reported_at_the_start() {
    let mut relay = Relay {
        host: "h".to_owned(),
        port: 25,
        tls: TlsUse::Required,
        tls_said: true,
        ca: None,
        login: None,
    };
    let mut fault = |path: PathBuf| {
        relay.ca = Some(path);
        Smtp::new(&relay, EhloName::default()).unwrap_err()
    };
    assert!(fault(PathBuf::from("/nowhere/ca.pem")).contains("/nowhere/ca.pem cannot be read"));
    let empty = NamedTempFile::new().unwrap();
    assert!(fault(empty.path().to_owned()).contains("contains no PEM certificate"));
}
