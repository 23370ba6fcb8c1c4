//! Any sequence of verbs against a model that is simple enough to be right: after every step, service and model agree.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::Value;

use crate::support::{
    Backend, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, text, with},
    json,
};

const CASES: u32 = 3;
const STEPS: std::ops::Range<usize> = 70..100;
const PEOPLE: [&str; 2] = ["ada@example.com", "eve@example.com"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Staff,
    NewOwner,
    /// Of one of the two parents.
    FurtherOwner(usize),
    Driver(usize),
    SubOwner(usize),
}

impl Kind {
    /// What a pending invitation is unique within: driver and owner below one parent share a place.
    fn place(self) -> Self {
        if let Self::SubOwner(parent) = self { Self::Driver(parent) } else { self }
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// By letter, or by a link that whoever invites hands over.
    Invite(usize, Kind, bool),
    Resend(usize),
    Revoke(usize),
    /// To this person, who may have it already.
    Amend(usize, usize),
    /// With the newest link, or with the one so many sendings before.
    Activate(usize, i64),
    Renew(usize, i64),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        Just(Kind::Staff),
        Just(Kind::NewOwner),
        (0..2usize).prop_map(Kind::FurtherOwner),
        (0..2usize).prop_map(Kind::Driver),
        (0..2usize).prop_map(Kind::SubOwner),
    ];
    let older = || prop_oneof![4 => Just(0i64), 1 => 1..3i64];
    // Counted from the newest: most of what happens, happens to recent invitations.
    let which = || prop_oneof![4 => 0..4usize, 1 => 0..40usize];
    prop_oneof![
        6 => (0..2usize, kind, prop::bool::weighted(0.3)).prop_map(|(person, kind, by_hand)| Step::Invite(person, kind, by_hand)),
        3 => which().prop_map(Step::Resend),
        3 => which().prop_map(Step::Revoke),
        4 => (which(), 0..2usize).prop_map(|(which, person)| Step::Amend(which, person)),
        3 => (which(), older()).prop_map(|(which, older)| Step::Activate(which, older)),
        2 => (which(), older()).prop_map(|(which, older)| Step::Renew(which, older)),
        2 => prop_oneof![Just(60i64), Just(12 * 3600), Just(24 * 3600)].prop_map(Step::Pass),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Replaced,
    Activated,
    Revoked,
}

#[derive(Debug)]
struct Invitation {
    id: String,
    user: String,
    person: usize,
    kind: Kind,
    state: State,
    generation: i64,
    /// Whether the link of this generation was handed over.
    by_hand: bool,
    expires: DateTime<Utc>,
    /// The account that was made for it.
    account: Option<String>,
}

#[derive(Debug, Default)]
struct Person {
    /// None while no live user has the address.
    user: Option<String>,
    active: bool,
    /// Whether the password was chosen by a link that was mailed.
    proven: bool,
    password: String,
    staff: bool,
    member_of: BTreeMap<String, Kind>,
}

/// What the service is believed to hold.
struct Model {
    parents: [String; 2],
    people: [Person; 2],
    invitations: Vec<Invitation>,
    /// Every account that is there, and whether it lives.
    accounts: BTreeMap<String, bool>,
}

impl Model {
    fn pending(&self, person: usize, place: Kind) -> Option<usize> {
        let at = |one: &Invitation| one.state == State::Pending && one.person == person && one.kind.place() == place;
        self.invitations.iter().position(at)
    }

    /// What stands in the way of an invite, by its code.
    fn refusal(&self, person: usize, kind: Kind) -> Option<&'static str> {
        let Person { staff, member_of, .. } = &self.people[person];
        match kind {
            Kind::Staff => staff.then_some("already_system_user"),
            Kind::NewOwner => member_of
                .values()
                .any(|kind| matches!(kind, Kind::NewOwner | Kind::FurtherOwner(_)))
                .then_some("already_account_owner"),
            Kind::FurtherOwner(parent) => member_of.contains_key(&self.parents[parent]).then_some("already_member"),
            Kind::Driver(_) | Kind::SubOwner(_) => {
                member_of.values().any(|held| held.place() == kind.place()).then_some("already_member")
            }
        }
    }

