//! An example for every error code.

use std::sync::Arc;

use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use super::sample_data;
use crate::http::response::{
    error_codes::{self, Code},
    problem::Problem,
};
use crate::{
    domain::{
        field_error::FieldError,
        invitation::DeadLink,
        letter_quota::{LettersSpent, LimitScope, QuotaStatus},
        webhooks::MAX_ENDPOINTS,
    },
    services::ServiceError,
};

/// The name of the example of faulty parameters; that of a code is the code itself.
pub(super) const FAULTY_QUERY: &str = "validation_failed_query";

/// The code of the example of that name.
pub(super) fn code(name: &str) -> Option<&'static Code> {
    if name == FAULTY_QUERY { Some(error_codes::VALIDATION_FAILED) } else { error_codes::find(name) }
}

/// The example of that name, with its title.
pub(super) fn example(name: &str) -> Option<(&'static str, Value)> {
    let problem = match name {
        FAULTY_QUERY => Problem::query(
            &[
                FieldError::new(
                    "limit",
                    "invalid_limit",
                    "This takes a whole number from 1; above 200 is taken as 200.",
                ),
                FieldError::new(
                    "stauts",
                    "unknown_parameter",
                    "This parameter is not known here. Is it mistyped?",
                ),
            ]
            .into(),
        ),
        code => of(error_codes::find(code)?),
    };
    Some((problem.code.title, problem.document(sample_data::PUBLIC_URL, sample_data::REQUEST_ID)))
}

/// The same as text, for the results of a batch.
pub(in crate::http) fn raw(name: &str) -> Option<Box<RawValue>> {
    to_raw_value(&example(name)?.1).ok()
}

fn of(code: &'static Code) -> Problem {
    let refused = refusals().into_iter().map(Problem::from).find(|problem| problem.code.code == code.code);
    refused.unwrap_or_else(|| match code.code {
        "validation_failed" => Problem::body(
            &[
                FieldError::new(
                    "/email",
                    "invalid_email",
                    "This is not an e-mail address: it needs one @ and a domain name with a dot, as in \
                    ada@example.com.",
                ),
                FieldError::new("/rolls", "unknown_member", "This member is not known here. Is it mistyped?"),
            ]
            .into(),
        ),
        "ambiguous_account" => Problem::from(ServiceError::AmbiguousAccount(Arc::default()))
            .with("candidates", sample_data::account_candidates()),
        "ambiguous_invitation" => Problem::from(ServiceError::Ambiguous(Vec::new()))
            .with("candidates", sample_data::invitation_candidates()),
        // Codes that are not errors of operations: their help serves as the text.
        _ => Problem::new(code, code.help),
    })
}

/// Errors of operations: their examples have the texts of real answers.
fn refusals() -> Vec<ServiceError> {
    vec![
        ServiceError::Forbidden("system_users:invite"),
        ServiceError::RoleExceedsYours,
        ServiceError::ScopeExceedsYours,
        ServiceError::ApiClientRevoked,
        ServiceError::ApiClientExpired,
        ServiceError::TooManyEndpoints(MAX_ENDPOINTS),
        ServiceError::EndpointInactive,
        ServiceError::ReplayUnfinished,
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
        ServiceError::NotCheckable("What became of the letter is known, and final.".to_owned()),
        ServiceError::CheckedTooSoon(7),
        ServiceError::LettersSpent(LettersSpent {
            retry_after: 3600,
            quota_statuses: vec![QuotaStatus {
                scope: LimitScope::Mailbox,
                quota: 6,
                remaining: 0,
                reset: 86_000,
            }],
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
