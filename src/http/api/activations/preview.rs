//! `POST /v1/activations/preview`.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    extract::{
        json_body::Body,
        members::{self, Members},
        query::Query,
        user_agent::user_agent,
    },
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, views::Timestamp},
    state::State,
};
use crate::{
    domain::{
        account::{AccountName, AccountType},
        activation::Requires,
        company::CompanyVat,
        email::Email,
        invitation::InvitationKind,
        role::Role,
        sub_account::{MemberRole, UsedBy},
        token::LinkToken,
    },
    services::{self, queries::AnyRole},
};

/// A link to look at.
#[derive(ToSchema)]
pub struct PreviewRequest {
    /// The token behind `?token=` in the link.
    pub token: LinkToken,
}

impl members::Request for PreviewRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let token = members.required("token", members::text).map(LinkToken::from_text);
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
    /// What the person is invited as: the roles of a system user, or `["account_owner"]` or `["driver"]`.
    /// Never empty.
    #[schema(min_items = 1, value_type = Vec<AnyRole>)]
    pub roles: Vec<&'static str>,
    /// When the link dies.
    pub expires_at: Timestamp,
    /// What activating asks for.
    pub requires: RequiresView,
    /// `optional` where the account's company may say that it has no VAT number (`vat_exempt`); left out
    /// where it must have one, and where no company is asked for.
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
/// `email` alone: the person is active, and this link was mailed to them. `password` and `person_name`: they
/// choose a password and give their names, being new; or somebody has used their address by links that were
/// handed over (`"delivery": "link"`), and by this one, which was mailed, they take it over.
///
/// A link that was handed over asks the same of everybody. Whoever is active already gives the password that
/// they have, or sends their own access token along; their names and address are not needed then, and set
/// aside. The password is compared and stays as it is. Whoever does not know it has the invitation resent by
/// e-mail.
#[derive(Serialize, ToSchema)]
#[schema(as = Requires)]
#[expect(clippy::struct_excessive_bools, reason = "the contract's object")]
pub struct RequiresView {
    /// `password`: a new one; at a link that was handed over, the one that an active person has.
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

/// Ada's link, for the contract.
fn example_for_ada() -> PreviewView {
    PreviewView {
        kind: InvitationKind::SystemUser,
        email: "ada@example.com".to_owned(),
        inviter: InviterView { name: "Grace Hopper".to_owned(), organisation: "EV Charging".to_owned() },
        account: None,
        roles: vec![Role::Viewer.as_str()],
        expires_at: sample_data::at(sample_data::DAY + 1),
        requires: RequiresView {
            password: true,
            person_name: true,
            email: false,
            account_name: false,
            account_type: false,
            company: false,
        },
        company_vat: None,
    }
}

/// Hers, when the link was mailed and she is active already.
fn example_of_active() -> PreviewView {
    let requires =
        RequiresView { password: false, person_name: false, email: true, ..example_for_ada().requires };
    PreviewView { requires, ..example_for_ada() }
}

/// Olivia's link.
fn example_for_olivia() -> PreviewView {
    PreviewView {
        kind: InvitationKind::AccountOwner,
        email: "olivia@acme.example".to_owned(),
        account: Some(PreviewAccount {
            name: Some("Acme B.V.".to_owned()),
            parent_name: None,
            used_by: None,
            r#type: Some(AccountType::Business),
        }),
        roles: vec![MemberRole::AccountOwner.as_str()],
        expires_at: sample_data::at(sample_data::BEFORE + sample_data::DAY + 1),
        requires: RequiresView { company: true, ..example_for_ada().requires },
        ..example_for_ada()
    }
}

errors! {
    PreviewErrors:
    ACTIVATION_LINK_INVALID = "the token is forged or damaged";
    INVITATION_REVOKED;
    ACTIVATION_LINK_USED;
    ACTIVATION_LINK_SUPERSEDED;
    ACTIVATION_LINK_EXPIRED;
}

/// Look at an activation link
///
/// Shows what the link is for and what activating asks for. Changes nothing but the timeline, however often
/// it is called.
#[utoipa::path(
    tag = "Activation",
    operation_id = "previewActivation",
    request_body(content = PreviewRequest, examples(
        ("Token" = (summary = "The token of a link", value = json!({ "token": sample_data::TOKEN }))),
    )),
    responses(
        (status = 200, description = "The link lives.", body = PreviewView, examples(
            ("SystemUserPreview" = (summary = "A colleague's link", value = json!(example_for_ada()))),
            ("AccountOwnerPreview" = (summary = "An account owner's link", value = json!(example_for_olivia()))),
            ("ActivePreview" = (summary = "Mailed to somebody who is active: their address, typed", value = json!(example_of_active()))),
        )),
        PreviewErrors,
    ),
    security(()),
)]
#[post("/v1/activations/preview")]
pub async fn preview(
    request: HttpRequest,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    look(&request, query, body, &state).await
}

async fn look(
    request: &HttpRequest,
    query: Query,
    body: Body,
    state: &State,
) -> Result<HttpResponse, Problem> {
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
        roles: invitation.role_names(),
        expires_at: Timestamp(invitation.expires_at),
        requires: seen.requires.into(),
        company_vat: Some(state.services.rules.company_vat).filter(|vat| {
            *vat == CompanyVat::Optional && (seen.requires.company || seen.requires.account_type)
        }),
    }))
}
