//! The schema of errors.

use std::borrow::Cow;

use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

use crate::domain::{
    account::AccountName,
    ids::{AccountId, InvitationId},
    invitation::InvitationKind,
};
use crate::http::response::{error_codes, field_error_codes, views::InvitationAccount};

/// An error, as RFC 9457 has it. Programs act on `code`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `Problem::document` writes")]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// The address of a page that explains the code.
    #[schema(format = "uri")]
    r#type: String,
    /// The code in a few words.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong in this case, for people.
    detail: String,
    /// What went wrong, for programs.
    code: ErrorCode,
    /// As in `X-Request-Id`.
    request_id: String,
    /// With `validation_failed`: every faulty member or parameter, the first 100 of them; for an item of a
    /// batch the first 10.
    #[schema(required = false, max_items = 100)]
    errors: Vec<FieldErrorDocument>,
    /// With `resend_too_soon`, and with `rate_limited` for letters: seconds to wait, as in `Retry-After`.
    #[schema(required = false, minimum = 1)]
    retry_after: u32,
    /// With `invitation_pending`: the id of that invitation.
    #[schema(required = false)]
    invitation_id: InvitationId,
    /// With `ambiguous_account` and `ambiguous_invitation`: the matches; for an item of a batch the first 10.
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
    /// What is wrong, for people, and how to correct it.
    detail: String,
}

/// A match.
#[derive(ToSchema)]
#[schema(as = Candidate)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what `From<&ServiceError>` writes")]
pub enum Candidate {
    /// With `ambiguous_account`.
    Account(AccountCandidate),
    /// With `ambiguous_invitation`.
    Invitation(InvitationCandidate),
}

/// An account with the name in the request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `From<&ServiceError>` writes")]
pub struct AccountCandidate {
    /// To be sent as `account_id`.
    id: AccountId,
    /// Its name.
    name: Option<AccountName>,
    /// The account above it; null for a top-level account.
    parent_account_id: Option<AccountId>,
}

/// A pending invitation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `From<&ServiceError>` writes")]
pub struct InvitationCandidate {
    /// For its resend.
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
        let list: Vec<String> = error_codes::ALL
            .iter()
            .map(|code| format!("- `{}` ({}): {}", code.code, code.status, code.title))
            .collect();
        let list = list.join("\n");
        let words = format!(
            "What went wrong, for programs. Stable; more may be added: treat an unknown one by its \
            status.\n\n{list}"
        );
        words_of(&words, &all, "validation_failed")
    }
}

impl ToSchema for ErrorCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ErrorCode")
    }
}

/// What may be wrong with one member or parameter.
pub struct FieldErrorCode;

impl PartialSchema for FieldErrorCode {
    fn schema() -> RefOr<Schema> {
        words_of(
            "What is wrong with a member or a parameter, for programs. Stable; more may be added.",
            &field_error_codes::ALL,
            "invalid_email",
        )
    }
}

impl ToSchema for FieldErrorCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FieldErrorCode")
    }
}

/// An `enum`, so that the compiler of a client knows the words it switches over. The set may grow all the
/// same, as the description says.
fn words_of(description: &str, words: &[&str], example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([json!(example)])
        .enum_values(Some(words.iter().copied()))
        .into()
}
