//! What a client sends: the parameters of the form, and its credentials in the header or among them.

use actix_web::{HttpRequest, http::header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use utoipa::ToSchema;

use super::OAuthError;
use crate::{domain::api_client::ClientSecret, services::client_token::ClientCredentials};

/// The form with which an API client asks for a token. Parameters that are not known are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is described here and read parameter by parameter")]
pub struct ClientCredentialsForm {
    /// The grant: `client_credentials`.
    grant_type: String,
    /// The client's id, unless it is in `Authorization: Basic`.
    #[schema(value_type = String, required = false)]
    client_id: Option<String>,
    /// The client's secret, unless it is in `Authorization: Basic`.
    #[schema(value_type = String, format = Password, required = false)]
    client_secret: Option<String>,
    /// Permissions separated by blanks, of those of the client; all of them when it is left out.
    #[schema(value_type = String, required = false)]
    scope: Option<String>,
}

/// A request that can be read.
pub(super) struct Asked {
    pub(super) credentials: ClientCredentials,
    pub(super) scope: String,
}

/// Reads a request.
///
/// # Errors
/// [`OAuthError`].
pub(super) fn read(request: &HttpRequest, parameters: Vec<(String, String)>) -> Result<Asked, OAuthError> {
    if !request.query_string().is_empty() {
        // RFC 6749 §2.3.1: credentials must not be in the URI, which is logged on its way.
        return Err(OAuthError::invalid_request("Send the parameters in the body, and none in the URI."));
    }
    let form = Form(parameters);
    match form.take("grant_type")?.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(OAuthError::unsupported_grant_type()),
        None => return Err(OAuthError::invalid_request("The parameter grant_type is missing.")),
    }
    let scope = form.take("scope")?.unwrap_or_default();
    let in_body = (form.take("client_id")?, form.take("client_secret")?);
    let credentials = match (basic(request)?, in_body) {
        (Some(_), (_, Some(_))) => return Err(TWO_WAYS),
        (Some(basic), (Some(id), None)) if basic.id != id => return Err(TWO_WAYS),
        (Some(basic), _) => basic,
        (None, (Some(id), Some(secret))) => ClientCredentials { id, secret: ClientSecret::from_text(secret) },
        (None, _) => return Err(OAuthError::invalid_client()),
    };
    Ok(Asked { credentials, scope })
}

/// RFC 6749 §2.3: a client uses one way of authenticating.
const TWO_WAYS: OAuthError =
    OAuthError::invalid_request("Send the credentials either in Authorization or in the body.");

struct Form(Vec<(String, String)>);

impl Form {
    /// A parameter. One without a value is taken as left out (RFC 6749 §3.2).
    fn take(&self, name: &str) -> Result<Option<String>, OAuthError> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let first = values.next();
        if values.next().is_some() {
            return Err(OAuthError::invalid_request("A parameter may be sent once."));
        }
        Ok(first.filter(|value| !value.is_empty()).cloned())
    }
}

/// The credentials in `Authorization: Basic` (RFC 7617), each encoded as in a form before (RFC 6749 §2.3.1).
fn basic(request: &HttpRequest) -> Result<Option<ClientCredentials>, OAuthError> {
    let mut values = request.headers().get_all(AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(OAuthError::invalid_request("Authorization may be sent once."));
    }
    let (scheme, encoded) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(OAuthError::invalid_client());
    }
    let malformed = || OAuthError::invalid_request("Authorization is not Basic with an id and a secret.");
    let pair = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    // Some libraries write Latin-1: such a secret is a wrong one, and the request is well formed.
    let pair = String::from_utf8_lossy(&pair);
    let (id, secret) = pair.split_once(':').ok_or_else(malformed)?;
    Ok(Some(ClientCredentials { id: decoded(id), secret: ClientSecret::from_text(decoded(secret)) }))
}

/// A text as it was before it was encoded for a form.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
}
