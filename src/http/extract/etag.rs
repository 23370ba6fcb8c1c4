//! Entity tags (RFC 9110 §8.8.3) of invitations: the state in an answer, and the state that a change is meant
//! for.

use actix_web::{
    HttpRequest,
    http::header::{EntityTag, Header, IF_MATCH, IfMatch},
};
use chrono::{DateTime, Utc};

use crate::{
    domain::{invitation::Invitation, revision::Revision},
    http::response::{digest::digest, views::InvitationView},
    services::update::{Condition, NoMatch},
};

/// The tag of an invitation in an answer with this body, without quotation marks: its revision, which
/// `If-Match` is compared by, a dot, and the digest of the body, for `If-None-Match`.
pub fn of(invitation: &Invitation, body: &[u8]) -> String {
    format!("{}.{}", Revision::of(invitation).as_str(), digest(body))
}

/// The same where the invitation itself is not in the answer: as it would be shown at `now`.
pub fn of_unshown(invitation: &Invitation, now: DateTime<Utc>) -> String {
    let view = serde_json::to_vec(&InvitationView::of(invitation, now)).unwrap_or_default();
    of(invitation, &view)
}

/// A strong tag as headers have it.
pub fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

/// The revision in a tag. What follows the dot does not count for `If-Match`, so that a tag still matches
/// that has the end of a compressed answer's (`-gzip`, which Apache's `mod_deflate` adds too).
fn revision(tag: &str) -> &str {
    tag.split_once('.').map_or(tag, |(revision, _)| revision)
}

/// The condition in `If-Match` about an invitation: the revisions that it names.
pub fn condition(request: &HttpRequest) -> Condition {
    match exact_condition(request) {
        Condition::OneOf(tags) => Condition::OneOf(tags.iter().map(|tag| revision(tag).to_owned()).collect()),
        other => other,
    }
}

/// A tag without what proxies add to that of a compressed answer, as Apache's `mod_deflate` does.
fn uncompressed(tag: &str) -> &str {
    tag.strip_suffix("-gzip").or_else(|| tag.strip_suffix(";gzip")).unwrap_or(tag)
}

/// The condition in `If-Match`. Tags are compared strongly (§8.8.3.2, §13.1.1): weak and malformed ones
/// never match.
pub fn exact_condition(request: &HttpRequest) -> Condition {
    if !request.headers().contains_key(IF_MATCH) {
        return Condition::Absent;
    }
    match IfMatch::parse(request) {
        Ok(IfMatch::Any) => Condition::Any,
        Ok(IfMatch::Items(tags)) => one_of(&tags),
        Err(_) => Condition::Never(NoMatch::Malformed),
    }
}

fn one_of(tags: &[EntityTag]) -> Condition {
    let strong: Vec<_> =
        tags.iter().filter(|tag| !tag.weak).map(|tag| uncompressed(tag.tag()).to_owned()).collect();
    match (strong.is_empty(), tags.is_empty()) {
        (false, _) => Condition::OneOf(strong),
        (true, false) => Condition::Never(NoMatch::Weak),
        (true, true) => Condition::Never(NoMatch::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn if_match_is_read() {
        let read = |lines: &[&str]| {
            let request = lines
                .iter()
                .fold(TestRequest::default(), |request, line| request.append_header((IF_MATCH, *line)));
            match condition(&request.to_http_request()) {
                Condition::Absent => vec!["absent".to_owned()],
                Condition::Any => vec!["any".to_owned()],
                Condition::OneOf(tags) => tags,
                Condition::Never(NoMatch::Weak) => vec!["weak".to_owned()],
                Condition::Never(NoMatch::Malformed) => vec!["malformed".to_owned()],
            }
        };
        assert_eq!(read(&[]), ["absent"]);
        assert_eq!(read(&["*"]), ["any"]);
        assert_eq!(read(&["\"a\""]), ["a"]);
        assert_eq!(read(&["\"a\", W/\"b\",\"c\""]), ["a", "c"]);
        assert_eq!(read(&["\"a\"", "\"b\""]), ["a", "b"]);
        assert_eq!(read(&["\"a.digest\", \".\""]), ["a", ""]);
        assert_eq!(read(&["\"a.digest-gzip\"", "\"b.digest;gzip\""]), ["a", "b"]);
        for weak in ["W/\"a\"", "W/\"a\", W/\"b\"", "W/\"a\", b"] {
            assert_eq!(read(&[weak]), ["weak"], "{weak}");
        }
        for nothing in ["", "a", "\"a", "w/\"a\"", "\u{fc}"] {
            assert_eq!(read(&[nothing]), ["malformed"], "{nothing}");
        }
    }
}