    fn link(&self, index: usize, generation: i64, now: DateTime<Utc>) -> Result<(), &'static str> {
        let invitation = &self.invitations[index];
        match invitation.state {
            State::Revoked => Err("invitation_revoked"),
            State::Activated => Err("activation_link_used"),
            State::Replaced => Err("activation_link_superseded"),
            State::Pending if generation != invitation.generation => Err("activation_link_superseded"),
            State::Pending if invitation.expires <= now => Err("activation_link_expired"),
            State::Pending => Ok(()),
        }
    }

    /// Takes away what never came to life and what nothing leads to any more.
    fn forsake(&mut self, index: usize) {
        let invitation = &self.invitations[index];
        if let Some(account) = &invitation.account {
            self.accounts.remove(account);
        }
        let person = invitation.person;
        self.leave(person);
    }

    /// Whoever never came and is awaited nowhere is nobody's user any more.
    fn leave(&mut self, person: usize) {
        let awaited = self.invitations.iter().any(|one| one.person == person && one.state == State::Pending);
        if !awaited && !self.people[person].active {
            self.people[person].user = None;
        }
    }
}

struct Run {
    app: TestApp,
    model: Model,
    tokens: BTreeMap<(usize, i64), String>,
}

impl Run {
    async fn start(backend: Backend) -> Self {
        let app = TestApp::start(backend, &[("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")]).await;
        let parents = [app.owner("p0@parent.example", "P0").await.account, app.owner("p1@parent.example", "P1").await.account];
        let accounts = parents.iter().map(|id| (id.clone(), true)).collect();
        let model = Model { parents, people: Default::default(), invitations: Vec::new(), accounts };
        Self { app, model, tokens: BTreeMap::new() }
    }

    /// The place of an invitation counted from the newest, if there is any.
    fn index(&self, which: usize) -> Option<usize> {
        let count = self.model.invitations.len();
        (count > 0).then(|| count - 1 - which % count)
    }

    async fn take(&mut self, step: Step) {
        let sent = match step {
            Step::Invite(person, kind, by_hand) => self.invite(person, kind, by_hand).await,
            Step::Resend(which) => match self.index(which) {
                Some(index) => self.resend(index).await,
                None => None,
            },
            Step::Revoke(which) => {
                if let Some(index) = self.index(which) {
                    self.revoke(index).await;
                }
                None
            }
            Step::Amend(which, person) => match self.index(which) {
                Some(index) => self.amend(index, person).await,
                None => None,
            },
            Step::Activate(which, older) => {
                if let Some(index) = self.index(which) {
                    self.activate(index, older).await;
                }
                None
            }
            Step::Renew(which, older) => match self.index(which) {
                Some(index) => self.renew(index, older).await,
                None => None,
            },
            Step::Pass(seconds) => {
                self.app.advance(TimeDelta::seconds(seconds));
                None
            }
        };
        // As many letters as sendings, each to its person.
        let letters = self.app.letters().await;
        assert_eq!(letters.len(), usize::from(sent.is_some()), "{letters:?}");
        if let (Some(index), Some(letter)) = (sent, letters.into_iter().next()) {
            let invitation = &self.model.invitations[index];
            assert_eq!(letter.to, PEOPLE[invitation.person]);
            self.tokens.insert((index, invitation.generation), letter.token);
        }
    }

