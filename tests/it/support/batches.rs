//! Batches: what is sent, and what became of each item.

use reqwest::Method;
use serde_json::Value;

use super::{Answer, Client, json};

pub const BATCH: &str = "/v1/invitations/batch";
pub const RESEND: &str = "/v1/invitations/batch/resend";

/// A colleague as an item.
pub fn colleague(email: &str) -> Value {
    json!({ "kind": "system_user", "email": email, "roles": ["viewer"] })
}

/// So many colleagues with addresses of their own.
pub fn colleagues(count: usize) -> Vec<Value> {
    (0..count).map(|number| colleague(&format!("person{number}@example.com"))).collect()
}

impl Client {
    /// Sends a batch of invites that is accepted as a whole, and gives its results.
    #[track_caller]
    pub fn batch(&self, items: &[Value]) -> impl Future<Output = Vec<Value>> + use<> {
        self.many(BATCH, json!({ "invitations": items }))
    }

    /// Sends a batch that is accepted as a whole, and gives its results.
    #[track_caller]
    pub fn many(&self, path: &str, body: Value) -> impl Future<Output = Vec<Value>> + use<> {
        let (caller, path) = (self.clone(), path.to_owned());
        async move { results(&caller.post(&path, &body).await) }
    }

    /// POST with an `Idempotency-Key`.
    pub async fn keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).header("idempotency-key", key).json(body)).await
    }
}

/// The results of a batch, each in its place and whole.
#[track_caller]
pub fn results(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    let results = answer.body["results"].as_array().unwrap();
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["index"], index, "{result}");
        let (made, failed) = (result.get("invitation").is_some(), result.get("error").is_some());
        match result["status"].as_str().unwrap() {
            "invited" | "resent" => assert!(made && !failed, "{result}"),
            "valid" => assert!(!made && !failed, "{result}"),
            "failed" => {
                assert!(!made && failed, "{result}");
                let error = &result["error"];
                let code = error["code"].as_str().unwrap();
                assert!(error["type"].as_str().unwrap().ends_with(&format!("/problems/{code}")), "{error}");
                assert!(
                    error["status"].as_u64().unwrap() >= 400
                        && error["title"].is_string()
                        && error["detail"].is_string()
                );
                assert_eq!(error["request_id"], answer.header("x-request-id"), "{error}");
            }
            other => panic!("{other}"),
        }
    }
    results.clone()
}

/// What became of each, in a word: its status, or the code of its error.
pub fn words(results: &[Value]) -> Vec<&str> {
    results
        .iter()
        .map(|result| result["error"]["code"].as_str().or(result["status"].as_str()).unwrap())
        .collect()
}

/// The faults of a failed item, as `(pointer, code)`, in order.
#[track_caller]
pub fn faults(result: &Value) -> Vec<(&str, &str)> {
    assert_eq!(result["error"]["code"], "validation_failed", "{result}");
    let errors = result["error"]["errors"].as_array().unwrap();
    let mut found: Vec<(&str, &str)> = errors
        .iter()
        .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    found.sort_unstable();
    found
}

/// What a batch of one says of its item, as the item's own route would have answered; a refusal of the whole
/// as it is.
pub fn only(answer: Answer) -> Answer {
    if answer.status != 200 {
        return answer;
    }
    let result = results(&answer).remove(0);
    let (status, body) = match result["status"].as_str().unwrap() {
        "invited" => (201, result["invitation"].clone()),
        "resent" => (200, result["invitation"].clone()),
        _ => (u16::try_from(result["error"]["status"].as_u64().unwrap()).unwrap(), result["error"].clone()),
    };
    Answer { status, text: body.to_string(), body, ..answer }
}
