//! What the built-in pages of a single form share: their answers when there is no form to show.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{StatusCode, header},
};

use super::{
    activation_page::html::{Failure, FailureKind, Screen},
    extract::language::language,
    middleware::{rate_limit, request_log::RequestId},
    response::problem::Problem,
    state::State,
};
use crate::domain::locale::Locale;

/// The page for one request.
pub struct FormPage<'a> {
    /// The request.
    pub request: &'a HttpRequest,
    /// The application's state.
    pub state: &'a State,
}

impl FormPage<'_> {
    /// The answer of `inner`, unless the client has spent its requests.
    pub async fn guarded(&self, inner: impl Future<Output = HttpResponse>) -> HttpResponse {
        match rate_limit::denied(self.request) {
            Some(problem) => self.trouble(&problem),
            None => inner.await,
        }
    }

    /// The value of `token` in the query, if it is not empty.
    pub fn token(&self) -> Option<String> {
        let mut query = url::form_urlencoded::parse(self.request.query_string().as_bytes());
        let token = query.find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
        token.filter(|token| !token.is_empty())
    }

    /// The operator's name.
    pub fn organisation(&self) -> &str {
        &self.state.services.rules.organisation
    }

    /// The language where the person's is not known: the browser's, or else the operator's.
    pub fn locale(&self) -> Locale {
        language(self.request, self.state.settings.locale)
    }

    /// The page that says that the service could not answer.
    pub fn trouble(&self, problem: &Problem) -> HttpResponse {
        let (status, kind) = match problem.code.status {
            429 => (StatusCode::TOO_MANY_REQUESTS, FailureKind::TooMany),
            503 => (StatusCode::SERVICE_UNAVAILABLE, FailureKind::Unavailable),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, FailureKind::Unexpected),
        };
        let mut response = self.failure(status, kind);
        for (name, value) in problem.headers() {
            if let Ok(value) = header::HeaderValue::from_str(value) {
                response.headers_mut().insert(name.clone(), value);
            }
        }
        response
    }

    /// The page for a form that cannot be read.
    pub fn unreadable(&self, status: StatusCode) -> HttpResponse {
        self.failure(status, FailureKind::Unexpected)
    }

    fn failure(&self, status: StatusCode, kind: FailureKind) -> HttpResponse {
        let id = self.request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let screen = Failure { kind, message: None, request_id: &id, retry: None };
        self.render(status, &Screen::Failure(screen), self.locale())
    }

    /// Renders a screen.
    pub fn render(&self, status: StatusCode, screen: &Screen<'_>, locale: Locale) -> HttpResponse {
        let pages = &self.state.pages;
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_SECURITY_POLICY, pages.content_security_policy()));
        response.insert_header((header::CONTENT_LANGUAGE, locale.as_str()));
        response.insert_header((header::VARY, "Accept-Language"));
        match pages.render(screen, locale) {
            Ok(page) => response.content_type("text/html; charset=utf-8").body(page),
            Err(error) => {
                tracing::error!(%error, "a page cannot be rendered");
                HttpResponse::InternalServerError().body("The page cannot be shown. Please try again.")
            }
        }
    }
}
