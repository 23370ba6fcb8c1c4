//! `POST /v1/account-owners/invitations`.

use actix_web::{HttpResponse, post};
use utoipa::ToSchema;

use super::super::invite::{InviteRequest, account_name, delivery_method, invite_customer};
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
    },
    services::invite::{Invite, OwnerInvite},
};

/// An account owner to be invited: of a new top-level account, or, with `account_id`, of one that exists.
#[derive(ToSchema)]
pub struct InviteAccountOwner {
    /// The address that the letter is sent to. Compared without regard to case.
    pub email: Email,
    /// The account whose further owner the person becomes. Not together with `account_name` or
    /// `account_type`.
    pub account_id: Option<AccountId>,
    /// The name of the new account; asked for at activation when it is left out.
    pub account_name: Option<AccountName>,
    /// The new account's type; asked for at activation when it is left out.
    pub account_type: Option<AccountType>,
    /// The language of letter and page; the operator's default when it is left out.
    #[schema(value_type = Option<LanguageTag>)]
    pub locale: Option<Locale>,
    /// `link` sends no letter: this answer has the link in `activation_link`, for the caller to pass on. Such
    /// a link does not prove the address: see `requires` of a preview.
    #[schema(value_type = Option<DeliveryMethod>)]
    pub delivery: DeliveryMethod,
}

impl members::Request for InviteAccountOwner {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.required("email", members::parsed("invalid_email", Email::parse));
        let account_id =
            members.optional("account_id", members::parsed("invalid_id", str::parse::<AccountId>));
        let account_name = members.optional("account_name", account_name);
        let account_type = members.optional("account_type", members::parsed("unknown_value", str::parse));
        let locale = members.optional("locale", members::parsed("unknown_locale", Locale::parse));
        let delivery = delivery_method(members);
        if account_id.is_some() {
            let named = [("account_name", account_name.is_some()), ("account_type", account_type.is_some())];
            for (name, _) in named.into_iter().filter(|(_, given)| *given) {
                members.fault(
                    name,
                    MemberError("not_applicable", "The account exists and has its own.".to_owned()),
                );
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

impl InviteRequest for InviteAccountOwner {
    fn delivery(&self) -> DeliveryMethod {
        self.delivery
    }
}

errors! {
    InviteErrors:
    FORBIDDEN;
    ACCOUNT_NOT_FOUND = "there is no such account, or this token may not invite into it";
    INVITATION_PENDING = "the person has a live invitation, `invitation_id`";
    ALREADY_ACCOUNT_OWNER;
    ALREADY_MEMBER;
    USER_BLOCKED;
    PARENT_NOT_ACTIVE = "the account is not active yet";
}

/// Invite an account owner
///
/// Without `account_id`, this creates a top-level account with status `invited` until its owner activates.
/// With it, the person becomes a further owner of that account; the account's owners may invite one too.
#[utoipa::path(
    tag = "Customers",
    operation_id = "inviteAccountOwner",
    request_body(content = InviteAccountOwner, examples(
        ("InviteAccountOwner" = (summary = "The owner of a new account", value = json!({
            "email": "olivia@acme.example", "account_name": "Acme B.V.", "account_type": "business",
            "locale": "nl"
        }))),
        ("InviteFurtherAccountOwner" = (summary = "A further owner of an account", value = json!({
            "email": "otto@acme.example", "account_id": sample_data::acme().id
        }))),
    )),
    responses(
        (status = 201, description = "Invited. The letter is queued, unless `delivery` is `link`.",
        body = InvitationView, headers(("Location"), ("ETag")), examples(
            ("AccountOwnerInvitation" = (
                summary = "An account owner is invited", value = json!(sample_data::for_olivia())
            )),
        )),
        InviteErrors,
    ),
    security(("access_token" = ["customers:invite"])),
)]
#[post("/v1/account-owners/invitations")]
pub async fn invite(command: Command) -> Result<HttpResponse, Problem> {
    invite_customer::<InviteAccountOwner>(command).await
}
