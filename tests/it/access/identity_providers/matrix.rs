//! The permission matrix of the contract, with the tokens of two providers: one says roles, the other scopes.

use invitation_service::domain::{permission::Permission, role::Role};
use serde_json::Value;

use crate::{
    access::permissions::{ENDPOINTS, NOTHING, knock, of_permission, of_role},
    support::{
        Backend, TestApp,
        identity_provider::{IdentityProvider, KeyPair, issuers},
        json, on_each,
    },
};

on_each! {
    async fn everybody_at_every_endpoint(backend: Backend) {
        let keycloak = IdentityProvider::start(KeyPair::rsa_a()).await;
        let zitadel = IdentityProvider::start(KeyPair::ed25519()).await;
        let named = |name: &str| format!("portal-{name}");
        let roles: Value =
            Role::ALL.map(|role| (named(role.as_str()), json!(role.as_str()))).into_iter().collect();
        let permissions: Value =
            Permission::ALL.map(|one| (named(one.as_str()), json!([one.as_str()]))).into_iter().collect();
        let project = "urn:zitadel:iam:org:project:roles";
        let entries = [
            keycloak.entry(&json!({
                "claims": { "roles": "/realm_access/roles" },
                "map": { "roles": roles, "permissions": permissions }
            })),
            zitadel.entry(&json!({ "claims": { "roles": project }, "map": { "roles": roles } })),
        ];
        let variables = [("JWT_ISSUERS", issuers(&entries)), ("RESEND_COOLDOWN", "0s".to_owned())];
        let app =
            TestApp::start(backend, &variables.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
        let by_role = Role::ALL.into_iter().flat_map(|role| {
            let name = named(role.as_str());
            let of_keycloak =
                json!({ "realm_access": { "roles": ["offline_access", name] }, "scope": "openid" });
            let of_zitadel = json!({ project: { (name): { "1": "acme.example" } }, "scope": "openid" });
            [
                (format!("{role:?} of Keycloak"), keycloak.caller(&app, &of_keycloak), of_role(role)),
                (format!("{role:?} of Zitadel"), zitadel.caller(&app, &of_zitadel), of_role(role)),
            ]
        });
        let by_scope = Permission::ALL.into_iter().flat_map(|one| {
            let mapped = json!({ "scope": format!("openid {}", named(one.as_str())) });
            let own = json!({ "scope": format!("openid {}", one.as_str()) });
            [
                (format!("{one:?} of Keycloak"), keycloak.caller(&app, &mapped), of_permission(one)),
                (format!("{one:?} of Zitadel"), zitadel.caller(&app, &own), of_permission(one)),
                (format!("{one:?}, not mapped"), keycloak.caller(&app, &own), NOTHING),
            ]
        });
        for (index, (name, caller, expected)) in by_role.chain(by_scope).enumerate() {
            let answers = knock(&app, &caller, index).await;
            for ((endpoint, answer), status) in ENDPOINTS.iter().zip(&answers).zip(expected) {
                assert_eq!(answer.status, status, "{name} at {endpoint}: {}", answer.text);
            }
        }
        app.letters().await;
    }
}
