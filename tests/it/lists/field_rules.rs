//! Who is shown which field of whom: the contract's table, held against every answer that shows a person.
//!
//! What an administrator is shown is the truth. From it, the table makes what everybody else is to be shown,
//! field by field; and whatever a list is filtered or searched by, it finds what is shown and nothing else.

mod other_answers;
mod world;

use std::collections::BTreeSet;

use invitation_service::domain::role::Role;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Client, TestApp,
    customers::text,
    json, on_both_databases,
    role_table::{Access, access},
};

/// How much of a person a caller is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sees {
    /// There is no such person.
    Nothing,
    /// The address as it was typed and the invitation's state; staff are told when it was made.
    Invited { when: bool },
    /// Everything, with or without the roles of staff, and the memberships under these accounts.
    Whole { roles: bool, memberships: Under },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Under {
    Every,
    Acme,
    Zenith,
}

use self::world::{World, world};
use Sees::{Invited, Nothing, Whole};
use Under::{Acme, Every, Zenith};

const ALL: Sees = Whole { roles: true, memberships: Every };
const NO_ROLES: Sees = Whole { roles: false, memberships: Every };
const STAFF_SEES: Sees = Invited { when: true };
const OWNER_SEES: Sees = Invited { when: false };
const AT_ACME: Sees = Whole { roles: false, memberships: Acme };
const AT_ZENITH: Sees = Whole { roles: false, memberships: Zenith };

/// The people of [`World`], in its order: a colleague, the owner of Zenith, and nobody, each invited by
/// Acme's owner; a colleague who drives for both; a colleague whom nobody else has invited.
const PEOPLE: [&str; 5] = ["colleague", "customer", "nobody", "member", "stranger"];
type Row = [Sees; 5];

/// The table.
fn rows() -> Vec<(&'static str, Row)> {
    let customers = of_access(Access::ReadCustomers);
    let colleagues = [ALL, Nothing, Nothing, ALL, ALL];
    let mut rows: Vec<(&str, Row)> = Role::ALL.map(|role| (role.as_str(), of_access(access(role)))).to_vec();
    rows.extend([
        ("customers:read", customers),
        ("system_users:read", colleagues),
        ("owner of Acme", [OWNER_SEES, OWNER_SEES, OWNER_SEES, AT_ACME, Nothing]),
        ("office of Acme", [OWNER_SEES, OWNER_SEES, OWNER_SEES, AT_ACME, Nothing]),
        ("client of Acme", [OWNER_SEES, OWNER_SEES, OWNER_SEES, AT_ACME, Nothing]),
        ("client, customers:read", customers),
        ("owner of Zenith", [Nothing, AT_ZENITH, Nothing, AT_ZENITH, Nothing]),
    ]);
    let blind = ["customers:invite", "system_users:invite", "accounts:read", "no role", "a driver"];
    rows.extend(blind.map(|name| (name, of_access(Access::Nothing))));
    rows
}

fn of_access(access: Access) -> Row {
    match access {
        Access::ManageAll | Access::ReadAll => [ALL; 5],
        Access::ManageCustomers | Access::ReadCustomers => {
            [STAFF_SEES, NO_ROLES, STAFF_SEES, NO_ROLES, Nothing]
        }
        Access::Nothing => [Nothing; 5],
    }
}

/// The fields as the table has them.
fn shown(world: &World, (person, made): &(Value, Option<Value>), sees: Sees, caller: &str) -> Option<Value> {
    match sees {
        Nothing => None,
        Invited { when } => {
            let made = made.as_ref().unwrap();
            Some(json!({
                "id": person["id"], "email": made["email"], "first_name": null, "last_name": null,
                "status": "invited",
                "system_roles": [], "memberships": [],
                "created_at": if when { made["created_at"].clone() } else { Value::Null },
                "activated_at": null, "pending_invitation_id": made["id"]
            }))
        }
        Whole { roles, memberships } => {
            let mut person = person.clone();
            if !roles {
                person["system_roles"] = json!([]);
            }
            // Only whoever may see the invitation is told that it is there.
            if ["owner of Zenith", "system_users:read"].contains(&caller) {
                person["pending_invitation_id"] = Value::Null;
            }
            let under = |one: &Value| match memberships {
                Every => true,
                // Each account that a driver belongs to lies under one of the two, by the order in which they
                // were joined.
                Acme => one["account_id"] == json!(world.acme) || is_driven_for(&person, one, 0),
                Zenith => one["account_id"] == json!(world.zenith) || is_driven_for(&person, one, 1),
            };
            let list: Vec<Value> =
                person["memberships"].as_array().unwrap().iter().filter(|one| under(one)).cloned().collect();
            person["memberships"] = json!(list);
            Some(person)
        }
    }
}

