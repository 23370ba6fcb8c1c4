//! `POST /v1/activations`.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    State,
    body::{self, Body, Fault, Members},
    limits,
    problem::Problem,
    query::Query,
    views::{InvitationAccount, UserView},
};
use crate::{
    domain::{email::Email, fault::FieldFault, password::Password, person::PersonName, token::LinkToken},
    services::{self, activate::Answer},
};

/// What the person sends with the link. Which members belong into it, `requires` of the preview says.
#[derive(ToSchema)]
#[schema(example = json!({
    "token": "Ab3…", "password": "correct horse battery staple", "first_name": "Ada", "last_name": "Lovelace"
}))]
pub struct ActivateRequest {
    /// The token behind `?token=` in the link.
    #[schema(value_type = String)]
    pub token: LinkToken,
    /// At least 15 characters, at most 128, of any kind; not commonly used, not guessable, not the person's own name or
    /// address (NIST SP 800-63B-4).
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Password>,
    /// 1 to 100 characters.
    #[schema(value_type = Option<String>)]
    pub first_name: Option<PersonName>,
    /// 1 to 100 characters.
    #[schema(value_type = Option<String>)]
    pub last_name: Option<PersonName>,
    /// The person's own address, where `requires.email` asks for it.
    #[schema(value_type = Option<String>)]
    pub email: Option<Email>,
    /// What is faulty so far: the link is judged first, and these are told together with what the invitation asks for.
    #[schema(ignore)]
    faults: Vec<FieldFault>,
}

impl body::Request for ActivateRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let token = members.required("token", body::text).map(LinkToken::from_text);
        let password = members.optional("password", |value| Ok(Password::new(&body::text(value)?)));
        let name = |value| PersonName::parse(&body::text(value)?).map_err(|error| Fault(error.code(), error.to_string()));
        let first_name = members.optional("first_name", name);
        let last_name = members.optional("last_name", name);
        let email = members.optional("email", body::parsed("invalid_email", Email::parse));
        members.optional("account", |_| Err::<(), _>(Fault("not_applicable", "This invitation does not ask for it.".to_owned())));
        let token = token?;
        Some(Self { token, password, first_name, last_name, email, faults: members.take_faults() })
    }
}

/// The person, active now.
#[derive(Serialize, ToSchema)]
#[schema(as = Activated)]
pub struct ActivatedView {
    /// The person.
    pub user: UserView,
    /// The account joined; null for a system user.
    pub account: Option<InvitationAccount>,
}

/// Activate an invitation
///
/// Uses the link: of however many requests at once, one gets 201 and the rest 410 `activation_link_used`. A request that is
/// refused consumes nothing. Activating never signs in.
#[utoipa::path(
    tag = "Activation",
    operation_id = "activate",
    request_body = ActivateRequest,
    responses(
        (status = 201, description = "Active.", body = ActivatedView),
        (status = 404, description = "`activation_link_invalid`: forged or damaged."),
        (status = 410, description = "`invitation_revoked`, `activation_link_used`, `activation_link_superseded` or `activation_link_expired`."),
        (status = 422, description = "`validation_failed`. Of a password: `too_short`, `too_long`, `password_common`, `password_guessable`, `password_contains_identity`. Of a name: `too_long`, `invalid_name`. Of any member: `required`, `not_applicable`, `unknown_member`, `wrong_type`."),
    ),
    security(()),
)]
#[post("/v1/activations")]
pub async fn activate(request: HttpRequest, query: Query, body: Body, state: Data<State>) -> Result<HttpResponse, Problem> {
    let standing = state.limits.check(&request)?;
    limits::tell(standing.as_ref(), answer(query, body, &state).await)
}

async fn answer(query: Query, body: Body, state: &State) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let ActivateRequest { token, password, first_name, last_name, email, faults } = body.parse()?;
    let answer = Answer { password, first_name, last_name, email, faults };
    let outcome = services::activate::link(&state.services, &token, answer).await.map_err(Problem::from);
    state.metrics.activation(outcome.as_ref().map_or_else(|problem| problem.code.code, |_| "activated"));
    Ok(HttpResponse::Created().json(ActivatedView { user: UserView::from(&outcome?), account: None }))
}
