//! `POST /v1/account-owners/invitations`.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, post, web::Data};
use utoipa::ToSchema;

use crate::http::{
    State,
    extract::{
        auth::Caller,
        idempotency_key::{self, Asked, For},
        json_body::{self, Body, MemberError, Members},
        query::Query,
    },
    middleware::letter_quota::Told,
    openapi::domain_schemas::LanguageTag,
    response::{problem::Problem, views::InvitationView},
};
use crate::{
    domain::{
        account::{AccountName, AccountType},
        actor::Actor,
        email::Email,
        ids::AccountId,
        invitation::{DeliveryMethod, DeliveryState, Invitation},
        locale::Locale,
        permission::Permission,
    },
    services::{
        self, ServiceError,
        idempotency::StoredAnswer,
        invite::{Invite, OwnerInvite},
    },
};

/// An account owner to be invited: of a new top-level account, or, with `account_id`, of one that exists.
#[derive(ToSchema)]
pub struct InviteAccountOwner {
    /// Where the letter goes. Compared without regard to case.
    pub email: Email,
    /// The account to become a further owner of. Not together with `account_name` or `account_type`.
    pub account_id: Option<AccountId>,
    /// The name of the new account; asked for at activation when it is left out.
    pub account_name: Option<AccountName>,
    /// The new account's type; asked for at activation when it is left out.
    pub account_type: Option<AccountType>,
    /// The language of letter and page; the operator's default when it is left out.
    #[schema(value_type = Option<LanguageTag>)]
    pub locale: Option<Locale>,
    /// `link` sends no letter: the answer has the link in `activation_link`, this once, for whoever hands it over. It proves nothing
    /// of the address: see `requires` of a preview.
    #[schema(value_type = Option<DeliveryMethod>)]
    pub delivery: DeliveryMethod,
}

impl json_body::Request for InviteAccountOwner {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.required("email", json_body::parsed("invalid_email", Email::parse));
        let account_id = members.optional("account_id", json_body::parsed("invalid_id", str::parse::<AccountId>));
        let account_name = members.optional("account_name", json_body::account_name);
        let account_type = members.optional("account_type", json_body::parsed("unknown_value", str::parse));
        let locale = members.optional("locale", json_body::parsed("unknown_locale", Locale::parse));
        let delivery = json_body::way(members);
        if account_id.is_some() {
            let named = [("account_name", account_name.is_some()), ("account_type", account_type.is_some())];
            for (name, _) in named.into_iter().filter(|(_, given)| *given) {
                members.fault(name, MemberError("not_applicable", "The account exists and has its own.".to_owned()));
            }
        }
        Some(Self { email: email?, account_id, account_name, account_type, locale, delivery })
    }
}

impl From<InviteAccountOwner> for Invite {
    fn from(asked: InviteAccountOwner) -> Self {
        let InviteAccountOwner { email, account_id, account_name, account_type, locale, .. } = asked;
        Self::AccountOwner(OwnerInvite { email, locale, account_id, account_name, account_type })
    }
}

/// Invite an account owner
///
/// Without `account_id` a new top-level account is made, with status `invited` until its owner activates. With it, the person
/// becomes a further owner of that account; the account's own owners may do this too.
#[utoipa::path(
    tag = "Customers",
    operation_id = "inviteAccountOwner",
    request_body = InviteAccountOwner,
    responses(
        (status = 201, description = "Invited; the letter is on its way.", body = InvitationView, headers(("Location"), ("ETag"))),
        (status = 403, description = "`forbidden`."),
        (status = 404, description = "`account_not_found`: there is none, or it is not yours."),
        (status = 409, description = "`invitation_pending` (with `invitation_id`), `already_account_owner`, `already_member`, or `parent_not_active` when nobody has activated the account yet."),
    ),
    security(("access_token" = ["customers:invite"])),
)]
#[post("/v1/account-owners/invitations")]
pub async fn invite(
    request: HttpRequest,
    caller: Caller,
    query: Query,
    body: Body,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let Caller(actor) = caller;
    query.finish()?;
    if !actor.may(Permission::CustomersInvite) && actor.accounts.is_empty() {
        return Err(ServiceError::Forbidden(Permission::CustomersInvite.as_str()).into());
    }
    let digest = *body.digest();
    let asked = body.parse().map(|asked: InviteAccountOwner| (asked.delivery, asked.into()));
    invited((&request, state, actor), &digest, asked).await
}

/// Sends an invite of any kind, once for each key.
pub(in crate::http) async fn invited(
    caller: (&HttpRequest, Data<State>, Actor),
    digest: &[u8; 32],
    asked: Asked<(DeliveryMethod, Invite)>,
) -> Result<HttpResponse, Problem> {
    let told = Told::of(caller.0);
    let work = async move |(state, actor): For, (way, wanted), ticket| {
        counted(&state, told.sent(services::invite::one(&state.services, &actor, (wanted, way), ticket).await))
    };
    let authorise = async |caller: For, (_, wanted), _: Option<&StoredAnswer>| Ok(may_send(&caller, wanted).await?);
    idempotency_key::once(caller, (StatusCode::CREATED, digest), asked, authorise, work).await
}

/// Whether the caller may send this invite, whatever stands in its way otherwise.
pub(in crate::http) async fn may_send((state, actor): &For, wanted: Invite) -> Result<(), ServiceError> {
    services::invite::authorise(&state.services, actor, vec![wanted]).await?.into_iter().collect()
}

/// Counts an invite of any kind, and says its refusal as a problem.
pub(in crate::http) fn counted(state: &State, outcome: Result<Invitation, ServiceError>) -> Result<Invitation, Problem> {
    let outcome = outcome.map_err(Problem::from);
    state.metrics.invite(outcome.as_ref().map_or_else(|problem| problem.code.code, |_| "invited"));
    if outcome.as_ref().is_ok_and(|invited| invited.delivery.state == DeliveryState::HandedOver) {
        state.metrics.letter(DeliveryState::HandedOver.as_str());
    }
    outcome
}
