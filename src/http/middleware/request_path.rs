//! What is taken off the path of a request before anything is decided by it, so that the rest is the route:
//! the base path in front, and slashes at the end.
//!
//! A proxy may strip the base path or pass it on: a path with it and one without it are the same route.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Uri,
        uri::{InvalidUri, PathAndQuery},
    },
    middleware::Next,
    web::Data,
};

use crate::domain::base_path::BasePath;

/// The contract's browser is a folder, whose files are found beside it.
const FOLDER: &str = "/docs/";

/// Takes the base path and slashes at the end off the path.
pub async fn middleware<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let route = request.app_data::<Data<BasePath>>().and_then(|base| route_of(request.uri(), base));
    // What cannot be written as a URI stays as it is, and is found by no route.
    if let Some(Ok(uri)) = route {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

/// The URI without what is taken off; `None` where that is nothing.
fn route_of(uri: &Uri, base: &BasePath) -> Option<Result<Uri, InvalidUri>> {
    let path = uri.path();
    let below = base.strip(path).unwrap_or(path);
    let below = if below.is_empty() { "/" } else { below };
    let trimmed = below.trim_end_matches('/');
    let route = if trimmed.is_empty() || below.starts_with(FOLDER) { below } else { trimmed };
    if route == path {
        return None;
    }
    let rest = match uri.query() {
        Some(query) => format!("{route}?{query}"),
        None => route.to_owned(),
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

    fn read(uri: &str, base: &str) -> Option<String> {
        let base = BasePath::parse(base).unwrap();
        route_of(&uri.parse().unwrap(), &base).map(|uri| uri.unwrap().to_string())
    }

    #[test]
    fn a_slash_at_the_end_is_taken_off_and_nothing_else() {
        for base in ["", "/invite"] {
            assert_eq!(read("/v1/users/", base).as_deref(), Some("/v1/users"));
            assert_eq!(read("/v1/users//?a=/&b=%2F/", base).as_deref(), Some("/v1/users?a=/&b=%2F/"));
            assert_eq!(read("http://host:1/v1/users/?x", base).as_deref(), Some("http://host:1/v1/users?x"));
            for kept in
                ["/", "//", "/v1/users", "/docs/", "/docs/index.html/", "/v1/users?x=/", "/v1//users", "*"]
            {
                assert_eq!(read(kept, base), None, "{kept}");
            }
        }
    }

    #[test]
    fn the_base_path_is_taken_off_once() {
        for (uri, route) in [
            ("/invite", "/"),
            ("/invite/", "/"),
            ("/invite?x=1", "/?x=1"),
            ("/invite/v1/users", "/v1/users"),
            ("/invite/v1/users/?x=/invite/", "/v1/users?x=/invite/"),
            ("/%69nvite/v1/%75sers", "/v1/%75sers"),
            ("/invite/docs", "/docs"),
            ("/invite/docs/", "/docs/"),
            ("/invite/docs/index.html", "/docs/index.html"),
            ("http://host:1/invite/v1/users", "http://host:1/v1/users"),
            ("/invite/invite/v1/users", "/invite/v1/users"),
        ] {
            assert_eq!(read(uri, "/invite").as_deref(), Some(route), "{uri}");
        }
        for kept in ["/invited/v1/users", "/v1/invite", "/invite%2Fv1/users", "/Invite/v1/users"] {
            assert_eq!(read(kept, "/invite"), None, "{kept}");
        }
    }
}
