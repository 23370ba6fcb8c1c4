//! `POST /v1/sub-accounts/invitations`.

use actix_web::{HttpResponse, post};
use utoipa::ToSchema;

use super::super::invite::{InviteRequest, account_name, delivery_method, invite_customer, rate};
use super::contradiction;
use crate::http::{
    extract::{
        command::Command,
        members::{self, MemberError, Members},
    },
    openapi::{domain_schemas::LanguageTag, errors::errors, sample_data},
    response::{problem::Problem, views::InvitationView},
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
    services::invite::{Invite, SubAccountInvite, Target},
};

/// A person to be invited below an account, from the users overview.
#[derive(ToSchema)]
pub struct InviteSubAccountUser {
    /// The address that the letter is sent to. Compared without regard to case.
    pub email: Email,
    /// What the person becomes.
    pub role: MemberRole,
    /// The account above, by id. Either this or `account_name`.
    pub account_id: Option<AccountId>,
    /// The account above, by its exact name, without regard to case.
    pub account_name: Option<AccountName>,
    /// What private charging is reimbursed with; nothing when it is left out.
    pub reimbursement_rate: Option<Rate>,
    /// `employee` (the default for a driver) or `subsidiary` (the default for an account owner; not for a
    /// driver).
    pub used_by: Option<UsedBy>,
    /// The name of the new account; a driver's without one is named after the person at activation.
    pub sub_account_name: Option<AccountName>,
    /// The new account's type; asked for at activation when it is left out.
    pub account_type: Option<AccountType>,
    /// The language of letter and page; the operator's default when it is left out.
    #[schema(value_type = Option<LanguageTag>)]
    pub locale: Option<Locale>,
    /// `link` sends no letter: this answer has the link in `activation_link`, for the caller to pass on. Such
    /// a link does not prove the address: see `requires` of a preview.
    #[schema(value_type = Option<DeliveryMethod>)]
    pub delivery: DeliveryMethod,
    #[schema(ignore)]
    use_: SubAccountUse,
    #[schema(ignore)]
    parent: Target,
}

impl members::Request for InviteSubAccountUser {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.required("email", members::parsed("invalid_email", Email::parse));
        let role = members.required("role", members::parsed("unknown_value", str::parse::<MemberRole>));
        let by_id = members.optional("account_id", Ok);
        let by_name = members.optional("account_name", Ok);
        let parent = parent(members, by_id, by_name);
        let reimbursement_rate = members.optional("reimbursement_rate", rate);
        let used_by = members.optional("used_by", members::parsed("unknown_value", str::parse::<UsedBy>));
        let use_ =
            role.and_then(|role| contradiction(members, "used_by", SubAccountUse::of_role(role, used_by)));
        let sub_account_name = members.optional("sub_account_name", account_name);
        let account_type = members.optional("account_type", members::parsed("unknown_value", str::parse));
        let locale = members.optional("locale", members::parsed("unknown_locale", Locale::parse));
        let delivery = delivery_method(members);
        let (account_id, account_name) = match parent.clone()? {
            Target::Id(id) => (Some(id), None),
            Target::Name(name) => (None, Some(name)),
        };
        Some(Self {
            email: email?,
            role: role?,
            account_id,
            account_name,
            reimbursement_rate,
            used_by,
            sub_account_name,
            account_type,
            locale,
            delivery,
            use_: use_?,
            parent: parent?,
        })
    }
}

impl From<InviteSubAccountUser> for Invite {
    fn from(asked: InviteSubAccountUser) -> Self {
        Self::SubAccount(SubAccountInvite {
            email: asked.email,
            locale: asked.locale,
            parent: asked.parent,
            role: asked.use_.role(),
            used_by: asked.use_.used_by(),
            rate: asked.reimbursement_rate,
            name: asked.sub_account_name,
            account_type: asked.account_type,
        })
    }
}

impl InviteRequest for InviteSubAccountUser {
    fn delivery(&self) -> DeliveryMethod {
        self.delivery
    }
}

/// The account above, named either by id or by name.
fn parent(
    members: &mut Members,
    id: Option<serde_json::Value>,
    name: Option<serde_json::Value>,
) -> Option<Target> {
    let fault = |members: &mut Members, name: &str, fault: MemberError| {
        members.fault(name, fault);
        None
    };
    match (id, name) {
        (Some(id), None) => match members::parsed("invalid_id", str::parse::<AccountId>)(id) {
            Ok(id) => Some(Target::Id(id)),
            Err(error) => fault(members, "account_id", error),
        },
        (None, Some(name)) => match account_name(name) {
            Ok(name) => Some(Target::Name(name)),
            Err(error) => fault(members, "account_name", error),
        },
        (None, None) => {
            let words = "Name the account above by account_id or by account_name.";
            fault(members, "account_id", MemberError("required", words.to_owned()))
        }
        (Some(_), Some(_)) => {
            let words = "Name the account above by account_id or by account_name, not by both.";
            fault(members, "account_name", MemberError("not_applicable", words.to_owned()))
        }
    }
}

errors! {
    InviteErrors:
    FORBIDDEN;
    ACCOUNT_NOT_FOUND = "there is no such account, or this token may not invite into it";
    INVITATION_PENDING = "the person has a live invitation, `invitation_id`";
    ALREADY_MEMBER;
    USER_BLOCKED;
    AMBIGUOUS_ACCOUNT = "several accounts have this name, `candidates`";
    PARENT_NOT_BUSINESS = "the account above is a consumer's";
    PARENT_NOT_ACTIVE = "the account above is not active yet";
}

/// Invite a sub-account user, from the users overview
///
/// Creates an account below the one named, which must be an active business account.
#[utoipa::path(
    tag = "Customers",
    operation_id = "inviteSubAccountUser",
    request_body(content = InviteSubAccountUser, examples(
        ("InviteDriver" = (summary = "A driver, below the account of that name", value = json!({
            "email": "dirk@acme.example", "role": "driver", "account_name": "Acme B.V.",
            "reimbursement_rate": "0.23",
            "sub_account_name": "Dirk at home", "account_type": "consumer", "locale": "nl"
        }))),
        ("InviteSubsidiaryOwner" = (summary = "The owner of a subsidiary's account, below the account of \
            that id", value = json!({
            "email": "sofie@sub.acme.example", "role": "account_owner", "account_id": sample_data::acme().id,
            "used_by": "subsidiary"
        }))),
    )),
    responses(
        (status = 201, description = "Invited. The letter is queued, unless `delivery` is `link`.",
        body = InvitationView, headers(("Location"), ("ETag")), examples(
            ("SubAccountInvitation" = (
                summary = "A driver is invited", value = json!(sample_data::for_dirk())
            )),
        )),
        InviteErrors,
    ),
    security(("access_token" = ["customers:invite"])),
)]
#[post("/v1/sub-accounts/invitations")]
pub async fn invite(command: Command) -> Result<HttpResponse, Problem> {
    invite_customer::<InviteSubAccountUser>(command).await
}
