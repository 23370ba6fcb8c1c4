//! Inviting: who is refused, whom it replaces, what it makes.

use chrono::TimeDelta;

use super::{
    PEOPLE,
    belief::{Invitation, State},
    run::Run,
    step::Kind,
};
use crate::support::{
    customers::{OWNERS, SUB_ACCOUNTS, text, with},
    json,
};

impl Run {
    /// The place of the invitation, if a letter goes out.
    pub(super) async fn invite(&mut self, person: usize, kind: Kind, by_hand: bool) -> Option<usize> {
        let email = json!({ "email": PEOPLE[person], "delivery": if by_hand { "link" } else { "email" } });
        let parent = |parent: usize| self.model.parents[parent].clone();
        let below = |role: &str, of: usize| {
            json!({
                "role": role, "account_id": parent(of), "sub_account_name": "Home", "account_type": "consumer"
            })
        };
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
        self.model.invitations.push(Invitation {
            id,
            user,
            person,
            kind,
            state,
            generation: 1,
            by_hand,
            expires,
            account,
        });
        let index = self.model.invitations.len() - 1;
        let link = made["activation_link"].as_str().and_then(|link| link.split_once("token="));
        assert_eq!(link.is_some(), by_hand);
        if let Some((_, token)) = link {
            self.tokens.insert((index, 1), token.to_owned());
        }
        (!by_hand).then_some(index)
    }
}
