//! Accounts: what a customer is called and is, and who uses what is below it.

use chrono::{DateTime, Utc};

use super::{
    case_fold::fold,
    company::Company,
    ids::AccountId,
    reimbursement::Rate,
    single_line::{LineError, SingleLine},
};

/// The name of an account: 1 to 200 characters on one line, in any script, surrounding blanks trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountName(SingleLine<{ Self::MAX_LEN }>);

/// Why a text is no name of an account; each says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountNameError {
    /// Nothing that could be seen.
    #[error("The account needs a name.")]
    Empty,
    /// More than 200 characters.
    #[error("The name of an account has at most 200 characters.")]
    TooLong,
    /// Line breaks, other control characters, or characters that reorder the text around them.
    #[error("The name of an account holds no line breaks, control characters or text-direction controls.")]
    Control,
}

impl AccountNameError {
    /// What is wrong, for programs: stable.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => LineError::Empty.code(),
            Self::TooLong => LineError::TooLong { most: AccountName::MAX_LEN }.code(),
            Self::Control => LineError::Control.code(),
        }
    }
}

impl AccountName {
    /// The longest name, in characters.
    pub const MAX_LEN: usize = 200;

    /// Reads a name.
    ///
    /// # Errors
    /// [`AccountNameError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, AccountNameError> {
        SingleLine::parse(text).map(Self).map_err(|error| match error {
            LineError::Empty => AccountNameError::Empty,
            LineError::TooLong { .. } => AccountNameError::TooLong,
            LineError::Control => AccountNameError::Control,
        })
    }

    /// The name, as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What two names are compared by: equal for spellings that differ in case alone, in any script.
    ///
    /// Folded twice. A letter whose capital is several characters (`ΐ`) meets its own capital only at the second time.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&fold(self.as_str()))
    }
}

/// No value of that name is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("There is no such value. Known are: {known}.")]
pub struct UnknownValue {
    /// Every name, the way a sentence lists them.
    pub known: &'static str,
}

/// What a customer is before the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountType {
    /// A company; it has company details and may have sub-accounts.
    Business,
    /// A person.
    Consumer,
}

impl AccountType {
    /// Every type.
    pub const ALL: [Self; 2] = [Self::Business, Self::Consumer];

    /// The name that requests, answers and rows use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Consumer => "consumer",
        }
    }
}

impl std::str::FromStr for AccountType {
    type Err = UnknownValue;

    fn from_str(name: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|value| value.as_str() == name).ok_or(UnknownValue { known: "business, consumer" })
    }
}

/// Who uses a sub-account of a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsedBy {
    /// One person who works for the parent.
    Employee,
    /// A company that belongs to the parent.
    Subsidiary,
}

impl UsedBy {
    /// Every user.
    pub const ALL: [Self; 2] = [Self::Employee, Self::Subsidiary];

    /// The name that requests, answers and rows use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Subsidiary => "subsidiary",
        }
    }

    /// Who uses the sub-account when the inviter names only the role.
    #[must_use]
    pub fn default_for(role: MemberRole) -> Self {
        match role {
            MemberRole::Driver => Self::Employee,
            MemberRole::AccountOwner => Self::Subsidiary,
        }
    }
}

impl std::str::FromStr for UsedBy {
    type Err = UnknownValue;

    fn from_str(name: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|value| value.as_str() == name).ok_or(UnknownValue { known: "employee, subsidiary" })
    }
}

/// What a customer is in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberRole {
    /// Manages the account and what is below it.
    AccountOwner,
    /// Charges cars and manages nothing.
    Driver,
}

impl MemberRole {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::AccountOwner, Self::Driver];

    /// The name that requests, answers and rows use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountOwner => "account_owner",
            Self::Driver => "driver",
        }
    }

    /// The role when the inviter names only who uses the sub-account.
    #[must_use]
    pub fn default_for(used_by: UsedBy) -> Self {
        match used_by {
            UsedBy::Employee => Self::Driver,
            UsedBy::Subsidiary => Self::AccountOwner,
        }
    }
}

