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
    ops::openings::count_opening,
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

/// The link to preview.
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

/// What a valid link is for, and what activating asks for.
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
    /// What the person becomes: the roles of a system user, or `["account_owner"]` or `["driver"]`.
    /// Never empty.
    #[schema(min_items = 1, value_type = Vec<AnyRole>)]
    pub roles: Vec<&'static str>,
    /// When the link expires.
    pub expires_at: Timestamp,
    /// What activating asks for.
    pub requires: RequiresView,
    /// `optional` where the account's company may declare that it has no VAT number (`vat_exempt`); left out
    /// where the number is required, and where no company is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = CompanyVat, required = false)]
    pub company_vat: Option<CompanyVat>,
}

/// Who invites.
#[derive(Serialize, ToSchema)]
#[schema(as = Inviter)]
pub struct InviterView {
    /// The name of the person or program that invites.
    pub name: String,
    /// The company.
    pub organisation: String,
}

/// The account that a link is for.
#[derive(Serialize, ToSchema)]
pub struct PreviewAccount {
    /// Its name; null until it has one.
    #[schema(value_type = Option<AccountName>)]
    pub name: Option<String>,
    /// The name of the account above it; null for a top-level account.
    #[schema(value_type = Option<AccountName>)]
    pub parent_name: Option<String>,
    /// Who uses it; null for a top-level account.
    pub used_by: Option<UsedBy>,
    /// Its type; null until it is chosen.
    pub r#type: Option<AccountType>,
}

/// What activating asks for. Members that are true must be sent, others are refused.
///
/// `email` only: the person is active, and this link was mailed to them. `password` and `person_name`: the
/// person is new, and chooses a password and gives their names; or links that were returned to an inviter
/// (`"delivery": "link"`) were used with this address before, and by this mailed link its owner takes the
/// user over.
///
/// A link that was handed over to the inviter asks the same of every person. A person who is active already
/// sends their present password, or their own access token; their names and address are ignored. The password
/// is compared and does not change. A person who does not know it asks for the invitation to be resent by
/// e-mail.
#[derive(Serialize, ToSchema)]
#[schema(as = Requires)]
#[expect(clippy::struct_excessive_bools, reason = "the contract's object")]
pub struct RequiresView {
    /// `password`: a new one; with a link that was handed over to the inviter, the present one of a person
    /// who is active.
    pub password: bool,
    /// `first_name` and `last_name`
    pub person_name: bool,
    /// `email`: the person types their address, so that a mail scanner that presses the button does not
    /// activate.
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

/// Ada's link, when it was mailed and she is active already.
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

/// Preview an activation link
///
/// Returns what the link is for and what activating asks for. Changes nothing but the timeline, however often
/// it is called.
#[utoipa::path(
    tag = "Activation",
    operation_id = "previewActivation",
    request_body(content = PreviewRequest, examples(
        ("Token" = (summary = "The token of a link", value = json!({ "token": sample_data::TOKEN }))),
    )),
    responses(
        (status = 200, description = "The link is valid.", body = PreviewView, examples(
            ("SystemUserPreview" = (summary = "A colleague's link", value = json!(example_for_ada()))),
            ("AccountOwnerPreview" = (
                summary = "An account owner's link", value = json!(example_for_olivia())
            )),
            ("ActivePreview" = (
                summary = "Mailed to a person who is active: they type their address",
                value = json!(example_of_active())
            )),
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
    let opening = services::preview::link(&state.services, &token, user_agent(request).as_deref()).await?;
    let seen = count_opening(&state.metrics, opening)?;
    let (invitation, organisation) = (&seen.invitation, &state.services.rules.organisation);
    Ok(HttpResponse::Ok().json(PreviewView {
        kind: invitation.kind,
        email: invitation.email.as_str().to_owned(),
        inviter: InviterView {
            name: invitation.invited_by.shown_name(organisation).to_owned(),
            organisation: organisation.clone(),
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
