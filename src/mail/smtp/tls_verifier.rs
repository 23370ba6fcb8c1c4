//! Verifies the certificate of the relay.

use std::{fs, path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use crate::mail::url::Relay;

/// The TLS configuration that verifies a relay's certificate: with the system's CAs, or with those of the
/// file alone. The name is always verified.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn trust(relay: &Relay) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let Some(verifier) = verifier(relay)? else {
        // No certificate will be accepted, which is reported when one is verified.
        return Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    };
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Whether the certificates are valid for `name` at that time, too.
pub(super) fn is_valid_at(
    relay: &Relay,
    certificates: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    time: UnixTime,
) -> bool {
    let (Ok(Some(verifier)), Some((own, between))) = (verifier(relay), certificates.split_first()) else {
        return false;
    };
    verifier.verify_server_cert(own, between, name, &[], time).is_ok()
}

/// `None` where no authority is known.
fn verifier(relay: &Relay) -> Result<Option<Arc<dyn ServerCertVerifier>>, String> {
    let own = relay.ca.as_deref().map_or_else(|| Ok(Vec::new()), read)?;
    let mut authorities = RootCertStore::empty();
    match &relay.ca {
        Some(path) => {
            for certificate in &own {
                authorities
                    .add(certificate.clone())
                    .map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        None => {
            // Some systems have certificates that cannot be parsed.
            authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if authorities.is_empty() {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(authorities), provider).build();
    Ok(Some(Arc::new(Verifier { usual: usual.map_err(|error| error.to_string())?, own })))
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| format!("{}: {error}", path.display()))?;
    // No certificate would be accepted, which would only show at the first letter.
    if certificates.is_empty() {
        Err(format!("{} contains no PEM certificate", path.display()))
    } else {
        Ok(certificates)
    }
}

/// Verifies as rustls does, except for one case: a certificate that is marked as a CA's, as `openssl req
/// -x509` makes them. It is accepted if it equals one of the file's, byte for byte.
#[derive(Debug)]
struct Verifier {
    usual: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
}

/// Such a certificate that is not one of the file's.
#[derive(Debug, thiserror::Error)]
#[error("its certificate is marked as a CA's, and is accepted only if the file of ca= contains it")]
struct CaCertificate;

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.usual.verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        if !verified.as_ref().is_err_and(is_ca_as_leaf) {
            return verified;
        }
        // Its validity period was checked before: webpki checks the times before the CA mark.
        if !self.own.contains(certificate) {
            return Err(Error::Other(OtherError(Arc::new(CaCertificate))));
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

fn is_ca_as_leaf(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(why))) = error else { return false };
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}
