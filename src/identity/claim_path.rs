//! Where a claim is in a token, and the texts in it. Names of claims contain dots, colons and whole URLs, so
//! that a path is a list of names and no text with a separator.

use std::fmt;

use serde_json::{Map, Value};

/// The names that lead to a claim, from the outermost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    /// A claim at the top.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// The path by these names; `None` without any, or with an empty one.
    #[must_use]
    pub fn of_names(names: Vec<String>) -> Option<Self> {
        (!names.is_empty() && names.iter().all(|name| !name.is_empty())).then_some(Self(names))
    }

    /// A JSON Pointer (RFC 6901) when the text begins with `/`; any other text is one name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('/') {
            None => Self::of_names(vec![text.to_owned()]),
            Some(pointer) => Self::of_names(pointer.split('/').map(unescaped).collect::<Option<_>>()?),
        }
    }

    /// The name, where there is one alone.
    #[must_use]
    pub fn only_name(&self) -> Option<&str> {
        match self.0.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }

    pub(super) fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |value, name| value.get(name))
    }

    /// The texts of the claim: the items of a list, the names of an object's members (as Zitadel lists
    /// roles), or a text, whole and in its parts between blanks (as `scope`, RFC 6749 §3.3).
    pub(super) fn texts<'a>(&self, claims: &'a Map<String, Value>) -> Vec<&'a str> {
        match self.find(claims) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::Object(members)) => members.keys().map(String::as_str).collect(),
            Some(Value::String(text)) => {
                let parts = text.split_ascii_whitespace().filter(|part| part != text);
                std::iter::once(text.as_str()).chain(parts).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The claim, where it is a text.
    pub(super) fn text<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a str> {
        self.find(claims)?.as_str()
    }
}

/// RFC 6901 §4: `~1` is a slash and `~0` a tilde; any other tilde is a mistake.
fn unescaped(name: &str) -> Option<String> {
    let mut parts = name.split('~');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escaped, rest) = match part.as_bytes().first()? {
            b'0' => ('~', &part[1..]),
            b'1' => ('/', &part[1..]),
            _ => return None,
        };
        whole.push(escaped);
        whole.push_str(rest);
    }
    Some(whole)
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|name| write!(f, "/{}", name.replace('~', "~0").replace('/', "~1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(path: &str, claims: &Value) -> Vec<String> {
        let path = ClaimPath::parse(path).unwrap();
        path.texts(claims.as_object().unwrap()).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn roles_are_found_as_each_provider_writes_them() {
        let keycloak = json!({ "realm_access": { "roles": ["portal-admin", "offline_access"] } });
        assert_eq!(texts("/realm_access/roles", &keycloak), ["portal-admin", "offline_access"]);
        let zitadel = json!({ "urn:zitadel:iam:org:project:roles": { "support": { "1": "acme.example" } } });
        assert_eq!(texts("urn:zitadel:iam:org:project:roles", &zitadel), ["support"]);
        let auth0 = json!({ "https://example.com/roles": ["a"] });
        assert_eq!(texts("https://example.com/roles", &auth0), ["a"]);
        assert_eq!(texts("/https:~1~1example.com~1roles", &auth0), ["a"]);
        assert_eq!(texts("roles", &json!({ "roles": ["Admin", 3, null] })), ["Admin"]);
        assert_eq!(texts("scope", &json!({ "scope": "a:b  c" })), ["a:b  c", "a:b", "c"]);
        assert_eq!(texts("scope", &json!({ "scope": "a:b" })), ["a:b"]);
        for other in [json!({}), json!({ "roles": 3 }), json!({ "roles": null }), json!({ "roles": true })] {
            assert_eq!(texts("roles", &other), [""; 0], "{other}");
        }
        assert_eq!(texts("/realm_access/roles", &json!({ "realm_access": "roles" })), [""; 0]);
        assert_eq!(texts("/a/0", &json!({ "a": ["x"] })), [""; 0], "a name is no index");
    }

    #[test]
    fn paths_are_pointers_or_names() {
        for bad in ["", "/", "/a//b", "/a~", "/a~2b"] {
            assert_eq!(ClaimPath::parse(bad), None, "{bad}");
        }
        assert_eq!(ClaimPath::parse("/a~01").unwrap().to_string(), "/a~01");
        assert_eq!(ClaimPath::parse("realm_access.roles").unwrap().only_name(), Some("realm_access.roles"));
        assert_eq!(ClaimPath::parse("/a/b").unwrap().only_name(), None);
    }
}
