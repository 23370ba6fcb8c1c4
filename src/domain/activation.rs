//! What the person must give to activate an invitation.

use super::{
    invitation::Invitation,
    user::{User, UserStatus},
};

/// What an activation asks for, each true or false; what is false is refused when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the contract's `requires` object is exactly this row of switches")]
pub struct Requires {
    /// A new password.
    pub password: bool,
    /// First and last name.
    pub person_name: bool,
    /// The person's address, typed: so that a scanner's button press joins nobody.
    pub email: bool,
    /// A name for the account.
    pub account_name: bool,
    /// Business or consumer.
    pub account_type: bool,
    /// The company's details.
    pub company: bool,
}

impl Requires {
    /// What `invitation` asks of `user`. Somebody who is active already gives no password again.
    #[must_use]
    pub fn of(_invitation: &Invitation, user: &User) -> Self {
        let newcomer = user.status == UserStatus::Invited;
        Self {
            password: newcomer,
            person_name: newcomer,
            email: !newcomer,
            account_name: false,
            account_type: false,
            company: false,
        }
    }
}
