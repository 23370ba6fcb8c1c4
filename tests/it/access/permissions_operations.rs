//! Routes that take one permission each: every role and every single permission at every such route.

use invitation_service::domain::{permission::Permission, role::Role};
use reqwest::Method;

use crate::support::{TestApp, on_both_databases};

/// Method, path and permission. With it, the answer is neither 401 nor 403.
const ROUTES: [(&str, &str, Permission); 19] = [
    ("GET", "/v1/api-clients", Permission::ClientsManage),
    // Without a body: with the permission, 400.
    ("POST", "/v1/api-clients", Permission::ClientsManage),
    ("GET", "/v1/api-clients/client_01m86xvxh0f46bs8r42wfv2z13", Permission::ClientsManage),
    ("POST", "/v1/api-clients/client_01m86xvxh0f46bs8r42wfv2z13/rotate", Permission::ClientsManage),
    ("DELETE", "/v1/api-clients/client_01m86xvxh0f46bs8r42wfv2z13", Permission::ClientsManage),
    // Without a body: with the permission, 400, 404 or 422. Of an endpoint that does not exist, 404.
    ("GET", "/v1/webhook-endpoints", Permission::WebhooksManage),
    ("POST", "/v1/webhook-endpoints", Permission::WebhooksManage),
    ("GET", "/v1/webhook-endpoints/whe_01m86xvxh0f46bs8r42wfv2z13", Permission::WebhooksManage),
    ("PATCH", "/v1/webhook-endpoints/whe_01m86xvxh0f46bs8r42wfv2z13", Permission::WebhooksManage),
    ("DELETE", "/v1/webhook-endpoints/whe_01m86xvxh0f46bs8r42wfv2z13", Permission::WebhooksManage),
    ("POST", "/v1/webhook-endpoints/whe_01m86xvxh0f46bs8r42wfv2z13/rotate", Permission::WebhooksManage),
    ("POST", "/v1/webhook-endpoints/whe_01m86xvxh0f46bs8r42wfv2z13/test", Permission::WebhooksManage),
    ("POST", "/v1/webhook-endpoints/whe_01m86xvxh0f46bs8r42wfv2z13/replay", Permission::WebhooksManage),
    ("GET", "/v1/webhook-endpoints/whe_01m86xvxh0f46bs8r42wfv2z13/attempts", Permission::WebhooksManage),
    ("GET", "/v1/audit-events", Permission::AuditRead),
    // Of a user who does not exist: with the permission, 404.
    ("POST", "/v1/users/usr_01m86xvxh0es8r65rzyjka792g/block", Permission::UsersBlock),
    ("POST", "/v1/users/usr_01m86xvxh0es8r65rzyjka792g/unblock", Permission::UsersBlock),
    ("DELETE", "/v1/users/usr_01m86xvxh0es8r65rzyjka792g", Permission::UsersErase),
    ("GET", "/v1/users/usr_01m86xvxh0es8r65rzyjka792g/export", Permission::UsersErase),
];

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn one_permission_opens_a_route_and_no_other_does(app: TestApp) {
        // The same with the tokens of API clients.
        let mut clients = Vec::new();
        for role in Role::ALL {
            let caller = app.client_caller(role.permissions(), None).await;
            clients.push((role.as_str(), caller, role.permissions().to_vec()));
        }
        for one in Permission::ALL {
            clients.push((one.as_str(), app.client_caller(&[one], None).await, vec![one]));
        }
        let roles =
            Role::ALL.map(|role| (role.as_str(), app.caller(&[role], &[]), role.permissions().to_vec()));
        let scopes = Permission::ALL.map(|one| (one.as_str(), app.caller(&[], &[one]), vec![one]));
        for (method, path, permission) in ROUTES {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            app.anonymous().call(method.clone(), path, &[]).await.problem(401, "unauthenticated");
            for (name, caller, permissions) in roles.iter().chain(&scopes).chain(&clients) {
                let answer = caller.call(method.clone(), path, &[]).await;
                let is_refused = [401, 403].contains(&answer.status);
                assert_ne!(
                    is_refused,
                    permissions.contains(&permission),
                    "{name} at {method} {path}: {}",
                    answer.text
                );
                if is_refused {
                    answer.problem(403, "forbidden");
                }
            }
        }
    }
}
