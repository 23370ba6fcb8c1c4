//! Signing in: `/v1/auth/…`, one endpoint a file.

mod answer;
mod client_credentials;
pub mod confirm_email_change;
pub mod confirm_password_reset;
pub mod password;
pub mod password_reset;
pub mod refresh;
mod refresh_token;
pub mod sign_out;
pub mod sign_out_everywhere;
pub mod token;

pub(in crate::http) use self::client_credentials::OAuthError;
