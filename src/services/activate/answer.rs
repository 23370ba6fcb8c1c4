//! The input of an activation, and its result.

use chrono::TimeDelta;

use crate::domain::{
    account::{Account, AccountName, AccountType},
    activation::SignInWith,
    client_address::ClientAddress,
    company::Company,
    email::Email,
    field_error::Faults,
    origin::Origin,
    password::Password,
    person::PersonName,
    user::{Membership, User},
};

/// The input that was sent with the link.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The new password, or the present one.
    pub password: Option<Password>,
    /// First name.
    pub first_name: Option<PersonName>,
    /// Last name.
    pub last_name: Option<PersonName>,
    /// The person's own address, typed.
    pub email: Option<Email>,
    /// Whether there was an object for the account.
    pub account: bool,
    /// The account's name.
    pub account_name: Option<AccountName>,
    /// The account's type.
    pub account_type: Option<AccountType>,
    /// The company's details.
    pub company: Option<Company>,
    /// Whether the company states that it has no VAT number, even if its other data is invalid.
    pub vat_exempt: bool,
    /// The client's address.
    pub client: ClientAddress,
    /// Where the request came from.
    pub origin: Option<Origin>,
    /// Errors from parsing these members, so that all are reported together.
    pub faults: Faults,
}

/// The result: the user, and what this invitation gave them. Other roles and memberships are omitted, since
/// the holder of a link may be its inviter.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The user, with the roles or the membership of this invitation alone.
    pub user: User,
    /// The account; `None` for a system user.
    pub account: Option<Account>,
    /// What the user signs in with.
    pub sign_in_with: SignInWith,
    /// The memberships that were accepted with the address before it was proven, if it was proven just now.
    pub inherited: Vec<Membership>,
    /// The time from the invitation to its activation. Of a link that was sent anew, from the first one.
    pub waited: TimeDelta,
}
