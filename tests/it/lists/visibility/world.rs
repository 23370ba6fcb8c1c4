//! The people, accounts and callers whom the table speaks of.

use std::collections::BTreeMap;

use invitation_service::domain::{
    permission::Permission::{self, AccountsRead, CustomersInvite, CustomersRead, SystemUsersRead},
    role::Role,
};
use serde_json::Value;

use super::{ACCOUNTS, Names, STAFF};
use crate::support::{
    Client, TestApp,
    customers::{SUB_ACCOUNTS, text},
    json,
};

pub struct World {
    /// Ids of each kind of object, by name.
    pub users: BTreeMap<&'static str, String>,
    pub invitations: BTreeMap<&'static str, String>,
    pub accounts: BTreeMap<&'static str, String>,
    pub callers: BTreeMap<&'static str, Client>,
}

pub fn email(name: &str) -> String {
    format!("{}@example.com", name.to_lowercase())
}

pub async fn world(app: &TestApp) -> World {
    let (_, mail) = app.invite(&email("Sam"), &["viewer"]).await;
    app.activate(&mail.token).await.expect(201);
    app.invite(&email("ina"), &["viewer"]).await;
    let acme = app.owner(&email("Olga"), "Acme").await;
    let south = app.subsidiary(&email("Eve"), &acme.account, "South").await;
    let zenith = app.owner(&email("Linus"), "Zenith").await;
    let dirk = app.driver(&email("Dirk"), &acme.account).await;
    let max = app.driver(&email("Max"), &acme.account).await;
    let invite = async |person: &str, parent: &str| {
        let body = json!({
            "email": email(person), "role": "driver", "account_id": parent, "account_type": "consumer"
        });
        let (made, mail) = app.invite_by(SUB_ACCOUNTS, body).await;
        (text(&made, "/account/id").to_owned(), mail.token)
    };
    let join = async |person: &str, parent: &str| {
        let (account, token) = invite(person, parent).await;
        app.join(&token, &email(person), json!({})).await.expect(201);
        account
    };
    let accounts = BTreeMap::from([
        ("Dirk at Acme", dirk.account),
        ("Max at Acme", max.account),
        ("Sam at Acme", join("Sam", &acme.account).await),
        ("Max at Zenith", join("Max", &zenith.account).await),
        ("pia at South", invite("pia", &south.account).await.0),
        ("nina at Zenith", invite("nina", &zenith.account).await.0),
        ("Acme", acme.account),
        ("South", south.account),
        ("Zenith", zenith.account),
    ]);
    for (person, id) in
        [("ina", "sup_01m86xvxh0f46bs8r42wfv2z13"), ("Linus", "sup_01m86xvxh0f46bs8r42wfv2z14")]
    {
        let values =
            format!("'{id}', '{0}', '{0}', 'unsubscribed', '2026-11-24T12:00:00.000Z'", email(person));
        app.database.execute(&format!(
            "INSERT INTO suppressions (id, email, email_key, reason, created_at) VALUES ({values})"
        ));
    }
    let admin = app.admin();
    let people: Names = ACCOUNTS.iter().map(|(.., person)| *person).chain(STAFF).collect();
    let person = |one: &Value| *people.iter().find(|name| email(name) == text(one, "/email")).unwrap();
    let list = async |path: &str| admin.get(path).await.expect(200).body["data"].as_array().unwrap().clone();
    let users = list("/v1/users?limit=200").await;
    let invitations = list("/v1/invitations?limit=200").await;
    let invitation = |one: &Value| match one.pointer("/account/id").and_then(Value::as_str) {
        Some(id) => *accounts.iter().find(|(_, known)| *known == id).unwrap().0,
        None => person(one),
    };
    let mut callers = callers(app, &accounts, [acme.client, south.client, dirk.client]);
    for (name, scopes, account) in [
        ("client of South", &[CustomersRead, AccountsRead, CustomersInvite][..], Some("South")),
        ("client of South, customers:read", &[CustomersRead], Some("South")),
        ("client of South, accounts:read", &[AccountsRead], Some("South")),
        ("client of Acme, customers:invite", &[CustomersInvite], Some("Acme")),
        ("client, customers:read", &[CustomersRead], None),
    ] {
        let account = account.map(|name| accounts[name].as_str());
        callers.insert(name, app.client_caller(scopes, account).await);
    }
    World {
        users: users.iter().map(|one| (person(one), text(one, "/id").to_owned())).collect(),
        invitations: invitations.iter().map(|one| (invitation(one), text(one, "/id").to_owned())).collect(),
        callers,
        accounts,
    }
}

fn callers(
    app: &TestApp,
    accounts: &BTreeMap<&'static str, String>,
    [acme, south, driver]: [Client; 3],
) -> BTreeMap<&'static str, Client> {
    let of = |names: &[&str], scope: &[Permission]| {
        app.office(&names.iter().map(|name| accounts[name].as_str()).collect::<Vec<_>>(), scope)
    };
    let roles = Role::ALL.map(|role| (role.as_str(), app.caller(&[role], &[])));
    let permissions = Permission::ALL.map(|permission| (permission.as_str(), app.caller(&[], &[permission])));
    let others = [
        ("no role", app.caller(&[], &[])),
        ("a driver", driver),
        ("owner of Acme", acme),
        ("office of Acme", of(&["Acme"], &[])),
        ("owner of South", south),
        ("office of Zenith", of(&["Zenith"], &[])),
        ("office of South and Zenith", of(&["South", "Zenith"], &[])),
        ("office of South, system_users:read", of(&["South"], &[SystemUsersRead])),
        ("office of South, customers:read", of(&["South"], &[CustomersRead])),
        ("office of South, accounts:read", of(&["South"], &[AccountsRead])),
        ("system_users:read, customers:invite", app.caller(&[], &[SystemUsersRead, CustomersInvite])),
    ];
    roles.into_iter().chain(permissions).chain(others).collect()
}
