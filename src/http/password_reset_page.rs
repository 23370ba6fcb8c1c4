//! `/reset-password`: the built-in page where a forgotten password is reset. With a link's token it has the
//! form for a new password, without one the form that asks for a link. GET and HEAD change nothing.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, get,
    http::{StatusCode, header},
    post,
    web::Data,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    activation_page::{
        form_extractor::FormBody,
        html::{
            AskForReset, ChoosePassword, Failure, FailureKind, FormError, ResetNotice, ResetOutcome, Screen,
        },
    },
    middleware::{rate_limit, request_log::RequestId},
    openapi::sample_data,
    response::problem::Problem,
    state::State,
};
use crate::{
    domain::{
        email::Email, field_error::FieldError, locale::Locale, password::Password, password_reset::DeadReset,
        token::LinkToken,
    },
    services::{ServiceError, reset_password},
};

/// The page that resets a password
///
/// What a link to reset a password opens, unless the operator has their own page (`PASSWORD_RESET_URL`). A
/// link that does not work is answered 404 or 410, with a page that says what to do.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "passwordResetPage",
    params(("token" = Option<LinkToken>, Query, description = "The link's token.")),
    responses(
        (status = 200, description = "The form.", content_type = "text/html", body = String),
        (
            status = 404,
            description = "The link is forged or damaged.",
            content_type = "text/html", body = String
        ),
        (status = 410, description = "The link no longer works.", content_type = "text/html", body = String),
        (
            status = 429,
            description = "Too many requests from this address.",
            content_type = "text/html", body = String
        ),
        (
            status = 503,
            description = "The service is busy or its database is unavailable.",
            content_type = "text/html", body = String
        ),
    ),
    security(()),
)]
#[get("/reset-password")]
pub async fn show(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let page = Page { request: &request, state: &state };
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    let token = query.into_iter().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
    match token.filter(|token| !token.is_empty()) {
        Some(token) => page.guarded(page.choose(&LinkToken::from_text(token), Vec::new())).await,
        None => page.guarded(async { page.ask("", Vec::new()) }).await,
    }
}

/// What the form for a new password sends.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordResetForm)]
pub struct Submission {
    /// The link's token, from a hidden field.
    #[serde(default)]
    #[schema(value_type = LinkToken, required = true)]
    pub token: String,
    /// The new password.
    #[serde(default)]
    #[schema(format = Password, required = true)]
    pub password: String,
}

/// Reset the password by the page's form
#[utoipa::path(
    tag = "Signing in",
    operation_id = "submitPasswordResetPage",
    request_body(content = Submission, content_type = "application/x-www-form-urlencoded", examples(
        ("ResetByForm" = (summary = "A new password", value = json!({
            "token": sample_data::TOKEN, "password": sample_data::PASSWORD
        }))),
    )),
    responses(
        (status = 200, description = "The password is changed.", content_type = "text/html", body = String),
        (status = 400, description = "The form cannot be read.", content_type = "text/html", body = String),
        (
            status = 404,
            description = "The link is forged or damaged.",
            content_type = "text/html", body = String
        ),
        (
            status = 408,
            description = "The form did not arrive in time.",
            content_type = "text/html", body = String
        ),
        (status = 410, description = "The link no longer works.", content_type = "text/html", body = String),
        (status = 413, description = "The form is too large.", content_type = "text/html", body = String),
        (status = 415, description = "Not a form.", content_type = "text/html", body = String),
        (
            status = 422,
            description = "The form again, with the errors.",
            content_type = "text/html", body = String
        ),
        (
            status = 429,
            description = "Too many requests from this address.",
            content_type = "text/html", body = String
        ),
        (
            status = 503,
            description = "The service is busy or its database is unavailable.",
            content_type = "text/html", body = String
        ),
    ),
    security(()),
)]
#[post("/reset-password")]
pub async fn submit(request: HttpRequest, form: FormBody<Submission>, state: Data<State>) -> HttpResponse {
    let page = Page { request: &request, state: &state };
    match form.0 {
        Ok(Submission { token, password }) => {
            page.guarded(page.reset(LinkToken::from_text(token), &password)).await
        }
        Err(status) => page.guarded(async { page.unreadable(status) }).await,
    }
}

/// What the form that asks for a link sends.
#[derive(Deserialize, ToSchema)]
#[schema(as = PasswordResetRequestForm)]
pub struct AddressSubmission {
    /// The person's address.
    #[serde(default)]
    #[schema(required = true)]
    pub email: String,
}

/// Ask for a link by the page's form
///
/// The page is the same for every address.
#[utoipa::path(
    tag = "Signing in",
    operation_id = "submitPasswordResetRequestPage",
    request_body(content = AddressSubmission, content_type = "application/x-www-form-urlencoded", examples(
        ("AskByForm" = (summary = "The person's address", value = json!({ "email": "ada@example.com" }))),
    )),
    responses(
        (
            status = 200,
            description = "A letter is sent, if an active user has the address.",
            content_type = "text/html", body = String
        ),
        (status = 400, description = "The form cannot be read.", content_type = "text/html", body = String),
        (
            status = 408,
            description = "The form did not arrive in time.",
            content_type = "text/html", body = String
        ),
        (status = 413, description = "The form is too large.", content_type = "text/html", body = String),
        (status = 415, description = "Not a form.", content_type = "text/html", body = String),
        (
            status = 422,
            description = "The form again: this is no address.",
            content_type = "text/html", body = String
        ),
        (
            status = 429,
            description = "Too many requests from this address.",
            content_type = "text/html", body = String
        ),
        (
            status = 503,
            description = "The service is busy or its database is unavailable.",
            content_type = "text/html", body = String
        ),
    ),
    security(()),
)]
#[post("/reset-password/request")]
pub async fn submit_request(
    request: HttpRequest,
    form: FormBody<AddressSubmission>,
    state: Data<State>,
) -> HttpResponse {
    let page = Page { request: &request, state: &state };
    match form.0 {
        Ok(AddressSubmission { email }) => page.guarded(page.request(email)).await,
        Err(status) => page.guarded(async { page.unreadable(status) }).await,
    }
}

