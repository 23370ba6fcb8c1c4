//! Any history: after every few steps each caller's numbers are those of the lists, and the stored numbers
//! those of the rows.

use chrono::TimeDelta;
use invitation_service::{
    domain::{permission::Permission, role::Role},
    services::cleanup::sweep,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use reqwest::Method;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{agree::agree, recount::recount};
use crate::support::{
    Backend, Client, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, company, text},
    json,
};

const CASES: u32 = 2;
const STEPS: std::ops::Range<usize> = 50..60;
/// How many steps are taken between two comparisons.
const STRIDE: usize = 10;
/// The owners of the two accounts are among them: staff may also be customers.
const PEOPLE: [&str; 6] = [
    "olga@acme.example",
    "zoe@zenith.example",
    "ada@example.com",
    "bob@example.com",
    "eve@example.com",
    "max@example.com",
];

#[derive(Debug, Clone, Copy)]
enum Step {
    Invite {
        person: usize,
        place: usize,
        by_hand: bool,
    },
    Batch(usize),
    Resend(usize),
    Revoke(usize),
    Readdress(usize, usize),
    /// With a link that was sent, counted from the newest.
    Activate(usize),
    Block(usize),
    Unblock(usize),
    Roles(usize, bool),
    Leave(usize),
    Erase(usize),
    /// What couriers and providers write to a letter, counted from the newest.
    Letter(usize, usize),
    Courier,
    Pass(i64),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    let which = || prop_oneof![4 => 0..4usize, 1 => 0..40usize];
    let person = || 0..PEOPLE.len();
    prop_oneof![
        8 => (person(), 0..6usize, prop::bool::weighted(0.2))
            .prop_map(|(person, place, by_hand)| Step::Invite { person, place, by_hand }),
        1 => person().prop_map(Step::Batch),
        3 => which().prop_map(Step::Resend),
        3 => which().prop_map(Step::Revoke),
        2 => (which(), person()).prop_map(|(which, person)| Step::Readdress(which, person)),
        6 => which().prop_map(Step::Activate),
        2 => person().prop_map(Step::Block),
        1 => person().prop_map(Step::Unblock),
        2 => (person(), any::<bool>()).prop_map(|(person, any)| Step::Roles(person, any)),
        2 => person().prop_map(Step::Leave),
        1 => person().prop_map(Step::Erase),
        5 => (which(), 0..REPORTS.len()).prop_map(|(which, report)| Step::Letter(which, report)),
        4 => Just(Step::Courier),
        3 => prop_oneof![Just(30i64), Just(3600), Just(12 * 3600), Just(24 * 3600)].prop_map(Step::Pass),
        2 => Just(Step::Sweep),
    ]
}

/// What may become of a letter, as columns; `{end}` is the end of a lease, 60 seconds from now.
const REPORTS: [&str; 7] = [
    "fate = 'delivered', fate_at = created_at",
    "fate = 'deferred', fate_at = created_at",
    "fate = 'bounced', fate_at = created_at, cause = NULL",
    "fate = 'bounced', fate_at = created_at, cause = 'quota'",
    "fate = 'complained', fate_at = created_at, cause = 'blocked'",
    "leased_until = '{end}'",
    "leased_until = NULL",
];

struct Run {
    app: TestApp,
    accounts: [String; 2],
    tokens: Vec<String>,
}

