//! Errors as RFC 9457 problem details.

mod from_service_error;

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header},
};
use serde_json::{Map, Value, json};

use super::{
    error_codes::{self, Code},
    field_error_codes,
};
use crate::{
    domain::field_error::{Faults, FieldError},
    services::ServiceError,
};

/// The number of seconds that `Retry-After` names when the database is away or a queue is full.
pub(in crate::http) const RETRY_AFTER: u64 = 2;

/// An error. The outermost middleware writes it as the answer, since it knows the request's id.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(in crate::http) code: &'static Code,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(header::HeaderName, String)>,
}

impl Problem {
    /// A problem; `detail` says what went wrong this time.
    #[must_use]
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), members: Map::new(), headers: Vec::new() }
    }

    /// With a further member, for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// With a header of the answer.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With `Retry-After`.
    fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, seconds.to_string())
    }

    /// Its headers.
    pub(in crate::http) fn headers(&self) -> &[(header::HeaderName, String)] {
        &self.headers
    }

    /// Faulty members of the body.
    #[must_use]
    pub fn body(faults: &Faults) -> Self {
        Self::validation(faults, "pointer")
    }

    /// Faulty query parameters.
    #[must_use]
    pub fn query(faults: &Faults) -> Self {
        Self::validation(faults, "parameter")
    }

    fn validation(faults: &Faults, place: &str) -> Self {
        let reported = faults.reported();
        let is_known = |fault: &FieldError| field_error_codes::ALL.contains(&fault.code);
        debug_assert!(reported.iter().all(is_known), "a code is not in the contract: {reported:?}");
        // An empty pointer is the body itself.
        let name = |fault: &FieldError| {
            if fault.path.is_empty() { "the body".to_owned() } else { fault.path.clone() }
        };
        let mut names: Vec<String> = reported.iter().map(name).collect();
        names.dedup();
        let detail = match faults.omitted() {
            0 => format!("Faulty: {}.", names.join(", ")),
            more => format!(
                "Faulty: {}, and {more} more. `errors` has the first {}.",
                names.join(", "),
                reported.len()
            ),
        };
        let errors = reported
            .iter()
            .map(|fault| json!({ place: fault.path, "code": fault.code, "detail": fault.detail }));
        let errors = errors.collect();
        Self::new(error_codes::VALIDATION_FAILED, detail).with("errors", errors)
    }

    /// The document, as the contract has it.
    #[must_use]
    pub fn document(&self, public_url: &str, request_id: &str) -> Value {
        let mut document = json!({
            "type": format!("{public_url}/problems/{}", self.code.code),
            "title": self.code.title,
            "status": self.code.status,
            "detail": self.detail,
            "code": self.code.code,
            "request_id": request_id,
        });
        if let Some(object) = document.as_object_mut() {
            object.extend(self.members.clone());
        }
        document
    }

    /// The whole answer.
    #[must_use]
    pub fn respond(&self, public_url: &str, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        response
            .content_type("application/problem+json")
            .body(self.document(public_url, request_id).to_string())
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// The id names nothing, or nothing that the caller may see.
#[must_use]
pub fn not_found() -> Problem {
    Problem::new(error_codes::NOT_FOUND, ServiceError::NotFound.to_string())
}
