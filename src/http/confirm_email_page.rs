//! `/confirm-email`: the built-in page where a new address is confirmed. GET and HEAD change nothing.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web::Data};
use serde::Deserialize;

use super::{
    activation_page::{
        form_extractor::FormBody,
        html::{ConfirmEmail, ConfirmEmailNotice, ConfirmEmailOutcome, FormError, Screen},
    },
    extract::origin::origin,
    form_page::FormPage,
    response::problem::Problem,
    state::State,
};
use crate::{
    domain::{field_error::FieldError, mail_link::DeadMailLink, password::Password, token::LinkToken},
    services::{ServiceError, change_email},
};

/// The page that confirms an address
///
/// What a link to confirm a new address opens, unless the operator has their own page (`EMAIL_CHANGE_URL`). A
/// link that does not work is answered 404 or 410, with a page that says what to do.
#[get("/confirm-email")]
pub async fn show(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let page = FormPage { request: &request, state: &state };
    let answer = async {
        match page.token() {
            Some(token) => page.ask_to_confirm(&LinkToken::from_text(token), Vec::new()).await,
            None => page.confirmation(StatusCode::BAD_REQUEST, ConfirmEmailOutcome::Invalid),
        }
    };
    page.guarded(answer).await
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Submission {
    /// The link's token, from a hidden field.
    #[serde(default)]
    pub token: String,
    /// The person's present password; empty where they have none.
    #[serde(default)]
    pub password: String,
}

/// Confirm an address by the page's form
#[post("/confirm-email")]
pub async fn submit(request: HttpRequest, form: FormBody<Submission>, state: Data<State>) -> HttpResponse {
    let page = FormPage { request: &request, state: &state };
    match form.0 {
        Ok(Submission { token, password }) => {
            page.guarded(page.confirm(LinkToken::from_text(token), &password)).await
        }
        Err(status) => page.guarded(async { page.unreadable(status) }).await,
    }
}

impl FormPage<'_> {
    async fn ask_to_confirm(&self, token: &LinkToken, errors: Vec<FormError<'_>>) -> HttpResponse {
        let seen = match change_email::preview(&self.state.services, token).await {
            Ok(seen) => seen,
            Err(refusal) => return self.unconfirmable(refusal),
        };
        let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let screen = ConfirmEmail {
            organisation: self.organisation(),
            new: seen.change.new.as_str(),
            token: token.expose(),
            asks_password: seen.asks_password,
            errors,
        };
        self.render(status, &Screen::ConfirmEmail(screen), self.locale())
    }

    async fn confirm(&self, token: LinkToken, password: &str) -> HttpResponse {
        let given = (!password.is_empty()).then(|| Password::new(password));
        match change_email::confirm(&self.state.services, &token, given, origin(self.request)).await {
            Ok(_) => self.confirmation(StatusCode::OK, ConfirmEmailOutcome::Changed),
            Err(ServiceError::Invalid(faults)) => {
                let faults = faults.into_reported();
                let error = |fault: &FieldError| {
                    FormError::from_fault("/password", fault.code, &fault.detail, 0, self.locale())
                };
                self.ask_to_confirm(&token, faults.iter().map(error).collect()).await
            }
            Err(refusal) => self.unconfirmable(refusal),
        }
    }

    fn unconfirmable(&self, refusal: ServiceError) -> HttpResponse {
        let (status, outcome) = match refusal {
            ServiceError::InvalidEmailLink => (StatusCode::NOT_FOUND, ConfirmEmailOutcome::Invalid),
            ServiceError::EmailTaken => (StatusCode::CONFLICT, ConfirmEmailOutcome::Taken),
            ServiceError::DeadEmailLink(dead) => (
                StatusCode::GONE,
                match dead {
                    DeadMailLink::Used => ConfirmEmailOutcome::Used,
                    DeadMailLink::Superseded => ConfirmEmailOutcome::Superseded,
                    DeadMailLink::Expired => ConfirmEmailOutcome::Expired,
                },
            ),
            other => return self.trouble(&Problem::from(other)),
        };
        self.confirmation(status, outcome)
    }

    fn confirmation(&self, status: StatusCode, outcome: ConfirmEmailOutcome) -> HttpResponse {
        let screen = ConfirmEmailNotice { organisation: self.organisation(), outcome };
        self.render(status, &Screen::ConfirmEmailNotice(screen), self.locale())
    }
}