impl Run {
    async fn start(backend: Backend) -> Self {
        let variables = [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s"), ("LETTERS_PER_MAILBOX", "off")];
        let app = TestApp::start(backend, &variables).await;
        let acme = app.owner(PEOPLE[0], "Acme").await.account;
        let zenith = app.owner(PEOPLE[1], "Zenith").await.account;
        // Below Acme, so that its owner sees more than the own account.
        app.driver("dirk@acme.example", &acme).await;
        Self { app, accounts: [acme, zenith], tokens: Vec::new() }
    }

    /// With fresh tokens: time passes.
    fn callers(&self) -> [(&'static str, Client); 7] {
        let (app, [acme, zenith]) = (&self.app, &self.accounts);
        let scope = |scope: &[Permission]| app.caller(&[], scope);
        let both = [Permission::SystemUsersRead, Permission::CustomersRead];
        [
            ("admin", app.admin()),
            ("customer support", app.caller(&[Role::CustomerSupport], &[])),
            ("staff alone", scope(&[Permission::SystemUsersRead])),
            ("inviter who reads nothing", scope(&[Permission::CustomersInvite])),
            ("owner of Acme", app.owning(&[acme])),
            ("owner of both", app.owning(&[acme, zenith])),
            ("office of Acme", app.office(&[acme], &both)),
        ]
    }

    async fn invite(&mut self, person: usize, place: usize, by_hand: bool) {
        let (email, [acme, zenith]) = (PEOPLE[person], &self.accounts);
        let driver = |account: &String| json!({ "email": email, "role": "driver", "account_id": account });
        let (path, mut body) = match place {
            0 => ("/v1/system-users/invitations", json!({ "email": email, "roles": ["viewer"] })),
            1 => (OWNERS, json!({ "email": email })),
            2 => (OWNERS, json!({ "email": email, "account_id": acme })),
            3 => (OWNERS, json!({ "email": email, "account_id": zenith })),
            4 => (SUB_ACCOUNTS, driver(acme)),
            _ => (SUB_ACCOUNTS, driver(zenith)),
        };
        if by_hand {
            body["delivery"] = json!("link");
        }
        let answer = self.app.admin().post(path, &body).await;
        assert!([201, 409].contains(&answer.status), "{}", answer.text);
        if let Some(link) = answer.body["activation_link"].as_str() {
            self.tokens.push(link.split_once("token=").unwrap().1.to_owned());
        }
    }

    /// The id of an invitation, counted from the newest.
    async fn invitation(&self, which: usize) -> String {
        let list = self.app.admin().get("/v1/invitations?limit=200").await.expect(200).body;
        let list = list["data"].as_array().unwrap();
        text(&list[which % list.len()], "/id").to_owned()
    }

    async fn user(&self, person: usize) -> Option<Value> {
        let path = format!("/v1/users?search={}", PEOPLE[person]);
        self.app.admin().get(&path).await.expect(200).body["data"].as_array().unwrap().first().cloned()
    }

    async fn act(&self, which: usize, verb: &str) {
        let path = format!("/v1/invitations/{}/{verb}", self.invitation(which).await);
        let answer = self.app.admin().post_empty(&path).await;
        assert!([200, 409].contains(&answer.status), "{}", answer.text);
    }

    /// Gives what the link asks for.
    async fn activate(&self, which: usize) {
        let Some(token) = self.tokens.iter().rev().nth(which) else { return };
        let anonymous = self.app.anonymous();
        let preview = anonymous.post("/v1/activations/preview", &json!({ "token": token })).await;
        let asked = |member: &str| preview.body["requires"][member] == true;
        let mut body = json!({ "token": token });
        if asked("password") {
            body["password"] = json!(PASSWORD);
        }
        if asked("person_name") {
            body["first_name"] = json!("Grace");
            body["last_name"] = json!("Hopper");
        }
        if asked("email") {
            body["email"] = preview.body["email"].clone();
        }
        let mut account = json!({});
        if asked("account_name") {
            account["name"] = json!("Acme");
        }
        if asked("account_type") {
            account["type"] = json!("business");
        }
        if asked("company") {
            account["company"] = company();
        }
        if account != json!({}) {
            body["account"] = account;
        }
        anonymous.post("/v1/activations", &body).await;
    }

    async fn change(&self, person: usize, step: Step) {
        let (admin, Some(user)) = (self.app.admin(), self.user(person).await) else { return };
        let path = format!("/v1/users/{}", text(&user, "/id"));
        let answer = match step {
            Step::Block(_) => admin.post_empty(&format!("{path}/block")).await,
            Step::Unblock(_) => admin.post_empty(&format!("{path}/unblock")).await,
            Step::Erase(_) => admin.call(Method::DELETE, &path, &[]).await,
            Step::Roles(_, any) => {
                let roles = if any { json!(["finance", "viewer"]) } else { json!([]) };
                admin.change_user(text(&user, "/id"), "*", &json!({ "system_roles": roles })).await
            }
            _ => {
                let Some(membership) = user["memberships"].as_array().unwrap().last() else { return };
                let account = text(membership, "/account_id");
                let member = format!("/v1/accounts/{account}/members/{}", text(&user, "/id"));
                admin.call(Method::DELETE, &member, &[]).await
            }
        };
        assert!([200, 204, 409, 422].contains(&answer.status), "{step:?}: {}", answer.text);
    }

    fn write_letter(&self, which: usize, report: usize) {
        let end = (self.app.now() + TimeDelta::seconds(60)).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let columns = REPORTS[report].replace("{end}", &end);
        let states = if columns.starts_with("fate") { "'sent'" } else { "'queued', 'withdrawn'" };
        self.app.database.execute(&format!(
            "UPDATE letters SET {columns} WHERE state IN ({states}) AND id = \
             (SELECT id FROM letters ORDER BY id DESC LIMIT 1 OFFSET {which})"
        ));
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Invite { person, place, by_hand } => self.invite(person, place, by_hand).await,
            Step::Batch(person) => {
                let item = |kind: &str, roles: Option<&str>| match roles {
                    Some(role) => json!({ "kind": kind, "email": PEOPLE[person], "roles": [role] }),
                    None => json!({ "kind": kind, "email": PEOPLE[person] }),
                };
                let items = [item("system_user", Some("viewer")), item("account_owner", None)];
                self.app
                    .admin()
                    .post("/v1/invitations/batch", &json!({ "invitations": items }))
                    .await
                    .expect(200);
            }
            Step::Resend(which) => self.act(which, "resend").await,
            Step::Revoke(which) => self.act(which, "revoke").await,
            Step::Readdress(which, person) => {
                let id = self.invitation(which).await;
                let answer = self.app.admin().update(&id, "*", &json!({ "email": PEOPLE[person] })).await;
                assert!([200, 409].contains(&answer.status), "{}", answer.text);
            }
            Step::Activate(which) => self.activate(which).await,
            Step::Block(person)
            | Step::Unblock(person)
            | Step::Roles(person, _)
            | Step::Leave(person)
            | Step::Erase(person) => self.change(person, step).await,
            Step::Letter(which, report) => self.write_letter(which, report),
            Step::Courier => {
                let letters = self.app.letters().await;
                self.tokens
                    .extend(letters.into_iter().map(|mail| mail.token).filter(|token| !token.is_empty()));
            }
            Step::Pass(seconds) => self.app.advance(TimeDelta::seconds(seconds)),
            Step::Sweep => sweep(&self.app.parts.services, &CancellationToken::new()).await.unwrap(),
        }
    }
}

fn any_history(backend: Backend) {
    let config =
        Config { cases: CASES, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&proptest::collection::vec(step(), STEPS), |steps| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::start(backend).await;
            for stride in steps.chunks(STRIDE) {
                for step in stride {
                    run.take(*step).await;
                }
                recount(&run.app);
                agree(&run.callers()).await;
            }
            run.app.letters().await;
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_history_sqlite() {
    any_history(Backend::Sqlite);
}

#[test]
fn any_history_postgres() {
    any_history(Backend::Postgres);
}
