//! The contract: the file is what the code says, the code does what the file says, and people can read it.

use std::{collections::HashSet, path::Path};

use reqwest::Method;
use serde_json::Value;

use crate::support::{TestApp, json, on_both};

fn document() -> Value {
    serde_json::from_str(&invitation_service::http::document().to_json().unwrap()).unwrap()
}

/// Every operation, as path, method and operation.
fn operations(document: &Value) -> Vec<(String, Method, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        let path = path.clone();
        item.into_iter().map(move |(method, operation)| (path.clone(), method.to_uppercase().parse().unwrap(), operation))
    };
    paths.iter().flat_map(of_path).collect()
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_file_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let file = std::fs::read_to_string(path).unwrap_or_default();
    let generated = invitation_service::http::document().to_pretty_json().unwrap();
    assert!(
        file.trim_end() == generated.trim_end(),
        "openapi/openapi.json is not what the code says: run `make openapi`, look at the change and commit it"
    );
}

#[test]
fn every_operation_is_whole() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let operations = operations(&document);
    assert!(operations.len() >= 19, "{}", operations.len());
    let mut ids = HashSet::new();
    for (path, method, operation) in &operations {
        let place = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap_or_else(|| panic!("{place}"))), "{place}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{place}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{place}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string() && parameter["schema"].is_object(), "{place}: {parameter}");
        }
        let in_path: HashSet<_> = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let declared = operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "path");
        assert_eq!(declared.map(|parameter| parameter["name"].as_str().unwrap()).collect::<HashSet<_>>(), in_path, "{place}");
        let responses = operation["responses"].as_object().unwrap();
        let success = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap_or_else(|| panic!("{place}")).1;
        for (media_type, content) in success["content"].as_object().unwrap_or_else(|| panic!("{place}")) {
            assert!(content["schema"].is_object() || content["example"].is_object(), "{place}: {media_type}");
        }
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with('4')) {
            assert!(response["content"].is_object(), "{place}: {status}");
        }
        if let Some(body) = operation.get("requestBody") {
            let content = body["content"].as_object().unwrap().values().next().unwrap();
            let name = content["schema"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
            let schema = &document["components"]["schemas"][name];
            assert!(schema["example"].is_object() || path.starts_with("/activate"), "{place}: {name} has no example");
            assert!(schema["additionalProperties"] == json!(false) || path.starts_with("/activate"), "{place}: {name} is open");
        }
    }
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

on_both! {
    async fn every_route_of_the_document_answers(app: TestApp) {
        let served: Value = app.anybody().get("/openapi.json").await.expect(200).body;
        assert_eq!(served, document());
        for (index, (path, method, operation)) in operations(&served).into_iter().enumerate() {
            let made = app.invite_unsent(&format!("colleague{index}@example.com"), &["viewer"]).await;
            let owner = if path.starts_with("/v1/users") { "user_id" } else { "id" };
            let customer = json!({ "email": format!("customer{index}@example.com") });
            let customer = app.admin().post("/v1/account-owners/invitations", &customer).await.expect(201).body;
            let at = path.replace("{id}", made[owner].as_str().unwrap()).replace("{code}", "not_found");
            let at = at.replace("{account_id}", customer["account"]["id"].as_str().unwrap());
            let call = async |client: crate::support::Client| match operation.get("requestBody") {
                Some(_) => client.post(&at, &json!({})).await,
                None => client.call(method.clone(), &at, &[]).await,
            };
            let anybody = call(app.anybody()).await;
            let guarded = operation["security"].as_array().unwrap().iter().any(|one| one.get("access_token").is_some());
            assert_eq!(anybody.status == 401, guarded, "{method} {path}: {}", anybody.text);
            let admin = call(app.admin()).await;
            assert!(![401, 404, 405].contains(&admin.status) && admin.status < 500, "{method} {path}: {}", admin.text);
            let status = admin.status.to_string();
            assert!(
                operation["responses"].get(&status).is_some(),
                "{method} {path} answers {status}, of which the contract says nothing"
            );
        }
    }

    async fn the_browser_of_the_contract_works_offline(app: TestApp) {
        let anybody = app.anybody();
        let page = anybody.get("/docs").await.expect(200);
        assert_eq!(page.text, anybody.get("/docs/").await.text);
        assert!(page.header("content-type").starts_with("text/html"));
        let mut assets: Vec<&str> = Vec::new();
        for attribute in ["src=\"", "href=\""] {
            assets.extend(page.text.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()));
        }
        assert!(assets.len() >= 3, "{}", page.text);
        for asset in assets {
            assert!(!asset.contains("//") && !asset.starts_with("data:"), "{asset}");
            let served = anybody.get(&format!("/docs/{}", asset.trim_start_matches("./"))).await.expect(200);
            assert!(!served.text.is_empty() && !served.header("content-type").starts_with("text/html"), "{asset}");
        }
        assert!(anybody.get("/docs/swagger-initializer.js").await.expect(200).text.contains("\"/openapi.json\""));
    }

    async fn what_operations_need(app: TestApp) {
        let anybody = app.anybody();
        assert_eq!(anybody.get("/healthz").await.expect(200).body, json!({ "status": "ok" }));
        let ready = anybody.get("/readyz").await.expect(200);
        assert_eq!(ready.body, json!({ "status": "ok", "database": "ok", "migrations": "ok", "courier": "ok" }));
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        app.activate(&mail.token).await.expect(410);
        app.admin().get(&format!("/v1/users/{}", "usr_01kavx6e9kfzabv5qhm1p4d6xn")).await.expect(404);
        let metrics = anybody.get("/metrics").await.expect(200);
        assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
        for line in [
            "invitation_service_invites_total{outcome=\"invited\"} 1",
            "invitation_service_activations_total{outcome=\"activated\"} 1",
            "invitation_service_activations_total{outcome=\"activation_link_used\"} 1",
            "invitation_service_letters_total{outcome=\"sent\"} 1",
            "invitation_service_http_requests_total{method=\"GET\",route=\"/v1/users/{id}\",status=\"404\"} 1",
            "invitation_service_outbox_queued 0",
        ] {
            assert!(metrics.text.lines().any(|found| found == line), "{line} in {}", metrics.text);
        }
        assert!(metrics.text.ends_with("# EOF\n") && !metrics.text.contains("ada@"), "{}", metrics.text);
        // A schema that lacks a migration is not ready.
        app.database.execute("DELETE FROM __diesel_schema_migrations");
        let behind = anybody.get("/readyz").await.expect(503);
        assert_eq!((&behind.body["database"], &behind.body["migrations"]), (&json!("ok"), &json!("unavailable")));
        assert!(!behind.header("retry-after").is_empty());
    }
}
