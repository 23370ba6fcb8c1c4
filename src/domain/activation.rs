//! What the person must give to activate an invitation.

use super::{
    account::{AccountStatus, AccountType, MemberRole},
    invitation::{DeliveryState, Invitation},
    user::UserStatus,
};

/// How far the person has come whom a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Whether they have activated.
    pub status: UserStatus,
    /// Whether their address is proven: whoever chose the password had a link that was mailed there.
    pub is_proven: bool,
}

/// What an activation asks for, each true or false; what is false is refused when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the contract's `requires` object is exactly this row of switches")]
pub struct Requires {
    /// A password: with `email` the one that the person has, else a new one.
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
    /// What `invitation` asks of a person and of an account that have come so far. Somebody who is active already gives no
    /// new password again; an account that lives already is asked nothing; a driver's account without a name is named after
    /// its driver.
    ///
    /// Somebody who is active by links that others handed over is perhaps not the person at that address. A letter reaches
    /// that person, who begins anew; by another link that is handed over goes on who knows the password.
    #[must_use]
    pub fn of(invitation: &Invitation, person: Person, account: Option<AccountStatus>) -> Self {
        let is_mailed = invitation.delivery.state != DeliveryState::HandedOver;
        let is_known = person.status != UserStatus::Invited && (person.is_proven || !is_mailed);
        let unborn = invitation.account.as_ref().filter(|_| account == Some(AccountStatus::Invited));
        let names = invitation.account.as_ref().is_some_and(|target| target.role == MemberRole::AccountOwner);
        Self {
            password: !is_known || !person.is_proven,
            person_name: !is_known,
            email: is_known,
            account_name: names && unborn.is_some_and(|account| account.name.is_none()),
            account_type: unborn.is_some_and(|account| account.account_type.is_none()),
            company: unborn.is_some_and(|account| account.account_type == Some(AccountType::Business)),
        }
    }

    /// Whether a password is to be chosen.
    #[must_use]
    pub fn new_password(self) -> bool {
        self.password && !self.email
    }

    /// Whether the password is to be given that the person has.
    #[must_use]
    pub fn own_password(self) -> bool {
        self.password && self.email
    }
}
