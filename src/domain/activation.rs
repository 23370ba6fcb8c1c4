//! What a person must provide to activate an invitation.

use super::{
    account::{AccountStatus, AccountType},
    invitation::{Invitation, InvitationKind},
    sub_account::MemberRole,
    user::UserStatus,
};

/// The state of the person to whom a link belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The user's status.
    pub status: UserStatus,
    /// Whether the address is proven: the password was chosen with a link that was mailed there.
    pub is_proven: bool,
}

/// How the holder of a link activates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationPath {
    /// Choose a password and give names. The address has no user yet; or it has one whose links were all
    /// returned to an inviter, and this one was mailed: the person who reads the mail takes the address over.
    NewCredentials,
    /// An active user with a mailed link: type the address.
    MailedToActive,
    /// An active user with a link that was returned to its inviter: prove the identity by password or access
    /// token. The link alone does not suffice, since its inviter had it first.
    ProofRequired,
}

impl ActivationPath {
    /// The path for `invitation` and a person in this state.
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

/// What the person signs in with after an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInWith {
    /// The password that they just chose.
    NewPassword,
    /// The password that they had.
    PresentPassword,
    /// An account at the operator's identity provider.
    IdentityProvider,
}

/// The members of an activation that are required. A member that is not required is refused when it is sent,
/// with one exception: at a link that was returned to its inviter, an active user's names and address are
/// ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the contract's `requires` object is exactly this row of switches"
)]
pub struct Requires {
    /// A password: a new one, or the present one of an active user at a link that was returned to its
    /// inviter.
    pub password: bool,
    /// First and last name.
    pub person_name: bool,
    /// The person's address, typed, so that a mail scanner that submits the form cannot activate.
    pub email: bool,
    /// A name for the account.
    pub account_name: bool,
    /// Business or consumer. A business also needs company details.
    pub account_type: bool,
    /// The company's details.
    pub company: bool,
}

impl Requires {
    /// The requirements of `invitation` for a person and an account in these states. An active account
    /// requires nothing; a driver's account without a name is named after its driver.
    ///
    /// A link that was returned to its inviter requires the same of everyone, so that it reveals nothing
    /// about the address to the inviter. Without `staff_passwords` a new system user with a mailed link
    /// chooses no password: they sign in at an identity provider.
    #[must_use]
    pub fn of(
        invitation: &Invitation,
        person: Person,
        account: Option<AccountStatus>,
        staff_passwords: bool,
    ) -> Self {
        let path = ActivationPath::of(invitation, person);
        let signs_in_elsewhere = !staff_passwords
            && invitation.kind == InvitationKind::SystemUser
            && invitation.is_mailed()
            && path == ActivationPath::NewCredentials;
        let asks_address_only = path == ActivationPath::MailedToActive;
        let not_yet_activated =
            invitation.account.as_ref().filter(|_| account == Some(AccountStatus::Invited));
        let names = invitation.account.as_ref().is_some_and(|target| target.role == MemberRole::AccountOwner);
        Self {
            password: !asks_address_only && !signs_in_elsewhere,
            person_name: !asks_address_only,
            email: asks_address_only,
            account_name: names && not_yet_activated.is_some_and(|account| account.name.is_none()),
            account_type: not_yet_activated.is_some_and(|account| account.account_type.is_none()),
            company: not_yet_activated
                .is_some_and(|account| account.account_type == Some(AccountType::Business)),
        }
    }
}
