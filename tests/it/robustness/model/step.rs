//! What may be done, by whom and to whom.

use proptest::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Staff,
    NewOwner,
    /// Of one of the two parents.
    FurtherOwner(usize),
    Driver(usize),
    SubOwner(usize),
}

impl Kind {
    /// What a pending invitation is unique within: driver and owner below one parent share a place.
    pub(super) fn place(self) -> Self {
        if let Self::SubOwner(parent) = self { Self::Driver(parent) } else { self }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
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

pub(super) fn step() -> impl Strategy<Value = Step> {
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
        6 => (0..2usize, kind, prop::bool::weighted(0.3))
            .prop_map(|(person, kind, by_hand)| Step::Invite(person, kind, by_hand)),
        3 => which().prop_map(Step::Resend),
        3 => which().prop_map(Step::Revoke),
        4 => (which(), 0..2usize).prop_map(|(which, person)| Step::Amend(which, person)),
        3 => (which(), older()).prop_map(|(which, older)| Step::Activate(which, older)),
        2 => (which(), older()).prop_map(|(which, older)| Step::Renew(which, older)),
        2 => prop_oneof![Just(60i64), Just(12 * 3600), Just(24 * 3600)].prop_map(Step::Pass),
    ]
}
