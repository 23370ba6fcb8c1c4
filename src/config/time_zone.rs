//! The source of time zone rules: the system's tzdata, which system updates refresh, or the bundled copy
//! where the system has none.

use std::path::Path;

use jiff::tz::TimeZoneDatabase;

use super::reader::Entry;
use crate::domain::time_zone::TimeZone;

/// Where systems keep the compiled database, unless `TZDIR` names another folder.
const FOLDERS: [&str; 4] =
    ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

impl Entry<'_, '_> {
    /// The zone that this variable names.
    pub(super) fn time_zone(&mut self) -> Option<TimeZone> {
        let folder = self.system_variable("TZDIR");
        self.parsed(|name| find(name, folder.as_deref()))
    }
}

/// The zone of that name, from the database in `folder` (`TZDIR`) or in the system's folder. A zone that is
/// missing there, or whose file cannot be read, comes from the bundled copy.
///
/// # Errors
/// When there is no such zone.
fn find(name: &str, folder: Option<&str>) -> Result<TimeZone, &'static str> {
    let folders = folder.map_or_else(|| FOLDERS.to_vec(), |folder| vec![folder.trim()]);
    let system = folders.into_iter().find_map(|folder| in_folder(Path::new(folder), name));
    system.or_else(|| TimeZone::bundled(name)).ok_or("is no IANA time zone, as Europe/Amsterdam")
}

fn in_folder(folder: &Path, name: &str) -> Option<TimeZone> {
    TimeZone::of(&TimeZoneDatabase::from_dir(folder).ok()?, name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A compiled zone (TZif, RFC 9636) with a fixed offset from UTC.
    fn tzif(name: &str, minutes: i32) -> Vec<u8> {
        let block = || {
            let mut block = b"TZif2".to_vec();
            block.extend([0; 15]);
            // No leap seconds and no transitions; one type, and its name.
            let counts = [0, 0, 0, 0, 1, u32::try_from(name.len()).unwrap() + 1];
            block.extend(counts.into_iter().flat_map(u32::to_be_bytes));
            block.extend((minutes * 60).to_be_bytes());
            block.extend([0, 0]);
            block.extend(name.bytes().chain([0]));
            block
        };
        let rule = format!("\n{name}-{}:{:02}\n", minutes / 60, minutes % 60);
        [block(), block(), rule.into_bytes()].concat()
    }

    fn clock(zone: &TimeZone) -> String {
        zone.local("2026-11-25T13:03:00Z".parse().unwrap()).format("%H:%M %Z").to_string()
    }

    #[test]
    fn the_system_s_rules_win() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("Europe")).unwrap();
        fs::write(folder.path().join("Europe/Amsterdam"), tzif("NEW", 345)).unwrap();
        fs::write(folder.path().join("Europe/Berlin"), b"TZif, but cut").unwrap();
        let find = |name: &str| find(name, folder.path().to_str());
        assert_eq!(clock(&find("Europe/Amsterdam").unwrap()), "18:48 NEW");
        // A zone that is missing there, or cannot be read, is the bundled one.
        assert_eq!(clock(&find("Europe/Paris").unwrap()), "14:03 CET");
        assert_eq!(clock(&find("Europe/Berlin").unwrap()), "14:03 CET");
        assert!(find("Mars/Olympus").is_err());
    }

    #[test]
    fn a_system_without_tzdata_has_the_program_s_own() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("nowhere");
        for folder in [folder.path(), &nowhere] {
            assert_eq!(clock(&find("Europe/Amsterdam", folder.to_str()).unwrap()), "14:03 CET");
            assert_eq!(clock(&find("UTC", folder.to_str()).unwrap()), "13:03 UTC");
            assert!(find("Mars/Olympus", folder.to_str()).is_err());
        }
        assert_eq!(
            clock(&find("Europe/Amsterdam", None).unwrap()),
            "14:03 CET",
            "wherever the rules are from here"
        );
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let zones = folder.path().join("zones");
        fs::create_dir(&zones).unwrap();
        fs::write(folder.path().join("secret"), tzif("NEW", 345)).unwrap();
        fs::write(zones.join("UTC"), tzif("UTC", 0)).unwrap();
        let outside = folder.path().join("secret");
        for name in ["../secret", "./../secret", outside.to_str().unwrap()] {
            assert!(find(name, zones.to_str()).is_err(), "{name}");
        }
    }
}