    /// The place of the invitation, if a letter goes out.
    async fn invite(&mut self, person: usize, kind: Kind, by_hand: bool) -> Option<usize> {
        let email = json!({ "email": PEOPLE[person], "delivery": if by_hand { "link" } else { "email" } });
        let parent = |parent: usize| self.model.parents[parent].clone();
        let below = |role: &str, of: usize| json!({ "role": role, "account_id": parent(of), "sub_account_name": "Home", "account_type": "consumer" });
        let (path, body) = match kind {
            Kind::Staff => ("/v1/system-users/invitations", json!({ "roles": ["viewer"] })),
            Kind::NewOwner => (OWNERS, json!({ "account_name": "Own", "account_type": "consumer" })),
            Kind::FurtherOwner(of) => (OWNERS, json!({ "account_id": parent(of) })),
            Kind::Driver(of) => (SUB_ACCOUNTS, below("driver", of)),
            Kind::SubOwner(of) => (SUB_ACCOUNTS, below("account_owner", of)),
        };
        let answer = self.app.admin().post(path, &with(email, body)).await;
        let now = self.app.now();
        if let Some(code) = self.model.refusal(person, kind) {
            answer.problem(409, code);
            return None;
        }
        if let Some(index) = self.model.pending(person, kind.place()) {
            let standing = &mut self.model.invitations[index];
            if standing.expires > now {
                assert_eq!(answer.problem(409, "invitation_pending").body["invitation_id"], standing.id);
                return None;
            }
            standing.state = State::Replaced;
            if let Some(account) = &standing.account {
                self.model.accounts.remove(account);
            }
        }
        let made = answer.expect(201).body;
        let user = text(&made, "/user_id").to_owned();
        let known = self.model.people[person].user.get_or_insert_with(|| user.clone());
        assert_eq!(*known, user, "one address is one user");
        let is_new = matches!(kind, Kind::NewOwner | Kind::Driver(_) | Kind::SubOwner(_));
        let account = is_new.then(|| text(&made, "/account/id").to_owned());
        if let Some(account) = &account {
            assert!(self.model.accounts.insert(account.clone(), false).is_none());
        }
        let (id, expires) = (text(&made, "/id").to_owned(), now + TimeDelta::hours(24));
        let state = State::Pending;
        self.model.invitations.push(Invitation { id, user, person, kind, state, generation: 1, by_hand, expires, account });
        let index = self.model.invitations.len() - 1;
        let link = made["activation_link"].as_str().and_then(|link| link.split_once("token="));
        assert_eq!(link.is_some(), by_hand);
        if let Some((_, token)) = link {
            self.tokens.insert((index, 1), token.to_owned());
        }
        (!by_hand).then_some(index)
    }

    async fn resend(&mut self, index: usize) -> Option<usize> {
        let path = format!("/v1/invitations/{}/resend", self.model.invitations[index].id);
        let answer = self.app.admin().press(&path).await;
        let Invitation { person, kind, state, .. } = self.model.invitations[index];
        match (state, self.model.pending(person, kind.place())) {
            (State::Pending, _) => {
                answer.expect(200);
                Some(self.sent_again(index))
            }
            (State::Replaced, Some(newer)) => {
                let id = &self.model.invitations[newer].id;
                assert_eq!(answer.problem(409, "invitation_pending").body["invitation_id"], *id);
                None
            }
            _ => {
                answer.problem(409, "invitation_not_pending");
                None
            }
        }
    }

    fn sent_again(&mut self, index: usize) -> usize {
        let invitation = &mut self.model.invitations[index];
        invitation.generation += 1;
        invitation.by_hand = false;
        invitation.expires = self.app.now() + TimeDelta::hours(24);
        index
    }

    async fn revoke(&mut self, index: usize) {
        let path = format!("/v1/invitations/{}/revoke", self.model.invitations[index].id);
        let answer = self.app.admin().press(&path).await;
        if self.model.invitations[index].state == State::Pending {
            answer.expect(200);
            self.model.invitations[index].state = State::Revoked;
            self.model.forsake(index);
        } else {
            answer.problem(409, "invitation_not_pending");
        }
    }

    async fn amend(&mut self, index: usize, person: usize) -> Option<usize> {
        let Invitation { ref id, person: before, kind, state, .. } = self.model.invitations[index];
        let answer = self.app.admin().amend(id, "*", &json!({ "email": PEOPLE[person] })).await;
        let standing = self.model.pending(person, kind.place());
        if state != State::Pending {
            match self.model.pending(before, kind.place()).filter(|_| state == State::Replaced) {
                Some(newer) => {
                    let id = &self.model.invitations[newer].id;
                    assert_eq!(answer.problem(409, "invitation_pending").body["invitation_id"], *id);
                }
                None => drop(answer.problem(409, "invitation_not_pending")),
            }
            return None;
        }
        if person == before {
            answer.expect(200);
            return None;
        }
        if let Some(code) = self.model.refusal(person, kind) {
            answer.problem(409, code);
            return None;
        }
        if let Some(standing) = standing {
            let standing = &mut self.model.invitations[standing];
            if standing.expires > self.app.now() {
                assert_eq!(answer.problem(409, "invitation_pending").body["invitation_id"], standing.id);
                return None;
            }
            standing.state = State::Replaced;
            if let Some(account) = &standing.account {
                self.model.accounts.remove(account);
            }
        }
        let user = text(&answer.expect(200).body, "/user_id").to_owned();
        let known = self.model.people[person].user.get_or_insert_with(|| user.clone());
        assert_eq!(*known, user, "one address is one user");
        self.model.invitations[index].user = user;
        self.model.invitations[index].person = person;
        self.model.leave(before);
        Some(self.sent_again(index))
    }