fn is_driven_for(person: &Value, one: &Value, place: usize) -> bool {
    let driven = person["memberships"].as_array().unwrap().iter().filter(|one| one["role"] == "driver");
    driven.collect::<Vec<_>>().get(place).is_some_and(|own| *own == one)
}

/// A user as the CSV has one.
fn csv_line(user: &Value) -> Vec<String> {
    let plain = |name: &str| user[name].as_str().unwrap_or_default().to_owned();
    let roles: Vec<&str> =
        user["system_roles"].as_array().unwrap().iter().map(|role| role.as_str().unwrap()).collect();
    let memberships = user["memberships"].as_array().unwrap().iter().map(|one| {
        format!(
            "{} ({}, {})",
            one["account_name"].as_str().unwrap(),
            text(one, "/account_id"),
            text(one, "/role")
        )
    });
    let memberships = memberships.collect::<Vec<_>>().join("; ");
    let (id, email, status) = (plain("id"), plain("email"), plain("status"));
    let (created, activated) = (plain("created_at"), plain("activated_at"));
    vec![
        id,
        email,
        plain("first_name"),
        plain("last_name"),
        status,
        roles.join("; "),
        memberships,
        created,
        activated,
    ]
}

fn ids(list: &[Value]) -> BTreeSet<String> {
    list.iter().map(|user| text(user, "/id").to_owned()).collect()
}

