//! Relays with a self-signed certificate.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

use super::{
    tls::{acceptor, file, hand_over, secure},
    *,
};

/// The outcome with a relay's self-signed certificate, modified by `change`, and a client that trusts the
/// same one, or, when `again`, another one that differs only in its key.
async fn believed(tls: TlsUse, again: bool, change: impl Fn(&mut CertificateParams)) -> Result<(), String> {
    let own = || {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap(), key)
    };
    let (certificate, key) = own();
    let trusted = file(&if again { own().0.pem() } else { certificate.pem() });
    let (mut relay, reported) = secure(tls, acceptor(&certificate, &key)).await;
    relay.ca = Some(trusted.path().to_owned());
    let (outcome, commands) = hand_over(&relay, reported).await;
    let taken = commands.iter().any(|line| line.starts_with("TLS MAIL"));
    match outcome {
        Ok(()) if taken => Ok(()),
        Err(SendError::Temporary { text, .. }) if !taken => Err(text),
        other => panic!("{other:?}: {commands:?}"),
    }
}

/// `openssl req -x509` makes certificates that are marked as those of a CA.
#[tokio::test]
async fn the_very_certificate_in_the_file_is_believed() {
    for tls in [TlsUse::Required, TlsUse::Offered, TlsUse::Implicit] {
        believed(tls, false, |_| ()).await.unwrap();
        believed(tls, false, |params| params.is_ca = IsCa::NoCa).await.unwrap();
    }
}

#[tokio::test]
async fn another_one_is_not_nor_one_for_another_name_or_another_time() {
    for tls in [TlsUse::Required, TlsUse::Implicit] {
        let text = believed(tls, true, |_| ()).await.unwrap_err();
        assert!(
            text.contains(
                "its certificate is marked as a CA's, and is accepted only if the file of ca= contains it"
            ),
            "{text}"
        );
        let name = |params: &mut CertificateParams| params.subject_alt_names.clear();
        let text = believed(tls, false, name).await.unwrap_err();
        assert!(text.contains("not valid for name \"localhost\""), "{text}");
        let text =
            believed(tls, false, |params| params.not_after = date_time_ymd(2020, 1, 1)).await.unwrap_err();
        assert!(text.contains("expired"), "{text}");
        let text =
            believed(tls, false, |params| params.not_before = date_time_ymd(2999, 1, 1)).await.unwrap_err();
        assert!(text.contains("not valid yet"), "{text}");
    }
}
