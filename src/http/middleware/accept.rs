//! What a caller accepts (RFC 9110 §12.5.1), checked before anything else.
//!
//! Read as generously as it is written in practice: blanks around a `;`, `*` for `*/*`, `q=.2`. A range that
//! cannot be parsed is ignored; a header without a valid range counts as none.

use actix_web::{
    Error, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{ACCEPT, HeaderMap},
    middleware::Next,
};

use super::rate_limit::policy::CSV_PATH;
use crate::http::response::{error_codes, problem::Problem};

/// Refuses a request to the API whose answer the caller would not accept.
pub async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    // The path as routes are found by: its escapes are undone.
    let path = request.match_info().as_str();
    let accepted = Accepted::of(request.headers());
    if path.starts_with("/v1/")
        && let Err(words) = accepted.answer_at(path)
    {
        // An answer and not an error, which would pass by the middleware that writes problems.
        let refusal = Problem::new(error_codes::NOT_ACCEPTABLE, words);
        return Ok(request.error_response(refusal).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// The lists that are answered in CSV, too, where it is preferred. The contract has other paths for it.
const LISTS: [&str; 2] = ["/v1/users", "/v1/audit-events"];

/// Whether a caller prefers CSV: it has more weight than JSON, each by the most specific range
/// that takes it in.
pub fn prefers_csv(request: &HttpRequest) -> bool {
    let accepted = Accepted::of(request.headers());
    accepted.csv.unwrap_or_default() > accepted.bare_json.unwrap_or_default()
}

/// The weights of the answers that there are, in thousandths, each by the most specific range that takes it
/// in; `None` where none does.
struct Accepted {
    /// Of JSON, problems included.
    json: Option<u16>,
    /// Of `application/json`.
    bare_json: Option<u16>,
    /// Of `text/csv`.
    csv: Option<u16>,
    /// Whether there is no valid range.
    silent: bool,
}

impl Accepted {
    fn of(headers: &HeaderMap) -> Self {
        let values: Vec<_> =
            headers.get_all(ACCEPT).map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let ranges: Vec<Range> =
            values.iter().flat_map(|value| parts(value, ',')).filter_map(Range::parse).collect();
        let weight = |kinds: &[&str]| {
            // The range that stands first among the kinds is the most specific one.
            let place = |range: &Range| kinds.iter().rev().position(|kind| *kind == range.kind);
            ranges
                .iter()
                .filter_map(|range| Some((place(range)?, range.weight)))
                .max()
                .map(|(_, weight)| weight)
        };
        Self {
            json: weight(&["application/json", "application/problem+json", "application/*", "*/*"]),
            bare_json: weight(&["application/json", "application/*", "*/*"]),
            csv: weight(&["text/csv", "text/*", "*/*"]),
            silent: ranges.is_empty(),
        }
    }

    fn json(&self) -> bool {
        self.silent || self.json > Some(0)
    }

    fn csv(&self) -> bool {
        self.silent || self.csv > Some(0)
    }

    /// Whether the answer of a path is accepted; what it is, in words, where it is not.
    fn answer_at(&self, path: &str) -> Result<(), &'static str> {
        if path.ends_with(CSV_PATH) {
            return if self.csv() { Ok(()) } else { Err("The answer is text/csv.") };
        }
        let is_accepted = self.json() || LISTS.contains(&path) && self.csv();
        if is_accepted { Ok(()) } else { Err("Answers are application/json.") }
    }
}

/// A media range and its weight.
struct Range {
    /// In lower case, without parameters.
    kind: String,
    /// In thousandths.
    weight: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = parts(text, ';');
        let kind = match parts.next()?.trim() {
            // As Java's own client writes it.
            "*" => "*/*".to_owned(),
            kind => kind.to_ascii_lowercase(),
        };
        let (tree, name) = kind.split_once('/')?;
        let is_token = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte))
        };
        if !is_token(tree) || !is_token(name) {
            return None;
        }
        let quality = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        Some(Self { weight: quality.map_or(1000, |(_, value)| weight(value)), kind })
    }
}

/// A weight in thousandths; one that is no number is the whole: the caller has named the range.
fn weight(text: &str) -> u16 {
    let value =
        text.trim().trim_matches('"').parse::<f32>().ok().filter(|value| value.is_finite()).unwrap_or(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1000")]
    let thousandths = (value.clamp(0.0, 1.0) * 1000.0).ceil() as u16;
    thousandths
}

/// The parts of a list, between separators that are not in quotation marks.
fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn accepted(values: &[&str]) -> Accepted {
        let request = values
            .iter()
            .fold(TestRequest::default(), |request, value| request.append_header((ACCEPT, *value)));
        Accepted::of(request.to_http_request().headers())
    }

    #[test]
    fn csv_is_accepted_at_its_paths_and_at_those_of_the_lists() {
        for (accept, csv, list, other) in [
            ("text/csv", true, true, false),
            ("text/*;q=0.1", true, true, false),
            ("application/json", false, true, true),
            ("*/*", true, true, true),
            ("", true, true, true),
            ("text/csv;q=0", false, false, false),
        ] {
            let accepts = |path| accepted(&[accept]).answer_at(path).is_ok();
            let seen = (accepts("/v1/users.csv"), accepts("/v1/users"), accepts("/v1/me"));
            assert_eq!(seen, (csv, list, other), "{accept}");
        }
    }

    #[test]
    fn what_takes_json_in() {
        for accept in [
            "",
            " ",
            ",",
            "nonsense",
            "q=1",
            "*",
            "*/*",
            "*; q=.2",
            "application/*",
            "application/json",
            "APPLICATION/JSON",
            "application/json ; charset=utf-8",
            "application/json;charset=\"a,b;q=0\"",
            "application/problem+json",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            "text/html;q=0.9,*/*;q=0.001",
            "application/json;q=0.0001",
            "application/json;q=x",
            "application/json;Q=1.5",
            "*/*;q=0, application/json",
            "text/plain,\tapplication/json ",
        ] {
            assert!(accepted(&[accept]).json(), "{accept}");
        }
        for accept in [
            "text/html",
            "*/*;q=0",
            "*;q=0",
            "* ; q = 0",
            "application/json;q=0",
            "application/json;q=0, */*",
            "application/json;q=-1",
            "text/html, application/json ; q=0.000",
            "application/*;q=0, */*",
            "application/jsonx",
            "text/*",
            "application/xml",
        ] {
            assert!(!accepted(&[accept]).json(), "{accept}");
        }
        assert!(accepted(&["text/html", "application/json"]).json());
        assert!(accepted(&[]).json());
    }
}
