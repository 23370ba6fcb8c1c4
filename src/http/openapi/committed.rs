//! The contract as it is committed: what is served, and what the program reads of it.
//!
//! It is what the handlers say, which a test compares (`requests::contract`). To collect it from them at each
//! start takes 20 ms and 20 MB, most of which a process keeps.

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde::Deserialize;

use super::{errors::PROBLEM, problem_examples};

/// The document.
pub const TEXT: &str = include_str!("../../../openapi/openapi.json");

/// The server in the committed document: that of the default settings.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// What the program reads of the document.
#[derive(Debug, Deserialize)]
pub struct Contract {
    /// By path, with parameters in braces.
    pub paths: BTreeMap<String, PathItem>,
    components: Components,
}

/// The operations of a path.
#[derive(Debug, Deserialize)]
pub struct PathItem {
    get: Option<Operation>,
    post: Option<Operation>,
    put: Option<Operation>,
    patch: Option<Operation>,
    delete: Option<Operation>,
}

/// An operation.
#[derive(Debug, Deserialize)]
pub struct Operation {
    #[serde(default)]
    security: Vec<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    responses: BTreeMap<String, Response>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Components {
    responses: BTreeMap<String, Response>,
}

#[derive(Debug, Deserialize)]
struct Response {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(default)]
    content: BTreeMap<String, Content>,
}

#[derive(Debug, Deserialize)]
struct Content {
    #[serde(default)]
    examples: BTreeMap<String, Example>,
}

#[derive(Debug, Deserialize)]
struct Example {
    /// Where it is. Those of problems are components, which are named after the codes.
    #[serde(rename = "$ref")]
    reference: Option<String>,
}

impl Contract {
    /// Reads it.
    ///
    /// # Errors
    /// When the committed file is no such document.
    pub fn read() -> Result<Self, serde_json::Error> {
        serde_json::from_str(TEXT)
    }

    /// The error codes that posting to this path may be answered with.
    pub fn codes_of<'a>(&'a self, path: &str) -> impl Iterator<Item = &'static str> + use<'a> {
        let operation = self.paths.get(path).and_then(|item| item.post.as_ref());
        let answers = operation.into_iter().flat_map(|operation| operation.responses.values());
        let shared = |reference: &str| self.components.responses.get(reference.rsplit('/').next()?);
        let whole = answers.filter_map(move |answer| match &answer.reference {
            None => Some(answer),
            Some(reference) => shared(reference),
        });
        let examples = whole.filter_map(|answer| answer.content.get(PROBLEM));
        let references =
            examples.flat_map(|content| content.examples.values()).filter_map(|one| one.reference.as_ref());
        let names = references.filter_map(|reference| reference.rsplit('/').next());
        names.filter_map(problem_examples::code).map(|code| code.code)
    }
}

impl PathItem {
    /// The operations by method, in the order in which `Allow` names them.
    pub fn operations(&self) -> impl Iterator<Item = (Method, &Operation)> {
        let all = [
            (Method::GET, &self.get),
            (Method::POST, &self.post),
            (Method::PUT, &self.put),
            (Method::PATCH, &self.patch),
            (Method::DELETE, &self.delete),
        ];
        all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
    }
}

impl Operation {
    /// Whether no access token is asked for.
    pub fn is_public(&self) -> bool {
        self.security.iter().all(BTreeMap::is_empty)
    }

    /// Whether it answers with a page of a list.
    pub fn is_list(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.name.as_deref() == Some("cursor"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_and_names_codes_and_methods() {
        let contract = Contract::read().unwrap();
        let invite = "/v1/system-users/invitations";
        let codes: Vec<_> = contract.codes_of(invite).collect();
        // One of the operation's own, and one of a response that several share.
        assert!(codes.contains(&"invitation_pending") && codes.contains(&"forbidden"), "{codes:?}");
        let list = contract.paths["/v1/users"].operations().next().unwrap().1;
        assert!(list.is_list() && !list.is_public());
        let preview = contract.paths["/v1/activations/preview"].operations().next().unwrap().1;
        assert!(preview.is_public() && !preview.is_list());
    }
}
