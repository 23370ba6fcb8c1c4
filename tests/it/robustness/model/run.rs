//! A service and its model, step by step.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{PEOPLE, belief::Model, step::Step};
use crate::support::{Backend, TestApp};

pub(super) struct Run {
    pub(super) app: TestApp,
    pub(super) model: Model,
    pub(super) tokens: BTreeMap<(usize, i64), String>,
}

impl Run {
    pub(super) async fn start(backend: Backend) -> Self {
        let app = TestApp::start(backend, &[("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")]).await;
        let parents = [
            app.owner("p0@parent.example", "P0").await.account,
            app.owner("p1@parent.example", "P1").await.account,
        ];
        let accounts = parents.iter().map(|id| (id.clone(), true)).collect();
        let model = Model { parents, people: Default::default(), invitations: Vec::new(), accounts };
        Self { app, model, tokens: BTreeMap::new() }
    }

    /// The place of an invitation counted from the newest, if there is any.
    pub(super) fn index(&self, which: usize) -> Option<usize> {
        let count = self.model.invitations.len();
        (count > 0).then(|| count - 1 - which % count)
    }

    pub(super) async fn take(&mut self, step: Step) {
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
                Some(index) => self.update(index, person).await,
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

    pub(super) fn sent_again(&mut self, index: usize) -> usize {
        let invitation = &mut self.model.invitations[index];
        invitation.generation += 1;
        invitation.by_hand = false;
        invitation.expires = self.app.now() + TimeDelta::hours(24);
        index
    }

    /// The token of a sending, the newest or an older one, as far as there is one.
    pub(super) fn token(&self, index: usize, older: i64) -> (i64, String) {
        let generation = (self.model.invitations[index].generation - older).max(1);
        (generation, self.tokens[&(index, generation)].clone())
    }
}
