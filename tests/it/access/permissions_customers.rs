//! Who may do what with customers: every role, every single permission, owners and drivers, at every
//! endpoint.

use invitation_service::domain::{
    permission::Permission::{
        self, AccountsRead, CustomersInvite, CustomersRead, SystemUsersInvite, SystemUsersRead,
    },
    role::Role,
};
use reqwest::Method;

use crate::support::{
    Answer, Client, TestApp,
    batches::{BATCH, RESEND, only},
    customers::{OWNERS, SUB_ACCOUNTS, text},
    json, on_both_databases,
    role_table::{Access, access},
};

/// In the order of [`knock`].
const ENDPOINTS: [&str; 25] = [
    "GET accounts",
    "GET account",
    "GET sub-accounts",
    "POST account owner",
    "POST further owner",
    "POST sub-account by name",
    "POST sub-account by route",
    "GET invitation",
    "GET events",
    "GET user",
    "POST resend",
    "PATCH invitation",
    "POST users resend",
    "POST batch owner",
    "POST batch sub-account",
    "POST batch resend",
    "POST revoke",
    "GET invitations?kind=sub_account",
    "GET users?kind=customer",
    "GET users as CSV",
    "GET users?kind=system_user",
    "POST system user",
    "DELETE member",
    "POST recheck",
    "GET delivery",
];

/// Asks at every endpoint, about an invitation of its own below the account.
async fn knock(app: &TestApp, caller: &Client, index: usize, (account, owner): (&str, &str)) -> [Answer; 25] {
    let below = |name: &str| {
        json!({
            "email": format!("{name}{index}@example.com"), "role": "driver", "account_id": account
        })
    };
    let made = app.admin().post(SUB_ACCOUNTS, &below("standing")).await.expect(201).body;
    let (id, user) = (text(&made, "/id"), text(&made, "/user_id"));
    let by_name =
        json!({ "email": format!("named{index}@example.com"), "role": "driver", "account_name": "ACME" });
    let by_route = json!({
        "email": format!("routed{index}@example.com"), "used_by": "employee", "account_name": "Home",
        "account_type": "consumer"
    });
    let batch = async |item| only(caller.post(BATCH, &json!({ "invitations": [item] })).await);
    let further = json!({ "email": format!("further{index}@example.com"), "account_id": account });
    [
        caller.get("/v1/accounts").await,
        caller.get(&format!("/v1/accounts/{account}")).await,
        caller.get(&format!("/v1/accounts/{account}/sub-accounts")).await,
        caller.post(OWNERS, &json!({ "email": format!("owner{index}@example.com") })).await,
        caller.post(OWNERS, &further).await,
        caller.post(SUB_ACCOUNTS, &by_name).await,
        caller.post(&format!("/v1/accounts/{account}/sub-accounts"), &by_route).await,
        caller.get(&format!("/v1/invitations/{id}")).await,
        caller.get(&format!("/v1/invitations/{id}/events")).await,
        caller.get(&format!("/v1/users/{user}")).await,
        caller.post_empty(&format!("/v1/invitations/{id}/resend")).await,
        caller.update(id, "*", &json!({ "reimbursement_rate": "0.23" })).await,
        caller.post_empty(&format!("/v1/users/{user}/resend-invitation")).await,
        batch(json!({ "kind": "account_owner", "email": format!("batch{index}@example.com") })).await,
        batch(json!({
            "kind": "sub_account", "email": format!("batch{index}@example.com"), "role": "driver",
            "account_id": account
        }))
        .await,
        only(caller.post(RESEND, &json!({ "ids": [id] })).await),
        caller.post_empty(&format!("/v1/invitations/{id}/revoke")).await,
        caller.get("/v1/invitations?kind=sub_account").await,
        caller.get("/v1/users?kind=customer").await,
        caller.call(Method::GET, "/v1/users", &[("accept", "text/csv")]).await,
        caller.get("/v1/users?kind=system_user").await,
        caller
            .post(
                "/v1/system-users/invitations",
                &json!({ "email": format!("staff{index}@example.com"), "roles": ["viewer"] }),
            )
            .await,
        // The account's last owner: whoever may end a membership is told that this one stays.
        caller.call(Method::DELETE, &format!("/v1/accounts/{account}/members/{owner}"), &[]).await,
        // Its letter was never handed to a provider.
        caller.post_empty(&format!("/v1/invitations/{id}/recheck")).await,
        caller.get("/v1/delivery").await,
    ]
}

