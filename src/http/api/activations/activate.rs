//! `POST /v1/activations`.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    accounts::{
        company::{self, CompanyRequest},
        view::AccountView,
    },
    invite,
};
use crate::http::{
    extract::{
        auth::OptionalCaller,
        json_body::Body,
        members::{self, MemberError, Members},
        origin::origin,
        query::Query,
    },
    openapi::{errors::errors, sample_data},
    response::{
        problem::Problem,
        views::{MembershipView, UserView},
    },
    state::State,
};
use crate::{
    domain::{
        account::{AccountName, AccountType},
        company::Company,
        email::Email,
        field_error::Faults,
        origin::Origin,
        password::Password,
        person::PersonName,
        token::LinkToken,
    },
    services::{
        self,
        activate::{Activated, Answer},
    },
};

/// What the person sends with the link. `requires` of the preview has the members that belong into it.
#[derive(ToSchema)]
pub struct ActivateRequest {
    /// The token behind `?token=` in the link.
    pub token: LinkToken,
    /// The password, where `requires.password` asks for it: a new one; with a link that was returned to the
    /// inviter, the present one of a person who is active.
    pub password: Option<Password>,
    /// The person's first name, where `requires.person_name` asks for it.
    pub first_name: Option<PersonName>,
    /// The person's last name, where `requires.person_name` asks for it.
    pub last_name: Option<PersonName>,
    /// The person's own address, where `requires.email` asks for it.
    pub email: Option<Email>,
    /// The account's details, where `requires` asks for them.
    pub account: Option<ActivateAccount>,
    /// Faults so far. The link is checked first; these are reported together with the members that the
    /// invitation asks for.
    #[schema(ignore)]
    faults: Faults,
}

impl members::Request for ActivateRequest {
    fn read(members: &mut Members) -> Option<Self> {
        let token = members.required("token", members::text).map(LinkToken::from_text);
        let password = members.optional("password", |value| Ok(Password::new(&members::text(value)?)));
        let name = |value| {
            PersonName::parse(&members::text(value)?)
                .map_err(|error| MemberError(error.code(), error.to_string()))
        };
        let first_name = members.optional("first_name", name);
        let last_name = members.optional("last_name", name);
        let email = members.optional("email", members::parsed("invalid_email", Email::parse));
        let account = members.object("account", |members| Some(ActivateAccount::read(members)));
        let token = token?;
        Some(Self { token, password, first_name, last_name, email, account, faults: members.take_faults() })
    }
}

/// An account's details.
#[derive(Default, ToSchema)]
#[schema(as = ActivateAccountRequest)]
pub struct ActivateAccount {
    /// The account's name, where `requires.account_name` asks for it.
    pub name: Option<AccountName>,
    /// The account's type, where `requires.account_type` asks for it. The type that the inviter chose may be
    /// repeated.
    pub r#type: Option<AccountType>,
    /// The company's details: required for a business account, refused for a consumer's.
    #[schema(value_type = Option<CompanyRequest>)]
    pub company: Option<Company>,
    /// Whether the company declares that it has no VAT number.
    #[schema(ignore)]
    vat_exempt: bool,
}

