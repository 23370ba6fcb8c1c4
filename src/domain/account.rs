//! Accounts: names, types, states.

use chrono::{DateTime, Utc};

use super::{
    case_fold::fold,
    company::Company,
    ids::AccountId,
    reimbursement::Rate,
    single_line::{LineError, SingleLine},
    sub_account::UsedBy,
};

/// The name of an account: 1 to 200 characters on one line, in any script, surrounding blanks trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountName(SingleLine<{ Self::MAX_LEN }>);

/// Why a text is no account name; each message says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountNameError {
    /// No visible character.
    #[error("The account needs a name.")]
    Empty,
    /// More than 200 characters.
    #[error("The name of an account has at most 200 characters.")]
    TooLong,
    /// Line breaks, other control characters, or characters that reorder the text around them.
    #[error(
        "The name of an account must not contain line breaks, control characters or text-direction controls."
    )]
    Control,
}

impl AccountNameError {
    /// The stable code for programs.
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

    /// Parses a name.
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

    /// The key by which names are compared: equal for spellings that differ in case alone, in any script.
    ///
    /// Folded twice: a letter whose capital is several characters (`ΐ`) becomes equal to its own capital only
    /// the second time.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&fold(self.as_str()))
    }
}

closed_set! {
    /// The legal type of a customer.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum AccountType {
        /// A company; it has company details and may have sub-accounts.
        Business = "business",
        /// A person.
        Consumer = "consumer",
    }
}

closed_set! {
    /// The state of an account.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum AccountStatus {
        /// Invited, not yet activated.
        Invited = "invited",
        /// Its first member has activated.
        Active = "active",
    }
}

/// A customer of the operator, and its billing entity. It exists from the invitation on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// Its name, if one was given. Names need not be unique.
    pub name: Option<String>,
    /// Its type, if one was given.
    pub account_type: Option<AccountType>,
    /// Its state.
    pub status: AccountStatus,
    /// The parent account.
    pub parent_account_id: Option<AccountId>,
    /// Who uses it, below a parent.
    pub used_by: Option<UsedBy>,
    /// The reimbursement for private charging.
    pub rate: Option<Rate>,
    /// The company of an active business account.
    pub company: Option<Company>,
    /// When it was created.
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
        for name in [
            "A",
            " Acme B.V. ",
            "شركة المثال",
            "חברה בע״מ",
            "⚡️ Laden 👩‍👩‍👧",
            "株式会社",
            "Acme\u{200F}",
            longest.as_str(),
        ] {
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
        for (one, other) in [
            ("ACME bv", "Acme BV"),
            ("STRASSE", "Straße"),
            ("ΟΔΟΣ", "οδος"),
            ("ИВАН", "иван"),
            ("É", "e\u{301}"),
        ] {
            assert_eq!(key(one), key(other));
        }
        for (one, other) in
            [("Acme", "Acme B.V."), ("Acme  BV", "Acme BV"), ("Acme%", "Acme_"), ("Élodie", "Elodie")]
        {
            assert_ne!(key(one), key(other));
        }
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
            // In NFC, as keyboards produce it: `to_uppercase` would move a separate accent to another letter.
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
