//! `/reset-password`: the built-in page where a forgotten password is reset. With a link's token it has the
//! form for a new password, without one the form that asks for a link. GET and HEAD change nothing.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web::Data};
use serde::Deserialize;

use super::{
    activation_page::{
        form_extractor::FormBody,
        html::{AskForReset, ChoosePassword, FormError, ResetNotice, ResetOutcome, Screen},
    },
    extract::{client_address::client_address, origin::origin},
    form_page::FormPage,
    response::problem::Problem,
    state::State,
};
use crate::{
    domain::{
        email::Email, field_error::FieldError, locale::Locale, mail_link::DeadMailLink, password::Password,
        token::LinkToken,
    },
    services::{ServiceError, reset_password},
};

/// The page that resets a password
///
/// What a link to reset a password opens, unless the operator has their own page (`PASSWORD_RESET_URL`). A
/// link that does not work is answered 404 or 410, with a page that says what to do.
#[get("/reset-password")]
pub async fn show(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let page = FormPage { request: &request, state: &state };
    match page.token() {
        Some(token) => page.guarded(page.choose(&LinkToken::from_text(token), Vec::new())).await,
        None => page.guarded(async { page.ask("", Vec::new()) }).await,
    }
}

/// What the form for a new password sends.
#[derive(Deserialize)]
pub struct Submission {
    /// The link's token, from a hidden field.
    #[serde(default)]
    pub token: String,
    /// The new password.
    #[serde(default)]
    pub password: String,
}

/// Reset the password by the page's form
#[post("/reset-password")]
pub async fn submit(request: HttpRequest, form: FormBody<Submission>, state: Data<State>) -> HttpResponse {
    let page = FormPage { request: &request, state: &state };
    match form.0 {
        Ok(Submission { token, password }) => {
            page.guarded(page.reset(LinkToken::from_text(token), &password)).await
        }
        Err(status) => page.guarded(async { page.unreadable(status) }).await,
    }
}

/// What the form that asks for a link sends.
#[derive(Deserialize)]
pub struct AddressSubmission {
    /// The person's address.
    #[serde(default)]
    pub email: String,
}

/// Ask for a link by the page's form
///
/// The page is the same for every address.
#[post("/reset-password/request")]
pub async fn submit_request(
    request: HttpRequest,
    form: FormBody<AddressSubmission>,
    state: Data<State>,
) -> HttpResponse {
    let page = FormPage { request: &request, state: &state };
    match form.0 {
        Ok(AddressSubmission { email }) => page.guarded(page.request(email)).await,
        Err(status) => page.guarded(async { page.unreadable(status) }).await,
    }
}

impl FormPage<'_> {
    fn ask(&self, email: &str, errors: Vec<FormError<'_>>) -> HttpResponse {
        let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let screen = AskForReset { organisation: self.organisation(), email, errors };
        self.render(status, &Screen::AskForReset(screen), self.locale())
    }

    async fn request(&self, typed: String) -> HttpResponse {
        let email = match Email::parse(&typed) {
            Ok(email) => email,
            Err(error) => {
                let locale = self.locale();
                let fault = FormError::from_fault("/email", "invalid_email", &error.to_string(), 0, locale);
                return self.ask(&typed, vec![fault]);
            }
        };
        match reset_password::request(&self.state.services, email, client_address(self.request)).await {
            Ok(()) => self.notice(StatusCode::OK, ResetOutcome::Requested, self.locale()),
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
        let locale = seen.recipient.locale.unwrap_or(self.locale());
        self.render(status, &Screen::ChoosePassword(screen), locale)
    }

    async fn reset(&self, token: LinkToken, password: &str) -> HttpResponse {
        let (password, source) = (Password::new(password), origin(self.request));
        match reset_password::confirm(&self.state.services, &token, password, source).await {
            Ok(recipient) => {
                let locale = recipient.locale.unwrap_or(self.locale());
                self.notice(StatusCode::OK, ResetOutcome::Changed, locale)
            }
            Err(ServiceError::Invalid(faults)) => {
                let seen = reset_password::preview(&self.state.services, &token).await;
                let locale = seen.ok().and_then(|seen| seen.recipient.locale);
                let locale = locale.unwrap_or(self.locale());
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
                    DeadMailLink::Used => ResetOutcome::Used,
                    DeadMailLink::Superseded => ResetOutcome::Superseded,
                    DeadMailLink::Expired => ResetOutcome::Expired,
                },
            ),
            other => return self.trouble(&Problem::from(other)),
        };
        self.notice(status, outcome, self.locale())
    }

    fn notice(&self, status: StatusCode, outcome: ResetOutcome, locale: Locale) -> HttpResponse {
        let screen = ResetNotice { organisation: self.organisation(), outcome };
        self.render(status, &Screen::ResetNotice(screen), locale)
    }
}
