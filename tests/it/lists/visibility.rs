//! Who sees which objects: every role, every single permission, and owners of accounts, at every list and
//! every single object. Which fields of a person they are shown is for `field_rules`.

mod world;

use std::collections::{BTreeMap, BTreeSet};

use invitation_service::domain::role::Role;
use serde_json::Value;

use self::world::{World, email, world};
use crate::support::{
    Client, TestApp,
    customers::text,
    json, on_both_databases,
    role_table::{Access, access},
};

type Names = BTreeSet<&'static str>;

/// Each account, the one above it, and its one person: who is in lower case is nothing yet but invited. An
/// account has the name of its invitation.
const ACCOUNTS: [(&str, Option<&str>, &str); 9] = [
    ("Acme", None, "Olga"),
    ("South", Some("Acme"), "Eve"),
    ("Dirk at Acme", Some("Acme"), "Dirk"),
    ("Max at Acme", Some("Acme"), "Max"),
    ("Sam at Acme", Some("Acme"), "Sam"),
    ("pia at South", Some("South"), "pia"),
    ("Zenith", None, "Linus"),
    ("Max at Zenith", Some("Zenith"), "Max"),
    ("nina at Zenith", Some("Zenith"), "nina"),
];
/// Colleagues, by the same rule. Sam is a customer too.
const STAFF: [&str; 2] = ["Sam", "ina"];

fn accounts(seen: impl Fn(&str) -> bool) -> Names {
    ACCOUNTS.iter().map(|(name, ..)| *name).filter(|name| seen(name)).collect()
}

fn all() -> Names {
    accounts(|_| true)
}

fn acme() -> Names {
    accounts(|name| !name.contains("Zenith"))
}

fn south() -> Names {
    accounts(|name| name.contains("South"))
}

fn zenith() -> Names {
    accounts(|name| name.contains("Zenith"))
}

/// What a caller sees.
#[derive(Clone, Default)]
struct Sees {
    /// Colleagues and their invitations.
    staff: bool,
    /// The people of these accounts, and their invitations.
    people: Names,
    /// These accounts.
    accounts: Names,
    /// Of these the address that is not written to; `None` when there is no such list.
    suppressed: Option<Names>,
}

impl Sees {
    fn new(staff: bool, people: Names, accounts: Names) -> Self {
        Self { staff, people, accounts, suppressed: None }
    }

