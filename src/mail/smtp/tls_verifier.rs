//! Whom to believe that they are the relay.

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

/// What a relay's certificate is held against: the system's authorities, or those of the file alone. The name
/// is always checked.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn trust(relay: &Relay) -> Result<ClientConfig, String> {
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
            // Systems have some that cannot be read.
            authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    if authorities.is_empty() {
        // Nobody is believed, which is said when somebody wants to be.
        return Ok(config.with_root_certificates(authorities).with_no_client_auth());
    }
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(authorities), provider).build();
    let verifier = Verifier { usual: usual.map_err(|error| error.to_string())?, own };
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| format!("{}: {error}", path.display()))?;
    // Nobody would be trusted, which would be said at the first letter.
    if certificates.is_empty() {
        Err(format!("{} holds no PEM certificate", path.display()))
    } else {
        Ok(certificates)
    }
}

/// As rustls verifies, but for one case: a certificate that says of itself that it is an authority's, as
/// `openssl req -x509` makes them. That is believed where it is, byte for byte, one of the file's.
#[derive(Debug)]
struct Verifier {
    usual: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
}

/// Such a certificate, and not one of the file's.
#[derive(Debug, thiserror::Error)]
#[error("its certificate is an authority's own, which is believed only where ca= holds that very one")]
struct Authoritys;

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
        if !verified.as_ref().is_err_and(is_authoritys) {
            return verified;
        }
        // It is of age by then: webpki looks at a certificate's times before its sort.
        if !self.own.contains(certificate) {
            return Err(Error::Other(OtherError(Arc::new(Authoritys))));
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

fn is_authoritys(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(why))) = error else { return false };
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}
