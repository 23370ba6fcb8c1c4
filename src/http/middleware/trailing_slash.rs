//! A trailing slash is the same route: it is taken off before anything is decided by the path.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Uri,
        uri::{InvalidUri, PathAndQuery},
    },
    middleware::Next,
};

/// The contract's browser is a folder, whose files are found beside it.
const FOLDER: &str = "/docs/";

/// Takes slashes off the end of the path.
pub async fn middleware<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // What cannot be written as a URI stays as it is, and is found by no route.
    if let Some(Ok(uri)) = trimmed(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

fn trimmed(uri: &Uri) -> Option<Result<Uri, InvalidUri>> {
    let path = uri.path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.len() == path.len() || trimmed.is_empty() || path.starts_with(FOLDER) {
        return None;
    }
    let rest = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    let whole = rest.parse::<PathAndQuery>().map(|rest| {
        parts.path_and_query = Some(rest);
        // Made of the parts of a whole one.
        Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
    });
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_is_taken_off_and_nothing_else() {
        let read = |uri: &str| trimmed(&uri.parse().unwrap()).map(|uri| uri.unwrap().to_string());
        assert_eq!(read("/v1/users/").as_deref(), Some("/v1/users"));
        assert_eq!(read("/v1/users//?a=/&b=%2F/").as_deref(), Some("/v1/users?a=/&b=%2F/"));
        assert_eq!(read("http://host:1/v1/users/?x").as_deref(), Some("http://host:1/v1/users?x"));
        for kept in
            ["/", "//", "/v1/users", "/docs/", "/docs/index.html/", "/v1/users?x=/", "/v1//users", "*"]
        {
            assert_eq!(read(kept), None, "{kept}");
        }
    }
}
