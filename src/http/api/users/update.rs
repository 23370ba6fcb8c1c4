//! `PATCH /v1/users/{id}`.

use actix_web::{HttpResponse, patch, web::Path};
use serde_json::Value;
use utoipa::ToSchema;

use super::{super::invite::roles_in, names_one};
use crate::http::{
    extract::{
        command::Command,
        etag,
        members::{self, MemberError, Members},
        path::id,
    },
    middleware::letter_quota::QuotaStatuses,
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, representation, views::UserView},
};
use crate::{
    domain::{
        email::Email,
        ids::UserId,
        person::PersonName,
        role::{Role, Roles},
    },
    services::users::update::{UserPatch, user as update_user},
};

/// The changes, as a merge patch (RFC 7396): members that are left out stay. None can be removed by `null`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read into a `UserPatch`")]
pub struct UpdateUserRequest {
    /// The first name.
    #[schema(required = false)]
    first_name: PersonName,
    /// The last name.
    #[schema(required = false)]
    last_name: PersonName,
    /// All roles of a system user, each once. An empty list ends their being one. Not for customers.
    #[schema(value_type = Vec<Role>, required = false)]
    system_roles: Roles,
    /// The new address. It counts once the person has confirmed it with the link that is mailed there. The
    /// present address withdraws an earlier request.
    #[schema(value_type = Email, required = false)]
    email: Email,
}

impl members::Request for UserPatch {
    fn read(members: &mut Members) -> Option<Self> {
        let mut name = |name: &str| {
            let read = |value: Value| {
                PersonName::parse(&members::text(value)?)
                    .map_err(|error| MemberError(error.code(), error.to_string()))
            };
            members.contains_key(name).then(|| members.required(name, read)).flatten()
        };
        let (first_name, last_name) = (name("first_name"), name("last_name"));
        let system_roles =
            members.contains_key("system_roles").then(|| roles_in(members, "system_roles")).flatten();
        let has_email = members.contains_key("email");
        let email = has_email
            .then(|| members.required("email", members::parsed("invalid_email", Email::parse)))
            .flatten();
        // Whether a user has roles is looked up later.
        Some(Self { first_name, last_name, system_roles, email, faults: members.take_faults() })
    }
}

errors! {
    UpdateErrors:
    FORBIDDEN = "the user is a system user and the token lacks `system_users:invite`, or a customer and it \
         lacks `customers:invite`";
    ROLE_EXCEEDS_YOURS = "a role that the user has, or would have, allows more than the token does";
    NOT_FOUND = "there is no such user, or this token may not see them";
    USER_NOT_ACTIVATED;
    LAST_ADMIN;
    EMAIL_TAKEN;
    RATE_LIMITED =
        "a letter would be sent to a new address, and a mailbox or the caller has had its letters of 24 \
         hours; with `Retry-After`";
    PRECONDITION_FAILED =
        "the user is in another state, whose tag is in `ETag`; or `If-Match` holds no tag that could match, \
         such as a weak or a malformed one";
    PRECONDITION_REQUIRED = "there is no `If-Match`";
}

/// Change a user
///
/// Names and system roles of a user who has activated. A token of a person may change that person's own names
/// without any permission. Roles that are taken away are gone at once, from tokens too; roles that are added
/// are in the next token.
///
/// A new address counts once it is confirmed: the person opens the link that is mailed there, within 24
/// hours, and gives their password (`POST /v1/auth/email-change/confirm`). A letter tells the present address
/// of the request. Until then the user has the present address, in this answer too; a later request takes the
/// place of an earlier one. A person cannot change their own address without the permission.
///
/// `If-Match` has the `ETag` of the answer that showed the user, so that two people who change the same user
/// at once do not overwrite each other's changes; `*` matches any state. The body may be sent as
/// `application/merge-patch+json` (RFC 7396), too.
#[utoipa::path(
    tag = "Users",
    operation_id = "updateUser",
    params(
        ("id" = UserId, Path, description = "The user."),
        ("If-Match" = String, Header, description = "One or several entity tags, or `*` (RFC 9110 \
            §13.1.1).", example = "\"q83vEjRWeJq83vEjRWeJqg\""),
    ),
    request_body(content(
        (UpdateUserRequest = "application/json", examples(
            ("RenameUser" = (summary = "The name has changed", value = json!({ "last_name": "King" }))),
            ("ChangeAddress" = (summary = "A new address, to be confirmed", value = json!({
                "email": "ada.king@example.com"
            }))),
            ("ChangeRoles" = (summary = "All roles from now on", value = json!({
                "system_roles": ["viewer"]
            }))),
        )),
    )),
    responses(
        (status = 200, description = "Changed.", body = UserView, headers(("ETag")), examples(
            ("UpdatedUser" = (summary = "A colleague", value = json!(sample_data::ada()))),
        )),
        UpdateErrors,
    ),
    security(
        ("access_token" = ["system_users:invite"]),
        ("access_token" = ["customers:invite"]),
        ("access_token" = []),
    ),
)]
#[patch("/v1/users/{id}", guard = "names_one")]
pub async fn update(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    let (user, condition) = (id(&path)?, etag::exact_condition(&request));
    let condition = (condition, representation::tag_of_user as fn(&_) -> _);
    let quotas = QuotaStatuses::of(&request);
    let updated = update_user(&state.services, &actor, user, condition, body.parse()?).await;
    let (changed, spent) = updated.map_err(|refusal| quotas.refused(refusal))?;
    quotas.note(&spent);
    representation::changed_user(&changed)
}
