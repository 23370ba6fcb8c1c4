//! TLS and signing in, with a relay whose certificate comes from an authority of the test's own.

use std::{io::Write, path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::NamedTempFile;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use super::*;

/// An authority of one's own: its file, and what a relay of that name proves itself with.
fn authority(name: &str) -> (NamedTempFile, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(issuer.pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    (file, TlsAcceptor::from(Arc::new(config)))
}

const OFFERS: Script = &[("EHLO", "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"), ("STARTTLS", "220 2.0.0 go on\r\n")];

/// A relay that is reached as `tls` says, and tells what it was told, what it was told under TLS after `TLS `.
async fn secure(tls: TlsUse, acceptor: TlsAcceptor) -> (Relay, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        // One connection, since a letter takes one. When it is closed nobody is left who tells, which ends the listening.
        let (mut stream, _) = listener.accept().await.unwrap();
        let greets = tls == TlsUse::Implicit;
        if !greets && talk(&mut stream, OFFERS, &tell, true).await != End::Tls {
            return;
        }
        let Ok(mut stream) = acceptor.accept(stream).await else { return };
        let (under_tls, mut heard) = mpsc::unbounded_channel();
        let pass = async {
            while let Some(line) = heard.recv().await {
                tell.send(format!("TLS {line}")).unwrap();
            }
        };
        let talk = async {
            talk(&mut stream, &[], &under_tls, greets).await;
            drop(under_tls);
        };
        tokio::join!(talk, pass);
    });
    (Relay { host: "localhost".to_owned(), port, tls, ca: None, login: None }, told)
}

/// One attempt, and what the relay heard up to the end of the talk.
async fn hand_over(relay: &Relay, mut told: mpsc::UnboundedReceiver<String>) -> (Result<(), SendError>, Vec<String>) {
    let outcome = attempt(relay).await;
    let mut heard = Vec::new();
    while let Some(line) = told.recv().await {
        heard.push(line);
    }
    (outcome, heard)
}

fn login() -> Login {
    Login { user: "ada".to_owned(), password: SecretString::from("hunter22") }
}

#[tokio::test]
async fn letters_and_passwords_go_under_tls_however_it_begins() {
    for tls in [TlsUse::Required, TlsUse::Offered, TlsUse::Implicit] {
        let (file, acceptor) = authority("localhost");
        let (mut relay, told) = secure(tls, acceptor).await;
        (relay.ca, relay.login) = (Some(file.path().to_owned()), Some(login()));
        let (outcome, heard) = hand_over(&relay, told).await;
        outcome.unwrap();
        let said = |word: &str| heard.iter().any(|line| line.starts_with(word));
        // NUL ada NUL hunter22
        assert!(said("TLS AUTH PLAIN AGFkYQBodW50ZXIyMg==") && said("TLS MAIL") && said("TLS DATA"), "{tls:?}: {heard:?}");
        assert!(!said("AUTH") && !said("MAIL"), "{tls:?}: {heard:?}");
    }
}

/// The system's authorities do not know it, another of our own does not either, and the name must be the relay's.
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
            let (mut relay, told) = secure(tls, acceptor).await;
            (relay.ca, relay.login) = (ca, Some(login()));
            let (outcome, heard) = hand_over(&relay, told).await;
            let error = outcome.unwrap_err();
            assert!(matches!(&error, SendError::Later { text, .. } if text.contains("certificate")), "{tls:?}: {error:?}");
            let secret = heard.iter().any(|line| line.contains("AUTH") || line.contains("MAIL"));
            assert!(!secret, "{tls:?}: {heard:?}");
        }
    }
}

#[test]
fn a_file_without_authorities_is_told_at_the_start() {
    let mut relay = Relay { host: "h".to_owned(), port: 25, tls: TlsUse::Required, ca: None, login: None };
    let mut fault = |path: PathBuf| {
        relay.ca = Some(path);
        Smtp::new(&relay).unwrap_err()
    };
    assert!(fault(PathBuf::from("/nowhere/ca.pem")).contains("/nowhere/ca.pem cannot be read"));
    let empty = NamedTempFile::new().unwrap();
    assert!(fault(empty.path().to_owned()).contains("holds no PEM certificate"));
}
