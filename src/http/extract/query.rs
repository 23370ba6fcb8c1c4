//! Query parameters: each is read once, and all faults are reported together.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use percent_encoding::percent_decode_str;
use std::future::{Ready, ready};
use utoipa::{
    IntoParams,
    openapi::{
        Object, ObjectBuilder, Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::Type,
    },
};

use crate::http::response::problem::Problem;
use crate::{
    domain::{
        email::Email,
        field_error::{Faults, FieldError},
        invisible::trim,
        search_text::search_key,
    },
    services::queries::{self, PageRequest},
};

/// The default of `limit`.
const DEFAULT_LIMIT: i64 = 50;
/// The largest `limit`; a larger one means this.
const MAX_LIMIT: i64 = 200;
/// The longest text to search for: an address is no longer, nor is a name.
const MAX_SEARCH_LEN: usize = 256;

/// Which page of a list, as the contract has it.
pub struct Paging;

impl IntoParams for Paging {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        // Without a format: `int64` would set a bound that does not exist.
        let limit =
            Object::builder().schema_type(Type::Integer).minimum(Some(1)).default(Some(DEFAULT_LIMIT.into()));
        let cursor = Object::builder().schema_type(Type::String).min_length(Some(1));
        let parameter = |name: &str, description: &str, schema: ObjectBuilder| {
            let parameter =
                ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(Required::False);
            parameter.description(Some(description)).schema(Some(schema)).build()
        };
        vec![
            parameter("limit", "The size of the page; a number above 200 means 200.", limit),
            parameter("cursor", "`next_cursor` of the previous page, sent with the same filters.", cursor),
        ]
    }
}

/// The parameters of a request: those that no handler reads are unknown.
pub struct Query {
    left: Vec<(String, String)>,
    faults: Faults,
}

impl FromRequest for Query {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = request.query_string();
        let left = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut parameters = Self { left, faults: Faults::default() };
        // Read with replacement characters, which would find something else, or nothing.
        for part in query.split('&').filter(|part| percent_decode_str(part).decode_utf8().is_err()) {
            let name = url::form_urlencoded::parse(part.as_bytes()).next().map(|(name, _)| name);
            parameters.fault(&name.unwrap_or_default(), "not_utf8", "This is not UTF-8.");
        }
        ready(Ok(parameters))
    }
}

impl Query {
    /// The text of a parameter.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.left.extract_if(.., |(known, _)| known == name).map(|(_, value)| value);
        let first = values.next();
        if values.next().is_some() {
            drop(values);
            self.fault(name, "duplicate_parameter", "This parameter may be given once.");
        }
        first
    }

    /// A parameter with a form of its own.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        code: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(&self.text(name)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, code, &error.to_string());
                None
            }
        }
    }

    /// A parameter with one of these words.
    pub fn one_of<T: Copy>(&mut self, name: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Option<T> {
        self.parsed(name, "unknown_value", |text| {
            let known = || all.iter().map(|&one| word(one)).collect::<Vec<_>>().join(", ");
            all.iter()
                .copied()
                .find(|&one| word(one) == text)
                .ok_or_else(|| format!("This takes one of: {}.", known()))
        })
    }

    /// A parameter with one or more of these words, separated by commas. Their order and repetitions make no
    /// difference.
    pub fn any_of<T: Copy>(&mut self, name: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Vec<T> {
        let given = self.parsed(name, "unknown_value", |text| {
            let words: Vec<&str> = text.split(',').collect();
            let is_known = |given: &&str| all.iter().any(|&one| word(one) == *given);
            if words.iter().all(is_known) {
                return Ok(all.iter().copied().filter(|&one| words.contains(&word(one))).collect());
            }
            let known = all.iter().map(|&one| word(one)).collect::<Vec<_>>().join(", ");
            Err(format!("This takes one or more of these, separated by commas: {known}."))
        });
        given.unwrap_or_default()
    }

    /// A text to search for; an empty one finds everything, as if it were left out.
    pub fn search(&mut self) -> Option<String> {
        let text = self.parsed("search", "invalid_search", |text| {
            let text = trim(text);
            // No address and no name has a control character; PostgreSQL cannot store NUL, and SQLite limits
            // the length of patterns.
            if text.chars().count() > MAX_SEARCH_LEN || text.chars().any(char::is_control) {
                return Err(format!(
                    "This takes at most {MAX_SEARCH_LEN} characters, and no control characters."
                ));
            }
            // An address may be pasted with more (`Ada <ada@example.com>`, `mailto:`), which the stored
            // address does not have.
            Ok(Email::parse(text).map_or_else(|_| text.to_owned(), |email| email.as_str().to_owned()))
        });
        text.filter(|text| !search_key(text).trim().is_empty())
    }

    /// Which page: `limit` and `cursor`.
    pub fn page(&mut self) -> PageRequest {
        let limit = self.parsed("limit", "invalid_limit", |text| {
            // A number beyond 64 bits is above 200 as well.
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = if digits { text.parse().unwrap_or(i64::MAX) } else { 0 };
            if number >= 1 {
                Ok(number.min(MAX_LIMIT))
            } else {
                Err("This takes a whole number from 1; above 200 is taken as 200.")
            }
        });
        // Which list a cursor belongs to is known later; damage is found here, and reported together with
        // other faults.
        let cursor = self.parsed("cursor", "invalid_cursor", |text| {
            queries::genuine_cursor(text).map(|()| text.to_owned())
        });
        PageRequest { limit: limit.unwrap_or(DEFAULT_LIMIT), cursor }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 422 with every faulty and every unknown parameter.
    pub fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.left) {
            self.fault(&name, "unknown_parameter", "This parameter is not known here. Is it mistyped?");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::query(&self.faults)) }
    }

    fn fault(&mut self, name: &str, code: &'static str, detail: &str) {
        self.faults.push(FieldError::new(name, code, detail));
    }
}
