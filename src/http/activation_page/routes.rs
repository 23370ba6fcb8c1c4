//! `/activate`: the built-in page that an activation link opens. GET and HEAD change nothing but the
//! timeline.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web::Data};
use serde::Deserialize;

use super::{
    super::state::State,
    form_extractor::FormBody,
    html::FormValues,
    page::{Confirmation, Page},
};
use crate::domain::token::LinkToken;

/// The activation page
///
/// What an activation link opens, unless the operator has their own page (`ACTIVATION_URL`). Shows the
/// preview and the form. A link that does not work is answered 404 or 410, with a page that says what to do.
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

/// Activate by the page's form
///
/// Answers with a page: success, the form with errors beside its fields, or why the link does not work.
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
#[derive(Deserialize)]
pub struct RenewalSubmission {
    /// The link's token, from a hidden field.
    #[serde(default)]
    pub token: String,
}

/// Ask for a new link by the page's button
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
#[derive(Deserialize)]
pub struct Unsubscription {
    /// The link's token, from a hidden field.
    #[serde(default)]
    pub token: String,
    /// `yes` when the box is ticked; left out when it is not, and then nothing changes.
    #[serde(default)]
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
#[post("/activate/unsubscribe")]
pub async fn submit_unsubscription(
    request: HttpRequest,
    form: FormBody<Unsubscription>,
    state: Data<State>,
) -> HttpResponse {
    answer(&request, form, &state, async |page, form| page.unsubscribe(form.confirmation()).await).await
}
