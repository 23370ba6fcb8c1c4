//! The contract: the file is what the code says, the code does what the file says, and people can read it.

mod answers;
mod languages;
mod schema;

use std::{collections::HashSet, path::Path};

use reqwest::Method;
use serde_json::Value;

use self::{
    answers::{fits, permissions_of},
    schema::{faults, resolved},
};
use invitation_service::domain::permission::Permission;

use crate::support::{
    Answer, TestApp,
    batches::{BATCH, RESEND},
    json, on_both_databases,
};

fn document() -> Value {
    serde_json::from_str(&invitation_service::http::document().to_json().unwrap()).unwrap()
}

/// Every operation, as path, method and operation.
fn operations(document: &Value) -> Vec<(String, Method, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        let path = path.clone();
        item.into_iter()
            .map(move |(method, operation)| (path.clone(), method.to_uppercase().parse().unwrap(), operation))
    };
    paths.iter().flat_map(of_path).collect()
}

/// Every text that a member of this name has, anywhere.
fn values_of(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name).and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| values_of(value, name, found));
        }
        Value::Array(items) => items.iter().for_each(|value| values_of(value, name, found)),
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

/// The responses of an operation, with their statuses.
fn responses<'a>(document: &'a Value, operation: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let responses = operation["responses"].as_object().unwrap();
    responses.iter().map(|(status, response)| (status.as_str(), resolved(document, response)))
}

/// The examples of a body in one media type, by name.
fn examples<'a>(document: &'a Value, content: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let named = content["examples"].as_object().into_iter().flatten();
    let named = named.map(|(name, example)| (name.as_str(), &resolved(document, example)["value"]));
    named.chain(content.get("example").map(|example| ("example", example))).collect()
}

