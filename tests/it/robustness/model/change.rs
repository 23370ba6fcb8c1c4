//! What whoever invites does afterwards: resending, revoking, correcting the address.

use super::{
    PEOPLE,
    belief::{Invitation, State},
    run::Run,
};
use crate::support::{customers::text, json};

impl Run {
    pub(super) async fn resend(&mut self, index: usize) -> Option<usize> {
        let path = format!("/v1/invitations/{}/resend", self.model.invitations[index].id);
        let answer = self.app.admin().post_empty(&path).await;
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

    pub(super) async fn revoke(&mut self, index: usize) {
        let path = format!("/v1/invitations/{}/revoke", self.model.invitations[index].id);
        let answer = self.app.admin().post_empty(&path).await;
        if self.model.invitations[index].state == State::Pending {
            answer.expect(200);
            self.model.invitations[index].state = State::Revoked;
            self.model.forsake(index);
        } else {
            answer.problem(409, "invitation_not_pending");
        }
    }

    pub(super) async fn update(&mut self, index: usize, person: usize) -> Option<usize> {
        let Invitation { ref id, person: before, kind, state, .. } = self.model.invitations[index];
        let answer = self.app.admin().update(id, "*", &json!({ "email": PEOPLE[person] })).await;
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
}
