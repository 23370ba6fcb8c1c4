//! `/activate`: the built-in page that an activation link opens. GET and HEAD change nothing but the timeline.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, get,
    http::{StatusCode, header},
    post,
    web::{Data, Form},
};
use serde::Deserialize;

use super::{
    super::{
        RETRY_AFTER, State,
        limits::Standing,
        pages::{self, Dead, DeadCode, Done, FieldError, FormValues, Inviter, MissingToken, Retry, Screen, Trouble, TroubleKind},
        problem::Problem,
        trace::RequestId,
    },
    user_agent,
};
use crate::{
    db::DbFault,
    domain::{
        email::Email, fault::FieldFault, locale::Locale, password::Password, person::PersonName, role::Role, token::LinkToken,
    },
    services::{
        Refusal,
        activate::{self, Answer},
        preview::{self, Preview},
    },
};

/// The activation page
///
/// What an activation link opens unless the operator has a page of their own (`ACTIVATION_URL`). Shows what the preview
/// says, and the form. A dead link answers with its 404 or 410 and a page that says what to do.
#[utoipa::path(
    tag = "Activation",
    operation_id = "activationPage",
    params(("token" = String, Query, description = "The link's token.", example = "Ab3…")),
    responses(
        (status = 200, description = "The form.", content_type = "text/html", body = String),
        (status = 400, description = "The token is missing.", content_type = "text/html", body = String),
        (status = 404, description = "The link is forged or damaged.", content_type = "text/html", body = String),
        (status = 410, description = "The link works no more.", content_type = "text/html", body = String),
    ),
    security(()),
)]
#[get("/activate")]
pub async fn show(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let token = url::form_urlencoded::parse(request.query_string().as_bytes()).find(|(name, _)| name == "token");
    let page = Page::new(&request, &state, token.map(|(_, token)| token.into_owned()));
    page.guarded(page.form(FormValues::default(), &[], StatusCode::OK)).await
}

/// What the page's form sends.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Submission {
    /// The link's token, from a hidden field.
    pub token: String,
    /// The password chosen.
    #[schema(format = Password)]
    pub password: String,
    /// The other fields.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub values: FormValues,
}

/// Activate by the page's form
///
/// Answers with a page: success, the form with errors beside its fields, or why the link is dead.
#[utoipa::path(
    tag = "Activation",
    operation_id = "submitActivationPage",
    request_body(content = Submission, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Active.", content_type = "text/html", body = String),
        (status = 400, description = "The token is missing.", content_type = "text/html", body = String),
        (status = 404, description = "The link is forged or damaged.", content_type = "text/html", body = String),
        (status = 410, description = "The link works no more.", content_type = "text/html", body = String),
        (status = 422, description = "The form again, with what is to be put right.", content_type = "text/html", body = String),
    ),
    security(()),
)]
#[post("/activate")]
pub async fn submit(request: HttpRequest, form: Result<Form<Submission>, actix_web::Error>, state: Data<State>) -> HttpResponse {
    let Submission { token, password, values } = form.map(Form::into_inner).unwrap_or_default();
    let page = Page::new(&request, &state, Some(token));
    page.guarded(page.activate(&password, values)).await
}

/// One showing of the page.
struct Page<'a> {
    state: &'a State,
    request: &'a HttpRequest,
    token: Option<LinkToken>,
}

impl<'a> Page<'a> {
    fn new(request: &'a HttpRequest, state: &'a State, token: Option<String>) -> Self {
        Self { state, request, token: token.filter(|token| !token.is_empty()).map(LinkToken::from_text) }
    }

    /// Answers with what `inner` makes, unless there is no token or the address has spent its share.
    async fn guarded(&self, inner: impl Future<Output = HttpResponse>) -> HttpResponse {
        let standing: Option<Standing> = match self.state.limits.check(self.request) {
            Ok(standing) => standing,
            Err(problem) => return self.refuse(&problem),
        };
        let answer = match &self.token {
            None => {
                let organisation = Some(self.state.services.rules.organisation.as_str());
                let screen = Screen::MissingToken(MissingToken { organisation });
                self.render(StatusCode::BAD_REQUEST, &screen, self.state.settings.locale)
            }
            Some(_) => inner.await,
        };
        super::super::limits::tell(standing.as_ref(), Ok(answer)).unwrap_or_else(|problem: Problem| self.refuse(&problem))
    }

    /// The form: empty, or with what was typed and what is to be put right.
    async fn form(&self, values: FormValues, faults: &[FieldFault], status: StatusCode) -> HttpResponse {
        let Some(token) = &self.token else { return HttpResponse::BadRequest().finish() };
        let services = &self.state.services;
        let Preview { invitation, requires } = match preview::link(services, token, user_agent(self.request)).await {
            Ok(preview) => preview,
            Err(refusal) => return self.dead_end(refusal, Some(&values)).await,
        };
        let locale = invitation.locale.unwrap_or(self.state.settings.locale);
        let shortest = services.rules.password_min_length;
        let roles: Vec<Role> = invitation.roles.iter().collect();
        let screen = Screen::Form(pages::Form {
            inviter: self.inviter(&invitation.invited_by.name),
            email: invitation.email.as_str(),
            kind: invitation.kind,
            roles: &roles,
            account: None,
            expires_at: invitation.expires_at,
            time_zone: self.state.settings.time_zone,
            password_min_length: shortest,
            requires,
            token: token.expose(),
            countries: &[],
            values,
            errors: faults.iter().map(|fault| told(fault, shortest, locale)).collect(),
        });
        self.render(status, &screen, locale)
    }

