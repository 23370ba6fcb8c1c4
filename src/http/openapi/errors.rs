//! The error codes that an endpoint answers with: listed beside its handler by `errors!`, and made into its
//! responses here. Their status is that of the code.

use std::collections::{BTreeMap, btree_map::Entry};

use utoipa::openapi::{
    Content, Ref, RefOr, Response, ResponseBuilder, example::ExampleBuilder, path::Operation,
};

use super::{
    examples::Examples,
    problem_examples::{self, FAULTY_QUERY},
};
use crate::http::response::error_codes::{self, Code};

/// The media type of errors.
pub(super) const PROBLEM: &str = "application/problem+json";

/// The responses of an operation, by status.
pub type Responses = BTreeMap<String, RefOr<Response>>;

/// An error code of an endpoint, and when it is the answer.
pub struct ListedError {
    code: &'static Code,
    when: Option<&'static str>,
}

impl ListedError {
    /// The code; its title says when.
    pub const fn new(code: &'static Code) -> Self {
        Self { code, when: None }
    }

    /// When this endpoint answers with it: without a capital and a full stop.
    pub const fn when(self, when: &'static str) -> Self {
        Self { when: Some(when), ..self }
    }

    fn description(&self) -> String {
        let when = self.when.map_or_else(|| uncapitalized(self.code.title), str::to_owned);
        format!("`{}`: {when}.", self.code.code)
    }
}

/// Lists the error codes of an endpoint, each with the reason where its title does not say enough:
///
/// ```ignore
/// errors! {
///     GetErrors:
///     NOT_FOUND = "there is no such user, or the token may not see them";
/// }
/// ```
///
/// The names are those of `error_codes`. `#[utoipa::path]` takes the list among its `responses`. What
/// endpoints of a kind share (`unauthenticated`, `validation_failed`, `rate_limited` …) is added to all of
/// them and is listed only where an endpoint has a reason of its own.
macro_rules! errors {
    ($list:ident: $($code:ident $(= $when:literal)?;)+) => {
        #[doc = "The error codes of an endpoint."]
        pub struct $list;

        impl utoipa::IntoResponses for $list {
            fn responses() -> $crate::http::openapi::errors::Responses {
                let mut responses = $crate::http::openapi::errors::Responses::new();
                $($crate::http::openapi::errors::add(
                    &mut responses,
                    &$crate::http::openapi::errors::ListedError::new(
                        $crate::http::response::error_codes::$code
                    )$(.when($when))?,
                );)+
                responses
            }
        }
    };
}
pub(in crate::http) use errors;

/// Adds an error code to the responses of an endpoint, unless it is among them.
pub fn add(responses: &mut Responses, error: &ListedError) {
    let response = match responses.entry(error.code.status.to_string()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => place.insert(empty().into()),
    };
    let RefOr::T(Response { description, content, .. }) = response else { return };
    let Some(RefOr::T(content)) = content.get_mut(PROBLEM) else { return };
    if content.examples.contains_key(error.code.code) {
        return;
    }
    content.examples.insert(error.code.code.to_owned(), example(error.code.code));
    if !description.is_empty() {
        description.push(' ');
    }
    description.push_str(&error.description());
}

/// Its schema follows once all its codes are known: `problem_types`.
fn empty() -> ResponseBuilder {
    ResponseBuilder::new().content(PROBLEM, Content::default())
}

fn example<T>(name: &str) -> RefOr<T> {
    RefOr::Ref(Ref::new(format!("#/components/examples/{name}")))
}

/// The examples of errors in a response: they are named after the codes.
pub(super) fn examples_of(response: &Response) -> impl Iterator<Item = &str> {
    let content = response.content.get(PROBLEM).and_then(|content| match content {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    });
    content.into_iter().flat_map(|content| content.examples.keys()).map(String::as_str)
}

/// Makes components of the examples that the errors of an operation point to. One without a body has no
/// faulty members: its `validation_failed` is shown with parameters.
pub(super) fn hoist_examples(operation: &mut Operation, has_body: bool, examples: &mut Examples) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let Some(RefOr::T(content)) = response.content.get_mut(PROBLEM) else { continue };
        if !has_body && content.examples.remove(error_codes::VALIDATION_FAILED.code).is_some() {
            content.examples.insert(FAULTY_QUERY.to_owned(), example(FAULTY_QUERY));
        }
        for name in content.examples.keys() {
            let Some((summary, value)) = problem_examples::example(name) else { continue };
            let example = || RefOr::T(ExampleBuilder::new().summary(summary).value(Some(value)).build());
            examples.entry(name.clone()).or_insert_with(example);
        }
    }
}

/// A code as a part of a component's name: `NotFound`.
pub(super) fn pascal(code: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    code.split('_').filter(|part| !part.is_empty()).map(word).collect()
}

/// A title within a sentence: `If-Match` keeps its capital.
fn uncapitalized(title: &str) -> String {
    let (first, rest) = title.split_at(1);
    let is_name = title.split(' ').next().is_some_and(|word| word.contains('-'));
    if is_name { title.to_owned() } else { format!("{}{rest}", first.to_lowercase()) }
}

#[cfg(test)]
mod tests {
    use utoipa::IntoResponses;

    use super::*;

    errors! {
        SomeErrors:
        NOT_FOUND = "there is no such thing";
        PRECONDITION_FAILED;
        INVITATION_PENDING;
        LAST_OWNER = "one remains";
    }

    #[test]
    fn codes_of_one_status_are_one_response() {
        let mut responses = SomeErrors::responses();
        add(&mut responses, &ListedError::new(error_codes::NOT_FOUND).when("another reason"));
        let described = responses.iter().map(|(status, response)| {
            let RefOr::T(response) = response else { panic!("{status}") };
            let codes: Vec<_> =
                examples_of(response).filter_map(problem_examples::code).map(|code| code.code).collect();
            (status.as_str(), response.description.as_str(), codes)
        });
        assert_eq!(
            described.collect::<Vec<_>>(),
            [
                ("404", "`not_found`: there is no such thing.", vec!["not_found"]),
                (
                    "409",
                    "`invitation_pending`: the person has a live invitation already. `last_owner`: one \
                    remains.",
                    vec!["invitation_pending", "last_owner"]
                ),
                (
                    "412",
                    "`precondition_failed`: If-Match does not name the present state.",
                    vec!["precondition_failed"]
                ),
            ]
        );
    }
}
