//! The model: what the service is believed to hold, and what it must therefore answer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::step::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Replaced,
    Activated,
    Revoked,
}

#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) person: usize,
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) generation: i64,
    /// Whether the link of this generation was handed over.
    pub(super) by_hand: bool,
    pub(super) expires: DateTime<Utc>,
    /// The account that was made for it.
    pub(super) account: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Person {
    /// None while no live user has the address.
    pub(super) user: Option<String>,
    pub(super) active: bool,
    /// Since when the password is one that was chosen by a link that was mailed.
    pub(super) proven: Option<DateTime<Utc>>,
    pub(super) password: String,
    pub(super) staff: bool,
    pub(super) member_of: BTreeMap<String, Kind>,
    /// When each membership was accepted.
    pub(super) joined: BTreeMap<String, DateTime<Utc>>,
}

/// What the service is believed to hold.
pub(super) struct Model {
    pub(super) parents: [String; 2],
    pub(super) people: [Person; 2],
    pub(super) invitations: Vec<Invitation>,
    /// Every account that is there, and whether it lives.
    pub(super) accounts: BTreeMap<String, bool>,
}

impl Model {
    pub(super) fn pending(&self, person: usize, place: Kind) -> Option<usize> {
        let at = |one: &Invitation| {
            one.state == State::Pending && one.person == person && one.kind.place() == place
        };
        self.invitations.iter().position(at)
    }

    /// What stands in the way of an invite, by its code.
    pub(super) fn refusal(&self, person: usize, kind: Kind) -> Option<&'static str> {
        let Person { staff, member_of, joined, proven, .. } = &self.people[person];
        // A person who came by handed-over links alone blocks no invite; nor does a membership that was
        // accepted before the person took the address over.
        let proven = (*proven)?;
        let member_of: BTreeMap<&String, &Kind> =
            member_of.iter().filter(|(account, _)| joined[*account] >= proven).collect();
        match kind {
            Kind::Staff => staff.then_some("already_system_user"),
            Kind::NewOwner => member_of
                .values()
                .any(|kind| matches!(kind, Kind::NewOwner | Kind::FurtherOwner(_)))
                .then_some("already_account_owner"),
            Kind::FurtherOwner(parent) => {
                member_of.contains_key(&self.parents[parent]).then_some("already_member")
            }
            Kind::Driver(_) | Kind::SubOwner(_) => {
                member_of.values().any(|held| held.place() == kind.place()).then_some("already_member")
            }
        }
    }

    pub(super) fn link(&self, index: usize, generation: i64, now: DateTime<Utc>) -> Result<(), &'static str> {
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
    pub(super) fn forsake(&mut self, index: usize) {
        let invitation = &self.invitations[index];
        if let Some(account) = &invitation.account {
            self.accounts.remove(account);
        }
        let person = invitation.person;
        self.leave(person);
    }

    /// Whoever never came and is awaited nowhere is nobody's user any more.
    pub(super) fn leave(&mut self, person: usize) {
        let awaited = self.invitations.iter().any(|one| one.person == person && one.state == State::Pending);
        if !awaited && !self.people[person].active {
            self.people[person].user = None;
        }
    }
}
