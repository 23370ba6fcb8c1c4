//! A caller: sends JSON, gets a status, headers and a body.

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// Somebody who calls the API, with or without an access token.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub url: String,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Client {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    /// Changes an invitation, if its tag is this one.
    pub async fn update(&self, invitation: &str, tag: &str, patch: &Value) -> Answer {
        let request = self.request(Method::PATCH, &format!("/v1/invitations/{invitation}"));
        Answer::of(request.header("if-match", tag).json(patch)).await
    }

    /// Changes a user, if their tag is this one.
    pub async fn change_user(&self, user: &str, tag: &str, patch: &Value) -> Answer {
        let request = self.request(Method::PATCH, &format!("/v1/users/{user}"));
        Answer::of(request.header("if-match", tag).json(patch)).await
    }

    /// Any method, with no body and with these headers.
    pub async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(method, path);
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// POST with no body at all.
    pub async fn post_empty(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::POST, path)).await
    }

    /// POST with any body and content type.
    pub async fn post_raw(&self, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", content_type).body(body);
        Answer::of(request).await
    }
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, body }
    }

    /// The answer, if it has this status; otherwise the test ends here and shows it.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The answer, if it is this problem, whole and well formed.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert!(self.body["type"].as_str().unwrap().ends_with(&format!("/problems/{code}")), "{}", self.text);
        assert!(
            ["title", "detail", "request_id"].iter().all(|name| self.body[name].is_string()),
            "{}",
            self.text
        );
        assert_eq!(self.header("x-request-id"), self.body["request_id"].as_str().unwrap());
        self
    }

    /// The answer, if it is a 422 with exactly these faults, as `(pointer or parameter, code)`, in any order.
    #[track_caller]
    pub fn faults(self, expected: &[(&str, &str)]) -> Self {
        let answer = self.problem(422, "validation_failed");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut found: Vec<(String, String)> = answer.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                assert!(error["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
                let place =
                    if error["pointer"].is_string() { &error["pointer"] } else { &error["parameter"] };
                (text(place), text(&error["code"]))
            })
            .collect();
        let mut expected: Vec<(String, String)> =
            expected.iter().map(|(place, code)| ((*place).to_owned(), (*code).to_owned())).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        answer
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The members of `RateLimit` or `RateLimit-Policy` that are about letters, and not about requests.
    pub fn letter_quotas(&self, name: &str) -> String {
        let of_requests = |one: &&str| {
            ["\"read\"", "\"list\"", "\"write\"", "\"bulk\"", "\"password\""]
                .iter()
                .any(|name| one.starts_with(name))
        };
        let members = self.header(name).split(", ").filter(|one| !of_requests(one));
        members.collect::<Vec<_>>().join(", ")
    }

    /// A member of the body that is a text.
    #[track_caller]
    pub fn text_of(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("no text {member} in {}", self.text)).to_owned()
    }
}
