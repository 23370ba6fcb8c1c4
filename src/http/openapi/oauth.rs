//! The errors of the token endpoint that OAuth libraries read, beside those of the rest of the API.

use serde_json::to_value;
use utoipa::openapi::{Content, Ref, RefOr, example::ExampleBuilder, path::Operation};

use crate::http::api::auth::OAuthError;

/// The path of the token endpoint.
pub(super) const TOKEN_PATH: &str = "/v1/auth/token";

/// Adds the errors of a program's request to the token endpoint.
pub(super) fn add(path: &str, operation: &mut Operation) {
    if path != TOKEN_PATH {
        return;
    }
    for (status, response) in &mut operation.responses.responses {
        let examples = status.parse().map(OAuthError::examples).unwrap_or_default();
        let RefOr::T(response) = response else { continue };
        if !matches!(status.as_str(), "400" | "401") {
            continue;
        }
        let mut content = Content::new(Some(Ref::from_schema_name("OAuthError")));
        for (name, error) in examples {
            let example =
                ExampleBuilder::new().summary(format!("`{name}`, to a form")).value(to_value(error).ok());
            content.examples.insert(format!("oauth_{name}"), example.build().into());
            response.description = format!("{} To a form, `{name}`.", response.description);
        }
        response.content.insert("application/json".to_owned(), content.into());
    }
}