/// Whether a user who is shown like this has the text where the list is searched.
fn holds(user: &Value, text: &str) -> bool {
    let names = user["memberships"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["account_name"].as_str().unwrap_or_default());
    let person = format!(
        "{}\n{} {}",
        user["email"].as_str().unwrap(),
        user["first_name"].as_str().unwrap_or_default(),
        user["last_name"].as_str().unwrap_or_default()
    );
    names.chain([person.as_str()]).any(|field| field.to_lowercase().contains(text))
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")];

    async fn a_pending_invitation_is_the_same_under_every_filter(app: TestApp) {
        let owner = json!({ "email": "bob@example.com", "account_name": "Acme" });
        let made = app.admin().post("/v1/account-owners/invitations", &owner).await.expect(201).body;
        let user = text(&made, "/user_id");
        let newest = app.invite_unsent("bob@example.com", &["viewer"]).await;
        for filter in ["", "?kind=customer", "?kind=system_user", "?kind=customer,system_user"] {
            let list = app.admin().get(&format!("/v1/users{filter}")).await.expect(200).body;
            let (id, pending) = (&list["data"][0]["id"], &list["data"][0]["pending_invitation_id"]);
            assert_eq!((id, pending), (&json!(user), &newest["id"]), "{filter}");
        }
    }

    async fn every_role_and_every_field_of_a_person(app: TestApp) {
        let world = world(&app).await;
        assert_eq!(
            rows().iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(),
            world.callers.keys().copied().collect()
        );
        for (name, row) in rows() {
            let caller = &world.callers[name];
            let whole_list = caller.get("/v1/users?limit=200").await;
            if row == [Nothing; 5] {
                whole_list.problem(403, "forbidden");
                caller
                    .call(Method::GET, "/v1/users", &[("accept", "text/csv")])
                    .await
                    .problem(403, "forbidden");
                for (person, _) in &world.people {
                    caller.get(&format!("/v1/users/{}", text(person, "/id"))).await.problem(404, "not_found");
                }
                continue;
            }
            let list = whole_list.expect(200).body["data"].as_array().unwrap().clone();
            let csv = caller.call(Method::GET, "/v1/users", &[("accept", "text/csv")]).await.expect(200).text;
            let lines: Vec<Vec<String>> = csv::Reader::from_reader(csv.as_bytes())
                .into_records()
                .map(|line| line.unwrap().iter().map(str::to_owned).collect())
                .collect();
            for ((who, person), sees) in PEOPLE.iter().zip(&world.people).zip(row) {
                let id = text(&person.0, "/id").to_owned();
                let answer = caller.get(&format!("/v1/users/{id}")).await;
                let listed = list.iter().find(|user| user["id"] == json!(id));
                let line = lines.iter().find(|line| line[0] == id);
                let Some(expected) = shown(&world, person, sees, name) else {
                    answer.problem(404, "not_found");
                    assert!(listed.is_none() && line.is_none(), "{name} sees {who}");
                    continue;
                };
                assert_eq!(answer.expect(200).body, expected, "{name} sees {who}");
                assert_eq!(listed, Some(&expected), "{name} sees {who} in the list");
                assert_eq!(line, Some(&csv_line(&expected)), "{name} sees {who} in the CSV");
            }
            // What is not shown is found by nothing.
            for status in ["invited", "active", "blocked"] {
                let found = caller.get(&format!("/v1/users?status={status}")).await.expect(200).body;
                let expected: Vec<Value> =
                    list.iter().filter(|user| user["status"] == status).cloned().collect();
                assert_eq!(found["data"], json!(expected), "{name} asks for {status}");
            }
            for role in ["admin", "viewer", "finance", "driver", "account_owner"] {
                let found = caller.get(&format!("/v1/users?role={role}")).await.expect(200).body;
                let has = |user: &&Value| {
                    user["system_roles"].as_array().unwrap().contains(&json!(role))
                        || user["memberships"].as_array().unwrap().iter().any(|one| one["role"] == role)
                };
                let expected: Vec<Value> = list.iter().filter(has).cloned().collect();
                assert_eq!(found["data"], json!(expected), "{name} asks for {role}");
            }
            for search in [
                "augusta",
                "maximilian",
                "evelyn",
                "hopper",
                "zenith secret",
                "ada@operator",
                "linus@zenith",
                "nowhere",
            ] {
                let found = caller.get(&format!("/v1/users?search={search}")).await.expect(200).body;
                let expected: Vec<Value> = list.iter().filter(|user| holds(user, search)).cloned().collect();
                assert_eq!(found["data"], json!(expected), "{name} searches for {search}");
            }
            for account in [&world.acme, &world.zenith] {
                let found = caller.get(&format!("/v1/users?account_id={account}")).await.expect(200).body;
                let shown = ids(&list);
                assert!(
                    ids(found["data"].as_array().unwrap()).is_subset(&shown),
                    "{name} asks for {account}"
                );
            }
        }
    }

    async fn an_invitation_tells_what_was_typed(app: TestApp) {
        let world = world(&app).await;
        for (name, row) in rows() {
            let caller = &world.callers[name];
            for (((who, (_, made)), sees), first) in
                PEOPLE.iter().zip(&world.people).zip(row).zip(["augusta", "ada", "-", "", ""])
            {
                let Some(made) = made else { continue };
                let id = text(made, "/id");
                let answer = caller.get(&format!("/v1/invitations/{id}")).await;
                let sees_customers =
                    !["system_users:read", "owner of Zenith"].contains(&name) && row != [Nothing; 5];
                if !sees_customers {
                    answer.problem(404, "not_found");
                    continue;
                }
                assert_eq!(&answer.expect(200).body, made, "{name} sees the invitation of {who}");
                // By the person's own name is found what the caller knows the person of.
                let found = caller
                    .get(&format!("/v1/invitations?search={first}&account_id={}", world.acme))
                    .await
                    .expect(200)
                    .body;
                let is_found = found["data"].as_array().unwrap().iter().any(|one| one["id"] == made["id"]);
                let typed = made["email"].as_str().unwrap().to_lowercase().contains(first);
                let is_known = matches!(sees, Whole { .. }) && *who != "nobody";
                assert_eq!(is_found, typed || is_known, "{name} searches for {first}");
            }
        }
        // Which of them has left the user list tells who is something elsewhere.
        let owner = &world.callers["owner of Acme"];
        for (who, (_, made)) in PEOPLE.iter().zip(&world.people) {
            let Some(made) = made else { continue };
            let id = text(made, "/id");
            owner.update(id, "*", &json!({ "email": format!("{who}@moved.example") })).await.expect(200);
            app.letter().await;
            owner.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
            let details = async |caller: &Client| {
                let events = caller.get(&format!("/v1/invitations/{id}/events")).await.expect(200).body;
                let of = |kind: &str| {
                    let mut events = events["data"].as_array().unwrap().iter();
                    events.find(|one| one["type"] == kind).unwrap()["details"].clone()
                };
                (of("updated"), of("revoked"))
            };
            for name in ["owner of Acme", "office of Acme", "customer_support", "finance"] {
                let (updated, revoked) = details(&world.callers[name]).await;
                assert_eq!(
                    (updated.as_object().unwrap().len(), &revoked),
                    (1, &json!({})),
                    "{name} is told of {who}"
                );
            }
            let (updated, revoked) = details(&world.callers["viewer"]).await;
            assert_eq!(updated["user_removed"], json!(*who == "nobody"));
            assert_eq!(revoked["user_removed"], true);
        }
    }
}
