//! The reimbursement for private charging, and how it is paid out.

use rust_decimal::Decimal;

use super::sub_account::UsedBy;

/// The number of decimals.
const DECIMALS: usize = 4;
/// 99.9999 EUR, in ten-thousandths.
const LARGEST: i32 = 999_999;

/// EUR per kWh: more than 0, at most 99.9999, in steps of 0.0001.
///
/// Stored as a whole number of ten-thousandths, so that it is exact in memory, in both databases and in JSON
/// (a string). It is never converted to a binary float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i32);

/// Why a text is no rate; each message says what to change. Where several apply, it is the first in this
/// order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// No plain decimal: a comma, a blank, an exponent, a plus sign, no digit before or after the point, a
    /// leading zero.
    #[error(
        "A reimbursement rate is a plain decimal in EUR per kWh, digits with a point and no blanks, as in \
        \"0.23\"."
    )]
    Malformed,
    /// A plain decimal with a minus sign.
    #[error("A reimbursement rate is more than 0: it is paid out, never charged.")]
    Negative,
    /// More than four decimals, even when the last ones are zeros.
    #[error("A reimbursement rate has at most 4 decimals.")]
    TooManyDecimals,
    /// More than 99.9999.
    #[error("A reimbursement rate is at most 99.9999 EUR per kWh. Is it in cents?")]
    TooLarge,
    /// Zero, in any spelling.
    #[error("A reimbursement rate is more than 0. Leave it out when nothing is reimbursed.")]
    Zero,
}

impl RateError {
    /// The stable code for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "rate_malformed",
            Self::Negative | Self::Zero => "rate_not_positive",
            Self::TooManyDecimals => "rate_too_many_decimals",
            Self::TooLarge => "rate_too_large",
        }
    }
}

impl Rate {
    /// Parses a rate: ASCII digits, optionally a point and more digits.
    ///
    /// The text is not trimmed or corrected, since it is money. `"00.2"` is refused because it is more often
    /// a mistake than a spelling; so are `".5"` and `"1."`, and `"0.23000"`, because a fifth decimal means
    /// that the caller has a higher precision than ours.
    ///
    /// # Errors
    /// [`RateError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
        if !are_digits(whole) || !are_digits(decimals) || leads_with_zero {
            return Err(RateError::Malformed);
        }
        if negative {
            return Err(RateError::Negative);
        }
        if decimals.len() > DECIMALS {
            return Err(RateError::TooManyDecimals);
        }
        // A text too long for `Decimal`, which has 28 digits, is too large.
        let mut amount = Decimal::from_str_exact(digits).map_err(|_| RateError::TooLarge)?;
        if amount > Decimal::new(LARGEST.into(), 4) {
            return Err(RateError::TooLarge);
        }
        amount.rescale(4);
        i32::try_from(amount.mantissa()).ok().and_then(Self::from_ten_thousandths).ok_or(RateError::Zero)
    }

    /// The rate of that many ten-thousandths of an EUR; `None` when that is no rate.
    #[must_use]
    pub fn from_ten_thousandths(count: i32) -> Option<Self> {
        (1..=LARGEST).contains(&count).then_some(Self(count))
    }

    /// The number of ten-thousandths of an EUR, the form in the database.
    #[must_use]
    pub fn ten_thousandths(self) -> i32 {
        self.0
    }

    /// The rate as an exact decimal with four places.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.0.into(), 4)
    }
}

/// With four decimals, `0.2300`, the form in answers.
impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.decimal().fmt(f)
    }
}

impl std::str::FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        Self::parse(text)
    }
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

closed_set! {
    /// How a reimbursement is paid to the person who charged.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ReimbursementMode {
        /// The platform pays it out.
        Automated = "automated",
        /// The parent account settles it.
        Manual = "manual",
    }
}

