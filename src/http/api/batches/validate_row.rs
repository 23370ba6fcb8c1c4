//! Validates invites that are made from other data, such as the rows of a file, by the rules of the API.

use serde_json::{Map, Value};

use super::item;
use crate::domain::{field_error::FieldError, invitation::InvitationKind};

/// Where an invite of that kind is posted. A sub-account's is that of the users overview, whose body names
/// the parent.
#[must_use]
pub fn path(kind: InvitationKind) -> &'static str {
    match kind {
        InvitationKind::SystemUser => "/v1/system-users/invitations",
        InvitationKind::AccountOwner => "/v1/account-owners/invitations",
        InvitationKind::SubAccount => "/v1/sub-accounts/invitations",
    }
}

/// What is wrong with these members as an item of a batch: a kind, and the body of that kind's [`path`]. It
/// covers what can be checked without the database.
#[must_use]
pub fn faults(members: Map<String, Value>) -> Vec<FieldError> {
    item::faults(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_in_the_contract() {
        let document = crate::http::document();
        for kind in InvitationKind::ALL {
            assert!(document.paths.paths[path(kind)].post.is_some(), "{kind:?}");
        }
    }
}