impl std::str::FromStr for MemberRole {
    type Err = UnknownValue;

    fn from_str(name: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|value| value.as_str() == name).ok_or(UnknownValue { known: "account_owner, driver" })
    }
}

/// Who is invited into a new sub-account, and as what: the one pairing of the two that makes no sense cannot be made.
///
/// An employee may own the sub-account they charge with: the default is only that they do not. A driver manages nothing, so
/// that a subsidiary whose one member is a driver would be an account that nobody could look after; who asks for that has
/// ticked one of the two boxes by mistake, and a default must not paper over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubAccountUse {
    role: MemberRole,
    used_by: UsedBy,
}

/// A driver cannot be the first member of a subsidiary's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A subsidiary's account needs an account owner: a driver manages nothing. Invite an account owner, or an employee.")]
pub struct DriverOfSubsidiary;

impl DriverOfSubsidiary {
    /// What is wrong, for programs: stable.
    pub const CODE: &'static str = "driver_of_subsidiary";
}

impl SubAccountUse {
    /// From the role, and who uses the sub-account if that is said.
    ///
    /// # Errors
    /// [`DriverOfSubsidiary`] when the two contradict each other.
    pub fn of_role(role: MemberRole, used_by: Option<UsedBy>) -> Result<Self, DriverOfSubsidiary> {
        Self::of(role, used_by.unwrap_or_else(|| UsedBy::default_for(role)))
    }

    /// From who uses the sub-account, and the role if that is said.
    ///
    /// # Errors
    /// [`DriverOfSubsidiary`] when the two contradict each other.
    pub fn of_user(used_by: UsedBy, role: Option<MemberRole>) -> Result<Self, DriverOfSubsidiary> {
        Self::of(role.unwrap_or_else(|| MemberRole::default_for(used_by)), used_by)
    }

    fn of(role: MemberRole, used_by: UsedBy) -> Result<Self, DriverOfSubsidiary> {
        match (role, used_by) {
            (MemberRole::Driver, UsedBy::Subsidiary) => Err(DriverOfSubsidiary),
            _ => Ok(Self { role, used_by }),
        }
    }

    /// What the person becomes.
    #[must_use]
    pub fn role(self) -> MemberRole {
        self.role
    }

    /// Who uses the sub-account.
    #[must_use]
    pub fn used_by(self) -> UsedBy {
        self.used_by
    }
}

/// How far an account has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountStatus {
    /// Somebody was invited to it, nobody has come.
    Invited,
    /// Its first member has activated.
    Active,
}

impl AccountStatus {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Invited, Self::Active];

    /// The name that answers and rows use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
        }
    }
}

impl std::str::FromStr for AccountStatus {
    type Err = UnknownValue;

    fn from_str(name: &str) -> Result<Self, UnknownValue> {
        Self::ALL.into_iter().find(|value| value.as_str() == name).ok_or(UnknownValue { known: "invited, active" })
    }
}

