//! What the activation page shows, for each thing that can happen.

use std::cell::Cell;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};

use super::{
    super::{
        extract::{language::language, origin::origin, user_agent::user_agent},
        middleware::{rate_limit, request_log::RequestId},
        ops::openings::count_opening,
        response::problem::{Problem, RETRY_AFTER},
        state::State,
    },
    form_values::answer,
    html::{
        self, Account, Done, Failure, FailureKind, FormError, FormValues, InvalidLink, InvalidLinkReason,
        Inviter, MissingToken, Renewed, Retry, Screen, Unconfirmed, Unsubscribed,
    },
};
use crate::{
    domain::{
        account::AccountType,
        activation::Requires,
        actor::ActorRef,
        company::{Company, CompanyVat, RawCompany},
        country::Country,
        field_error::FieldError,
        invitation::{Invitation, InvitedTo},
        locale::Locale,
        role::Role,
        sub_account::UsedBy,
        token::LinkToken,
    },
    services::{
        ServiceError,
        activate::{self, Activated},
        preview::{self, Preview},
        renew, suppressions,
    },
};

/// Where the company stands in the API's body.
const COMPANY: &str = "/account/company";
const VAT_NUMBER: &str = "/account/company/vat_number";

/// Whether the person has ticked the box that confirms. The button alone changes nothing: mail scanners press
/// buttons, and tick no boxes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Confirmation {
    /// The box is ticked.
    Given,
    /// It is not.
    Missing,
}

/// The page for one request.
pub(in crate::http) struct Page<'a> {
    state: &'a State,
    request: &'a HttpRequest,
    token: Option<LinkToken>,
    /// Whether the link was mailed, once that was looked up: then the page has the unsubscribe form.
    is_mailed: Cell<bool>,
}

impl<'a> Page<'a> {
    pub(in crate::http) fn new(request: &'a HttpRequest, state: &'a State, token: Option<String>) -> Self {
        Self {
            state,
            request,
            token: token.filter(|token| !token.is_empty()).map(LinkToken::from_text),
            is_mailed: Cell::new(false),
        }
    }

    /// Answers with `inner`, unless there is no token or the address has reached its rate limit.
    pub(in crate::http) async fn guarded(&self, inner: impl Future<Output = HttpResponse>) -> HttpResponse {
        if let Some(problem) = rate_limit::denied(self.request) {
            return self.trouble(&problem, None);
        }
        match &self.token {
            None => {
                let organisation = Some(self.state.services.rules.organisation.as_str());
                let screen = Screen::MissingToken(MissingToken { organisation });
                self.render(StatusCode::BAD_REQUEST, &screen, self.fallback_locale())
            }
            Some(_) => inner.await,
        }
    }

    /// A form that cannot be read.
    pub(in crate::http) fn unreadable(&self, status: StatusCode) -> HttpResponse {
        if let Some(problem) = rate_limit::denied(self.request) {
            return self.trouble(&problem, None);
        }
        let message = Some("The form could not be read. Go back, and send it again.");
        let id = self.request_id();
        let trouble = Failure { kind: FailureKind::Unexpected, message, request_id: &id, retry: None };
        self.render(status, &Screen::Failure(trouble), self.fallback_locale())
    }

    /// The form: empty, or with what was typed and what is to be put right.
    pub(in crate::http) async fn form(
        &self,
        values: FormValues,
        faults: &[FieldError],
        status: StatusCode,
    ) -> HttpResponse {
        let Some(token) = &self.token else { return HttpResponse::BadRequest().finish() };
        let services = &self.state.services;
        let opening = preview::link(services, token, user_agent(self.request).as_deref()).await;
        let seen = match opening.and_then(|opening| count_opening(&self.state.metrics, opening)) {
            Ok(preview) => preview,
            Err(refusal) => return self.dead_end(refusal, Some(&values)).await,
        };
        self.load_mailed_flag().await;
        let Preview { invitation, parent_name, requires, .. } = &seen;
        let locale = invitation.locale.unwrap_or(self.fallback_locale());
        let countries = countries(*requires, locale);
        let shortest = services.rules.password_min_length;
        let roles: Vec<Role> = invitation.roles.iter().collect();
        let screen = Screen::Form(html::Form {
            inviter: self.inviter(&invitation.invited_by),
            email: invitation.email.as_str(),
            kind: invitation.kind,
            roles: &roles,
            account: invitation.account.as_ref().map(|account| shown(account, parent_name.as_deref())),
            expires_at: invitation.expires_at,
            time_zone: &self.state.settings.time_zone,
            password_min_length: shortest,
            requires: *requires,
            is_mailed: invitation.is_mailed(),
            company_vat: self.state.services.rules.company_vat,
            token: token.expose(),
            countries: &countries,
            values,
            errors: faults.iter().map(|fault| self.form_error(fault, shortest, locale)).collect(),
        });
        self.render(status, &screen, locale)
    }

