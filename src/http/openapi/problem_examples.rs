//! An example for every error code that an operation names.

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
        letter_quota::{LettersSpent, LimitScope, Standing},
    },
    services::ServiceError,
};

/// The name of the example of faulty parameters; that of a code is the code itself.
const FAULTY_QUERY: &str = "validation_failed_query";

/// The examples for the codes that a response's description names.
pub(super) fn named_in(description: &str, has_body: bool) -> Vec<&'static str> {
    let words = description.split('`').skip(1).step_by(2);
    let codes = words.filter_map(error_codes::find).map(|code| code.code);
    codes
        .map(
            |code| if code == error_codes::VALIDATION_FAILED.code && !has_body { FAULTY_QUERY } else { code },
        )
        .collect()
}

/// The example of that name, with a few words.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A code that is mistyped in a description would have no example, and metrics would not know it.
    #[test]
    fn every_refusal_names_codes_and_each_has_its_status() {
        let document = serde_json::to_value(crate::http::document()).unwrap();
        let mut refusals = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            let operations =
                item.as_object().unwrap().values().filter_map(|operation| operation["responses"].as_object());
            for (status, response) in operations.flatten() {
                let shared = response["$ref"]
                    .as_str()
                    .and_then(|place| document.pointer(place.trim_start_matches('#')));
                let response = shared.unwrap_or(response);
                let Some(content) = response["content"].get("application/problem+json") else { continue };
                let names: Vec<&String> = content["examples"].as_object().unwrap().keys().collect();
                assert!(!names.is_empty(), "{path} {status}");
                for name in names {
                    let code = error_codes::find(name.trim_end_matches("_query")).unwrap();
                    assert_eq!(code.status.to_string(), *status, "{path}: {name}");
                }
                refusals += 1;
            }
        }
        assert!(refusals > 100);
    }
}
