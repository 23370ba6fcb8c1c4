//! The schema of each error response: a problem whose `code` is one of those that the response lists, with
//! the members that belong to these codes. So a client's compiler knows what an operation may be refused
//! with.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, ObjectBuilder, Ref, RefOr, Response,
        path::Operation,
        schema::{Object, Schema, Type},
    },
};

use super::{
    errors::{self, PROBLEM},
    problem_examples,
    problem_schemas::{AccountCandidate, InvitationCandidate, ProblemDocument},
};
use crate::http::response::error_codes::{self, Code};

/// The schemas, by name.
pub(super) type ProblemTypes = BTreeMap<String, RefOr<Schema>>;

/// A member of a problem that belongs to some codes.
struct Member {
    name: &'static str,
    /// The codes that always have it.
    always: &'static [&'static Code],
    /// Those that may have it.
    sometimes: &'static [&'static Code],
}

/// The members that do not belong to every code.
const MEMBERS: [Member; 4] = [
    Member { name: "errors", always: &[error_codes::VALIDATION_FAILED], sometimes: &[] },
    Member {
        name: "retry_after",
        always: &[error_codes::RESEND_TOO_SOON],
        sometimes: &[error_codes::RATE_LIMITED],
    },
    Member { name: "invitation_id", always: &[error_codes::INVITATION_PENDING], sometimes: &[] },
    Member { name: CANDIDATES, always: &[AMBIGUOUS_ACCOUNT, AMBIGUOUS_INVITATION], sometimes: &[] },
];
const CANDIDATES: &str = "candidates";
const AMBIGUOUS_ACCOUNT: &Code = error_codes::AMBIGUOUS_ACCOUNT;
const AMBIGUOUS_INVITATION: &Code = error_codes::AMBIGUOUS_INVITATION;

/// Gives each error response of an operation its schema.
pub(super) fn add(operation: &mut Operation, types: &mut ProblemTypes) {
    let operation_id = operation.operation_id.clone().unwrap_or_default();
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let codes = codes_of(response);
        let Some(RefOr::T(content)) = response.content.get_mut(PROBLEM) else { continue };
        let name = name(&operation_id, status, &codes);
        content.schema = Some(RefOr::Ref(Ref::from_schema_name(&name)));
        types.entry(name).or_insert_with(|| schema(&codes));
    }
}

/// The codes that a response lists, in the order of their names.
fn codes_of(response: &Response) -> Vec<&'static Code> {
    let mut codes: Vec<_> = errors::examples_of(response).filter_map(problem_examples::code).collect();
    codes.sort_by_key(|code| code.code);
    codes.dedup_by_key(|code| code.code);
    codes
}

/// Named after its codes, `ForbiddenProblem`. With three or more codes it is the operation's own:
/// `InviteSystemUser409Problem`.
fn name(operation_id: &str, status: &str, codes: &[&Code]) -> String {
    if codes.len() > 2 {
        let (first, rest) = operation_id.split_at(1);
        return format!("{}{rest}{status}Problem", first.to_uppercase());
    }
    let codes: Vec<String> = codes.iter().map(|code| errors::pascal(code.code)).collect();
    format!("{}Problem", codes.join("Or"))
}

fn schema(codes: &[&'static Code]) -> RefOr<Schema> {
    let mut whole = ProblemDocument::schema();
    let RefOr::T(Schema::Object(problem)) = &mut whole else { return whole };
    let names: Vec<String> = codes.iter().map(|code| format!("`{}`", code.code)).collect();
    problem.description = Some(format!("An error, as RFC 9457 has it: {}.", names.join(" or ")));
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("What went wrong, for programs."))
        .enum_values(Some(codes.iter().map(|code| code.code)));
    problem.properties.insert("code".to_owned(), code.into());
    for member in MEMBERS {
        limit(problem, &member, codes);
    }
    if let Some(item) = candidate(codes) {
        let candidates =
            Array::builder().items(Ref::from_schema_name(item)).description(Some("The matches."));
        problem.properties.insert(CANDIDATES.to_owned(), candidates.into());
    }
    whole
}

/// Removes a member that none of the codes has, and requires one that all of them have.
fn limit(problem: &mut Object, member: &Member, codes: &[&Code]) {
    if codes.iter().all(|code| is_among(code, member.always)) {
        problem.required.push(member.name.to_owned());
    }
    let has_it = |code: &&Code| is_among(code, member.always) || is_among(code, member.sometimes);
    if !codes.iter().any(has_it) {
        problem.properties.retain(|name, _| name != member.name);
    }
}

fn is_among(code: &Code, some: &[&Code]) -> bool {
    some.iter().any(|one| one.code == code.code)
}

/// What there are several of, where the codes say which of the two.
fn candidate(codes: &[&Code]) -> Option<String> {
    let has = |wanted: &Code| codes.iter().any(|code| code.code == wanted.code);
    match (has(AMBIGUOUS_ACCOUNT), has(AMBIGUOUS_INVITATION)) {
        (true, false) => Some(AccountCandidate::name().into_owned()),
        (false, true) => Some(InvitationCandidate::name().into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(codes: &[&'static Code]) -> Value {
        serde_json::to_value(schema(codes)).unwrap()
    }

    #[test]
    fn a_response_has_the_members_of_its_codes() {
        let pending = of(&[error_codes::INVITATION_PENDING]);
        assert_eq!(pending["properties"]["code"]["enum"], json!(["invitation_pending"]));
        assert!(pending["required"].as_array().unwrap().contains(&json!("invitation_id")));
        assert_eq!(
            (&pending["properties"]["errors"], &pending["properties"]["candidates"]),
            (&Value::Null, &Value::Null)
        );
        let several = of(&[error_codes::AMBIGUOUS_ACCOUNT, error_codes::INVITATION_PENDING]);
        assert!(!several["required"].as_array().unwrap().contains(&json!("invitation_id")));
        assert_eq!(
            several["properties"]["candidates"]["items"],
            json!({ "$ref": "#/components/schemas/AccountCandidate" })
        );
        let limited = of(&[error_codes::RATE_LIMITED]);
        assert!(limited["properties"]["retry_after"].is_object());
        assert!(!limited["required"].as_array().unwrap().contains(&json!("retry_after")));
    }

    #[test]
    fn names_are_those_of_codes_or_of_the_operation() {
        let three = [error_codes::FORBIDDEN, error_codes::NOT_FOUND, error_codes::UNAVAILABLE];
        assert_eq!(name("inviteBatch", "403", &three), "InviteBatch403Problem");
        assert_eq!(name("inviteBatch", "403", &three[..2]), "ForbiddenOrNotFoundProblem");
    }
}