    pub(in crate::http) async fn activate(&self, password: &str, values: FormValues) -> HttpResponse {
        let Some(token) = &self.token else { return HttpResponse::BadRequest().finish() };
        match activate::link(
            &self.state.services,
            token,
            answer(password, &values, origin(self.request)),
            None,
        )
        .await
        {
            Ok(activated) => self.done(&activated).await,
            Err(ServiceError::Invalid(faults)) => {
                self.state.metrics.activation("validation_failed");
                self.form(values, &beside_fields(faults.into_reported()), StatusCode::UNPROCESSABLE_ENTITY)
                    .await
            }
            Err(refusal) => {
                self.state.metrics.activation(Problem::from(&refusal).code.code);
                self.dead_end(refusal, Some(&values)).await
            }
        }
    }

    async fn done(&self, activated: &Activated) -> HttpResponse {
        self.state.metrics.activated(activated.waited.as_seconds_f64());
        let locale = self.locale().await;
        let inherited =
            activated.inherited.iter().map(|one| one.account_name.as_deref().unwrap_or("–")).collect();
        let screen = Screen::Done(Done {
            organisation: &self.state.services.rules.organisation,
            first_name: activated.user.first_name.as_deref(),
            email: activated.user.email.as_str(),
            sign_in_with: activated.sign_in_with,
            inherited,
        });
        self.render(StatusCode::OK, &screen, locale)
    }

    /// The language where the invitation names none: the browser's, or else the operator's.
    fn fallback_locale(&self) -> Locale {
        language(self.request, self.state.settings.locale)
    }

    /// The language of the invitation, or else of the browser.
    async fn locale(&self) -> Locale {
        self.invitation().await.and_then(|found| found.locale).unwrap_or(self.fallback_locale())
    }

    /// Sends a fresh link in place of an expired one.
    pub(in crate::http) async fn renew(&self) -> HttpResponse {
        let Some(token) = &self.token else { return HttpResponse::BadRequest().finish() };
        match renew::link(&self.state.services, token, origin(self.request)).await {
            Ok(()) => {
                let locale = self.locale().await;
                let organisation = Some(self.state.services.rules.organisation.as_str());
                self.render(StatusCode::OK, &Screen::Renewed(Renewed { organisation }), locale)
            }
            // It was renewed meanwhile, or the button was pressed while the link was still valid: show the
            // form.
            Err(ServiceError::LinkStillValid) => self.form(FormValues::default(), &[], StatusCode::OK).await,
            Err(refusal) => self.dead_end(refusal, None).await,
        }
    }

    /// Suppresses the address that the link was mailed to.
    pub(in crate::http) async fn unsubscribe(&self, confirmation: Confirmation) -> HttpResponse {
        let Some(token) = &self.token else { return HttpResponse::BadRequest().finish() };
        let locale = self.locale().await;
        let organisation = self.state.services.rules.organisation.as_str();
        if confirmation == Confirmation::Missing {
            self.load_mailed_flag().await;
            if !self.is_mailed.get() {
                return self.dead_end(ServiceError::InvalidLink, None).await;
            }
            let screen = Screen::Unconfirmed(Unconfirmed { organisation });
            return self.render(StatusCode::UNPROCESSABLE_ENTITY, &screen, locale);
        }
        match suppressions::unsubscribe(&self.state.services, token, origin(self.request)).await {
            Ok(email) => {
                self.state.metrics.suppression("unsubscribed");
                let screen = Screen::Unsubscribed(Unsubscribed { organisation, email: email.as_str() });
                self.render(StatusCode::OK, &screen, locale)
            }
            Err(refusal) => self.dead_end(refusal, None).await,
        }
    }

    /// Looks up whether the link was mailed. When that fails, the page is shown without the unsubscribe form.
    async fn load_mailed_flag(&self) {
        let Some(token) = &self.token else { return };
        match suppressions::mailed_to(&self.state.services, token).await {
            Ok(email) => self.is_mailed.set(email.is_some()),
            Err(ServiceError::InvalidLink) => {}
            Err(error) => tracing::warn!(%error, "the unsubscribe form is omitted"),
        }
    }

