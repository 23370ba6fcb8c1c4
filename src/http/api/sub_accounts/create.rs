//! `POST /v1/accounts/{account_id}/sub-accounts`.

use actix_web::{HttpResponse, http::StatusCode, post, web::Path};
use utoipa::ToSchema;

use super::super::invite::{
    account_name, authorise, delivery_method, may_invite_customers, rate, record_outcome,
};
use super::contradiction;
use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        members::{self, Members},
        path::id,
    },
    middleware::letter_quota::QuotaStatuses,
    openapi::{domain_schemas::LanguageTag, errors::errors, sample_data},
    response::{
        problem::{Problem, not_found},
        views::InvitationView,
    },
};
use crate::{
    domain::{
        account::{AccountName, AccountType},
        email::Email,
        ids::AccountId,
        invitation::DeliveryMethod,
        locale::Locale,
        reimbursement::Rate,
        sub_account::{MemberRole, SubAccountUse, UsedBy},
    },
    services::{
        self, ServiceError,
        idempotency::StoredAnswer,
        invite::{Invite, SubAccountInvite, Target},
    },
};

/// A person to be invited below the account in the path.
#[derive(ToSchema)]
#[expect(dead_code, reason = "some members are described here and used as what they mean together")]
pub struct InviteSubAccount {
    /// Who uses the new account.
    pub used_by: UsedBy,
    /// The name of the new account.
    pub account_name: AccountName,
    /// The address that the letter is sent to. Compared without regard to case.
    pub email: Email,
    /// The new account's type.
    pub account_type: AccountType,
    /// `driver` (the default for an employee; not for a subsidiary) or `account_owner` (the default for a
    /// subsidiary).
    pub role: Option<MemberRole>,
    /// What private charging is reimbursed with; nothing when it is left out.
    pub reimbursement_rate: Option<Rate>,
    /// The language of letter and page; the operator's default when it is left out.
    #[schema(value_type = Option<LanguageTag>)]
    pub locale: Option<Locale>,
    /// `link` sends no letter: this answer has the link in `activation_link`, for the caller to pass on. Such
    /// a link does not prove the address: see `requires` of a preview.
    #[schema(value_type = Option<DeliveryMethod>)]
    pub delivery: DeliveryMethod,
    #[schema(ignore)]
    use_: SubAccountUse,
}

impl members::Request for InviteSubAccount {
    fn read(members: &mut Members) -> Option<Self> {
        let used_by = members.required("used_by", members::parsed("unknown_value", str::parse::<UsedBy>));
        let account_name = members.required("account_name", account_name);
        let email = members.required("email", members::parsed("invalid_email", Email::parse));
        let account_type = members.required("account_type", members::parsed("unknown_value", str::parse));
        let role = members.optional("role", members::parsed("unknown_value", str::parse::<MemberRole>));
        let use_ =
            used_by.and_then(|used_by| contradiction(members, "role", SubAccountUse::of_user(used_by, role)));
        let reimbursement_rate = members.optional("reimbursement_rate", rate);
        let locale = members.optional("locale", members::parsed("unknown_locale", Locale::parse));
        let delivery = delivery_method(members);
        Some(Self {
            used_by: used_by?,
            account_name: account_name?,
            email: email?,
            account_type: account_type?,
            role,
            reimbursement_rate,
            locale,
            delivery,
            use_: use_?,
        })
    }
}

impl InviteSubAccount {
    fn below(self, parent: AccountId) -> SubAccountInvite {
        SubAccountInvite {
            email: self.email,
            locale: self.locale,
            parent: Target::Id(parent),
            role: self.use_.role(),
            used_by: self.use_.used_by(),
            rate: self.reimbursement_rate,
            name: Some(self.account_name),
            account_type: Some(self.account_type),
        }
    }
}

errors! {
    CreateErrors:
    FORBIDDEN;
    NOT_FOUND = "there is no such account, or this token may not invite into it";
    INVITATION_PENDING = "the person has a live invitation, `invitation_id`";
    ALREADY_MEMBER;
    USER_BLOCKED;
    PARENT_NOT_BUSINESS = "the account above is a consumer's";
    PARENT_NOT_ACTIVE = "the account above is not active yet";
}

/// Invite a sub-account user, from an account's page
///
/// Creates an account below the one in the path, which must be an active business account.
#[utoipa::path(
    tag = "Customers",
    operation_id = "inviteSubAccount",
    params(("account_id" = AccountId, Path, description = "The account above.")),
    request_body(content = InviteSubAccount, examples(
        ("InviteSubAccount" = (summary = "An employee who charges at home", value = json!({
            "used_by": "employee", "account_name": "Dirk at home", "email": "dirk@acme.example",
            "account_type": "consumer",
            "reimbursement_rate": "0.23"
        }))),
    )),
    responses(
        (status = 201, description = "Invited. The letter is queued, unless `delivery` is `link`.",
        body = InvitationView, headers(("Location"), ("ETag")), examples(
            ("SubAccountInvitation" = (
                summary = "A driver is invited", value = json!(sample_data::for_dirk())
            )),
        )),
        CreateErrors,
    ),
    security(("access_token" = ["customers:invite"])),
)]
#[post("/v1/accounts/{account_id}/sub-accounts")]
pub async fn create(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    may_invite_customers(&actor)?;
    let parent = id(&path)?;
    let digest = *body.digest();
    let asked =
        body.parse().map(|asked: InviteSubAccount| (asked.delivery, Invite::SubAccount(asked.below(parent))));
    let quota_statuses = QuotaStatuses::of(&request);
    let work = async move |(state, actor): RequestContext, (delivery, wanted), ticket| {
        match quota_statuses
            .sent(services::invite::one(&state.services, &actor, (wanted, delivery), ticket).await)
        {
            // This account is the resource in the path.
            Err(ServiceError::AccountNotFound) => Err(not_found()),
            outcome => record_outcome(&state, outcome),
        }
    };
    let authorise = async |caller: RequestContext, (_, wanted), _: Option<&StoredAnswer>| match authorise(
        &caller, wanted,
    )
    .await
    {
        Err(ServiceError::AccountNotFound) => Err(not_found()),
        authority => Ok(authority?),
    };
    idempotency_key::once((&request, state, actor), (StatusCode::CREATED, &digest), asked, authorise, work)
        .await
}
