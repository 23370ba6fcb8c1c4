//! Letters with signatures of our own (`MAIL_DKIM`), verified as they arrive at a relay and in a folder.

use std::path::Path;

use invitation_service::{courier::Step, mail::read_signers};
use tempfile::TempDir;

use crate::support::{Backend, Relay, TestApp, dkim::Receiver, json, on_each, relay::Speaks};

/// Both keys in files, the variable that names them, and their records.
pub fn keys(folder: &Path) -> (String, Vec<(String, String)>) {
    let rsa = include_bytes!("../../cases/keys/rsa-a.der");
    let ed25519 = include_bytes!("../../cases/keys/ed25519.der");
    let file = |name: &str, label: &str, der: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, pem(label, der)).unwrap();
        path.display().to_string()
    };
    let text = format!(
        "rsa2026:voltmark.example:{},ed2026:voltmark.example:{}",
        file("rsa.pem", "RSA PRIVATE KEY", rsa),
        file("ed.pem", "PRIVATE KEY", ed25519)
    );
    let signers = read_signers(&text).unwrap();
    let records = signers.iter().map(|signer| (signer.record_name(), signer.record())).collect();
    (text, records)
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// The template of a text whose lines begin with dots, which SMTP doubles on the way.
fn templates_with_dots() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = ".{{ headline }}\n..\n.\n{{ link }}\n. {{ expiry }} \n";
    std::fs::write(folder.path().join("letter.txt"), text).unwrap();
    folder
}

on_each! {
    async fn a_relay_gets_letters_that_others_can_verify(backend: Backend) {
        let (folder, templates) = (tempfile::tempdir().unwrap(), templates_with_dots());
        let (variable, records) = keys(folder.path());
        let receiver = Receiver::new(&records);
        let templates = templates.path().display().to_string();
        let offers = ["250-relay\r\n250 8BITMIME", "250-relay\r\n250-PIPELINING\r\n250 SIZE 1000000"];
        let cases = offers.into_iter().flat_map(|offer| [(offer, ""), (offer, templates.as_str())]);
        for (offer, templates) in cases {
            let mut relay = Relay::new(Speaks::Smtp);
            relay.up();
            relay.says(&[("EHLO", offer)]);
            let variables = [
                ("MAIL_URL", relay.url()),
                ("MAIL_FROM", "Voltmark <no-reply@voltmark.example>".to_owned()),
                ("MAIL_DKIM", variable.clone()),
                ("MAIL_TEMPLATES", templates.to_owned()),
            ];
            let variables: Vec<(&str, &str)> =
                variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let app = TestApp::start(backend, &variables).await;
            let body = json!({ "email": "ada@example.com", "roles": ["viewer"], "locale": "de" });
            app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
            while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
            let source = relay.sources().pop().unwrap();
            assert!(source.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"), "{source}");
            let has_dots = !templates.is_empty() && offer.contains("8BITMIME");
            assert!(!has_dots || source.contains("\r\n..\r\n.\r\n"), "{source}");
            assert_eq!(receiver.verified(source.as_bytes()).await, (2, 2), "{source}");
            let forged = source.replace("ada@example.com", "eve@example.com");
            assert_eq!(receiver.verified(forged.as_bytes()).await, (2, 0));
            app.activate(&relay.taken().pop().unwrap().token).await.expect(201);
        }
    }
}
