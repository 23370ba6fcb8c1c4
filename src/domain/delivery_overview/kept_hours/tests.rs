use super::*;
use crate::domain::delivery_overview::{LetterGroup, LetterStatus};

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// Noon of a day, and so many minutes.
fn noon_and(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12) + TimeDelta::minutes(minutes)
}

/// A letter of each half hour, as a database would count those of a span.
fn letters(window: Window, span: Span) -> BTreeMap<(DateTime<Utc>, Period), LetterGroups> {
    let mut groups: BTreeMap<_, LetterGroups> = BTreeMap::new();
    for half in 0..=2 * 24 * 8 {
        let at = noon_and(-30 * half) - TimeDelta::minutes(1);
        if span.since <= at && at < span.until && at <= window.now() {
            let hour = crate::domain::delivery_overview::window::start_of_hour(at);
            let group = LetterGroup { status: LetterStatus::Sent, reason: None, relay: None, domain: None };
            groups.entry((hour, window.period_at(at))).or_default().add(group, 1);
        }
    }
    groups
}

/// Reads what is missing at noon and so many minutes, in so many seconds, and returns the hours that were
/// read and the sums.
fn read(kept: &mut KeptHours, minutes: i64, elapsed: i32, took: i32) -> (i64, [u64; 3]) {
    let window = Window::ending(noon_and(minutes));
    let spans = kept.missing(window, SECOND * elapsed);
    let hours = spans.iter().map(|span| (span.until.min(window.now()) - span.since).num_hours()).sum();
    let each = SECOND * took / i32::try_from(spans.len()).unwrap();
    for span in spans {
        kept.put(window, span, letters(window, span), (SECOND * elapsed, each));
    }
    (hours, kept.sums(window).map(|sums| sums.finish(Period::Hour, window.now()).letters.total()))
}

#[test]
fn the_sums_are_the_same_whatever_is_kept() {
    for minutes in 0..90 {
        let window = |minutes| read(&mut KeptHours::default(), minutes, 0, 0).1;
        let mut kept = KeptHours::default();
        read(&mut kept, 0, 0, 1_000);
        assert_eq!(read(&mut kept, minutes, 1, 1).1, window(minutes), "{minutes}");
    }
    assert_eq!(read(&mut KeptHours::default(), 0, 0, 0).1, [2, 48, 336]);
}

#[test]
fn hours_are_kept_for_as_many_times_as_reading_them_took() {
    let mut kept = KeptHours::default();
    assert_eq!(read(&mut kept, 0, 0, 10).0, 167);
    // The last hour, and that in which the last day begins.
    assert_eq!(read(&mut kept, 0, 99, 0).0, 2);
    // Those of the last day, too.
    assert_eq!(read(&mut kept, 0, 101, 0).0, 24);
    assert_eq!(read(&mut kept, 0, 102, 0).0, 2);
}

#[test]
fn nothing_is_kept_where_reading_takes_no_time() {
    let mut kept = KeptHours::default();
    assert_eq!(read(&mut kept, 0, 0, 0).0, 167);
    assert_eq!(read(&mut kept, 0, 0, 0).0, 167);
}
