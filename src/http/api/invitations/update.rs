//! `PATCH /v1/invitations/{id}`.

use actix_web::{HttpResponse, patch, web::Path};
use serde_json::Value;
use utoipa::ToSchema;

use super::{super::invite, names_one};
use crate::http::{
    extract::{
        command::Command,
        etag,
        members::{self, MemberError, Members},
        path::id,
    },
    middleware::letter_quota::QuotaStatuses,
    openapi::{domain_schemas::LanguageTag, errors::errors, sample_data},
    response::{problem::Problem, representation, views::InvitationView},
};
use crate::{
    domain::{
        account::AccountName,
        email::Email,
        ids::InvitationId,
        locale::Locale,
        patch::Change,
        reimbursement::Rate,
        role::{Role, Roles},
    },
    services::{self, update::Patch},
};

/// The changes, as a merge patch (RFC 7396): members that are left out stay, and `null` removes a value.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes what is read into a `Patch`, where being null is not being left out"
)]
pub struct AmendInvitationRequest {
    /// The address that letters are sent to. Another address ends the link and is sent a new one; the same
    /// address in another spelling does not.
    #[schema(value_type = Email, required = false)]
    email: Email,
    /// All roles of a system user, at least one, each once. Not for customers.
    #[schema(value_type = Vec<Role>, min_items = 1, required = false)]
    roles: Roles,
    /// The language of letter and page; `null` for the operator's default.
    #[schema(value_type = Option<LanguageTag>)]
    locale: Option<Locale>,
    /// The name of the account that was created for this invitation; `null` leaves the name to the person who
    /// activates. Not for system users, nor for a further owner of an existing account.
    account_name: Option<AccountName>,
    /// The rate at which private charging is reimbursed; `null` for none. Sub-accounts only.
    reimbursement_rate: Option<Rate>,
}

impl members::Request for Patch {
    fn read(members: &mut Members) -> Option<Self> {
        // Both may be left out and must not be null.
        let has_email = members.contains_key("email");
        let email = has_email
            .then(|| members.required("email", members::parsed("invalid_email", Email::parse)))
            .flatten();
        let roles = members.contains_key("roles").then(|| invite::roles(members)).flatten();
        let locale = change(members, "locale", members::parsed("unknown_locale", Locale::parse));
        let account_name = change(members, "account_name", invite::account_name);
        let rate = change(members, "reimbursement_rate", invite::rate);
        // Whether an invitation has these members depends on its kind, which is looked up later.
        Some(Self { email, roles, locale, account_name, rate, faults: members.take_faults() })
    }
}

fn change<T>(
    members: &mut Members,
    name: &str,
    read: impl FnOnce(Value) -> Result<T, MemberError>,
) -> Change<T> {
    // `contains_non_null` removes a null.
    if members.contains_key(name) && !members.contains_non_null(name) {
        return Change::Clear;
    }
    members.optional(name, read).map_or(Change::Keep, Change::Set)
}

errors! {
    UpdateErrors:
    FORBIDDEN;
    ROLE_EXCEEDS_YOURS = "a role that it has, or would have, allows more than the token does";
    NOT_FOUND = "there is no such invitation, or this token may not see it";
    INVITATION_NOT_PENDING;
    INVITATION_PENDING =
        "a newer invitation, `invitation_id`, took its place, or the person with the new address has one";
    ALREADY_SYSTEM_USER = "the person with the new address is one";
    USER_BLOCKED = "the person with the new address is blocked";
    ALREADY_ACCOUNT_OWNER = "the person with the new address owns a top-level account";
    ALREADY_MEMBER = "the person with the new address is one";
    PRECONDITION_FAILED =
        "the invitation is in another state, whose tag is in `ETag`; or `If-Match` holds no tag that could \
         match, such as a weak or a malformed one";
    PRECONDITION_REQUIRED = "there is no `If-Match`";
    RESEND_TOO_SOON = "the address was changed a moment ago and would be changed again; with `Retry-After`";
    RATE_LIMITED =
        "a letter would be sent, and a mailbox, the owners of an account or the caller have had their \
         letters of 24 hours; with `Retry-After`";
}

/// Change an invitation
///
/// Corrects a pending invitation, expired or not. Callers who may resend it may change it.
///
/// `If-Match` has the `ETag` of the state that the change is meant for, so that two people who change the
/// same invitation at once do not overwrite each other's changes; `*` matches any state. Tags are compared up
/// to a dot. That part changes with every member that can be changed here, with each sending, and when the
/// invitation is activated or revoked. It does not change with the progress of the letter, nor when the link
/// expires.
///
/// The body may be sent as `application/merge-patch+json` (RFC 7396), too.
///
/// Another address means another person. The old link stops working at once, and queued letters are not sent.
/// A letter with a new link, valid for 24 hours, is sent to the new address at once, however recent the last
/// sending (`send_count` grows). The invitation then belongs to the user with that address; the previous user
/// is removed from the user list unless they have activated or have another pending invitation. The change is
/// refused for the same reasons as an invite to the new address. An address can be changed once a minute, as
/// an invitation can be sent (configurable): changing it to another one and back would send two letters to
/// the first mailbox.
///
/// A role that is added to an invitation whose link was handed over to the inviter (`"delivery": "link"`)
/// also ends that link, and sends a letter with a new one. Other changes send nothing and are not limited:
/// the page and letters that are still to be sent show them at once; an expired link stays expired. A request
/// that changes nothing leaves tag and timeline as they are.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "amendInvitation",
    params(
        ("id" = InvitationId, Path, description = "The invitation."),
        ("If-Match" = String, Header, description = "One or several entity tags, or `*` (RFC 9110 \
            §13.1.1).", example = "\"7b1c0a4de2f95386b0d4a1f7c3e86a52\""),
    ),
    request_body(content(
        (AmendInvitationRequest = "application/json", examples(
            ("AmendAddress" = (
                summary = "The address was mistyped", value = json!({ "email": "ada.lovelace@example.com" })
            )),
            ("AmendDriver" = (
                summary = "Another rate; the person who activates chooses the name",
                value = json!({ "reimbursement_rate": "0.25", "account_name": null })
            )),
        )),
    )),
    responses(
        (status = 200, description = "Changed.", body = InvitationView, headers(("ETag")), examples(
            ("AmendedInvitation" = (
                summary = "A letter to the new address is queued",
                value = json!(sample_data::for_ada_amended())
            )),
        )),
        UpdateErrors,
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[patch("/v1/invitations/{id}", guard = "names_one")]
pub async fn update(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    let (wanted, condition) = (id(&path)?, etag::condition(&request));
    let quota_statuses = QuotaStatuses::of(&request);
    let amended = quota_statuses.sent(
        services::update::invitation(&state.services, &actor, wanted, condition, body.parse()?).await,
    )?;
    representation::changed_invitation(&amended, state.services.clock.now())
}
