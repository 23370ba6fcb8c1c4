//! The permission matrix of the contract with client credentials as the proof, and who may grant what.

use invitation_service::domain::{
    permission::Permission::{self, AccountsRead, ClientsManage, CustomersInvite, CustomersRead},
    role::Role,
};
use reqwest::Method;

use crate::{
    access::permissions::{ENDPOINTS, knock, of_permission, of_role},
    support::{TestApp, api_clients::CLIENTS, customers::with, json, on_both_databases},
};

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")];

    async fn everybody_at_every_endpoint(app: TestApp) {
        let mut rows = Vec::new();
        for role in Role::ALL {
            let caller = app.client_caller(role.permissions(), None).await;
            rows.push((format!("{role:?}"), caller, of_role(role)));
        }
        for one in Permission::ALL {
            rows.push((format!("{one:?}"), app.client_caller(&[one], None).await, of_permission(one)));
        }
        for (index, (name, caller, expected)) in rows.into_iter().enumerate() {
            let answers = knock(&app, &caller, index).await;
            for ((endpoint, answer), status) in ENDPOINTS.iter().zip(&answers).zip(expected) {
                assert_eq!(answer.status, status, "{name} at {endpoint}: {}", answer.text);
            }
        }
        app.letters().await;
    }

    async fn no_caller_grants_more_than_they_hold(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let made = app.api_client(json!({ "scopes": ["customers:read", "audit:read"] })).await;
        let rotate = format!("{}/rotate", made.path());
        let manager = [ClientsManage, CustomersRead];
        for caller in [app.caller(&[], &manager), app.client_caller(&manager, None).await] {
            for (scopes, account, status) in [
                (json!(["customers:read"]), None, 201),
                (json!(["clients:manage", "customers:read"]), None, 201),
                (json!(["customers:read"]), Some(&acme.account), 201),
                (json!(["customers:invite"]), None, 403),
                (json!(["customers:invite"]), Some(&acme.account), 403),
                (json!(["customers:read", "audit:read"]), None, 403),
            ] {
                let body = json!({ "name": "Fleet sync", "scopes": scopes, "account_id": account });
                let answer = caller.post(CLIENTS, &body).await;
                match status {
                    201 => answer.expect(201),
                    _ => answer.problem(403, "scope_exceeds_yours"),
                };
            }
            caller.get(&made.path()).await.expect(200);
            caller.post_empty(&rotate).await.problem(403, "scope_exceeds_yours");
            caller.post(&rotate, &json!({ "x": 1 })).await.faults(&[("/x", "unknown_member")]);
        }
        assert_eq!(made.ask(&app, &made.secret).await.status, 200);
        // To revoke takes permissions away, and needs none of them.
        app.caller(&[], &[ClientsManage]).call(Method::DELETE, &made.path(), &[]).await.expect(204);
        let denied = app.admin().get("/v1/audit-events?action=access").await.expect(200).body;
        assert!(denied.to_string().contains("scope_exceeds_yours"), "{denied}");
    }

    async fn a_retry_by_a_caller_who_lost_the_right_is_refused(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["admin"]).await;
        let user = app.activate(&mail.token).await.expect(201).body["user"]["id"].clone();
        let ada = app.sign_in("ada@example.com").await;
        let body = json!({ "name": "Fleet sync", "scopes": ["customers:read"] });
        let make = async || {
            let request = ada.request(Method::POST, CLIENTS).header("idempotency-key", "make").json(&body);
            crate::support::Answer::of(request).await
        };
        make().await.expect(201);
        let (_, mail) = app.invite("boss@example.com", &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let path = user.as_str().unwrap();
        app.admin().change_user(path, "*", &json!({ "system_roles": ["viewer"] })).await.expect(200);
        let refused = make().await.problem(403, "forbidden");
        assert!(!refused.text.contains("ivs_"));
    }

    async fn a_client_of_an_account_acts_there_alone(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let inviter = app.client_caller(&[CustomersInvite], Some(&acme.account)).await;
        let reader = app.client_caller(&[CustomersRead], Some(&acme.account)).await;
        let looker = app.client_caller(&[AccountsRead], Some(&acme.account)).await;
        let driver = |account: &str, email: &str| {
            let role = json!({ "email": email, "role": "driver", "account_id": account });
            with(role, json!({ "delivery": "link" }))
        };
        let path = "/v1/sub-accounts/invitations";
        let invited = inviter.post(path, &driver(&acme.account, "dirk@acme.example")).await.expect(201);
        let own = format!("/v1/invitations/{}", invited.text_of("id"));
        inviter
            .post(path, &driver(&zenith.account, "dirk@zenith.example"))
            .await
            .problem(404, "account_not_found");
        let top = json!({ "email": "olivia@other.example" });
        inviter.post("/v1/account-owners/invitations", &top).await.problem(403, "forbidden");
        inviter.get(&own).await.problem(404, "not_found");
        inviter.get("/v1/users").await.problem(403, "forbidden");
        inviter.get("/v1/suppressions").await.problem(403, "forbidden");
        inviter.post_empty(&format!("{own}/revoke")).await.expect(200);
        // Reading is no inviting, and the other way round.
        for caller in [&reader, &looker] {
            caller.post(path, &driver(&acme.account, "eve@acme.example")).await.problem(403, "forbidden");
        }
        reader.get(&own).await.expect(200);
        reader.post_empty(&format!("{own}/resend")).await.problem(403, "forbidden");
        looker.get(&own).await.problem(404, "not_found");
        reader.get(&format!("/v1/users/{}", acme.user)).await.expect(200);
        reader.get(&format!("/v1/users/{}", zenith.user)).await.problem(404, "not_found");
        reader.get("/v1/accounts").await.problem(403, "forbidden");
        looker.get(&format!("/v1/accounts/{}", acme.account)).await.expect(200);
        looker.get(&format!("/v1/accounts/{}", zenith.account)).await.problem(404, "not_found");
        let remove = format!("/v1/accounts/{}/members/{}", zenith.account, zenith.user);
        for caller in [&inviter, &reader, &looker] {
            caller.call(Method::DELETE, &remove, &[]).await.problem(404, "not_found");
            caller.get(CLIENTS).await.problem(403, "forbidden");
        }
        let me = reader.get("/v1/me").await.expect(200).body;
        assert_eq!(me["permissions"], json!(["customers:read"]));
        assert_eq!(me["accounts"][0]["id"], json!(acme.account));
    }
}
