//! What a change of an invitation may contain.

use crate::domain::{
    account::AccountName, email::Email, field_error::Faults, invitation::Invitation, locale::Locale,
    patch::Change, reimbursement::Rate, role::Roles,
};

/// The change: a merge patch (RFC 7396) of the members of an invite.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// The recipient.
    pub email: Option<Email>,
    /// All roles of a system user.
    pub roles: Option<Roles>,
    /// The language of letters and page.
    pub locale: Change<Locale>,
    /// The name of the account that was created for the invitation.
    pub account_name: Change<AccountName>,
    /// EUR per kWh for private charging, of a sub-account.
    pub rate: Change<Rate>,
    /// Errors so far; they are reported together with members that this kind of invitation does not have.
    pub faults: Faults,
}

impl Patch {
    /// The address, if it belongs to another mailbox; `None` for another spelling of the same one.
    pub(super) fn elsewhere(&self, invitation: &Invitation) -> Option<&Email> {
        self.email.as_ref().filter(|email| email.key() != invitation.email.key())
    }
}
