//! What an error answer looks like, and an example for every code that an operation names.

use std::borrow::Cow;

use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        extensions::ExtensionsBuilder,
        schema::{Schema, Type},
    },
};

use super::{
    super::response::{
        error_codes::{self, Code},
        problem::Problem,
        views::InvitationAccount,
    },
    sample_data,
};
use crate::{
    domain::{
        account::AccountName,
        field_error::FieldError,
        ids::{AccountId, InvitationId},
        invitation::{DeadLink, InvitationKind},
        letter_quota::{LettersSpent, LimitScope, Standing},
    },
    services::ServiceError,
};

/// An error, as RFC 9457 has it. Programs act on `code`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `Problem::document` writes")]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// A page that explains the code.
    #[schema(format = "uri")]
    r#type: String,
    /// The code in a few words.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time, for people.
    detail: String,
    /// What went wrong, for programs.
    code: ErrorCode,
    /// As in `X-Request-Id`.
    request_id: String,
    /// With `validation_failed`: every faulty member or parameter, the first 100 of them; of an item of a batch the first 10.
    #[schema(required = false, max_items = 100)]
    errors: Vec<FieldErrorDocument>,
    /// With `resend_too_soon`, and `rate_limited` of letters: so many seconds to wait, as in `Retry-After`.
    #[schema(required = false, minimum = 1)]
    retry_after: u32,
    /// With `invitation_pending`: the invitation to resend.
    #[schema(required = false)]
    invitation_id: InvitationId,
    /// With `ambiguous_account` and `ambiguous_invitation`: what was meant, perhaps; of an item of a batch the first 10.
    #[schema(required = false)]
    candidates: Vec<Candidate>,
}

/// One faulty member or parameter.
#[derive(ToSchema)]
#[schema(as = FieldError)]
#[expect(dead_code, reason = "it describes what `Problem::body` and `Problem::query` write")]
pub struct FieldErrorDocument {
    /// A JSON Pointer into the body; empty for the body itself.
    #[schema(required = false, examples("/email"))]
    pointer: String,
    /// The query parameter, instead of a pointer.
    #[schema(required = false, examples("limit"))]
    parameter: String,
    /// What is wrong, for programs.
    code: FieldErrorCode,
    /// What is wrong, for people, and how to put it right.
    detail: String,
}

/// What was meant, perhaps.
#[derive(ToSchema)]
#[schema(as = Candidate)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what `From<Refusal>` writes")]
pub enum Candidate {
    /// With `ambiguous_account`.
    Account(AccountCandidate),
    /// With `ambiguous_invitation`.
    Invitation(InvitationCandidate),
}

/// An account of the name that was given.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `From<Refusal>` writes")]
pub struct AccountCandidate {
    /// To be sent as `account_id`.
    id: AccountId,
    /// Its name.
    name: Option<AccountName>,
    /// The account above it; null for a top-level account.
    parent_account_id: Option<AccountId>,
}

/// An invitation that awaits an answer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `From<Refusal>` writes")]
pub struct InvitationCandidate {
    /// To be resent by.
    id: InvitationId,
    /// What the person is invited to become.
    kind: InvitationKind,
    /// The account that the person is invited to; null for a system user.
    account: Option<InvitationAccount>,
}

/// Every code, from the one table of them.
pub struct ErrorCode;

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let all: Vec<&str> = error_codes::ALL.iter().map(|code| code.code).collect();
        let list: Vec<String> =
            error_codes::ALL.iter().map(|code| format!("- `{}` ({}): {}", code.code, code.status, code.title)).collect();
        let list = list.join(
            "
",
        );
        let words =
            format!("What went wrong, for programs. Stable; more may come: take one that is unknown by its status.\n\n{list}");
        open_set(&words, &all, "validation_failed")
    }
}

impl ToSchema for ErrorCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ErrorCode")
    }
}

/// The codes of faulty members and parameters.
const FIELD_CODES: [&str; 38] = [
    "required",
    "not_applicable",
    "unknown_member",
    "duplicate_member",
    "wrong_type",
    "unknown_value",
    "too_few",
    "too_many",
    "too_short",
    "too_long",
    "control_characters",
    "invalid_name",
    "invalid_email",
    "email_mismatch",
    "invalid_id",
    "unknown_role",
    "duplicate_role",
    "duplicate_id",
    "unknown_locale",
    "unknown_country",
    "driver_of_subsidiary",
    "rate_malformed",
    "rate_not_positive",
    "rate_too_many_decimals",
    "rate_too_large",
    "vat_number_malformed",
    "vat_number_other_country",
    "vat_number_check_digits",
    "vat_exempt_with_number",
    "password_common",
    "password_guessable",
    "password_contains_identity",
    "password_wrong",
    "unknown_parameter",
    "duplicate_parameter",
    "invalid_limit",
    "invalid_cursor",
    "invalid_search",
];