    fn suppressed<const N: usize>(self, names: [&'static str; N]) -> Self {
        Self { suppressed: Some(names.into()), ..self }
    }

    fn staff(&self) -> Names {
        if self.staff { STAFF.into() } else { Names::new() }
    }

    fn customers(&self) -> Names {
        let of = |name: &str| ACCOUNTS.iter().find(|(account, ..)| *account == name).unwrap().2;
        self.people.iter().map(|name| of(name)).collect()
    }

    fn users(&self) -> Names {
        &self.staff() | &self.customers()
    }

    fn invitations(&self) -> Names {
        // Sam's second invitation has the account's name.
        &self.staff() | &self.people
    }

    /// The accounts that people are shown to belong to: an owner is told of their own alone.
    fn memberships(&self) -> Names {
        let users = self.users();
        let everywhere = self.staff || self.people == all();
        let shown =
            |name: &str, person: &str| users.contains(person) && (everywhere || self.people.contains(name));
        let active = ACCOUNTS.iter().filter(|(_, _, person)| person.starts_with(char::is_uppercase));
        active.filter(|(name, _, person)| shown(name, person)).map(|(name, ..)| *name).collect()
    }
}

/// The table.
fn rows() -> Vec<(&'static str, Sees)> {
    let nothing = || of_access(Access::Nothing);
    let below = |names: Names| Sees::new(false, names.clone(), names);
    let roles = Role::ALL.map(|role| (role.as_str(), of_access(access(role))));
    let others = [
        ("system_users:read", Sees::new(true, Names::new(), Names::new())),
        ("system_users:invite", nothing()),
        ("customers:read", Sees::new(false, all(), Names::new())),
        ("customers:invite", nothing().suppressed(["Linus"])),
        ("accounts:read", Sees::new(false, Names::new(), all())),
        ("users:block", nothing()),
        ("users:erase", nothing()),
        ("clients:manage", nothing()),
        ("webhooks:manage", nothing()),
        ("audit:read", nothing()),
        ("no role", nothing()),
        ("a driver", nothing()),
        ("owner of Acme", below(acme())),
        ("office of Acme", below(acme())),
        ("owner of South", below(south())),
        ("office of Zenith", below(zenith())),
        ("office of South and Zenith", below(&south() | &zenith())),
        ("office of South, system_users:read", Sees::new(true, south(), south())),
        ("office of South, customers:read", Sees::new(false, all(), south())),
        ("office of South, accounts:read", Sees::new(false, south(), all())),
        ("client of South", below(south())),
        ("client of South, customers:read", Sees::new(false, south(), Names::new())),
        ("client of South, accounts:read", Sees::new(false, Names::new(), south())),
        ("client of Acme, customers:invite", nothing()),
        ("client, customers:read", Sees::new(false, all(), Names::new())),
        (
            "system_users:read, customers:invite",
            Sees::new(true, Names::new(), Names::new()).suppressed(["ina", "Linus"]),
        ),
    ];
    roles.into_iter().chain(others).collect()
}

fn of_access(access: Access) -> Sees {
    let everybody = Sees::new(true, all(), all());
    let customers = Sees::new(false, all(), all());
    match access {
        Access::ManageAll => everybody.suppressed(["ina", "Linus"]),
        Access::ManageCustomers => customers.suppressed(["Linus"]),
        Access::ReadAll => everybody,
        Access::ReadCustomers => customers,
        Access::Nothing => Sees::default(),
    }
}

/// The names of the objects that a list has.
fn names(ids: &BTreeMap<&'static str, String>, list: &Value, id: &str) -> Names {
    let name =
        |id: &str| ids.iter().find(|(_, known)| *known == id).unwrap_or_else(|| panic!("what is {id}?")).0;
    list["data"].as_array().unwrap().iter().map(|one| *name(text(one, id))).collect()
}

/// The objects of one kind, one by one: there for whoever sees them, and absent for the others.
async fn look_at_each(
    caller: &Client,
    who: &str,
    ids: &BTreeMap<&str, String>,
    path: (&str, &str),
    seen: &Names,
) {
    for (name, id) in ids {
        let answer = caller.get(&format!("{}/{id}{}", path.0, path.1)).await;
        let status = if seen.contains(name) { 200 } else { 404 };
        assert_eq!(answer.status, status, "{who} at {}/{name}{}: {}", path.0, path.1, answer.text);
    }
}

/// A list: what is seen of it, or a refusal where nothing of that kind may be seen.
async fn look_at_list(
    caller: &Client,
    who: &str,
    path: &str,
    ids: &BTreeMap<&'static str, String>,
    seen: Option<&Names>,
) {
    let answer = caller.get(path).await;
    match seen {
        Some(seen) => assert_eq!(&names(ids, &answer.expect(200).body, "/id"), seen, "{who} at {path}"),
        None => assert_eq!(answer.status, 403, "{who} at {path}: {}", answer.text),
    }
}

async fn look(world: &World, who: &str, sees: &Sees) {
    let caller = &world.callers[who];
    let World { users, invitations, accounts, .. } = world;
    let some = |names: Names| (!names.is_empty()).then_some(names);
    let of_kind = |kind: &str| {
        let is = |name: &&str| match kind {
            "system_user" => STAFF.contains(name),
            "account_owner" => ["Acme", "Zenith"].contains(name),
            _ => name.contains(" at ") || *name == "South",
        };
        sees.invitations().into_iter().filter(is).collect::<Names>()
    };
    for (path, seen) in [
        ("/v1/users?limit=200", sees.users()),
        ("/v1/users?limit=200&kind=system_user", sees.staff()),
        ("/v1/users?limit=200&kind=customer", sees.customers()),
    ] {
        look_at_list(caller, who, path, users, some(seen).as_ref()).await;
    }
    for (path, seen) in [
        ("/v1/invitations?limit=200", sees.invitations()),
        ("/v1/invitations?limit=200&kind=system_user", of_kind("system_user")),
        ("/v1/invitations?limit=200&kind=sub_account", of_kind("sub_account")),
    ] {
        look_at_list(caller, who, path, invitations, some(seen).as_ref()).await;
    }
    if !sees.people.is_empty() {
        // A partner may have no owner of a top account below them.
        let path = "/v1/invitations?limit=200&kind=account_owner";
        look_at_list(caller, who, path, invitations, Some(&of_kind("account_owner"))).await;
    }
    look_at_list(caller, who, "/v1/accounts?limit=200", accounts, some(sees.accounts.clone()).as_ref()).await;
    look_at_each(caller, who, users, ("/v1/users", ""), &sees.users()).await;
    look_at_each(caller, who, invitations, ("/v1/invitations", ""), &sees.invitations()).await;
    look_at_each(caller, who, invitations, ("/v1/invitations", "/events"), &sees.invitations()).await;
    look_at_each(caller, who, accounts, ("/v1/accounts", ""), &sees.accounts).await;
    look_at_each(caller, who, accounts, ("/v1/accounts", "/sub-accounts"), &sees.accounts).await;
    for parent in &sees.accounts {
        let path = format!("/v1/accounts/{}/sub-accounts", accounts[parent]);
        let below: Names =
            ACCOUNTS.iter().filter(|(_, above, _)| above == &Some(*parent)).map(|(name, ..)| *name).collect();
        look_at_list(caller, who, &path, accounts, Some(&below)).await;
    }
    look_at_memberships(world, who, sees).await;
    let suppressed = caller.get("/v1/suppressions").await;
    let Some(expected) = &sees.suppressed else {
        assert_eq!(suppressed.status, 403, "{who} at the suppressions");
        return;
    };
    let emails: BTreeSet<String> = suppressed.expect(200).body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "/email").to_owned())
        .collect();
    let expected: BTreeSet<String> = expected.iter().map(|name| email(name)).collect();
    assert_eq!(expected, emails, "{who} at the suppressions");
}

