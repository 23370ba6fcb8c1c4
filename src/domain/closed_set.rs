//! Enums whose values have stable names, in requests, answers and rows.

/// The name is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("There is no such value. Known values: {known}.")]
pub struct UnknownValue {
    /// All names, separated by commas.
    pub known: &'static str,
}

/// Defines an enum with one name for each value. The list gives `ALL` (in this order), `as_str`, `FromStr`
/// (whose error is [`UnknownValue`]) and `KNOWN`, the names separated by commas, so that an added value
/// cannot be missing from one of them.
macro_rules! closed_set {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident { $($(#[$doc:meta])* $value:ident = $text:literal),+ $(,)? }
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$doc])* $value),+
        }

        impl $name {
            /// Every value.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$value),+];
            /// All names, separated by commas.
            pub const KNOWN: &'static str = closed_set!(@known $($text),+);

            /// The name in requests, answers and rows.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text),+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::closed_set::UnknownValue;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                let unknown = $crate::domain::closed_set::UnknownValue { known: Self::KNOWN };
                Self::ALL.into_iter().find(|value| value.as_str() == name).ok_or(unknown)
            }
        }
    };
    (@known $first:literal $(, $next:literal)*) => {
        concat!($first $(, ", ", $next)*)
    };
}
pub(crate) use closed_set;

#[cfg(test)]
mod tests {
    closed_set! {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Colour {
            Red = "red",
            DarkBlue = "dark_blue",
        }
    }

    #[test]
    fn names_and_values_follow_from_one_list() {
        assert_eq!(Colour::ALL.map(Colour::as_str), ["red", "dark_blue"]);
        assert_eq!("dark_blue".parse(), Ok(Colour::DarkBlue));
        let unknown = "DARK_BLUE".parse::<Colour>().unwrap_err();
        assert_eq!(unknown.to_string(), "There is no such value. Known values: red, dark_blue.");
    }
}