    async fn activate(&self, password: &str, values: FormValues) -> HttpResponse {
        let Some(token) = &self.token else { return HttpResponse::BadRequest().finish() };
        match activate::link(&self.state.services, token, answer(password, &values)).await {
            Ok(user) => {
                self.state.metrics.activation("activated");
                let locale = self.invitation().await.and_then(|found| found.locale).unwrap_or(self.state.settings.locale);
                let screen = Screen::Done(Done {
                    organisation: &self.state.services.rules.organisation,
                    first_name: user.first_name.as_deref(),
                    email: user.email.as_str(),
                    chose_password: !password.is_empty(),
                });
                self.render(StatusCode::OK, &screen, locale)
            }
            Err(Refusal::Invalid(faults)) => {
                self.state.metrics.activation("validation_failed");
                self.form(values, &faults, StatusCode::UNPROCESSABLE_ENTITY).await
            }
            Err(refusal) => self.dead_end(refusal, Some(&values)).await,
        }
    }

    /// Why there is no form to show: the link is dead, or the service cannot tell.
    async fn dead_end(&self, refusal: Refusal, values: Option<&FormValues>) -> HttpResponse {
        let code = match refusal {
            Refusal::InvalidLink => DeadCode::Invalid,
            Refusal::DeadLink(dead) => dead.into(),
            other => return self.trouble(&Problem::from(other), values),
        };
        let invitation = self.invitation().await;
        let locale = invitation.as_ref().and_then(|found| found.locale).unwrap_or(self.state.settings.locale);
        let inviter = invitation.as_ref().map(|found| self.inviter(&found.invited_by.name));
        let status = if code == DeadCode::Invalid { StatusCode::NOT_FOUND } else { StatusCode::GONE };
        self.render(status, &Screen::Dead(Dead { code, inviter, renewal: None }), locale)
    }

    fn refuse(&self, problem: &Problem) -> HttpResponse {
        self.trouble(problem, None)
    }

    fn trouble(&self, problem: &Problem, values: Option<&FormValues>) -> HttpResponse {
        let (status, kind) = match problem.code.status {
            429 => (StatusCode::TOO_MANY_REQUESTS, TroubleKind::TooMany),
            503 => (StatusCode::SERVICE_UNAVAILABLE, TroubleKind::Away),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, TroubleKind::Unexpected),
        };
        let id = self.request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let retry = self.token.as_ref().map(|token| Retry { token: token.expose(), values });
        let screen = Screen::Trouble(Trouble { kind, message: None, request_id: &id, retry });
        let mut response = self.render(status, &screen, self.state.settings.locale);
        for (name, value) in problem.headers() {
            if let Ok(value) = header::HeaderValue::from_str(value) {
                response.headers_mut().insert(name.clone(), value);
            }
        }
        response
    }

    fn inviter<'b>(&'b self, name: &'b str) -> Inviter<'b> {
        Inviter { name, organisation: &self.state.services.rules.organisation }
    }

    /// The invitation behind a genuine token, for the language and the inviter's name on a page that has nothing else.
    async fn invitation(&self) -> Option<crate::domain::invitation::Invitation> {
        let token = self.token.as_ref()?;
        preview::invitation(&self.state.services, token).await.unwrap_or_else(|error: DbFault| {
            tracing::warn!(%error, "a page is shown without its invitation");
            None
        })
    }

    fn render(&self, status: StatusCode, screen: &Screen<'_>, locale: Locale) -> HttpResponse {
        let pages = &self.state.pages;
        let mut response: HttpResponseBuilder = HttpResponse::build(status);
        response.insert_header((header::CONTENT_SECURITY_POLICY, pages.content_security_policy()));
        match pages.render(screen, locale) {
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

fn told(fault: &FieldFault, shortest: usize, locale: Locale) -> FieldError<'_> {
    FieldError::told(&fault.path, fault.code, &fault.detail, shortest, locale)
}

/// What was typed, as the API would have it. An empty field was left out.
fn answer(password: &str, values: &FormValues) -> Answer {
    let mut faults = Vec::new();
    let typed = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut name = |path: &str, text: &str| match PersonName::parse(&typed(text)?) {
        Ok(name) => Some(name),
        Err(error) => {
            faults.push(FieldFault::new(path, error.code(), error.to_string()));
            None
        }
    };
    let (first_name, last_name) = (name("/first_name", &values.first_name), name("/last_name", &values.last_name));
    let email = match typed(&values.email).map(|text| Email::parse(&text)).transpose() {
        Ok(email) => email,
        Err(error) => {
            faults.push(FieldFault::new("/email", "invalid_email", error.to_string()));
            None
        }
    };
    Answer { password: typed(password).map(|text| Password::new(&text)), first_name, last_name, email, faults }
}