impl ActivateAccount {
    fn read(members: &mut Members) -> Self {
        let name = members.optional("name", invite::account_name);
        let r#type = members.optional("type", members::parsed("unknown_value", str::parse));
        let (company, vat_exempt) = company::read(members);
        Self { name, r#type, company, vat_exempt }
    }
}

/// The person, active now, with what this invitation gave them and nothing else. `GET /v1/users/{id}` has the
/// rest, for callers who may see it.
#[derive(Serialize, ToSchema)]
#[schema(as = Activated)]
pub struct ActivatedView {
    /// The person, with the roles or the one membership of this invitation.
    pub user: UserView,
    /// The account joined; null for a system user.
    pub account: Option<AccountView>,
    /// Only when the person has just taken the user over: memberships that were accepted with their address
    /// before, through links that were returned to inviters. `DELETE /v1/me/memberships/{account_id}` ends
    /// one.
    #[schema(required = false)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memberships_before: Vec<MembershipView>,
}

impl From<&Activated> for ActivatedView {
    fn from(activated: &Activated) -> Self {
        Self {
            user: UserView::from(&activated.user),
            account: activated.account.as_ref().map(AccountView::from),
            memberships_before: activated.inherited.iter().map(MembershipView::from).collect(),
        }
    }
}

errors! {
    ActivateErrors:
    UNAUTHENTICATED = "an access token was sent along, and is not valid, or no longer";
    ACTIVATION_LINK_INVALID = "the token is forged or damaged";
    INVITATION_REVOKED;
    ACTIVATION_LINK_USED;
    ACTIVATION_LINK_SUPERSEDED;
    ACTIVATION_LINK_EXPIRED;
    VALIDATION_FAILED =
        "the password is `too_short`, `too_long`, `password_common`, `password_guessable` or \
         `password_contains_identity`; the present password of an active person is `password_wrong`, \
         reported once nothing else is faulty; a name is `too_long` or `invalid_name`; any member is \
         `required`, `not_applicable`, `unknown_member` or `wrong_type`";
}

/// Activate an invitation
///
/// Uses the link: of several requests at once, one gets 201 and the others 410 `activation_link_used`. A
/// request that is refused does not use the link. Activating does not sign in.
///
/// A person who is active already accepts a mailed link by typing their address. A link that was returned to
/// the inviter (`"delivery": "link"`) is not enough, since the inviter had it too: the person also sends
/// their present password, with names as a new person does, or their own access token in `Authorization:
/// Bearer`. Another person's token is ignored.
///
/// A user who has only activated through returned links may not be the person at that address. Through a link
/// that is mailed there, that person takes the user over and chooses a new password; the previous password
/// and access tokens issued for it stop working, and system roles from before end.
#[utoipa::path(
    tag = "Activation",
    operation_id = "activate",
    request_body(content = ActivateRequest, examples(
        ("ActivateSystemUser" = (summary = "A colleague", value = json!({
            "token": sample_data::TOKEN, "password": sample_data::PASSWORD, "first_name": "Ada",
            "last_name": "Lovelace"
        }))),
        ("ActivateAccountOwner" = (summary = "The owner of a business account", value = json!({
            "token": sample_data::TOKEN, "password": sample_data::PASSWORD, "first_name": "Olivia",
            "last_name": "Oakley",
            "account": { "company": sample_data::acme().company }
        }))),
        ("ActivateMailed" = (
            summary = "A person who is active, by a mailed link: their address, typed",
            value = json!({ "token": sample_data::TOKEN, "email": "ada@example.com" })
        )),
        ("ActivateByHand" = (summary = "A person who is active, by a link that was handed over: their \
            present password", value = json!({
            "token": sample_data::TOKEN, "password": sample_data::PASSWORD, "first_name": "Ada",
            "last_name": "Lovelace"
        }))),
    )),
    responses(
        (status = 201, description = "Active.", body = ActivatedView, examples(
            ("ActivatedSystemUser" = (
                summary = "A colleague",
                value = json!(ActivatedView {
                    user: sample_data::ada(), account: None, memberships_before: Vec::new()
                })
            )),
            ("ActivatedAccountOwner" = (
                summary = "An account owner",
                value = json!(ActivatedView {
                    user: sample_data::olivia(), account: Some(sample_data::acme()),
                    memberships_before: Vec::new()
                })
            )),
        )),
        ActivateErrors,
    ),
    security(()),
)]
#[post("/v1/activations")]
pub async fn activate(
    request: HttpRequest,
    caller: OptionalCaller,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    answer((caller, origin(&request)), query, body, &state).await
}

async fn answer(
    (caller, origin): (OptionalCaller, Origin),
    query: Query,
    body: Body,
    state: &State,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let ActivateRequest { token, password, first_name, last_name, email, account, faults } = body.parse()?;
    let given = account.is_some();
    let ActivateAccount { name, r#type, company, vat_exempt } = account.unwrap_or_default();
    let (account_name, account_type) = (name, r#type);
    let answer = Answer {
        password,
        first_name,
        last_name,
        email,
        account: given,
        account_name,
        account_type,
        company,
        vat_exempt,
        client: origin.parts().address,
        origin: Some(origin),
        faults,
    };
    let outcome = services::activate::link(&state.services, &token, answer, caller.0.as_ref())
        .await
        .map_err(Problem::from);
    match &outcome {
        Ok(activated) => state.metrics.activated(activated.waited.as_seconds_f64()),
        Err(problem) => state.metrics.activation(problem.code.code),
    }
    Ok(HttpResponse::Created().json(ActivatedView::from(&outcome?)))
}
