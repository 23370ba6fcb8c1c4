//! What those who were invited do with their links.

use super::{
    PEOPLE,
    belief::{Invitation, Person, State},
    run::Run,
    step::Kind,
};
use crate::support::{PASSWORD, customers::with, json};

impl Run {
    pub(super) async fn activate(&mut self, index: usize, older: i64) {
        let (generation, token) = self.token(index, older);
        let Invitation { person, kind, by_hand, .. } = self.model.invitations[index];
        let Person { active, proven, ref password, .. } = self.model.people[person];
        let (proven, now) = (proven.is_some(), self.app.now());
        let chosen = format!("{PASSWORD} {index}");
        let chooses = !active || !proven && !by_hand;
        let named =
            |password: &str| json!({ "password": password, "first_name": "Ada", "last_name": "Lovelace" });
        let (asks, members) = match (active, proven, by_hand) {
            (true, true, false) => ([false, false, true], json!({ "email": PEOPLE[person] })),
            // A link that is handed over asks everybody for the same, and takes the password that somebody
            // active has.
            (true, _, true) => ([true, true, false], named(password)),
            // Somebody new, or whose password may be somebody else's.
            (true, false, false) | (false, ..) => ([true, true, false], named(&chosen)),
        };
        let seen = self.app.anonymous().post("/v1/activations/preview", &json!({ "token": token })).await;
        if seen.status == 200 {
            assert_eq!(
                ["password", "person_name", "email"].map(|member| seen.body["requires"][member] == true),
                asks
            );
        }
        let answer =
            self.app.anonymous().post("/v1/activations", &with(json!({ "token": token }), members)).await;
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
        if chooses && active {
            // Whoever takes an address over holds none of the roles that were given before.
            held.staff = false;
        }
        if chooses {
            (held.password, held.proven) = (chosen, (!by_hand).then_some(now));
        }
        let signs_in = json!({ "email": PEOPLE[person], "password": held.password });
        self.app.anonymous().post("/v1/auth/token", &signs_in).await.expect(200);
        match kind {
            Kind::Staff => held.staff = true,
            Kind::FurtherOwner(parent) => {
                let account = self.model.parents[parent].clone();
                held.joined.insert(account.clone(), now);
                held.member_of.insert(account, kind);
            }
            _ => {
                let account = account.unwrap();
                self.model.accounts.insert(account.clone(), true);
                held.joined.insert(account.clone(), now);
                held.member_of.insert(account, kind);
            }
        }
    }

    pub(super) async fn renew(&mut self, index: usize, older: i64) -> Option<usize> {
        let (generation, token) = self.token(index, older);
        let answer = self.app.anonymous().post("/v1/activations/renew", &json!({ "token": token })).await;
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
}
