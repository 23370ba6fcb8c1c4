//! The spans for which a transaction works: those of its callers. Letters and webhook events are stored with
//! them, so that what sends these continues the trace.

use std::collections::HashMap;

use crate::domain::{ids::InvitationId, trace_parent::TraceParent};

/// The spans of a transaction's callers.
#[derive(Debug, Clone, Default)]
pub(in crate::db) struct TraceParents {
    /// One for each item, in their order: one of a transaction with one caller.
    of_items: Vec<Option<TraceParent>>,
    of_invitations: HashMap<InvitationId, TraceParent>,
}

impl TraceParents {
    /// The span of each item, in their order.
    pub(in crate::db) fn of_items(of_items: &[Option<TraceParent>]) -> Self {
        Self { of_items: of_items.to_vec(), of_invitations: HashMap::new() }
    }

    /// Says which invitation an item is about.
    pub(super) fn assign(&mut self, item: usize, invitation: InvitationId) {
        if let Some(parent) = self.of_items.get(item).copied().flatten() {
            self.of_invitations.insert(invitation, parent);
        }
    }

    /// The span in which something about this invitation is written, as a column has it.
    pub(in crate::db) fn of(&self, invitation: InvitationId) -> Option<String> {
        self.of_invitations.get(&invitation).map(ToString::to_string).or_else(|| self.of_only_item())
    }

    /// The span of the only caller; of several it is not known which one it is.
    pub(in crate::db) fn of_only_item(&self) -> Option<String> {
        match self.of_items.as_slice() {
            [Some(only)] => Some(only.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn parent(number: u64) -> TraceParent {
        TraceParent::new(u128::from(number), number, true).unwrap()
    }

    fn invitation(number: u128) -> InvitationId {
        InvitationId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn of_one_caller_everything_belongs_to_its_span() {
        let parents = TraceParents::of_items(&[Some(parent(7))]);
        assert_eq!(parents.of(invitation(1)), Some(parent(7).to_string()));
        assert_eq!(parents.of_only_item(), Some(parent(7).to_string()));
        assert_eq!(TraceParents::default().of(invitation(1)), None);
    }

    #[test]
    fn of_several_callers_each_has_what_is_about_its_invitation() {
        let mut parents = TraceParents::of_items(&[Some(parent(7)), None, Some(parent(9))]);
        for (item, number) in [(0, 1), (1, 2), (2, 3), (5, 4)] {
            parents.assign(item, invitation(number));
        }
        let found = [1, 2, 3, 4].map(|number| parents.of(invitation(number)));
        assert_eq!(found, [Some(parent(7).to_string()), None, Some(parent(9).to_string()), None]);
        assert_eq!(parents.of_only_item(), None);
    }
}
