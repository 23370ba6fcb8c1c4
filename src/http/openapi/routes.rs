//! The paths of the contract and of the built-in pages as a table: the route of a request, and what is
//! decided by it before a handler is reached.
//!
//! Decisions depend on the route of a request, never on the spelling of its path: `/v1/auth/%74oken` is
//! `/v1/auth/token` (RFC 3986 §6.2.2.2). Paths are compared as actix's router compares them, after it has
//! decoded them.

use actix_web::{
    HttpRequest,
    dev::Url,
    http::{Method, Uri},
};
use matchit::Router;

use super::{
    super::middleware::rate_limit::policy::{CallerPolicy, Policy, of_caller, policy},
    committed::{Contract, Operation, PathItem},
};

/// Paths whose answers have nothing private: these may be cached. All others are sealed.
const CACHEABLE: [&str; 7] = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/problems/{code}",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
];
/// The API browser, which is no part of the contract.
const DOCS: &str = "/docs";
/// The built-in pages, which are for people and no part of the contract either: their paths and methods.
const PAGES: [(&str, &str); 6] = [
    ("/activate", "GET, HEAD, POST"),
    ("/activate/renew", "POST"),
    ("/activate/unsubscribe", "POST"),
    ("/confirm-email", "GET, HEAD, POST"),
    ("/reset-password", "GET, HEAD, POST"),
    ("/reset-password/request", "POST"),
];

/// A path of the contract, or of a built-in page.
pub struct Route {
    /// Its path, with parameters in braces.
    pub pattern: String,
    /// Its methods, joined by commas.
    pub methods: String,
    /// How often an address may call it.
    pub policy: Option<Policy>,
    /// How often a caller may, by method.
    callers: Vec<(Method, CallerPolicy)>,
    /// Whether its answers are kept out of caches, and their addresses out of others' logs.
    pub is_sealed: bool,
}

impl Route {
    /// How often a caller may call it with this method.
    pub fn policy_of_caller(&self, method: &Method) -> Option<CallerPolicy> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.callers.iter().find(|(known, _)| known == method).map(|(_, policy)| *policy)
    }

    /// Whether it belongs to a built-in page, which shows errors itself.
    pub fn is_page(&self) -> bool {
        PAGES.iter().any(|(page, _)| *page == self.pattern)
    }
}

fn policies_of_callers(path: &str, item: &PathItem) -> Vec<(Method, CallerPolicy)> {
    let limited = item.operations().filter(|(_, operation)| !operation.is_public());
    let policy = |(method, operation): (Method, &Operation)| {
        let policy = of_caller(path, &method, operation.is_list());
        (method, policy)
    };
    limited.map(policy).collect()
}

/// Every path of the contract and of the built-in pages.
pub struct RouteTable {
    all: Vec<Route>,
    /// The place of each in `all`, by its path.
    places: Router<usize>,
}

impl RouteTable {
    /// The table of a contract, with the built-in pages.
    pub fn of(contract: &Contract) -> Self {
        let rows = contract.paths.iter().map(|(path, item)| {
            let methods = item.operations().map(|(method, _)| match method {
                Method::GET => "GET, HEAD".to_owned(),
                method => method.to_string(),
            });
            Route {
                pattern: path.clone(),
                methods: methods.collect::<Vec<_>>().join(", "),
                policy: policy(path),
                callers: policies_of_callers(path, item),
                is_sealed: !CACHEABLE.contains(&path.as_str()),
            }
        });
        let all: Vec<Route> = rows.chain(PAGES.iter().map(page)).collect();
        let mut places = Router::new();
        for (place, route) in all.iter().enumerate() {
            if let Err(error) = places.insert(of_any_parameter(&route.pattern), place) {
                tracing::error!(%error, route = route.pattern, "a defect: a route is not found");
            }
        }
        Self { all, places }
    }

    /// The route that a request takes, whatever its method; `None` when there is none.
    pub fn find(&self, request: &HttpRequest) -> Option<&Route> {
        self.places.at(path(request)).ok().and_then(|found| self.all.get(*found.value))
    }

    /// Whether an answer has to be sealed. A request without a route gets an error, which is sealed too.
    pub fn is_sealed(&self, request: &HttpRequest) -> bool {
        self.find(request).map_or_else(|| !path(request).starts_with(DOCS), |route| route.is_sealed)
    }

    /// All of them.
    pub fn all(&self) -> &[Route] {
        &self.all
    }
}

/// The route of a built-in page.
fn page((path, methods): &(&str, &str)) -> Route {
    Route {
        pattern: (*path).to_owned(),
        methods: (*methods).to_owned(),
        policy: policy(path),
        callers: Vec::new(),
        is_sealed: true,
    }
}

/// A pattern with one name for all parameters: the tree takes no two names in the same place.
fn of_any_parameter(pattern: &str) -> String {
    let names = pattern.split('/').map(|part| if part.starts_with('{') { "{parameter}" } else { part });
    names.collect::<Vec<_>>().join("/")
}

/// The path of a request as the router sees it: escapes are decoded, but for those of `%`, `/` and `+`.
fn path(request: &HttpRequest) -> &str {
    request.match_info().as_str()
}

/// Whether a URI has this path, as the router sees it: for guards, which are given no more than the URI.
pub fn is_path(uri: &Uri, path: &str) -> bool {
    Url::new(uri.clone()).path() == path
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn find(path: &str) -> (Option<String>, bool) {
        let table = RouteTable::of(&Contract::read().unwrap());
        let request = TestRequest::with_uri(path).to_http_request();
        (table.find(&request).map(|route| route.pattern.clone()), table.is_sealed(&request))
    }

    #[test]
    fn every_pattern_leads_to_its_route() {
        let table = RouteTable::of(&Contract::read().unwrap());
        for route in table.all() {
            let path = route.pattern.replace('{', "x").replace('}', "y");
            assert_eq!(find(&path).0.as_ref(), Some(&route.pattern), "{path}");
        }
        // What follows is a parameter's, where the text before it is also a path of its own.
        let events = "/v1/invitations/{id}/events".to_owned();
        assert_eq!(find("/v1/invitations/batch/events").0, Some(events));
        assert_eq!(find("/v1/invitations//events").0, None);
    }

    #[test]
    fn escapes_lead_to_the_same_route() {
        let route = |pattern: &str, sealed| (Some(pattern.to_owned()), sealed);
        for path in ["/v1/auth/token", "/v1/auth/%74oken", "/%761/auth/token", "/%76%31/%61uth/%74oken"] {
            assert_eq!(find(path), route("/v1/auth/token", true), "{path}");
        }
        assert_eq!(find("/v1/invitations/%62atch"), route("/v1/invitations/batch", true));
        assert_eq!(find("/v1/invitations/x"), route("/v1/invitations/{id}", true));
        assert_eq!(find("/%68ealthz"), route("/healthz", false));
        assert_eq!(find("/problems/x"), route("/problems/{code}", false));
        // An escaped slash is none: no route, and sealed.
        for path in [
            "/v1%2Fauth/token",
            "/v1/auth%2ftoken",
            "/v1/%2574oken",
            "/V1/auth/token",
            "/v1/auth/token/",
            "/x",
        ] {
            assert_eq!(find(path), (None, true), "{path}");
        }
        assert_eq!((find("/docs/index.html"), find("/%64ocs")), ((None, false), (None, false)));
    }
}