/// A customer of the operator, and its billing entity. It exists from the invitation on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// Its name, once somebody gave it one. Names need not be unique.
    pub name: Option<String>,
    /// Its type, once somebody has said so.
    pub account_type: Option<AccountType>,
    /// How far it has come.
    pub status: AccountStatus,
    /// The account above it.
    pub parent_account_id: Option<AccountId>,
    /// By whom it is used, below a parent.
    pub used_by: Option<UsedBy>,
    /// What private charging is reimbursed with.
    pub rate: Option<Rate>,
    /// The company of an active business account.
    pub company: Option<Company>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    #[test]
    fn accepts_names_in_any_script() {
        let longest = "ä".repeat(200);
        for name in ["A", " Acme B.V. ", "شركة المثال", "חברה בע״מ", "⚡️ Laden 👩‍👩‍👧", "株式会社", "Acme\u{200F}", longest.as_str()]
        {
            assert_eq!(AccountName::parse(name).unwrap().as_str(), name.trim());
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        assert_eq!(AccountName::parse(" "), Err(AccountNameError::Empty));
        assert_eq!(AccountName::parse("\u{200B}\u{FE0F}"), Err(AccountNameError::Empty));
        assert_eq!(AccountName::parse(&"a".repeat(201)), Err(AccountNameError::TooLong));
        assert_eq!(AccountName::parse(&"👩‍👧".repeat(10_000)), Err(AccountNameError::TooLong));
        for name in ["Acme\r\nBcc: x", "Acme\n", "a\0b", "a\u{202E}b", "a\u{2066}b"] {
            assert_eq!(AccountName::parse(name), Err(AccountNameError::Control), "{name:?}");
        }
    }

    #[test]
    fn compares_exactly_but_for_case() {
        let key = |name: &str| AccountName::parse(name).unwrap().key();
        for (one, other) in [("ACME bv", "Acme BV"), ("STRASSE", "Straße"), ("ΟΔΟΣ", "οδος"), ("ИВАН", "иван"), ("É", "e\u{301}")]
        {
            assert_eq!(key(one), key(other));
        }
        for (one, other) in [("Acme", "Acme B.V."), ("Acme  BV", "Acme BV"), ("Acme%", "Acme_"), ("Élodie", "Elodie")] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn names_are_read_back() {
        assert!(AccountType::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
        assert!(UsedBy::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
        assert!(MemberRole::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
        assert!(AccountStatus::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
        assert_eq!(
            "Business".parse::<AccountType>().unwrap_err().to_string(),
            "There is no such value. Known are: business, consumer."
        );
        // What an error lists is what there is.
        let known = |all: &[&str], known: &str| assert_eq!(all.join(", "), known);
        known(&AccountType::ALL.map(AccountType::as_str), "".parse::<AccountType>().unwrap_err().known);
        known(&UsedBy::ALL.map(UsedBy::as_str), "".parse::<UsedBy>().unwrap_err().known);
        known(&MemberRole::ALL.map(MemberRole::as_str), "".parse::<MemberRole>().unwrap_err().known);
        known(&AccountStatus::ALL.map(AccountStatus::as_str), "".parse::<AccountStatus>().unwrap_err().known);
    }

    #[test]
    fn a_driver_alone_is_no_subsidiary() {
        for role in MemberRole::ALL {
            let chosen = SubAccountUse::of_role(role, None).unwrap();
            assert_eq!(chosen, SubAccountUse::of_user(chosen.used_by(), None).unwrap(), "the defaults agree");
        }
        assert_eq!(SubAccountUse::of_role(MemberRole::Driver, Some(UsedBy::Subsidiary)), Err(DriverOfSubsidiary));
        assert_eq!(SubAccountUse::of_user(UsedBy::Subsidiary, Some(MemberRole::Driver)), Err(DriverOfSubsidiary));
        let manager = SubAccountUse::of_user(UsedBy::Employee, Some(MemberRole::AccountOwner)).unwrap();
        assert_eq!((manager.role(), manager.used_by()), (MemberRole::AccountOwner, UsedBy::Employee));
    }

    proptest! {
        #[test]
        fn never_panics_and_parsing_is_stable(text in any::<String>()) {
            if let Ok(name) = AccountName::parse(&text) {
                prop_assert_eq!(AccountName::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn case_alone_makes_no_difference(text in "\\PC{1,40}") {
            // Composed, as keyboards type it: `to_uppercase` would move a loose accent to another letter.
            let text: String = text.nfc().collect();
            if let Ok(name) = AccountName::parse(&text)
                && let (Ok(upper), Ok(lower)) =
                    (AccountName::parse(&text.to_uppercase()), AccountName::parse(&text.to_lowercase()))
            {
                prop_assert_eq!(upper.key(), name.key());
                prop_assert_eq!(lower.key(), name.key());
            }
        }
    }
}
