//! What the person must give to activate an invitation.

use super::{
    account::{AccountStatus, AccountType, MemberRole},
    invitation::Invitation,
    user::UserStatus,
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
    /// Business or consumer. The type chosen decides whether the company's details are needed.
    pub account_type: bool,
    /// The company's details.
    pub company: bool,
}

impl Requires {
    /// What `invitation` asks of a user and of an account that have come so far. Somebody who is active already gives no password again; an account that lives
    /// already is asked nothing; a driver's account without a name is named after its driver.
    #[must_use]
    pub fn of(invitation: &Invitation, user: UserStatus, account: Option<AccountStatus>) -> Self {
        let newcomer = user == UserStatus::Invited;
        let unborn = invitation.account.as_ref().filter(|_| account == Some(AccountStatus::Invited));
        let names = invitation.account.as_ref().is_some_and(|target| target.role == MemberRole::AccountOwner);
        Self {
            password: newcomer,
            person_name: newcomer,
            email: !newcomer,
            account_name: names && unborn.is_some_and(|account| account.name.is_none()),
            account_type: unborn.is_some_and(|account| account.account_type.is_none()),
            company: unborn.is_some_and(|account| account.account_type == Some(AccountType::Business)),
        }
    }
}
