//! The periods of the overview.

use chrono::TimeDelta;

closed_set! {
    /// A period that ends now; a longer one is greater.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Period {
        /// The last 60 minutes.
        Hour = "hour",
        /// The last 24 hours.
        Day = "day",
        /// The last 7 days.
        Week = "week",
    }
}

impl Period {
    /// Its length.
    #[must_use]
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
            Self::Week => TimeDelta::days(7),
        }
    }
}
