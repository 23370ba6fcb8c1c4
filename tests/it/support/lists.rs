//! Reads answers that are lists, and writes query strings.

use serde_json::Value;

use super::{Answer, Client};

/// A member of each row of a list, in its order.
pub fn column(answer: &Answer, member: &str) -> Vec<String> {
    answer.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[member].as_str().unwrap().to_owned())
        .collect()
}

/// The addresses that a list shows, in its order, without their domain.
pub async fn found(client: &Client, path: &str) -> Vec<String> {
    let answer = client.get(path).await.expect(200);
    assert_eq!(answer.body["next_cursor"], Value::Null);
    column(&answer, "email").iter().map(|email| email.split('@').next().unwrap().to_owned()).collect()
}

/// A query string.
pub fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