/// What may be wrong with one member or parameter.
pub struct FieldErrorCode;

impl PartialSchema for FieldErrorCode {
    fn schema() -> RefOr<Schema> {
        open_set(
            "What is wrong with a member or a parameter, for programs. Stable; more may come.",
            &FIELD_CODES,
            "invalid_email",
        )
    }
}

impl ToSchema for FieldErrorCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FieldErrorCode")
    }
}

/// Words of which there may be more one day.
fn open_set(description: &str, words: &[&str], example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([json!(example)])
        .extensions(Some(ExtensionsBuilder::new().add("x-extensible-enum", json!(words)).build()))
        .into()
}

/// The name of the example of faulty parameters; that of a code is the code itself.
const FAULTY_QUERY: &str = "validation_failed_query";

/// The examples for the codes that a response's description names.
pub(super) fn named_in(description: &str, has_body: bool) -> Vec<&'static str> {
    let words = description.split('`').skip(1).step_by(2);
    let codes = words.filter_map(error_codes::find).map(|code| code.code);
    codes.map(|code| if code == error_codes::VALIDATION_FAILED.code && !has_body { FAULTY_QUERY } else { code }).collect()
}

/// The example of that name, with a few words.
pub(super) fn example(name: &str) -> Option<(&'static str, Value)> {
    let problem = match name {
        FAULTY_QUERY => Problem::query(
            &[
                FieldError::new("limit", "invalid_limit", "This takes a whole number from 1; above 200 is taken as 200."),
                FieldError::new("stauts", "unknown_parameter", "This parameter is not known here. Is it mistyped?"),
            ]
            .into(),
        ),
        code => of(error_codes::find(code)?),
    };
    Some((problem.code.title, problem.document(sample_data::PUBLIC_URL, sample_data::REQUEST_ID)))
}

fn of(code: &'static Code) -> Problem {
    let refused = refusals().into_iter().map(Problem::from).find(|problem| problem.code.code == code.code);
    refused.unwrap_or_else(|| match code.code {
        "validation_failed" => Problem::body(
            &[
                FieldError::new(
                    "/email",
                    "invalid_email",
                    "This is not an e-mail address: it needs one @ and a domain name with a dot, as in ada@example.com.",
                ),
                FieldError::new("/rolls", "unknown_member", "This member is not known here. Is it mistyped?"),
            ]
            .into(),
        ),
        "ambiguous_account" => Problem::new(code, "Several accounts have this name. Choose one by account_id.")
            .with("candidates", sample_data::account_candidates()),
        "ambiguous_invitation" => {
            Problem::new(code, "Several invitations await an answer.").with("candidates", sample_data::invitation_candidates())
        }
        // Those that no verb refuses with: their help is what is said in general.
        _ => Problem::new(code, code.help),
    })
}

/// What verbs refuse with: an example says what the service says.
fn refusals() -> Vec<ServiceError> {
    vec![
        ServiceError::Forbidden("system_users:invite"),
        ServiceError::RoleExceedsYours,
        ServiceError::NotFound,
        ServiceError::InvitationPending(sample_data::invitation_id()),
        ServiceError::AlreadySystemUser,
        ServiceError::AlreadyAccountOwner,
        ServiceError::AlreadyMember,
        ServiceError::LastOwner,
        ServiceError::AccountNotFound,
        ServiceError::ParentNotBusiness,
        ServiceError::ParentNotActive,
        ServiceError::NotPending,
        ServiceError::PreconditionRequired,
        ServiceError::TooSoon(42),
        ServiceError::LettersSpent(LettersSpent {
            retry_after: 3600,
            standings: vec![Standing { scope: LimitScope::Mailbox, quota: 6, remaining: 0, reset: 86_000 }],
        }),
        ServiceError::InvalidLink,
        ServiceError::DeadLink(DeadLink::Revoked),
        ServiceError::DeadLink(DeadLink::Used),
        ServiceError::DeadLink(DeadLink::Superseded),
        ServiceError::DeadLink(DeadLink::Expired),
        ServiceError::CursorMismatch,
        ServiceError::InvalidCredentials,
        ServiceError::RenewalDisabled,
        ServiceError::LinkStillValid,
        ServiceError::Busy("The database is away or busy. Nothing was changed."),
    ]
}
