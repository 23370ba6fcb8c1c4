//! `/activate`: the built-in page that an activation link opens. GET and HEAD change nothing but the
//! timeline.

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web::Data};
use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, Object, RefOr, SchemaFormat,
        schema::{Schema, Type},
    },
};

use super::{
    super::state::State,
    form_extractor::FormBody,
    html::FormValues,
    page::{Confirmation, Page},
};
use crate::domain::token::LinkToken;
use crate::http::openapi::sample_data;

/// The activation page
///
/// What an activation link opens, unless the operator has their own page (`ACTIVATION_URL`). Shows the
/// preview and the form. A link that does not work is answered 404 or 410, with a page that says what to do.
#[utoipa::path(
    tag = "Activation",
    operation_id = "activationPage",
    params(("token" = LinkToken, Query, description = "The link's token.")),
    responses(
        (status = 200, description = "The form.", content_type = "text/html", body = String),
        (status = 400, description = "The token is missing.", content_type = "text/html", body = String),
        (
            status = 404, description = "The link is forged or damaged.", content_type = "text/html",
            body = String
        ),
        (status = 410, description = "The link no longer works.", content_type = "text/html", body = String),
        (
            status = 429, description = "Too many requests from this address.", content_type = "text/html",
            body = String
        ),
        (
            status = 503, description = "The service is busy or its database is unavailable.",
            content_type = "text/html", body = String
        ),
    ),
    security(()),
)]
#[get("/activate")]
pub async fn show(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let page = Page::new(&request, &state, token_of(&request, &state));
    page.guarded(page.form(FormValues::default(), &[], StatusCode::OK)).await
}

/// The token of a link: the parameter of that name, or, where an escape has damaged the names or split the
/// value, one that is found in the whole query.
fn token_of(request: &HttpRequest, state: &State) -> Option<String> {
    let query = request.query_string();
    let named = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
    let named = named.map(|(_, token)| token.into_owned());
    let is_genuine = |text: &str| state.services.links.verify(&LinkToken::from_text(text.to_owned())).is_ok();
    if !named.as_deref().is_some_and(is_genuine) && is_genuine(query) {
        return Some(query.to_owned());
    }
    named
}

/// What the page's form sends. An empty field counts as left out.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Submission {
    /// The link's token, from a hidden field.
    pub token: String,
    /// The new password, or the person's present one.
    pub password: String,
    /// The other fields.
    #[serde(flatten)]
    pub values: FormValues,
}

/// One flat object, as forms are: the two fields that the page never shows again, and those that it does.
impl PartialSchema for Submission {
    fn schema() -> RefOr<Schema> {
        let text = |description| Object::builder().schema_type(Type::String).description(Some(description));
        let token = text("The link's token, from a hidden field.").min_length(Some(1));
        let password = text("The new password, or the person's present one.")
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)));
        let form = Object::builder()
            .description(Some(
                "What the page's form sends. An empty field counts as left out; unknown fields are ignored.",
            ))
            .property("token", token)
            .required("token")
            .property("password", password);
        let RefOr::T(Schema::Object(values)) = FormValues::schema() else { return form.into() };
        values
            .properties
            .into_iter()
            .fold(form, |form, (name, field)| form.property(name, without_default(field)))
            .into()
    }
}

/// The description of the form says once that an empty field counts as left out.
fn without_default(field: RefOr<Schema>) -> RefOr<Schema> {
    match field {
        RefOr::T(Schema::Object(mut field)) => {
            field.default = None;
            RefOr::T(Schema::Object(field))
        }
        other => other,
    }
}

impl ToSchema for Submission {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ActivationForm")
    }
}

/// Activate by the page's form
///
/// Answers with a page: success, the form with errors beside its fields, or why the link does not work.
#[utoipa::path(
    tag = "Activation",
    operation_id = "submitActivationPage",
    request_body(content = Submission, content_type = "application/x-www-form-urlencoded", examples(
        ("ActivateSystemUser" = (summary = "A colleague", value = json!({
            "token": sample_data::TOKEN, "password": sample_data::PASSWORD, "first_name": "Ada",
            "last_name": "Lovelace"
        }))),
    )),
    responses(
        (status = 200, description = "Active.", content_type = "text/html", body = String),
        (
            status = 400, description = "The token is missing, or the form cannot be read.",
            content_type = "text/html", body = String
        ),
        (
            status = 404, description = "The link is forged or damaged.", content_type = "text/html",
            body = String
        ),
        (
            status = 408, description = "The form did not arrive in time.", content_type = "text/html",
            body = String
        ),
        (status = 410, description = "The link no longer works.", content_type = "text/html", body = String),
        (status = 413, description = "The form is too large.", content_type = "text/html", body = String),
        (status = 415, description = "Not a form.", content_type = "text/html", body = String),
        (
            status = 422, description = "The form again, with the errors.", content_type = "text/html",
            body = String
        ),
        (
            status = 429, description = "Too many requests from this address.", content_type = "text/html",
            body = String
        ),
        (
            status = 503, description = "The service is busy or its database is unavailable.",
            content_type = "text/html", body = String
        ),
    ),
    security(()),
)]
#[post("/activate")]
pub async fn submit(request: HttpRequest, form: FormBody<Submission>, state: Data<State>) -> HttpResponse {
    answer(&request, form, &state, async |page, Submission { password, values, .. }| {
        page.activate(&password, values).await
    })
    .await
}

/// A form of the page: all of them send the link's token, in a hidden field.
trait LinkForm {
    fn token(&self) -> &str;
}