/// The page for one request.
struct Page<'a> {
    request: &'a HttpRequest,
    state: &'a State,
}

impl Page<'_> {
    async fn guarded(&self, inner: impl Future<Output = HttpResponse>) -> HttpResponse {
        match rate_limit::denied(self.request) {
            Some(problem) => self.trouble(&problem),
            None => inner.await,
        }
    }

    fn organisation(&self) -> &str {
        &self.state.services.rules.organisation
    }

    fn ask(&self, email: &str, errors: Vec<FormError<'_>>) -> HttpResponse {
        let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let screen = AskForReset { organisation: self.organisation(), email, errors };
        self.render(status, &Screen::AskForReset(screen), self.state.settings.locale)
    }

    async fn request(&self, typed: String) -> HttpResponse {
        let email = match Email::parse(&typed) {
            Ok(email) => email,
            Err(error) => {
                let locale = self.state.settings.locale;
                let fault = FormError::from_fault("/email", "invalid_email", &error.to_string(), 0, locale);
                return self.ask(&typed, vec![fault]);
            }
        };
        match reset_password::request(&self.state.services, email).await {
            Ok(()) => self.notice(StatusCode::OK, ResetOutcome::Requested, self.state.settings.locale),
            Err(refusal) => self.trouble(&Problem::from(refusal)),
        }
    }

    async fn choose(&self, token: &LinkToken, errors: Vec<FormError<'_>>) -> HttpResponse {
        let seen = match reset_password::preview(&self.state.services, token).await {
            Ok(seen) => seen,
            Err(refusal) => return self.dead_end(refusal),
        };
        let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let screen = ChoosePassword {
            organisation: self.organisation(),
            email: seen.recipient.email.as_str(),
            token: token.expose(),
            password_min_length: self.state.services.rules.password_min_length,
            errors,
        };
        let locale = seen.recipient.locale.unwrap_or(self.state.settings.locale);
        self.render(status, &Screen::ChoosePassword(screen), locale)
    }

    async fn reset(&self, token: LinkToken, password: &str) -> HttpResponse {
        match reset_password::confirm(&self.state.services, &token, Password::new(password)).await {
            Ok(recipient) => {
                let locale = recipient.locale.unwrap_or(self.state.settings.locale);
                self.notice(StatusCode::OK, ResetOutcome::Changed, locale)
            }
            Err(ServiceError::Invalid(faults)) => {
                let seen = reset_password::preview(&self.state.services, &token).await;
                let locale = seen.ok().and_then(|seen| seen.recipient.locale);
                let locale = locale.unwrap_or(self.state.settings.locale);
                let shortest = self.state.services.rules.password_min_length;
                let faults = faults.into_reported();
                let error = |fault: &FieldError| FormError {
                    field: "password",
                    message: FormError::from_fault("/password", fault.code, &fault.detail, shortest, locale)
                        .message,
                };
                self.choose(&token, faults.iter().map(error).collect()).await
            }
            Err(refusal) => self.dead_end(refusal),
        }
    }

    fn dead_end(&self, refusal: ServiceError) -> HttpResponse {
        let (status, outcome) = match refusal {
            ServiceError::InvalidResetLink => (StatusCode::NOT_FOUND, ResetOutcome::Invalid),
            ServiceError::DeadResetLink(dead) => (
                StatusCode::GONE,
                match dead {
                    DeadReset::Used => ResetOutcome::Used,
                    DeadReset::Superseded => ResetOutcome::Superseded,
                    DeadReset::Expired => ResetOutcome::Expired,
                },
            ),
            other => return self.trouble(&Problem::from(other)),
        };
        self.notice(status, outcome, self.state.settings.locale)
    }

    fn notice(&self, status: StatusCode, outcome: ResetOutcome, locale: Locale) -> HttpResponse {
        let screen = ResetNotice { organisation: self.organisation(), outcome };
        self.render(status, &Screen::ResetNotice(screen), locale)
    }

    fn unreadable(&self, status: StatusCode) -> HttpResponse {
        self.failure(status, FailureKind::Unexpected)
    }

    fn trouble(&self, problem: &Problem) -> HttpResponse {
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

    fn failure(&self, status: StatusCode, kind: FailureKind) -> HttpResponse {
        let id = self.request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let screen = Failure { kind, message: None, request_id: &id, retry: None };
        self.render(status, &Screen::Failure(screen), self.state.settings.locale)
    }

    fn render(&self, status: StatusCode, screen: &Screen<'_>, locale: Locale) -> HttpResponse {
        let pages = &self.state.pages;
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_SECURITY_POLICY, pages.content_security_policy()));
        match pages.render(screen, locale) {
            Ok(page) => response.content_type("text/html; charset=utf-8").body(page),
            Err(error) => {
                tracing::error!(%error, "the page to reset a password cannot be rendered");
                HttpResponse::InternalServerError().body("The page cannot be shown. Please try again.")
            }
        }
    }
}