type Row = [u16; 25];
const ALL: Row = [
    200, 200, 200, 201, 201, 201, 201, 200, 200, 200, 200, 200, 200, 201, 201, 200, 200, 200, 200, 200, 200,
    201, 409, 409, 200,
];
const SUPPORT: Row = [
    200, 200, 200, 201, 201, 201, 201, 200, 200, 200, 200, 200, 200, 201, 201, 200, 200, 200, 200, 200, 403,
    403, 409, 409, 200,
];
const FINANCE: Row = [
    200, 200, 200, 403, 403, 403, 403, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 200, 200, 200, 403,
    403, 403, 403, 200,
];
const VIEWER: Row = [
    200, 200, 200, 403, 403, 403, 403, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 200, 200, 200, 200,
    403, 403, 403, 200,
];
const NOTHING: Row = [
    403, 404, 404, 403, 403, 403, 403, 404, 404, 404, 404, 404, 404, 403, 403, 403, 404, 403, 403, 403, 403,
    403, 404, 404, 403,
];
/// Of a batch each item is told what its own route says.
const INVITES_STAFF: Row = [
    403, 404, 404, 403, 403, 403, 403, 404, 404, 404, 404, 404, 404, 403, 403, 404, 404, 403, 403, 403, 403,
    403, 404, 404, 403,
];
const READS_STAFF: Row = [
    403, 404, 404, 403, 403, 403, 403, 404, 404, 404, 404, 404, 404, 403, 403, 403, 404, 403, 403, 200, 200,
    403, 404, 404, 200,
];
const INVITES: Row = [
    403, 404, 404, 201, 201, 201, 201, 404, 404, 404, 200, 200, 200, 201, 201, 200, 200, 403, 403, 403, 403,
    403, 409, 409, 403,
];
const READS: Row = [
    403, 404, 404, 403, 403, 403, 403, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 200, 200, 200, 403,
    403, 403, 403, 200,
];
const READS_ACCOUNTS: Row = [
    200, 200, 200, 403, 403, 403, 403, 404, 404, 404, 404, 404, 404, 403, 403, 403, 404, 403, 403, 403, 403,
    403, 404, 404, 403,
];
const OWNER: Row = [
    200, 200, 200, 403, 201, 201, 201, 200, 200, 200, 200, 200, 200, 403, 201, 200, 200, 200, 200, 200, 403,
    403, 409, 409, 403,
];
/// Owns something else.
const FOREIGNER: Row = [
    200, 404, 404, 403, 404, 404, 404, 404, 404, 404, 404, 404, 404, 403, 404, 404, 404, 200, 200, 200, 403,
    403, 404, 404, 403,
];
const NOBODY: Row = [401; 25];

fn of_access(access: Access) -> Row {
    match access {
        Access::ManageAll => ALL,
        Access::ManageCustomers => SUPPORT,
        Access::ReadCustomers => FINANCE,
        Access::ReadAll => VIEWER,
        Access::Nothing => NOTHING,
    }
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s")];
    async fn everybody_at_every_endpoint(app: TestApp) {
        let acme = app.owner("grace@acme.example", "Acme").await;
        let zenith = app.owner("linus@zenith.example", "Zenith").await;
        let person = app.consumer("joe@home.example", "Joe at home").await;
        let below = app.subsidiary("eve@south.example", &acme.account, "South").await;
        let driver = app.driver("max@acme.example", &acme.account).await;
        let by_role =
            Role::ALL.map(|role| (role.as_str(), app.caller(&[role], &[]), of_access(access(role))));
        let by_scope = Permission::ALL.map(|permission| {
            let expected = match permission {
                SystemUsersRead => READS_STAFF,
                SystemUsersInvite => INVITES_STAFF,
                CustomersInvite => INVITES,
                CustomersRead => READS,
                AccountsRead => READS_ACCOUNTS,
                _ => NOTHING,
            };
            (permission.as_str(), app.caller(&[], &[permission]), expected)
        });
        let others = [
            ("nobody", app.anonymous(), NOBODY),
            ("no role", app.caller(&[], &[]), of_access(Access::Nothing)),
            ("its owner", acme.client.clone(), OWNER),
            ("its owner's office", app.owning(&[&acme.account]), OWNER),
            ("another's owner", zenith.client, FOREIGNER),
            ("a consumer", person.client, FOREIGNER),
            ("the owner of an account below", below.client, FOREIGNER),
            ("a driver", driver.client, NOTHING),
        ];
        for (index, (name, caller, expected)) in by_role.into_iter().chain(by_scope).chain(others).enumerate()
        {
            let answers = knock(&app, &caller, index, (&acme.account, &acme.user)).await;
            for ((endpoint, answer), status) in ENDPOINTS.iter().zip(&answers).zip(expected) {
                assert_eq!(answer.status, status, "{name} at {endpoint}: {}", answer.text);
                let by_reference =
                    ["POST further owner", "POST sub-account by name", "POST batch sub-account"]
                        .contains(endpoint);
                let exceeds = name == SystemUsersInvite.as_str() && *endpoint == "POST system user";
                let code = match status {
                    200 | 201 => None,
                    401 => Some("unauthenticated"),
                    409 if *endpoint == "POST recheck" => Some("delivery_not_checkable"),
                    409 => Some("last_owner"),
                    403 if exceeds => Some("role_exceeds_yours"),
                    403 => Some("forbidden"),
                    _ if by_reference => Some("account_not_found"),
                    _ => Some("not_found"),
                };
                assert_eq!(answer.body["code"].as_str(), code, "{name} at {endpoint}");
            }
        }
        app.letters().await;
    }
}
