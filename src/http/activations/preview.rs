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
        account::{AccountName, AccountType, UsedBy},
        activation::Requires,
        company::CompanyVat,
        email::Email,
        invitation::InvitationKind,
        role::Role,
        token::LinkToken,
    },
    services,
};

/// A link to look at.
#[derive(ToSchema)]
pub struct PreviewRequest {
    /// The token behind `?token=` in the link.
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
    /// What the person is invited to become.
    pub kind: InvitationKind,
    /// The address invited.
    #[schema(value_type = Email)]
    pub email: String,
    /// Who invites.
    pub inviter: InviterView,
    /// The account that the person is invited to; null for a system user.
    pub account: Option<PreviewAccount>,
    /// The roles of a system user.
    pub roles: Vec<Role>,
    /// When the link dies.
    pub expires_at: Timestamp,
    /// What activating asks for.
    pub requires: RequiresView,
    /// `optional` where the account's company may say that it has no VAT number (`vat_exempt`); left out where it must have one,
    /// and where no company is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = CompanyVat, required = false)]
    pub company_vat: Option<CompanyVat>,
}

/// Who invites.
#[derive(Serialize, ToSchema)]
#[schema(as = Inviter)]
pub struct InviterView {
    /// The person, or what the inviting program calls itself.
    pub name: String,
    /// The company.
    pub organisation: String,
}

/// The account that a link leads to.
#[derive(Serialize, ToSchema)]
pub struct PreviewAccount {
    /// Its name; null until somebody gives it one.
    #[schema(value_type = Option<AccountName>)]
    pub name: Option<String>,
    /// The name of the account above it; null for a top-level account.
    #[schema(value_type = Option<AccountName>)]
    pub parent_name: Option<String>,
    /// Who uses it; null for a top-level account.
    pub used_by: Option<UsedBy>,
    /// Its type; null until somebody says so.
    pub r#type: Option<AccountType>,
}

/// What activating asks for. What is true must be sent, what is false is refused.
///
/// `password` alone: a new one is chosen. `email` alone: the person is active already, and their address is proven, since they have
/// activated by a link that was mailed to it. Both: the person is active already, but by links that were handed over
/// (`"delivery": "link"`) alone, and so is this one; whoever goes on has to know the password that they have. It is compared and
/// stays as it is. Whoever does not know it has the invitation resent: a link that is mailed to them asks for a new password and
/// for their names, and the old password ends with it.
#[derive(Serialize, ToSchema)]
#[schema(as = Requires)]
#[expect(clippy::struct_excessive_bools, reason = "the contract's object")]
pub struct RequiresView {
    /// `password`: a new one, or, where `email` is asked for too, the one that the person has.
    pub password: bool,
    /// `first_name` and `last_name`
    pub person_name: bool,
    /// `email`: the person types their address, so that a scanner's button press joins nobody.
    pub email: bool,
    /// `account.name`
    pub account_name: bool,
    /// `account.type`; the type chosen decides whether `account.company` is needed.
    pub account_type: bool,
    /// `account.company`
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
    let seen = services::preview::link(&state.services, &token, user_agent(request).as_deref()).await?;
    let invitation = &seen.invitation;
    Ok(HttpResponse::Ok().json(PreviewView {
        kind: invitation.kind,
        email: invitation.email.as_str().to_owned(),
        inviter: InviterView {
            name: invitation.invited_by.name.clone(),
            organisation: state.services.rules.organisation.clone(),
        },
        account: invitation.account.as_ref().map(|account| PreviewAccount {
            name: account.name.clone(),
            parent_name: seen.parent_name.clone(),
            used_by: account.used_by,
            r#type: account.account_type,
        }),
        roles: invitation.roles.iter().collect(),
        expires_at: Timestamp(invitation.expires_at),
        requires: seen.requires.into(),
        company_vat: Some(state.services.rules.company_vat)
            .filter(|vat| *vat == CompanyVat::Optional && (seen.requires.company || seen.requires.account_type)),
    }))
}
