//! Entity tags (RFC 9110 §8.8.3): the state of an invitation in an answer, and the state that a change is
//! meant for.

use actix_web::{
    HttpRequest,
    http::header::{Header, IF_MATCH, IfMatch},
};

use crate::{
    domain::{invitation::Invitation, revision::Revision},
    services::update::Condition,
};

/// The tag of an invitation.
pub fn of(invitation: &Invitation) -> String {
    quoted(&Revision::of(invitation))
}

/// A revision as a strong tag.
pub fn quoted(revision: &Revision) -> String {
    format!("\"{}\"", revision.as_str())
}

/// The condition in `If-Match`. Tags are compared strongly (§8.8.3.2): weak and malformed ones never match.
pub fn condition(request: &HttpRequest) -> Condition {
    if !request.headers().contains_key(IF_MATCH) {
        return Condition::Absent;
    }
    match IfMatch::parse(request) {
        Ok(IfMatch::Any) => Condition::Any,
        Ok(IfMatch::Items(tags)) => Condition::OneOf(
            tags.into_iter().filter(|tag| !tag.weak).map(|tag| tag.tag().to_owned()).collect(),
        ),
        Err(_) => Condition::OneOf(Vec::new()),
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
            }
        };
        assert_eq!(read(&[]), ["absent"]);
        assert_eq!(read(&["*"]), ["any"]);
        assert_eq!(read(&["\"a\""]), ["a"]);
        assert_eq!(read(&["\"a\", W/\"b\",\"c\""]), ["a", "c"]);
        assert_eq!(read(&["\"a\"", "\"b\""]), ["a", "b"]);
        for nothing in ["", "a", "\"a", "W/\"a\"", "\u{fc}"] {
            assert_eq!(read(&[nothing]), [""; 0], "{nothing}");
        }
    }
}