    /// The token of a sending, the newest or an older one, as far as there is one.
    fn token(&self, index: usize, older: i64) -> (i64, String) {
        let generation = (self.model.invitations[index].generation - older).max(1);
        (generation, self.tokens[&(index, generation)].clone())
    }

    async fn activate(&mut self, index: usize, older: i64) {
        let (generation, token) = self.token(index, older);
        let Invitation { person, kind, by_hand, .. } = self.model.invitations[index];
        let Person { active, proven, ref password, .. } = self.model.people[person];
        let chosen = format!("{PASSWORD} {index}");
        let (asks, members) = match (active, proven, by_hand) {
            (true, true, _) => ([false, false, true], json!({ "email": PEOPLE[person] })),
            (true, false, true) => ([true, false, true], json!({ "email": PEOPLE[person], "password": password })),
            // Somebody new, or whose password may be somebody else's.
            (true, false, false) | (false, ..) => {
                ([true, true, false], json!({ "password": chosen, "first_name": "Ada", "last_name": "Lovelace" }))
            }
        };
        let seen = self.app.anybody().post("/v1/activations/preview", &json!({ "token": token })).await;
        if seen.status == 200 {
            assert_eq!(["password", "person_name", "email"].map(|member| seen.body["requires"][member] == true), asks);
        }
        let answer = self.app.anybody().post("/v1/activations", &with(json!({ "token": token }), members)).await;
        if let Err(code) = self.model.link(index, generation, self.app.now()) {
            answer.problem(410, code);
            return;
        }
        assert_eq!(answer.expect(201).body["user"]["status"], "active");
        let invitation = &mut self.model.invitations[index];
        invitation.state = State::Activated;
        let account = invitation.account.clone();
        let held = &mut self.model.people[person];
        held.active = true;
        if asks == [true, true, false] {
            (held.password, held.proven) = (chosen, !by_hand);
        }
        let signs_in = json!({ "email": PEOPLE[person], "password": held.password });
        self.app.anybody().post("/v1/auth/token", &signs_in).await.expect(200);
        match kind {
            Kind::Staff => held.staff = true,
            Kind::FurtherOwner(parent) => drop(held.member_of.insert(self.model.parents[parent].clone(), kind)),
            _ => {
                let account = account.unwrap();
                self.model.accounts.insert(account.clone(), true);
                held.member_of.insert(account, kind);
            }
        }
    }

    async fn renew(&mut self, index: usize, older: i64) -> Option<usize> {
        let (generation, token) = self.token(index, older);
        let answer = self.app.anybody().post("/v1/activations/renew", &json!({ "token": token })).await;
        match self.model.link(index, generation, self.app.now()) {
            Ok(()) => drop(answer.problem(409, "link_still_valid")),
            Err("activation_link_expired") => {
                answer.expect(202);
                return Some(self.sent_again(index));
            }
            Err(code) => drop(answer.problem(410, code)),
        }
        None
    }