#[test]
fn every_operation_is_whole() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["servers"], json!([{ "url": "/" }]));
    let operations = operations(&document);
    assert!(operations.len() >= 19, "{}", operations.len());
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = HashSet::new();
    for (path, method, operation) in &operations {
        let place = format!("{method} {path}");
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap_or_else(|| panic!("{place}"))),
            "{place}"
        );
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{place}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{place}");
        assert!(tags.contains(&&operation["tags"][0]), "{place}: {} is described nowhere", operation["tags"]);
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["description"].is_string() && parameter["schema"].is_object(),
                "{place}: {parameter}"
            );
            let fits = |example| {
                assert_eq!(faults(&document, &parameter["schema"], example), [""; 0], "{place}: {parameter}");
            };
            parameter.get("example").into_iter().for_each(fits);
        }
        let in_path: HashSet<_> =
            path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let declared = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path");
        assert_eq!(
            declared.map(|parameter| parameter["name"].as_str().unwrap()).collect::<HashSet<_>>(),
            in_path,
            "{place}"
        );
        assert!(responses(&document, operation).any(|(status, _)| status.starts_with('2')), "{place}");
        let body = operation.get("requestBody").map(|body| ("request", body));
        for (status, whole) in responses(&document, operation).chain(body) {
            if status == "204" {
                assert!(whole["content"].is_null(), "{place}: {status} has content");
                continue;
            }
            let contents =
                whole["content"].as_object().unwrap_or_else(|| panic!("{place}: {status} has no content"));
            for (media_type, content) in contents {
                let examples = examples(&document, content);
                assert!(!examples.is_empty(), "{place}: {status} in {media_type} has no example");
                for (name, example) in examples {
                    let broken = faults(&document, &content["schema"], example);
                    assert!(broken.is_empty(), "{place}: {status}, {name}: {broken:?}");
                    if media_type == "application/problem+json" {
                        let code = example["code"].as_str().unwrap();
                        assert_eq!(example["status"].to_string(), status, "{place}: {code}");
                        assert!(
                            whole["description"].as_str().unwrap().contains(&format!("`{code}`")),
                            "{place}: {whole}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_answer_names_its_headers() {
    let document = document();
    for (path, method, operation) in &operations(&document) {
        let limited = operation["responses"].get("429").is_some() && operation["security"] == json!([{}]);
        for (status, response) in responses(&document, operation) {
            let mut expected = vec!["X-Request-Id"];
            expected.extend(
                ["Cache-Control"]
                    .iter()
                    .filter(|_| path.starts_with("/v1/") || path.starts_with("/activate")),
            );
            expected.extend(["Retry-After"].iter().filter(|_| ["429", "503"].contains(&status)));
            expected.extend(["RateLimit", "RateLimit-Policy"].iter().filter(|_| limited));
            expected.extend(["WWW-Authenticate"].iter().filter(|_| status == "401"));
            expected.extend(["Location"].iter().filter(|_| status == "201" && !limited));
            let one = response["content"]["application/json"]["schema"]["$ref"]
                == "#/components/schemas/Invitation";
            expected.extend(["ETag"].iter().filter(|_| one || status == "412"));
            let lists = operation["operationId"]
                .as_str()
                .is_some_and(|id| id.starts_with("list") && id != "listRoles");
            expected.extend(["Link"].iter().filter(|_| status == "200" && lists));
            for name in expected {
                let header = format!("#/components/headers/{name}");
                assert_eq!(response["headers"][name]["$ref"], json!(header), "{method} {path} {status}");
                let header = document.pointer(&header[1..]).unwrap();
                assert!(header["description"].is_string() && !header["example"].is_null(), "{header}");
            }
            assert_ne!(status, "500", "{method} {path}: a defect is no promise");
        }
    }
}

#[test]
fn schemas_keep_their_habits() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(schema["description"].is_string(), "{name} is described nowhere");
        if let Some(item) = name.strip_prefix("ListOf") {
            let item = format!("#/components/schemas/{}", item.strip_suffix('s').unwrap());
            assert_eq!(
                schema["properties"]["data"]["items"],
                json!({ "$ref": item }),
                "{name} copies its items"
            );
        }
        let request = name.ends_with("Request") || name.starts_with("Invite") && name != "Inviter";
        let Some(members) = schema["properties"].as_object() else { continue };
        assert_eq!(schema.get("additionalProperties") == Some(&json!(false)), request, "{name}");
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        for (member, schema) in members {
            let described =
                resolved(&document, schema)["description"].is_string() || schema["description"].is_string();
            assert!(described, "{name}.{member} is described nowhere");
            let nullable = faults(&document, schema, &Value::Null).is_empty();
            assert!(
                request || !nullable || required.contains(&member.as_str()),
                "{name}.{member} is null or left out: which?"
            );
        }
    }
    let mut patterns = Vec::new();
    values_of(&document, "pattern", &mut patterns);
    assert!(patterns.len() >= 5, "{patterns:?}");
    for pattern in patterns {
        let words = pattern.trim_matches(['^', '$', '(', ')']).split('|');
        assert!(
            !words.clone().all(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_')),
            "{pattern} is an enum"
        );
    }
    let codes = document["components"]["schemas"]["ErrorCode"]["x-extensible-enum"].as_array().unwrap();
    assert!(codes.len() > 30 && codes.contains(&json!("validation_failed")));
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let document = document();
    let mut references = Vec::new();
    values_of(&document, "$ref", &mut references);
    assert!(references.len() > 200);
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for kind in ["schemas", "responses", "examples", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(
                references.contains(&format!("#/components/{kind}/{name}")),
                "nothing leads to {kind}/{name}"
            );
        }
    }
}

on_both_databases! {
    async fn every_route_of_the_document_answers(app: TestApp) {
        let served: Value = app.anonymous().get("/openapi.json").await.expect(200).body;
        assert_eq!(served, document());
        let lived_in = app.owner("otto@zenith.example", "Zenith").await;
        let owner = json!({ "email": "olivia@acme.example" });
        let owner = app.admin().post("/v1/account-owners/invitations", &owner).await.expect(201);
        let account = owner.body["account"]["id"].as_str().unwrap().to_owned();
        // Providers have no token, and none may report here: `mail_events` has their answers. No address is
        // suppressed here: `suppressions` lifts some.
        let elsewhere = ["/v1/mail-events/{provider}", "/v1/suppressions/{id}"];
        let callable = operations(&served).into_iter().filter(|(path, ..)| !elsewhere.contains(&path.as_str()));
        for (index, (path, method, operation)) in callable.enumerate() {
            let made = app.invite_unsent(&format!("colleague{index}@example.com"), &["viewer"]).await;
            let owner = if path.starts_with("/v1/users") { "user_id" } else { "id" };
            let at = path.replace("{id}", made[owner].as_str().unwrap()).replace("{code}", "not_found");
            // Of an account that has members, its one owner.
            let at = at.replace("{account_id}/members/{user_id}", &format!("{}/members/{}", lived_in.account, lived_in.user));
            let at = at.replace("{account_id}", &account);
            let call = async |client: crate::support::Client| match operation.get("requestBody") {
                Some(_) => Answer::of(client.request(method.clone(), &at).json(&json!({}))).await,
                None => client.call(method.clone(), &at, &[]).await,
            };
            let anonymous = call(app.anonymous()).await;
            let guarded = operation["security"].as_array().unwrap().iter().any(|one| one.get("access_token").is_some());
            assert_eq!(anonymous.status == 401, guarded, "{method} {path}: {}", anonymous.text);
            // Without the permissions that it asks for, an endpoint refuses: a token without any, and one
            // with all others.
            let needed = permissions_of(&operation);
            let others: Vec<_> = Permission::ALL.into_iter().filter(|one| !needed.contains(&one.as_str())).collect();
            for scope in [&[][..], &others].into_iter().filter(|_| !needed.is_empty()) {
                let refused = call(app.caller(&[], scope)).await;
                assert!([403, 404].contains(&refused.status), "{method} {path}, {scope:?}: {}", refused.text);
                fits(&served, &operation, &refused);
            }
            let admin = call(app.admin()).await;
            assert!(![401, 404, 405].contains(&admin.status) && admin.status < 500, "{method} {path}: {}", admin.text);
            for answer in [anonymous, admin] {
                fits(&served, &operation, &answer);
            }
        }
    }

    async fn what_is_answered_in_earnest_is_what_the_document_says(app: TestApp) {
        let served = document();
        let operation = |method: &str, path: &str| served["paths"][path][method].clone();
        let admin = app.admin();
        let (invitation, mail) = app.invite("ada@example.com", &["viewer", "finance"]).await;
        let token = json!({ "token": mail.token });
        fits(&served, &operation("post", "/v1/activations/preview"), &app.anonymous().post("/v1/activations/preview", &token).await);
        fits(&served, &operation("post", "/v1/activations/renew"), &app.anonymous().post("/v1/activations/renew", &token).await);
        fits(&served, &operation("post", "/v1/activations"), &app.activate(&mail.token).await.expect(201));
        fits(&served, &operation("post", "/v1/activations"), &app.activate(&mail.token).await.expect(410));
        let owner = json!({ "email": "olivia@acme.example", "account_type": "business", "locale": "nl-BE" });
        let owner = admin.post("/v1/account-owners/invitations", &owner).await.expect(201);
        fits(&served, &operation("post", "/v1/account-owners/invitations"), &owner);
        let driver = json!({ "email": "dirk@acme.example", "role": "driver", "account_id": owner.body["account"]["id"] });
        let refused = admin.post("/v1/sub-accounts/invitations", &driver).await.problem(409, "parent_not_active");
        fits(&served, &operation("post", "/v1/sub-accounts/invitations"), &refused);
        let again = json!({ "email": "olivia@acme.example" });
        let pending = admin.post("/v1/account-owners/invitations", &again).await.problem(409, "invitation_pending");
        fits(&served, &operation("post", "/v1/account-owners/invitations"), &pending);
        let items = json!([
            { "kind": "system_user", "email": "bob@example.com", "roles": ["viewer"] },
            { "kind": "account_owner", "email": "olivia@acme.example" },
            { "kind": "sub_account", "email": "x", "rolls": 1 },
        ]);
        for validate_only in [true, false] {
            let body = json!({ "invitations": items, "validate_only": validate_only });
            fits(&served, &operation("post", BATCH), &admin.post(BATCH, &body).await.expect(200));
        }
        for body in [json!({ "ids": [invitation["id"], owner.body["id"], "x"] }), json!({ "filter": { "status": "pending" } }), json!({})] {
            fits(&served, &operation("post", RESEND), &admin.post(RESEND, &body).await);
        }
        fits(&served, &operation("post", RESEND), &app.caller(&[], &[]).post(RESEND, &json!({})).await.expect(403));
        for (list, query) in [
            ("/v1/users", "?limit=1"),
            ("/v1/invitations", "?limit=1&kind=system_user"),
            ("/v1/accounts", ""),
            ("/v1/roles", ""),
            ("/v1/users", "?limit=0&role=boss&cursor=x"),
        ] {
            fits(&served, &operation("get", list), &admin.get(&format!("{list}{query}")).await);
        }
        fits(&served, &operation("get", "/v1/users"), &admin.call(Method::GET, "/v1/users", &[("accept", "text/csv")]).await);
        let id = invitation["id"].as_str().unwrap();
        let events = admin.get(&format!("/v1/invitations/{id}/events")).await.expect(200);
        fits(&served, &operation("get", "/v1/invitations/{id}/events"), &events);
        let id = owner.text_of("id");
        let shown = admin.get(&format!("/v1/invitations/{id}")).await.expect(200);
        fits(&served, &operation("get", "/v1/invitations/{id}"), &shown);
        let patch = json!({ "email": "otto@acme.example", "account_name": "Acme", "locale": null });
        for (tag, status) in [(shown.header("etag"), 200), (shown.header("etag"), 412)] {
            fits(&served, &operation("patch", "/v1/invitations/{id}"), &admin.amend(&id, tag, &patch).await.expect(status));
        }
        let patch = json!({ "roles": [], "reimbursement_rate": 1, "x": 1 });
        fits(&served, &operation("patch", "/v1/invitations/{id}"), &admin.amend(&id, "*", &patch).await.expect(422));
        let events = admin.get(&format!("/v1/invitations/{id}/events")).await.expect(200);
        fits(&served, &operation("get", "/v1/invitations/{id}/events"), &events);
        app.letters().await;
    }

    async fn the_browser_of_the_contract_works_offline(app: TestApp) {
        let anonymous = app.anonymous();
        let page = anonymous.get("/docs").await.expect(200);
        assert_eq!(page.text, anonymous.get("/docs/").await.text);
        assert!(page.header("content-type").starts_with("text/html"));
        let mut assets: Vec<&str> = Vec::new();
        for attribute in ["src=\"", "href=\""] {
            assets.extend(page.text.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()));
        }
        assert!(assets.len() >= 3, "{}", page.text);
        for asset in assets {
            assert!(!asset.contains("//") && !asset.starts_with("data:"), "{asset}");
            let served = anonymous.get(&format!("/docs/{}", asset.trim_start_matches("./"))).await.expect(200);
            assert!(!served.text.is_empty() && !served.header("content-type").starts_with("text/html"), "{asset}");
        }
        assert!(anonymous.get("/docs/swagger-initializer.js").await.expect(200).text.contains("\"/openapi.json\""));
        let settings = anonymous.get("/docs/swagger-initializer.js").await.text;
        // No badge: its address would be one on the internet.
        for setting in ["\"validatorUrl\": \"none\"", "\"tryItOutEnabled\": true", "\"persistAuthorization\": false"] {
            assert!(settings.contains(setting), "{setting}: {settings}");
        }
    }

    async fn what_operations_need(app: TestApp) {
        let anonymous = app.anonymous();
        assert_eq!(anonymous.get("/healthz").await.expect(200).body, json!({ "status": "ok" }));
        let ready = anonymous.get("/readyz").await.expect(200);
        assert_eq!(ready.body, json!({ "status": "ok", "database": "ok", "migrations": "ok", "courier": "ok", "mail": "ok" }));
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        app.activate(&mail.token).await.expect(410);
        app.admin().get(&format!("/v1/users/{}", "usr_01kavx6e9kfzabv5qhm1p4d6xn")).await.expect(404);
        let metrics = anonymous.get("/metrics").await.expect(200);
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
        let behind = anonymous.get("/readyz").await.expect(503);
        assert_eq!((&behind.body["database"], &behind.body["migrations"]), (&json!("ok"), &json!("unavailable")));
        assert!(!behind.header("retry-after").is_empty());
    }
}
