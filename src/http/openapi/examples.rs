//! Examples are written beside their handlers. Here they become components, and operations refer to them.

use std::collections::BTreeMap;

use utoipa::openapi::{Content, Ref, RefOr, example::Example, request_body::RequestBody};

/// The components, by name.
pub(super) type Examples = BTreeMap<String, RefOr<Example>>;

/// Moves the examples of one content among the components.
pub(super) fn hoist(content: &mut Content, examples: &mut Examples) {
    for (name, example) in &mut content.examples {
        let place = Ref::new(format!("#/components/examples/{name}"));
        let example = std::mem::replace(example, RefOr::Ref(place));
        let known = examples.entry(name.clone()).or_insert_with(|| example.clone());
        debug_assert!(*known == example, "two examples are called {name}");
    }
}

/// Moves those of a request. What is shown of one media type holds for those that show nothing.
pub(super) fn hoist_request(body: &mut RequestBody, examples: &mut Examples) {
    for content in body.content.values_mut() {
        if let RefOr::T(content) = content {
            hoist(content, examples);
        }
    }
    let shown = body.content.values().find_map(|content| match content {
        RefOr::T(content) if !content.examples.is_empty() => Some(content.examples.clone()),
        _ => None,
    });
    for content in body.content.values_mut() {
        if let (RefOr::T(content), Some(shown)) = (content, &shown)
            && content.examples.is_empty()
        {
            content.examples.clone_from(shown);
        }
    }
}
