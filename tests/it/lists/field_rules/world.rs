//! The people and the callers whom the table speaks of.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use invitation_service::domain::{
    permission::Permission::{
        self, AccountsRead, CustomersInvite, CustomersRead, SystemUsersInvite, SystemUsersRead,
    },
    role::Role,
};
use serde_json::Value;

use crate::support::{
    Client, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, text},
    handed_over::choose,
    json,
};

pub struct World {
    pub acme: String,
    pub zenith: String,
    /// By the names of [`super::PEOPLE`]: the person, and the invitation that Acme's owner has sent them, if
    /// it is pending.
    pub people: Vec<(Value, Option<Value>)>,
    pub callers: BTreeMap<&'static str, Client>,
}

pub async fn colleague(app: &TestApp, email: &str, first_name: &str) {
    let (_, mail) = app.invite(email, &["viewer", "finance"]).await;
    choose(app, &mail.token, PASSWORD, first_name).await.expect(201);
}

pub async fn world(app: &TestApp) -> World {
    let acme = app.owner("olga@acme.example", "Acme").await;
    colleague(app, "ada@operator.example", "Augusta").await;
    let zenith = app.owner("linus@zenith.example", "Zenith Secret").await;
    colleague(app, "max@operator.example", "Maximilian").await;
    colleague(app, "eve@operator.example", "Evelyn").await;
    let drive = async |account: &str| {
        let body = json!({
            "email": "max@operator.example", "role": "driver", "account_id": account,
            "account_type": "consumer"
        });
        let (_, mail) = app.invite_by(SUB_ACCOUNTS, body).await;
        app.join(&mail.token, "max@operator.example", json!({})).await.expect(201);
    };
    drive(&acme.account).await;
    drive(&zenith.account).await;
    app.advance(TimeDelta::minutes(5));
    let driver = app.driver("dirk@acme.example", &acme.account).await;
    app.advance(TimeDelta::minutes(5));
    let owner = app.sign_in("olga@acme.example").await;
    // Each in another spelling than the person's own: what was typed is shown.
    let mut sent = Vec::new();
    for email in ["Ada@Operator.example", "LINUS@zenith.example", "nobody@nowhere.example"] {
        let body = json!({ "email": email, "account_id": acme.account, "delivery": "link" });
        let mut made = owner.post(OWNERS, &body).await.expect(201).body;
        made.as_object_mut().unwrap().remove("activation_link");
        sent.push(made);
    }
    let admin = app.admin();
    let find = async |email: &str| {
        let list = admin.get(&format!("/v1/users?search={email}")).await.expect(200).body;
        list["data"][0].clone()
    };
    let mut people = Vec::new();
    for made in sent {
        let person = admin.get(&format!("/v1/users/{}", text(&made, "/user_id"))).await.expect(200).body;
        people.push((person, Some(made)));
    }
    people.push((find("max@operator.example").await, None));
    people.push((find("eve@operator.example").await, None));
    let scope = |permission: Permission| app.caller(&[], &[permission]);
    let roles = Role::ALL.map(|role| (role.as_str(), app.caller(&[role], &[])));
    let others = [
        ("customers:read", scope(CustomersRead)),
        ("system_users:read", scope(SystemUsersRead)),
        ("customers:invite", scope(CustomersInvite)),
        ("system_users:invite", scope(SystemUsersInvite)),
        ("accounts:read", scope(AccountsRead)),
        ("no role", app.caller(&[], &[])),
        ("owner of Acme", owner),
        ("office of Acme", app.owning(&[&acme.account])),
        ("client of Acme", app.client_caller(&[CustomersRead], Some(&acme.account)).await),
        ("client, customers:read", app.client_caller(&[CustomersRead], None).await),
        ("owner of Zenith", app.sign_in("linus@zenith.example").await),
        ("a driver", driver.client),
    ];
    let callers = roles.into_iter().chain(others).collect();
    World { acme: acme.account, zenith: zenith.account, people, callers }
}
