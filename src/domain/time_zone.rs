//! Time zones of the IANA database (tzdata).
//!
//! The calendar is chrono's; jiff reads the rules of the zones, from the compiled files of the system (TZif,
//! RFC 9636), or from its bundled copy of the database where the system has none. Old files of the system
//! therefore win. See findings/zoneinfo-old-system-data.sh.

use std::fmt;

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, Utc};
use jiff::{Timestamp, tz};

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(tz::TimeZone);

impl TimeZone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self(tz::TimeZone::UTC)
    }

    /// The zone of that name in a database.
    #[must_use]
    pub fn of(database: &tz::TimeZoneDatabase, name: &str) -> Option<Self> {
        database.get(name).ok().map(Self)
    }

    /// The zone of that name in the bundled database.
    #[must_use]
    pub fn bundled(name: &str) -> Option<Self> {
        Self::of(&tz::TimeZoneDatabase::bundled(), name)
    }

    /// The local time there at that moment.
    #[must_use]
    pub fn local(&self, at: DateTime<Utc>) -> DateTime<ZoneOffset> {
        at.with_timezone(&self.offset(at))
    }

    /// UTC for a moment beyond the zone's rules: after the year 9999.
    fn offset(&self, at: DateTime<Utc>) -> ZoneOffset {
        let found = Timestamp::from_second(at.timestamp()).ok().and_then(|moment| {
            let info = self.0.to_offset_info(moment);
            let fixed = FixedOffset::east_opt(info.offset().seconds())?;
            Some(ZoneOffset { fixed, abbreviation: info.abbreviation().to_owned() })
        });
        found.unwrap_or_else(|| ZoneOffset { fixed: Utc.fix(), abbreviation: "UTC".to_owned() })
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::utc()
    }
}

/// The offset of a zone from UTC at some moment, and its abbreviation: `CET`, or `+03` where it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneOffset {
    fixed: FixedOffset,
    abbreviation: String,
}

impl ZoneOffset {
    /// The abbreviation.
    #[must_use]
    pub fn abbreviation(&self) -> &str {
        &self.abbreviation
    }
}

/// The output of `%Z`.
impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.abbreviation)
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

/// A zone with a fixed offset, like [`FixedOffset`].
impl chrono::TimeZone for ZoneOffset {
    type Offset = Self;

    fn from_offset(offset: &Self) -> Self {
        offset.clone()
    }

    fn offset_from_local_date(&self, _: &NaiveDate) -> MappedLocalTime<Self> {
        MappedLocalTime::Single(self.clone())
    }

    fn offset_from_local_datetime(&self, _: &NaiveDateTime) -> MappedLocalTime<Self> {
        MappedLocalTime::Single(self.clone())
    }

    fn offset_from_utc_date(&self, _: &NaiveDate) -> Self {
        self.clone()
    }

    fn offset_from_utc_datetime(&self, _: &NaiveDateTime) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(zone: &str, at: &str) -> String {
        TimeZone::bundled(zone).unwrap().local(at.parse().unwrap()).format("%F %H:%M %Z %:z").to_string()
    }

    #[test]
    fn clocks_of_the_world() {
        for (zone, at, clock) in [
            ("UTC", "2026-11-25T13:03:59Z", "2026-11-25 13:03 UTC +00:00"),
            ("Europe/Amsterdam", "2026-11-25T13:03:00Z", "2026-11-25 14:03 CET +01:00"),
            ("Europe/Amsterdam", "2026-07-01T22:30:00Z", "2026-07-02 00:30 CEST +02:00"),
            // The hour that occurs twice.
            ("Europe/Amsterdam", "2026-10-25T00:59:59Z", "2026-10-25 02:59 CEST +02:00"),
            ("Europe/Amsterdam", "2026-10-25T01:00:00Z", "2026-10-25 02:00 CET +01:00"),
            ("America/Sao_Paulo", "2026-11-25T13:03:00Z", "2026-11-25 10:03 -03 -03:00"),
            ("Asia/Kathmandu", "2026-11-25T13:03:00Z", "2026-11-25 18:48 +0545 +05:45"),
            ("Pacific/Auckland", "2026-11-25T13:03:00Z", "2026-11-26 02:03 NZDT +13:00"),
        ] {
            assert_eq!(shown(zone, at), clock);
        }
    }

    /// British Columbia kept its summer time in 2026: a database older than that year gives 05:00.
    #[test]
    fn the_bundled_database_is_a_recent_one() {
        let clock =
            TimeZone::bundled("America/Vancouver").unwrap().local("2027-01-15T13:00:00Z".parse().unwrap());
        assert_eq!(clock.format("%H:%M").to_string(), "06:00");
    }

    #[test]
    fn names_that_are_none() {
        for name in [
            "",
            "Mars/Olympus",
            "nonsense!",
            "../etc/passwd",
            "/etc/passwd",
            "Europe",
            "Europe/",
            "Europe/Amsterdam/",
        ] {
            assert_eq!(TimeZone::bundled(name), None, "{name}");
        }
        assert!(TimeZone::bundled("europe/amsterdam").is_some(), "in either case");
    }

    #[test]
    fn every_moment_has_a_clock() {
        let zone = TimeZone::bundled("Europe/Amsterdam").unwrap();
        for at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC] {
            assert_eq!(zone.local(at).to_utc(), at);
        }
    }
}