    /// The page without a form: the link does not work, or the service cannot answer.
    async fn dead_end(&self, refusal: ServiceError, values: Option<&FormValues>) -> HttpResponse {
        let code = match refusal {
            ServiceError::InvalidLink => InvalidLinkReason::Invalid,
            ServiceError::DeadLink(dead) => dead.into(),
            other => return self.trouble(&Problem::from(other), values),
        };
        self.load_mailed_flag().await;
        let invitation = self.invitation().await;
        let locale = invitation.as_ref().and_then(|found| found.locale).unwrap_or(self.fallback_locale());
        let inviter = invitation.as_ref().map(|found| self.inviter(&found.invited_by));
        let status =
            if code == InvalidLinkReason::Invalid { StatusCode::NOT_FOUND } else { StatusCode::GONE };
        let renewable = code == InvalidLinkReason::Expired && self.state.services.rules.self_renewal;
        let renewal = self.token.as_ref().filter(|_| renewable).map(LinkToken::expose);
        self.render(status, &Screen::InvalidLink(InvalidLink { code, inviter, renewal }), locale)
    }

    fn trouble(&self, problem: &Problem, values: Option<&FormValues>) -> HttpResponse {
        let (status, kind) = match problem.code.status {
            429 => (StatusCode::TOO_MANY_REQUESTS, FailureKind::TooMany),
            503 => (StatusCode::SERVICE_UNAVAILABLE, FailureKind::Unavailable),
            403 => (StatusCode::FORBIDDEN, FailureKind::Unexpected),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, FailureKind::Unexpected),
        };
        let id = self.request_id();
        let retry = self.token.as_ref().map(|token| Retry { token: token.expose(), values });
        let screen = Screen::Failure(Failure { kind, message: None, request_id: &id, retry });
        let mut response = self.render(status, &screen, self.fallback_locale());
        for (name, value) in problem.headers() {
            if let Ok(value) = header::HeaderValue::from_str(value) {
                response.headers_mut().insert(name.clone(), value);
            }
        }
        response
    }

    fn form_error<'f>(&self, fault: &'f FieldError, shortest: usize, locale: Locale) -> FormError<'f> {
        let is_optional = self.state.services.rules.company_vat == CompanyVat::Optional;
        if is_optional && fault.code == "required" && fault.path == VAT_NUMBER {
            return FormError::vat_number_or_none(locale);
        }
        FormError::from_fault(&fault.path, fault.code, &fault.detail, shortest, locale)
    }

    fn request_id(&self) -> String {
        self.request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
    }

    fn inviter<'b>(&'b self, inviter: &'b ActorRef) -> Inviter<'b> {
        let organisation = &self.state.services.rules.organisation;
        Inviter { name: inviter.shown_name(organisation), organisation }
    }

    /// The invitation behind a genuine token, for the language and the inviter's name on a page that has
    /// nothing else.
    async fn invitation(&self) -> Option<Invitation> {
        let token = self.token.as_ref()?;
        preview::invitation(&self.state.services, token).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a page is shown without its invitation");
            None
        })
    }

    fn render(&self, status: StatusCode, screen: &Screen<'_>, locale: Locale) -> HttpResponse {
        let pages = &self.state.pages;
        let mut response: HttpResponseBuilder = HttpResponse::build(status);
        response.insert_header((header::CONTENT_SECURITY_POLICY, pages.content_security_policy()));
        response.insert_header((header::CONTENT_LANGUAGE, locale.as_str()));
        response.insert_header((header::VARY, "Accept-Language"));
        let mailed = self.token.as_ref().filter(|_| self.is_mailed.get()).map(LinkToken::expose);
        match pages.render_below(screen, mailed, locale) {
            Ok(page) => response.content_type("text/html; charset=utf-8").body(page),
            Err(error) => {
                tracing::error!(%error, "the activation page cannot be rendered");
                HttpResponse::InternalServerError()
                    .insert_header((header::RETRY_AFTER, RETRY_AFTER.to_string()))
                    .body("The page cannot be shown. Please try again in a moment.")
            }
        }
    }
}

/// The countries to choose from, where a company may be asked for: code and name.
fn countries(requires: Requires, locale: Locale) -> Vec<(String, String)> {
    if !requires.company && !requires.account_type {
        return Vec::new();
    }
    let named = |country: Country| (country.code().to_owned(), country.name(locale).to_owned());
    Country::all(locale).into_iter().map(named).collect()
}

fn shown<'a>(account: &'a InvitedTo, parent_name: Option<&'a str>) -> Account<'a> {
    Account {
        name: account.name.as_deref(),
        parent_name,
        used_by: account.used_by.map(UsedBy::as_str),
        account_type: account.account_type.map(AccountType::as_str),
    }
}

/// A company that is missing is reported field by field: the form has no field for the whole.
fn beside_fields(faults: Vec<FieldError>) -> Vec<FieldError> {
    let fields = |fault: FieldError| match (fault.path.as_str(), fault.code) {
        (COMPANY, "required") => {
            let missing = Company::parse(&RawCompany::default()).err().unwrap_or_default();
            missing
                .into_iter()
                .map(|fault| FieldError { path: format!("{COMPANY}{}", fault.path), ..fault })
                .collect()
        }
        _ => vec![fault],
    };
    faults.into_iter().flat_map(fields).collect()
}