/// Derived from the user of the sub-account, and not stored.
impl From<UsedBy> for ReimbursementMode {
    fn from(used_by: UsedBy) -> Self {
        match used_by {
            UsedBy::Employee => Self::Automated,
            UsedBy::Subsidiary => Self::Manual,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_decimals_and_shows_four_places() {
        for (text, shown, count) in [
            ("0.23", "0.2300", 2_300),
            ("0.2300", "0.2300", 2_300),
            ("0.0001", "0.0001", 1),
            ("1", "1.0000", 10_000),
            ("10.5", "10.5000", 105_000),
            ("99.9999", "99.9999", 999_999),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.to_string().as_str(), rate.ten_thousandths()), (shown, count), "{text}");
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        let long = "9".repeat(10_000);
        let malformed = [
            "",
            " ",
            ".",
            "-",
            "-.",
            ".5",
            "1.",
            "1e-2",
            "1E2",
            "NaN",
            "inf",
            "0,23",
            "1,000.00",
            " 0.23",
            "0.23 ",
            "0.2 3",
            "+0.23",
            "--1",
            "-+1",
            "0-1",
            "00.2",
            "01",
            "-01",
            "000",
            "0.2.3",
            "0x1",
            "1_000",
            "٠.٢٣",
            "０.２３",
            "€0.23",
            "0.23\n",
            "\0",
        ];
        for text in malformed {
            assert_eq!(Rate::parse(text), Err(RateError::Malformed), "{text:?}");
        }
        for (text, error) in [
            ("-0.23", RateError::Negative),
            ("-0", RateError::Negative),
            ("-100.00001", RateError::Negative),
            ("0.23000", RateError::TooManyDecimals),
            ("0.00001", RateError::TooManyDecimals),
            ("99.99991", RateError::TooManyDecimals),
            ("100", RateError::TooLarge),
            ("100.0000", RateError::TooLarge),
            (long.as_str(), RateError::TooLarge),
            ("0", RateError::Zero),
            ("0.0", RateError::Zero),
            ("0.0000", RateError::Zero),
        ] {
            assert_eq!(Rate::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn codes_are_stable() {
        let codes = [
            RateError::Malformed,
            RateError::Negative,
            RateError::TooManyDecimals,
            RateError::TooLarge,
            RateError::Zero,
        ]
        .map(RateError::code);
        assert_eq!(
            codes,
            [
                "rate_malformed",
                "rate_not_positive",
                "rate_too_many_decimals",
                "rate_too_large",
                "rate_not_positive"
            ]
        );
    }

    #[test]
    fn mode_follows_the_user() {
        assert_eq!(ReimbursementMode::from(UsedBy::Employee).as_str(), "automated");
        assert_eq!(ReimbursementMode::from(UsedBy::Subsidiary).as_str(), "manual");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(count in any::<i32>()) {
            match Rate::from_ten_thousandths(count) {
                Some(rate) => {
                    prop_assert_eq!(rate.ten_thousandths(), count);
                    prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
                }
                None => prop_assert!(!(1..=LARGEST).contains(&count)),
            }
        }

        #[test]
        fn agrees_with_integer_arithmetic(whole in 0..200_i32, decimals in "[0-9]{1,4}") {
            let expected = whole * 10_000 + format!("{decimals:0<4}").parse::<i32>().unwrap();
            let read = Rate::parse(&format!("{whole}.{decimals}"));
            let expected = (1..=LARGEST).contains(&expected).then_some(expected);
            prop_assert_eq!(read.ok().map(Rate::ten_thousandths), expected);
        }

        #[test]
        fn is_ordered_as_its_amount(a in 1..=LARGEST, b in 1..=LARGEST) {
            let (x, y) = (Rate::from_ten_thousandths(a).unwrap(), Rate::from_ten_thousandths(b).unwrap());
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.decimal().cmp(&y.decimal()), a.cmp(&b));
        }

        #[test]
        fn never_panics(text in any::<String>(), near in "-?[0-9]{0,40}\\.?[0-9]{0,40}[eE]?[0-9]{0,3}") {
            for text in [text, near] {
                if let Ok(rate) = Rate::parse(&text) {
                    prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
                }
            }
        }
    }
}
