//! What a link's holder is shown.

use crate::domain::{
    account::AccountStatus,
    activation::{ActivationPath, Person, Requires},
    invitation::Invitation,
};

/// The data for the holder of a valid link.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The invitation, with its account.
    pub invitation: Invitation,
    /// The state of the account.
    pub account_status: Option<AccountStatus>,
    /// The name of the parent account.
    pub parent_name: Option<String>,
    /// The state of the user. Must not be in answers: the holder of the link may be the inviter.
    pub(in crate::services) person: Person,
    /// Whether system users may sign in by password.
    pub(in crate::services) staff_passwords: bool,
    /// The requirements of the activation.
    pub requires: Requires,
}

impl Preview {
    /// The activation path. Must not be in answers either.
    pub(in crate::services) fn path(&self) -> ActivationPath {
        ActivationPath::of(&self.invitation, self.person)
    }
}