    /// Everything that the API tells is what the model holds.
    async fn agree(&self) {
        let (admin, now) = (self.app.admin(), self.app.now());
        let rows = admin.get("/v1/invitations?limit=200&search=%40example.com").await.expect(200).body;
        let rows = rows["data"].as_array().unwrap();
        assert_eq!(rows.len(), self.model.invitations.len());
        for (row, one) in rows.iter().zip(self.model.invitations.iter().rev()) {
            let status = match one.state {
                State::Pending if one.expires > now => "pending",
                State::Pending | State::Replaced => "expired",
                State::Activated => "activated",
                State::Revoked => "revoked",
            };
            assert_eq!((&row["id"], &row["user_id"]), (&json!(one.id), &json!(one.user)));
            assert_eq!((&row["status"], &row["send_count"]), (&json!(status), &json!(one.generation)), "{one:?}");
        }
        let users = admin.get("/v1/users?search=%40example.com").await.expect(200).body;
        let users = users["data"].as_array().unwrap();
        assert_eq!(users.len(), self.model.people.iter().filter(|person| person.user.is_some()).count());
        for (index, person) in self.model.people.iter().enumerate().filter(|(_, person)| person.user.is_some()) {
            let user = users.iter().find(|user| user["email"] == PEOPLE[index]).unwrap();
            let newest = self.model.invitations.iter().rev().find(|one| one.person == index && one.state == State::Pending);
            assert_eq!(user["id"], json!(person.user));
            assert_eq!(user["status"], if person.active { "active" } else { "invited" });
            assert_eq!(user["system_roles"], if person.staff { json!(["viewer"]) } else { json!([]) });
            assert_eq!(user["pending_invitation_id"], json!(newest.map(|one| &one.id)));
            let held: BTreeSet<&str> =
                user["memberships"].as_array().unwrap().iter().map(|one| text(one, "/account_id")).collect();
            assert_eq!(held, person.member_of.keys().map(String::as_str).collect());
        }
        let accounts = admin.get("/v1/accounts?limit=200").await.expect(200).body;
        let living = |row: &Value| (text(row, "/id").to_owned(), row["status"] == "active");
        let found: BTreeMap<String, bool> = accounts["data"].as_array().unwrap().iter().map(living).collect();
        assert_eq!(found, self.model.accounts);
        let broken = self.app.database.texts(BROKEN);
        assert!(broken.is_empty(), "{broken:?}");
    }

    /// Of all links that were ever sent, those live that the model says; of one invitation at most one.
    async fn links(&self) {
        for ((index, generation), token) in &self.tokens {
            let looked = self.app.anybody().post("/v1/activations/preview", &json!({ "token": token })).await;
            match self.model.link(*index, *generation, self.app.now()) {
                Ok(()) => looked.expect(200),
                Err(code) => looked.problem(410, code),
            };
        }
    }
}

/// What no sequence may leave behind, by name.
const BROKEN: &str = "
    SELECT 'a live invitation of a removed user' AS text FROM invitations i JOIN users u ON u.id = i.user_id
        WHERE i.state = 'pending' AND u.removed_at IS NOT NULL
    UNION ALL SELECT 'two live users of one address' FROM users WHERE removed_at IS NULL GROUP BY email_key HAVING COUNT(*) > 1
    UNION ALL SELECT 'a member who never activated' FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.status = 'invited'
    UNION ALL SELECT 'a member without an activated invitation' FROM memberships m WHERE NOT EXISTS (SELECT 1 FROM invitations i
        WHERE i.user_id = m.user_id AND i.account_id = m.account_id AND i.state = 'activated')
    UNION ALL SELECT 'a role of somebody who never activated' FROM user_roles r JOIN users u ON u.id = r.user_id
        WHERE u.status = 'invited'
    UNION ALL SELECT 'a member of a removed account' FROM memberships m JOIN accounts a ON a.id = m.account_id
        WHERE a.removed_at IS NOT NULL OR a.status = 'invited'
    UNION ALL SELECT 'an active account without a type or a name' FROM accounts
        WHERE status = 'active' AND (name IS NULL OR account_type IS NULL)
    UNION ALL SELECT 'letters and sends differ' FROM invitations i
        WHERE i.send_count <> (SELECT COUNT(*) FROM letters l WHERE l.invitation_id = i.id)
    UNION ALL SELECT 'a letter left' FROM letters WHERE state = 'queued'";

fn any_sequence(backend: Backend) {
    let config = Config { cases: CASES, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&proptest::collection::vec(step(), STEPS), |steps| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::start(backend).await;
            for step in steps {
                run.take(step).await;
                run.agree().await;
            }
            run.links().await;
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_sequence_sqlite() {
    any_sequence(Backend::Sqlite);
}

#[test]
fn any_sequence_postgres() {
    any_sequence(Backend::Postgres);
}
