//! `POST /v1/activations/preview`.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        State,
        body::{self, Body, Members},
        problem::Problem,
        query::Query,
        views::Timestamp,
    },
    user_agent,
};
use crate::{
    domain::{
        account::{AccountType, UsedBy},
        activation::Requires,
        token::LinkToken,
    },
    services,
};

/// A link to look at.
#[derive(ToSchema)]
#[schema(example = json!({"token": "Ab3…"}))]
pub struct PreviewRequest {
    /// The token behind `?token=` in the link.
    #[schema(value_type = String)]
    pub token: LinkToken,
}

impl body::Request for PreviewRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let token = members.required("token", body::text).map(LinkToken::from_text);
        Some(Self { token: token? })
    }
}

/// What a live link is for, and what activating asks for.
#[derive(Serialize, ToSchema)]
#[schema(as = Preview)]
pub struct PreviewView {
    /// `system_user`, `account_owner` or `sub_account`.
    #[schema(example = "system_user")]
    pub kind: &'static str,
    /// The address invited.
    #[schema(example = "ada@example.com")]
    pub email: String,
    /// Who invites.
    pub inviter: InviterView,
    /// The account that the person is invited to; null for a system user.
    pub account: Option<PreviewAccount>,
    /// The roles of a system user.
    #[schema(example = json!(["viewer"]))]
    pub roles: Vec<&'static str>,
    /// When the link dies.
    pub expires_at: Timestamp,
    /// What activating asks for.
    pub requires: RequiresView,
}

/// Who invites.
#[derive(Serialize, ToSchema)]
#[schema(as = Inviter)]
pub struct InviterView {
    /// The person, or what the inviting program calls itself.
    #[schema(example = "Grace Hopper")]
    pub name: String,
    /// The company.
    #[schema(example = "EV Charging")]
    pub organisation: String,
}

/// The account that a link leads to.
#[derive(Serialize, ToSchema)]
pub struct PreviewAccount {
    /// Its name.
    pub name: Option<String>,
    /// The name of the account above it.
    pub parent_name: Option<String>,
    /// `employee` or `subsidiary`.
    pub used_by: Option<&'static str>,
    /// `business` or `consumer`.
    pub r#type: Option<&'static str>,
}

/// What activating asks for. What is true must be sent, what is false is refused.
#[derive(Serialize, ToSchema)]
#[schema(as = Requires)]
#[expect(clippy::struct_excessive_bools, reason = "the contract's object")]
pub struct RequiresView {
    /// `password`
    #[schema(example = true)]
    pub password: bool,
    /// `first_name` and `last_name`
    #[schema(example = true)]
    pub person_name: bool,
    /// `email`: the person types their address, so that a scanner's button press joins nobody.
    #[schema(example = false)]
    pub email: bool,
    /// `account.name`
    #[schema(example = false)]
    pub account_name: bool,
    /// `account.type`; the type chosen decides whether `account.company` is needed.
    #[schema(example = false)]
    pub account_type: bool,
    /// `account.company`
    #[schema(example = false)]
    pub company: bool,
}

impl From<Requires> for RequiresView {
    fn from(requires: Requires) -> Self {
        let Requires { password, person_name, email, account_name, account_type, company } = requires;
        Self { password, person_name, email, account_name, account_type, company }
    }
}

/// Look at an activation link
///
/// Shows what the link is for and what activating asks for. Changes nothing but the timeline, however often it is called.
#[utoipa::path(
    tag = "Activation",
    operation_id = "previewActivation",
    request_body = PreviewRequest,
    responses(
        (status = 200, description = "The link lives.", body = PreviewView),
        (status = 404, description = "`activation_link_invalid`: forged or damaged."),
        (status = 410, description = "`invitation_revoked`, `activation_link_used`, `activation_link_superseded` or `activation_link_expired`."),
    ),
    security(()),
)]
#[post("/v1/activations/preview")]
pub async fn preview(request: HttpRequest, query: Query, body: Body, state: Data<State>) -> Result<HttpResponse, Problem> {
    look(&request, query, body, &state).await
}

async fn look(request: &HttpRequest, query: Query, body: Body, state: &State) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let PreviewRequest { token } = body.parse()?;
    let seen = services::preview::link(&state.services, &token, user_agent(request)).await?;
    let invitation = &seen.invitation;
    Ok(HttpResponse::Ok().json(PreviewView {
        kind: invitation.kind.as_str(),
        email: invitation.email.as_str().to_owned(),
        inviter: InviterView {
            name: invitation.invited_by.name.clone(),
            organisation: state.services.rules.organisation.clone(),
        },
        account: seen.account.as_ref().map(|account| PreviewAccount {
            name: account.name.clone(),
            parent_name: seen.parent_name.clone(),
            used_by: account.used_by.map(UsedBy::as_str),
            r#type: account.account_type.map(AccountType::as_str),
        }),
        roles: invitation.roles.names(),
        expires_at: Timestamp(invitation.expires_at),
        requires: seen.requires.into(),
    }))
}
