//! `POST /v1/system-users/invitations`.

use actix_web::{HttpResponse, post};
use utoipa::ToSchema;

use super::super::invite::{InviteRequest, delivery_method, roles, send_invite};
use crate::http::{
    extract::{
        command::Command,
        members::{self, Members},
    },
    openapi::{domain_schemas::LanguageTag, errors::errors, sample_data},
    response::{problem::Problem, views::InvitationView},
};
use crate::{
    domain::{
        email::Email,
        invitation::DeliveryMethod,
        locale::Locale,
        permission::Permission,
        role::{Role, Roles},
    },
    services::{
        ServiceError,
        invite::{Invite, SystemUserInvite},
    },
};

/// A colleague to be invited.
#[derive(ToSchema)]
pub struct InviteSystemUser {
    /// The address that the letter is sent to. Compared without regard to case.
    pub email: Email,
    /// At least one role, each once.
    #[schema(value_type = Vec<Role>, min_items = 1)]
    pub roles: Roles,
    /// The language of letter and page; the operator's default when it is left out.
    #[schema(value_type = Option<LanguageTag>)]
    pub locale: Option<Locale>,
    /// `link` sends no letter: this answer has the link in `activation_link`, for the caller to pass on. Such
    /// a link does not prove the address: see `requires` of a preview.
    #[schema(value_type = Option<DeliveryMethod>)]
    pub delivery: DeliveryMethod,
}

impl members::Request for InviteSystemUser {
    fn read(members: &mut Members) -> Option<Self> {
        let email = members.required("email", members::parsed("invalid_email", Email::parse));
        let roles = roles(members);
        let locale = members.optional("locale", members::parsed("unknown_locale", Locale::parse));
        let delivery = delivery_method(members);
        Some(Self { email: email?, roles: roles?, locale, delivery })
    }
}

impl From<InviteSystemUser> for Invite {
    fn from(InviteSystemUser { email, roles, locale, .. }: InviteSystemUser) -> Self {
        Self::SystemUser(SystemUserInvite { email, roles, locale })
    }
}

impl InviteRequest for InviteSystemUser {
    fn delivery(&self) -> DeliveryMethod {
        self.delivery
    }
}

errors! {
    InviteErrors:
    FORBIDDEN;
    ROLE_EXCEEDS_YOURS = "a role allows more than the token does";
    INVITATION_PENDING = "the person has a live invitation, `invitation_id`; offer to resend it";
    ALREADY_SYSTEM_USER;
    USER_BLOCKED;
}

/// Invite a system user
///
/// Stores the invitation and its letter in one transaction: after a 201 the letter is sent even if the mail
/// server or this service fails meanwhile. `delivery.state` has its progress. An expired invitation to the
/// same address is replaced.
#[utoipa::path(
    tag = "System users",
    operation_id = "inviteSystemUser",
    request_body(content = InviteSystemUser, examples(
        ("InviteSystemUser" = (summary = "A colleague who may read", value = json!({
            "email": "ada@example.com", "roles": ["viewer"], "locale": "en"
        }))),
        ("InviteByLink" = (summary = "A colleague without e-mail: the answer has the link", value = json!({
            "email": "ada@example.com", "roles": ["viewer"], "locale": "en", "delivery": "link"
        }))),
    )),
    responses(
        (status = 201, description = "Invited. The letter is queued, unless `delivery` is `link`.",
        body = InvitationView, headers(("Location"), ("ETag")), examples(
            ("SystemUserInvitation" = (
                summary = "A colleague is invited", value = json!(sample_data::for_ada())
            )),
            ("InvitationByLink" = (
                summary = "The link is in the answer", value = json!(sample_data::for_ada_by_link())
            )),
        )),
        InviteErrors,
    ),
    security(("access_token" = ["system_users:invite"])),
)]
#[post("/v1/system-users/invitations")]
pub async fn invite(command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    if !actor.may(Permission::SystemUsersInvite) {
        // Before the body is validated: a caller who may not invite learns nothing by trying.
        return Err(ServiceError::Forbidden(Permission::SystemUsersInvite.as_str()).into());
    }
    query.finish()?;
    send_invite::<InviteSystemUser>((&request, state, actor), body).await
}
