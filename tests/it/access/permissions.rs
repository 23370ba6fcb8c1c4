//! Who may do what: every role, no role and every single permission, at every endpoint.

use invitation_service::domain::{
    permission::Permission,
    role::Role::{self, Finance, UserManager, Viewer},
};

use crate::support::{
    Answer, Client, TestApp,
    batches::{BATCH, RESEND, colleague, only},
    json, on_both_databases,
};

/// In the order of [`knock`].
pub(super) const ENDPOINTS: [&str; 23] = [
    "GET roles",
    "GET invitations",
    "GET invitations?kind=system_user",
    "GET invitations?kind=account_owner",
    "GET invitation",
    "GET events",
    "GET users",
    "GET users?kind=system_user",
    "GET users?kind=customer",
    "GET user",
    "POST invite",
    "POST resend",
    "PATCH invitation",
    "POST users resend",
    "POST batch",
    "POST batch resend",
    "POST revoke",
    "GET invitations/counts",
    "GET invitations/counts?kind=system_user",
    "GET users/counts",
    "GET users/counts?kind=customer",
    "POST recheck",
    "GET delivery",
];

/// Asks at every endpoint, about an invitation of its own.
pub(super) async fn knock(app: &TestApp, caller: &Client, index: usize) -> [Answer; 23] {
    let made = app.invite_unsent(&format!("colleague{index}@example.com"), &["viewer"]).await;
    let (id, user) = (made["id"].as_str().unwrap(), made["user_id"].as_str().unwrap());
    [
        caller.get("/v1/roles").await,
        caller.get("/v1/invitations").await,
        caller.get("/v1/invitations?kind=system_user").await,
        caller.get("/v1/invitations?kind=account_owner").await,
        caller.get(&format!("/v1/invitations/{id}")).await,
        caller.get(&format!("/v1/invitations/{id}/events")).await,
        caller.get("/v1/users").await,
        caller.get("/v1/users?kind=system_user").await,
        caller.get("/v1/users?kind=customer").await,
        caller.get(&format!("/v1/users/{user}")).await,
        caller
            .post(
                "/v1/system-users/invitations",
                &json!({ "email": format!("new{index}@example.com"), "roles": ["viewer"] }),
            )
            .await,
        caller.post_empty(&format!("/v1/invitations/{id}/resend")).await,
        caller.update(id, "*", &json!({ "locale": "nl" })).await,
        caller.post_empty(&format!("/v1/users/{user}/resend-invitation")).await,
        only(
            caller
                .post(BATCH, &json!({ "invitations": [colleague(&format!("batch{index}@example.com"))] }))
                .await,
        ),
        only(caller.post(RESEND, &json!({ "ids": [id] })).await),
        caller.post_empty(&format!("/v1/invitations/{id}/revoke")).await,
        caller.get("/v1/invitations/counts").await,
        caller.get("/v1/invitations/counts?kind=system_user").await,
        caller.get("/v1/users/counts").await,
        caller.get("/v1/users/counts?kind=customer").await,
        // Its letter was never handed to a provider.
        caller.post_empty(&format!("/v1/invitations/{id}/recheck")).await,
        caller.get("/v1/delivery").await,
    ]
}

pub(super) const ALL: [u16; 23] = [
    200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 201, 200, 200, 200, 201, 200, 200, 200, 200, 200, 200,
    409, 200,
];
pub(super) const VIEWS: [u16; 23] = [
    200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 200, 200, 200, 200,
    403, 200,
];
/// Sees customers alone: of colleagues, nothing.
pub(super) const CUSTOMERS: [u16; 23] = [
    200, 200, 403, 200, 404, 404, 200, 403, 200, 404, 403, 404, 404, 404, 403, 403, 404, 200, 403, 200, 200,
    404, 200,
];
/// And may invite them: of a batch each item is told what its own route says.
pub(super) const SUPPORT: [u16; 23] = [
    200, 200, 403, 200, 404, 404, 200, 403, 200, 404, 403, 404, 404, 404, 403, 404, 404, 200, 403, 200, 200,
    404, 200,
];
pub(super) const INVITES_CUSTOMERS: [u16; 23] = [
    200, 403, 403, 403, 404, 404, 403, 403, 403, 404, 403, 404, 404, 404, 403, 404, 404, 403, 403, 403, 403,
    404, 403,
];
pub(super) const NOTHING: [u16; 23] = [
    200, 403, 403, 403, 404, 404, 403, 403, 403, 404, 403, 404, 404, 404, 403, 403, 404, 403, 403, 403, 403,
    404, 403,
];
const NOBODY: [u16; 23] = [401; 23];
/// May invite colleagues, yet holds nothing that a viewer holds.
pub(super) const INVITES: [u16; 23] = [
    200, 403, 403, 403, 404, 404, 403, 403, 403, 404, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403,
    403, 403,
];
pub(super) const SEES_STAFF: [u16; 23] = [
    200, 200, 200, 403, 200, 200, 200, 200, 403, 200, 403, 403, 403, 403, 403, 403, 403, 200, 200, 200, 403,
    403, 200,
];

/// What a role may do there.
pub(super) fn of_role(role: Role) -> [u16; 23] {
    match role {
        Role::Admin | Role::UserManager => ALL,
        Role::CustomerSupport => SUPPORT,
        Role::Finance => CUSTOMERS,
        Role::Viewer => VIEWS,
    }
}

