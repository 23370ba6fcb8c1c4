//! Mailpit: its request.

use serde_json::{Value, json};

use crate::{
    domain::letter::Receipt,
    mail::{
        providers::tests::*,
        testing::{LINK, letter},
    },
};

#[tokio::test]
async fn accepts_a_letter() {
    let (outcome, head, body) =
        meet("mailpit+http://ada:hunter22@HOST:8025", answer("200 OK", "", r#"{"ID":"abc"}"#)).await;
    assert_eq!(outcome.unwrap(), Receipt::default());
    assert!(head.starts_with("POST /api/v1/send HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: Basic YWRhOmh1bnRlcjIy"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["From"], json!({"Name": "Voltmark", "Email": "no-reply@voltmark.example"}));
    assert_eq!(body["To"], json!([{"Name": "", "Email": "Ada@example.com"}]));
    assert_eq!(body["ReplyTo"], json!([{"Name": "", "Email": "help@voltmark.example"}]));
    assert_eq!(body["Subject"], "Anna de Vries invites you to join Voltmark");
    assert!(body["Text"].as_str().unwrap().contains(LINK) && body["HTML"].as_str().unwrap().contains(LINK));
    assert_eq!(body["Headers"]["Message-ID"], format!("<{}@voltmark.example>", letter().id));
    assert_eq!(body["Headers"]["Auto-Submitted"], "auto-generated");
}
