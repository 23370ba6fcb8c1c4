//! Callers of accounts: they see and make the clients of these accounts, and of those below them, alone.

use std::time::Duration;

use invitation_service::{
    domain::{
        actor::{ActorKind, ActorRef},
        permission::Permission::{self, AccountsRead, ClientsManage},
    },
    services::access_token::Grant,
};
use reqwest::Method;

use crate::support::{Client, TestApp, api_clients::CLIENTS, json, on_both_databases};

/// A caller of this account with these permissions everywhere.
fn office(app: &TestApp, account: &str, scope: &[Permission]) -> Client {
    let (id, name) = ("office".to_owned(), "The office".to_owned());
    let grant = Grant {
        holder: ActorRef { kind: ActorKind::Cli, id, name, origin: None },
        roles: Vec::new(),
        scope: scope.to_vec(),
        accounts: vec![account.parse().unwrap()],
        lifetime: Duration::from_hours(1),
    };
    app.bearer(&app.parts.services.access_tokens.issue(&grant, app.now()).unwrap())
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn an_office_manages_the_clients_of_its_account(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let below = app.subsidiary("eve@south.example", &acme.account, "South").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let make = async |account: Option<&str>| {
            app.api_client(json!({ "scopes": ["customers:read"], "account_id": account })).await
        };
        let (everywhere, of_zenith) = (make(None).await, make(Some(&zenith.account)).await);
        let (of_acme, of_south) = (make(Some(&acme.account)).await, make(Some(&below.account)).await);
        let office_of_acme = office(&app, &acme.account, &[ClientsManage]);
        let seen = office_of_acme.get(CLIENTS).await.expect(200).body;
        let ids: Vec<_> = seen["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(ids, [json!(of_south.id), json!(of_acme.id)]);
        for client in [&everywhere, &of_zenith] {
            let (path, rotate) = (client.path(), format!("{}/rotate", client.path()));
            office_of_acme.get(&path).await.problem(404, "not_found");
            office_of_acme.post_empty(&rotate).await.problem(404, "not_found");
            office_of_acme.call(Method::DELETE, &path, &[]).await.problem(404, "not_found");
        }
        let body = |account: Option<&str>| {
            let scopes = json!(["customers:invite"]);
            json!({ "name": "Fleet sync", "scopes": scopes, "account_id": account })
        };
        for account in [&acme.account, &below.account] {
            // An owner may do there what these permissions allow.
            let made = office_of_acme.post(CLIENTS, &body(Some(account))).await.expect(201);
            let path = format!("{CLIENTS}/{}", made.text_of("id"));
            office_of_acme.post_empty(&format!("{path}/rotate")).await.expect(200);
            office_of_acme.call(Method::DELETE, &path, &[]).await.expect(204);
        }
        office_of_acme.post(CLIENTS, &body(Some(&zenith.account))).await.problem(404, "account_not_found");
        office_of_acme.post(CLIENTS, &body(None)).await.problem(403, "scope_exceeds_yours");
        // With `accounts:read` all are seen; what may be granted stays the same.
        let reader = office(&app, &acme.account, &[ClientsManage, AccountsRead]);
        assert_eq!(reader.get(CLIENTS).await.expect(200).body["data"].as_array().unwrap().len(), 6);
        reader.post(CLIENTS, &body(Some(&zenith.account))).await.problem(403, "scope_exceeds_yours");
        // An owner is no manager of clients.
        acme.client.get(CLIENTS).await.problem(403, "forbidden");
        acme.client.post(CLIENTS, &body(Some(&acme.account))).await.problem(403, "forbidden");
    }
}
