//! What the activation page can show. Nothing here is `Debug`: a form holds a token and a person's details.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{
    activation::{Requires, SignInWith},
    company::CompanyVat,
    invitation::{DeadLink, InvitationKind},
    role::Role,
    time_zone::TimeZone,
};

/// One state of the page.
#[expect(clippy::large_enum_variant, reason = "one is made for each answer and rendered where it stands")]
pub enum Screen<'a> {
    /// The link is valid: what it is for, and the form.
    Form(Form<'a>),
    /// The link does not work (any more).
    InvalidLink(InvalidLink<'a>),
    /// Activated.
    Done(Done<'a>),
    /// A fresh link is on its way.
    Renewed(Renewed<'a>),
    /// No more letters are sent to the address.
    Unsubscribed(Unsubscribed<'a>),
    /// The box was not ticked.
    Unconfirmed(Unconfirmed<'a>),
    /// The page was opened without a token.
    MissingToken(MissingToken<'a>),
    /// The form where a new password is chosen.
    ChoosePassword(ChoosePassword<'a>),
    /// The form that asks for a link to reset the password.
    AskForReset(AskForReset<'a>),
    /// What became of a reset.
    ResetNotice(ResetNotice<'a>),
    /// The form where a new address is confirmed.
    ConfirmEmail(ConfirmEmail<'a>),
    /// What became of a confirmation.
    ConfirmEmailNotice(ConfirmEmailNotice<'a>),
    /// The service could not answer.
    Failure(Failure<'a>),
}

/// A valid link: what it is for, and what activating asks for.
pub struct Form<'a> {
    /// Who invites.
    pub inviter: Inviter<'a>,
    /// The address invited.
    pub email: &'a str,
    /// What the person is invited to become.
    pub kind: InvitationKind,
    /// The roles of a system user.
    pub roles: &'a [Role],
    /// The account that it is about, as far as it is known.
    pub account: Option<Account<'a>>,
    /// When the link expires.
    pub expires_at: DateTime<Utc>,
    /// The person's time zone.
    pub time_zone: &'a TimeZone,
    /// The fewest characters of a password.
    pub password_min_length: usize,
    /// What to ask for.
    pub requires: Requires,
    /// Whether the link was mailed. One that was handed over to the inviter asks every person for the same,
    /// also those who are active.
    pub is_mailed: bool,
    /// Whether a company may say that it has no VAT number.
    pub company_vat: CompanyVat,
    /// The link's token, for a hidden field.
    pub token: &'a str,
    /// The countries to choose from: ISO 3166-1 alpha-2 code and name, in the order to be shown.
    pub countries: &'a [(String, String)],
    /// What was typed before.
    pub values: FormValues,
    /// What was wrong with it; empty at the first showing.
    pub errors: Vec<FormError<'a>>,
}

/// Who invites.
#[derive(Clone, Copy)]
pub struct Inviter<'a> {
    /// The person's name.
    pub name: &'a str,
    /// The company that they invite for.
    pub organisation: &'a str,
}

/// An account, by the names that answers use.
#[derive(Clone, Copy, Default)]
pub struct Account<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// The name of the account above it.
    pub parent_name: Option<&'a str>,
    /// `employee` or `subsidiary`.
    pub used_by: Option<&'a str>,
    /// `business` or `consumer`.
    pub account_type: Option<&'a str>,
}

/// The form's fields but for token and password, as they were typed. A password is never sent back.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FormValues {
    /// The person's first name.
    pub first_name: String,
    /// The person's last name.
    pub last_name: String,
    /// Their address, typed to confirm.
    pub email: String,
    /// The account's name.
    pub account_name: String,
    /// `business` or `consumer`.
    pub account_type: String,
    /// The company's name.
    pub company_name: String,
    /// Its number in the trade register.
    pub company_registration_number: String,
    /// Its VAT number.
    pub company_vat_number: String,
    /// Anything says that it has none.
    pub company_vat_exempt: String,
    /// Its street.
    pub company_street: String,
    /// The number in that street.
    pub company_house_number: String,
    /// Its postal code.
    pub company_postal_code: String,
    /// Its city.
    pub company_city: String,
    /// Its country: ISO 3166-1 alpha-2.
    pub company_country: String,
}

impl FormValues {
    /// Every field with its value, in the form's order.
    #[must_use]
    pub fn entries(&self) -> [(&'static str, &str); 14] {
        [
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("email", &self.email),
            ("account_name", &self.account_name),
            ("account_type", &self.account_type),
            ("company_name", &self.company_name),
            ("company_registration_number", &self.company_registration_number),
            ("company_vat_number", &self.company_vat_number),
            ("company_vat_exempt", &self.company_vat_exempt),
            ("company_street", &self.company_street),
            ("company_house_number", &self.company_house_number),
            ("company_postal_code", &self.company_postal_code),
            ("company_city", &self.company_city),
            ("company_country", &self.company_country),
        ]
    }
}

/// Something wrong with a field, in the page's language; [`FormError::from_fault`] has words for the usual
/// faults.
pub struct FormError<'a> {
    /// The form field's name. An error about a field that is not shown appears in the summary only.
    pub field: &'a str,
    /// What to change.
    pub message: String,
}

/// A link that does not work.
pub struct InvalidLink<'a> {
    /// Why.
    pub code: InvalidLinkReason,
    /// Who invited, where that is known.
    pub inviter: Option<Inviter<'a>>,
    /// The token, where the person may have a fresh link sent by a press of a button. Shown when expired.
    pub renewal: Option<&'a str>,
}

/// Why a link does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidLinkReason {
    /// Forged or damaged.
    Invalid,
    /// It has expired.
    Expired,
    /// It was used to activate.
    Used,
    /// A newer link was sent.
    Superseded,
    /// The invitation was revoked.
    Revoked,
}

impl From<DeadLink> for InvalidLinkReason {
    fn from(reason: DeadLink) -> Self {
        match reason {
            DeadLink::Revoked => Self::Revoked,
            DeadLink::Used => Self::Used,
            DeadLink::Superseded => Self::Superseded,
            DeadLink::Expired => Self::Expired,
        }
    }
}

/// Activated.
pub struct Done<'a> {
    /// The company that invited.
    pub organisation: &'a str,
    /// The person's first name; not always known where they were a user before.
    pub first_name: Option<&'a str>,
    /// What the person signs in with.
    pub email: &'a str,
    /// What they sign in with.
    pub sign_in_with: SignInWith,
    /// The accounts that another person joined with their address before they took the user over.
    pub inherited: Vec<&'a str>,
}

/// A fresh link is on its way.
pub struct Renewed<'a> {
    /// The company that invited, where that is known.
    pub organisation: Option<&'a str>,
}

/// No more letters are sent to the address.
pub struct Unsubscribed<'a> {
    /// The company that invited.
    pub organisation: &'a str,
    /// The address.
    pub email: &'a str,
}

/// The box was not ticked that says so.
pub struct Unconfirmed<'a> {
    /// The company that invited.
    pub organisation: &'a str,
}

/// The page was opened without a token.
pub struct MissingToken<'a> {
    /// The company that runs this service, where that is known.
    pub organisation: Option<&'a str>,
}

/// The service could not answer.
pub struct Failure<'a> {
    /// The kind of failure.
    pub kind: FailureKind,
    /// What else is worth saying, in the page's language.
    pub message: Option<&'a str>,
    /// What support finds the request by.
    pub request_id: &'a str,
    /// What a button sends again; without it, the page only says to try again.
    pub retry: Option<Retry<'a>>,
}