/// What a single permission allows there.
pub(super) fn of_permission(permission: Permission) -> [u16; 23] {
    match permission {
        Permission::SystemUsersInvite => INVITES,
        Permission::SystemUsersRead => SEES_STAFF,
        Permission::CustomersRead => CUSTOMERS,
        Permission::CustomersInvite => INVITES_CUSTOMERS,
        _ => NOTHING,
    }
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s")];
    async fn everybody_at_every_endpoint(app: TestApp) {
        let by_role = Role::ALL.map(|role| (role.as_str(), app.caller(&[role], &[]), of_role(role)));
        let by_scope = Permission::ALL.map(|permission| {
            (permission.as_str(), app.caller(&[], &[permission]), of_permission(permission))
        });
        let scopes = [
            Permission::SystemUsersInvite,
            Permission::SystemUsersRead,
            Permission::CustomersRead,
            Permission::AccountsRead,
        ];
        let others = [
            ("nobody", app.anonymous(), NOBODY),
            ("no role", app.caller(&[], &[]), NOTHING),
            ("two roles", app.caller(&[Finance, Viewer], &[]), VIEWS),
            ("role and scope", app.caller(&[Viewer], &[Permission::SystemUsersInvite]), ALL),
            ("scopes of a viewer who invites", app.caller(&[], &scopes), ALL),
        ];
        for (index, (name, caller, expected)) in by_role.into_iter().chain(by_scope).chain(others).enumerate()
        {
            let answers = knock(&app, &caller, index).await;
            for ((endpoint, answer), status) in ENDPOINTS.iter().zip(&answers).zip(expected) {
                assert_eq!(answer.status, status, "{name} at {endpoint}: {}", answer.text);
                let code = answer.body["code"].as_str();
                let exceeds = name == "system_users:invite" && endpoint.starts_with('P');
                let expected_code = match status {
                    200 | 201 => None,
                    401 => Some("unauthenticated"),
                    409 => Some("delivery_not_checkable"),
                    403 if exceeds => Some("role_exceeds_yours"),
                    403 => Some("forbidden"),
                    _ => Some("not_found"),
                };
                assert_eq!(code, expected_code, "{name} at {endpoint}");
            }
            if expected == CUSTOMERS || expected == SUPPORT {
                // Colleagues are not in the lists, however many there are.
                assert_eq!(
                    (&answers[1].body["data"], &answers[6].body["data"]),
                    (&json!([]), &json!([])),
                    "{name}"
                );
            }
            if expected == SEES_STAFF {
                assert_ne!(answers[1].body["data"], json!([]), "{name}");
            }
        }
    }

    async fn no_caller_handles_an_invitation_to_more_than_they_hold(app: TestApp) {
        for (inviter, invited) in [(UserManager, "admin"), (Viewer, "viewer"), (UserManager, "user_manager")]
        {
            let made = app.invite_unsent(&format!("{invited}@example.com"), &[invited, "finance"]).await;
            let (id, user) = (made["id"].as_str().unwrap(), made["user_id"].as_str().unwrap());
            let caller = app.caller(&[inviter], &[]);
            let refusal = match (inviter, invited) {
                (Role::Viewer, _) => Some("forbidden"),
                (_, "admin") => Some("role_exceeds_yours"),
                _ => None,
            };
            let paths = [
                format!("/v1/invitations/{id}/resend"),
                format!("/v1/users/{user}/resend-invitation"),
                format!("/v1/invitations/{id}/revoke"),
            ];
            for path in paths {
                match refusal {
                    Some(code) => caller.post_empty(&path).await.problem(403, code),
                    None => caller.post_empty(&path).await.expect(200),
                };
            }
            let changed = caller.update(id, "*", &json!({ "roles": [invited] })).await;
            match refusal {
                Some(code) => changed.problem(403, code),
                // Revoked by now.
                None => changed.problem(409, "invitation_not_pending"),
            };
            let after = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200);
            let untouched =
                (after.body["status"].as_str().unwrap(), after.body["send_count"].as_i64().unwrap());
            assert_eq!(untouched, if refusal.is_some() { ("pending", 1) } else { ("revoked", 3) });
        }
        let invite = json!({ "email": "boss@example.com", "roles": ["viewer", "admin"] });
        app.caller(&[UserManager], &[])
            .post("/v1/system-users/invitations", &invite)
            .await
            .problem(403, "role_exceeds_yours");
        assert_eq!(app.database.count("users WHERE email_key = 'boss@example.com'"), 0);
    }

    async fn the_checkboxes(app: TestApp) {
        let shown = app.caller(&[], &[]).get("/v1/roles").await.expect(200);
        let roles: Vec<_> = shown.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|role| (role["name"].clone(), role["permissions"].clone()))
            .collect();
        assert_eq!(
            roles,
            [
                (
                    json!("admin"),
                    json!([
                        "system_users:invite",
                        "system_users:read",
                        "customers:invite",
                        "customers:read",
                        "accounts:read",
                        "users:block",
                        "users:erase",
                        "clients:manage",
                        "webhooks:manage",
                        "audit:read"
                    ])
                ),
                (
                    json!("user_manager"),
                    json!([
                        "system_users:invite",
                        "system_users:read",
                        "customers:invite",
                        "customers:read",
                        "accounts:read"
                    ])
                ),
                (json!("customer_support"), json!(["customers:invite", "customers:read", "accounts:read"])),
                (json!("finance"), json!(["customers:read", "accounts:read"])),
                (json!("viewer"), json!(["system_users:read", "customers:read", "accounts:read"])),
            ]
        );
        assert!(
            shown.body["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|role| !role["description"].as_str().unwrap().is_empty())
        );
    }
}