impl LinkForm for Submission {
    fn token(&self) -> &str {
        &self.token
    }
}

/// Answers a form with a page: that of `page_after`, unless the form cannot be read.
async fn answer<F: LinkForm>(
    request: &HttpRequest,
    form: FormBody<F>,
    state: &State,
    page_after: impl AsyncFnOnce(&Page<'_>, F) -> HttpResponse,
) -> HttpResponse {
    match form.0 {
        Ok(form) => {
            let page = Page::new(request, state, Some(form.token().to_owned()));
            page.guarded(page_after(&page, form)).await
        }
        Err(status) => Page::new(request, state, None).unreadable(status),
    }
}

/// What the button on the page of an expired link sends.
#[derive(Deserialize, ToSchema)]
#[schema(as = RenewalForm)]
pub struct RenewalSubmission {
    /// The link's token, from a hidden field.
    #[serde(default)]
    #[schema(value_type = LinkToken, required = true)]
    pub token: String,
}

/// Ask for a new link by the page's button
#[utoipa::path(
    tag = "Activation",
    operation_id = "submitRenewalPage",
    request_body(content = RenewalSubmission, content_type = "application/x-www-form-urlencoded", examples(
        ("Token" = (summary = "The token of a link", value = json!({ "token": sample_data::TOKEN }))),
    )),
    responses(
        (status = 200, description = "A letter with a new link is queued; or this link still works, and the \
            page has its form.", content_type = "text/html", body = String),
        (
            status = 400, description = "The token is missing, or the form cannot be read.",
            content_type = "text/html", body = String
        ),
        (
            status = 403, description = "The operator does not let people send themselves a new link.",
            content_type = "text/html", body = String
        ),
        (
            status = 404, description = "The link is forged or damaged.", content_type = "text/html",
            body = String
        ),
        (
            status = 408, description = "The form did not arrive in time.", content_type = "text/html",
            body = String
        ),
        (status = 410, description = "The link no longer works.", content_type = "text/html", body = String),
        (status = 413, description = "The form is too large.", content_type = "text/html", body = String),
        (status = 415, description = "Not a form.", content_type = "text/html", body = String),
        (status = 429, description = "Too many requests from this address, or a link was sent a moment \
            ago.", content_type = "text/html", body = String),
        (
            status = 503, description = "The service is busy or its database is unavailable.",
            content_type = "text/html", body = String
        ),
    ),
    security(()),
)]
#[post("/activate/renew")]
pub async fn submit_renewal(
    request: HttpRequest,
    form: FormBody<RenewalSubmission>,
    state: Data<State>,
) -> HttpResponse {
    answer(&request, form, &state, async |page, _| page.renew().await).await
}

impl LinkForm for RenewalSubmission {
    fn token(&self) -> &str {
        &self.token
    }
}

/// What the unsubscribe form on the pages of a mailed link sends.
#[derive(Deserialize, ToSchema)]
#[schema(as = UnsubscribeForm)]
pub struct Unsubscription {
    /// The link's token, from a hidden field.
    #[serde(default)]
    #[schema(value_type = LinkToken, required = true)]
    pub token: String,
    /// `yes` when the box is ticked; left out when it is not, and then nothing changes.
    #[serde(default)]
    #[schema(required = false)]
    pub confirm: String,
}

impl LinkForm for Unsubscription {
    fn token(&self) -> &str {
        &self.token
    }
}

impl Unsubscription {
    fn confirmation(&self) -> Confirmation {
        if self.confirm == "yes" { Confirmation::Given } else { Confirmation::Missing }
    }
}

/// Unsubscribe by the page's form
///
/// Suppresses the address that the link was mailed to (`GET /v1/suppressions`), whether the link still works
/// or not. The box has to be ticked, so that a mail scanner that presses the button changes nothing. A link
/// that was handed over to the inviter was not mailed: it is 404.
#[utoipa::path(
    tag = "Activation",
    operation_id = "submitUnsubscribePage",
    request_body(content = Unsubscription, content_type = "application/x-www-form-urlencoded", examples(
        ("Unsubscribe" = (summary = "The box is ticked", value = json!({
            "token": sample_data::TOKEN, "confirm": "yes"
        }))),
    )),
    responses(
        (
            status = 200, description = "No more letters are sent to the address.",
            content_type = "text/html", body = String
        ),
        (
            status = 400, description = "The token is missing, or the form cannot be read.",
            content_type = "text/html", body = String
        ),
        (
            status = 404, description = "The link is forged or damaged, or was never mailed.",
            content_type = "text/html", body = String
        ),
        (
            status = 408, description = "The form did not arrive in time.", content_type = "text/html",
            body = String
        ),
        (status = 413, description = "The form is too large.", content_type = "text/html", body = String),
        (status = 415, description = "Not a form.", content_type = "text/html", body = String),
        (
            status = 422, description = "The box is not ticked: the form again.", content_type = "text/html",
            body = String
        ),
        (
            status = 429, description = "Too many requests from this address.", content_type = "text/html",
            body = String
        ),
        (
            status = 503, description = "The service is busy or its database is unavailable.",
            content_type = "text/html", body = String
        ),
    ),
    security(()),
)]
#[post("/activate/unsubscribe")]
pub async fn submit_unsubscription(
    request: HttpRequest,
    form: FormBody<Unsubscription>,
    state: Data<State>,
) -> HttpResponse {
    answer(&request, form, &state, async |page, form| page.unsubscribe(form.confirmation()).await).await
}