/// The kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The database is away or a queue is full: 503.
    Unavailable,
    /// Too many requests: 429.
    TooMany,
    /// Anything else: 500.
    Unexpected,
}

/// What a button sends again.
pub struct Retry<'a> {
    /// The link's token.
    pub token: &'a str,
    /// The values to be posted again; `None` opens the page again.
    pub values: Option<&'a FormValues>,
}

/// The form where a new password is chosen with a mailed link.
pub struct ChoosePassword<'a> {
    /// The company that runs this service.
    pub organisation: &'a str,
    /// The person's address.
    pub email: &'a str,
    /// The link's token.
    pub token: &'a str,
    /// The shortest password.
    pub password_min_length: usize,
    /// What was wrong.
    pub errors: Vec<FormError<'a>>,
}

/// The form that asks for a link to reset the password.
pub struct AskForReset<'a> {
    /// The company that runs this service.
    pub organisation: &'a str,
    /// What was typed.
    pub email: &'a str,
    /// What was wrong.
    pub errors: Vec<FormError<'a>>,
}

/// What became of a reset.
pub struct ResetNotice<'a> {
    /// The company that runs this service.
    pub organisation: &'a str,
    /// What became of it.
    pub outcome: ResetOutcome,
}

/// What became of a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetOutcome {
    /// A letter is sent, if there is a user with the address.
    Requested,
    /// The password is changed.
    Changed,
    /// The link is forged or damaged.
    Invalid,
    /// The link has expired.
    Expired,
    /// The password was changed since.
    Used,
    /// A newer link was requested.
    Superseded,
}

/// The form where a new address is confirmed.
pub struct ConfirmEmail<'a> {
    /// The company that runs this service.
    pub organisation: &'a str,
    /// The new address.
    pub new: &'a str,
    /// The link's token.
    pub token: &'a str,
    /// Whether the person's password is asked for.
    pub asks_password: bool,
    /// What was wrong.
    pub errors: Vec<FormError<'a>>,
}

/// What became of a confirmation.
pub struct ConfirmEmailNotice<'a> {
    /// The company that runs this service.
    pub organisation: &'a str,
    /// What became of it.
    pub outcome: ConfirmEmailOutcome,
}

/// What became of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmEmailOutcome {
    /// The address is changed.
    Changed,
    /// The link is forged or damaged.
    Invalid,
    /// The link has expired.
    Expired,
    /// The address was confirmed before.
    Used,
    /// The change was requested anew, or withdrawn.
    Superseded,
    /// Another user has the address by now.
    Taken,
}
