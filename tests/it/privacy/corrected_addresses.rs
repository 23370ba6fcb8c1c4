//! An address that was corrected before the person activated is gone with the person.

use reqwest::Method;
use serde_json::Value;

use super::columns::text_columns;
use crate::support::{Answer, TestApp, customers::text, json, on_both_databases};

const STAFF: &str = "/v1/system-users/invitations";

async fn keyed(app: &TestApp, path: &str, key: &str, body: &Value) -> Answer {
    let request = app.admin().request(Method::POST, path);
    Answer::of(request.header("idempotency-key", key).json(body)).await
}

/// The columns, as `table.column`, that hold a text.
fn columns_with(app: &TestApp, text: &str) -> Vec<String> {
    let holds = |column: &String| {
        let (table, name) = column.split_once('.').unwrap();
        let rows = format!("SELECT CAST({name} AS TEXT) AS text FROM {table} WHERE {name} IS NOT NULL");
        app.database.texts(&rows).iter().any(|value| value.to_lowercase().contains(text))
    };
    text_columns(&app.database).into_iter().filter(holds).collect()
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("LETTERS_PER_MAILBOX", "100")];

    async fn no_answer_and_no_column_keeps_a_corrected_address(app: TestApp) {
        let admin = app.admin();
        let body = json!({ "email": "zebulonia.qixwell@acme.example", "roles": ["viewer"] });
        let made = keyed(&app, STAFF, "first", &body).await.expect(201).body;
        let id = text(&made, "/id");
        app.letter().await;
        admin.update(id, "*", &json!({ "email": "zebulonia.quixwel@acme.example" })).await.expect(200);
        let resend = format!("/v1/invitations/{id}/resend");
        keyed(&app, &resend, "second", &json!({})).await.expect(200);
        let right = json!({ "email": "zebulonia.quixwell@acme.example" });
        let moved = admin.update(id, "*", &right).await.expect(200).body;
        let mail = app.letters().await.pop().unwrap();
        app.activate(&mail.token).await.expect(201);
        let other = json!({ "email": "eve@example.com", "roles": ["viewer"] });
        keyed(&app, STAFF, "eve", &other).await.expect(201);
        app.letter().await;
        assert!(columns_with(&app, "zebulonia").contains(&"idempotency_keys.body".to_owned()));
        let user = format!("/v1/users/{}", text(&moved, "/user_id"));
        admin.call(Method::DELETE, &user, &[]).await.expect(204);
        keyed(&app, STAFF, "first", &body).await.problem(410, "idempotency_answer_erased");
        keyed(&app, &resend, "second", &json!({})).await.problem(410, "idempotency_answer_erased");
        keyed(&app, STAFF, "eve", &other).await.expect(201);
        assert_eq!(columns_with(&app, "zebulonia"), Vec::<String>::new());
    }
}