/// What people are shown to belong to, and who is found by it.
async fn look_at_memberships(world: &World, who: &str, sees: &Sees) {
    if sees.users().is_empty() {
        return;
    }
    let caller = &world.callers[who];
    let list = caller.get("/v1/users?limit=200").await.expect(200).body;
    let memberships: Vec<Value> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|user| user["memberships"].as_array().unwrap().clone())
        .collect();
    let shown = names(&world.accounts, &json!({ "data": memberships }), "/account_id");
    assert_eq!(shown, sees.memberships(), "memberships that {who} sees");
    for (name, _, person) in ACCOUNTS {
        let path = format!("/v1/users?account_id={}", world.accounts[name]);
        let is_found = sees.people.contains(name) || shown.contains(name);
        let found: Names = is_found.then_some(person).into_iter().collect();
        look_at_list(caller, who, &path, &world.users, Some(&found)).await;
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn everybody_sees_what_is_theirs_to_see(app: TestApp) {
        let world = world(&app).await;
        let named: Names = rows().iter().map(|(name, _)| *name).collect();
        assert_eq!(named, world.callers.keys().copied().collect(), "a new role or permission needs a row");
        assert_eq!(world.accounts.keys().copied().collect::<Names>(), all());
        for (who, sees) in rows() {
            look(&world, who, &sees).await;
        }
    }
}
