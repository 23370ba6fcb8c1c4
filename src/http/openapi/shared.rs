//! Error responses that several operations share: components that they refer to.

use std::collections::BTreeMap;

use utoipa::openapi::{OpenApi, Ref, RefOr, Response};

use super::{super::middleware::rate_limit::policy::policy, errors};

/// Moves them out of the operations.
pub(super) fn responses(document: &mut OpenApi) -> BTreeMap<String, RefOr<Response>> {
    let mut seen: Vec<(String, Response, usize)> = Vec::new();
    each(document, |name, response| {
        let RefOr::T(response) = response else { return };
        match seen.iter_mut().find(|(known, same, _)| *known == name && same == response) {
            Some((.., times)) => *times += 1,
            None => seen.push((name, response.clone(), 1)),
        }
    });
    // Of several with one name the most frequent one is shared; the others stay in their operations.
    seen.retain(|(.., times)| *times > 1);
    seen.sort_by_key(|(.., times)| *times);
    let shared: BTreeMap<String, Response> =
        seen.into_iter().map(|(name, response, _)| (name, response)).collect();
    each(document, |name, response| {
        if matches!(response, RefOr::T(one) if shared.get(&name) == Some(one)) {
            *response = RefOr::Ref(Ref::from_response_name(name));
        }
    });
    shared.into_iter().map(|(name, response)| (name, RefOr::T(response))).collect()
}

/// Calls `look` with every error response and the name of its component.
fn each(document: &mut OpenApi, mut look: impl FnMut(String, &mut RefOr<Response>)) {
    for (path, item) in &mut document.paths.paths {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for response in operation.responses.responses.values_mut() {
                let name = match response {
                    RefOr::T(response) => name(path, response),
                    RefOr::Ref(_) => None,
                };
                if let Some(name) = name {
                    look(name, response);
                }
            }
        }
    }
}

/// Named after its codes: `ForbiddenOrRoleExceedsYours`. With three or more codes the name would be too long.
fn name(path: &str, response: &Response) -> Option<String> {
    let codes: Vec<String> = errors::examples_of(response).map(errors::pascal).collect();
    if codes.is_empty() || codes.len() > 2 {
        return None;
    }
    let kind = if policy(path).is_some() { "OfLimitedRoute" } else { "" };
    Some(format!("{}{kind}", codes.join("Or")))
}
