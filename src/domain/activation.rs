//! What the person must give to activate an invitation.

use super::{
    account::{AccountStatus, AccountType},
    invitation::Invitation,
    sub_account::MemberRole,
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

/// What the holder of a link has to do to become its person, or to prove that they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationPath {
    /// They choose a password and give their names. Nobody has used the address yet; or somebody has by links
    /// that were handed over, and this one was mailed there: whoever reads the mail takes the address over.
    NewCredentials,
    /// An active person at a link that was mailed to them: they type their address.
    MailedToActive,
    /// An active person at a link that somebody handed over: they prove themselves by their password or their
    /// access token. The link alone joins nobody, since its inviter had it first.
    ProofRequired,
}

impl ActivationPath {
    /// What `invitation` asks of a person who has come so far.
    #[must_use]
    pub fn of(invitation: &Invitation, person: Person) -> Self {
        match (person.status, invitation.is_mailed()) {
            (UserStatus::Invited, _) => Self::NewCredentials,
            (UserStatus::Active | UserStatus::Blocked, true) if !person.is_proven => Self::NewCredentials,
            (UserStatus::Active | UserStatus::Blocked, true) => Self::MailedToActive,
            (UserStatus::Active | UserStatus::Blocked, false) => Self::ProofRequired,
        }
    }
}

/// What an activation asks for, each true or false. What is false is refused when it is sent, but for what
/// [`Requires`] asks of nobody in particular: at a link that was handed over, an active person's names and
/// address are set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the contract's `requires` object is exactly this row of switches"
)]
pub struct Requires {
    /// A password: a new one, or, from an active person at a link that was handed over, the one that they
    /// have.
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
    /// What `invitation` asks of a person and of an account that have come so far. An account that lives
    /// already is asked nothing; a driver's account without a name is named after its driver.
    ///
    /// A link that was handed over asks the same of everybody, so that it tells its inviter nothing about the
    /// address.
    #[must_use]
    pub fn of(invitation: &Invitation, person: Person, account: Option<AccountStatus>) -> Self {
        let asks_address_only = ActivationPath::of(invitation, person) == ActivationPath::MailedToActive;
        let not_yet_activated =
            invitation.account.as_ref().filter(|_| account == Some(AccountStatus::Invited));
        let names = invitation.account.as_ref().is_some_and(|target| target.role == MemberRole::AccountOwner);
        Self {
            password: !asks_address_only,
            person_name: !asks_address_only,
            email: asks_address_only,
            account_name: names && not_yet_activated.is_some_and(|account| account.name.is_none()),
            account_type: not_yet_activated.is_some_and(|account| account.account_type.is_none()),
            company: not_yet_activated
                .is_some_and(|account| account.account_type == Some(AccountType::Business)),
        }
    }
}
