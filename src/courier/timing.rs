//! How long the courier waits for what. These times depend on each other; the assertions below hold them
//! together when one is changed.

use std::time::Duration;

use chrono::TimeDelta;

/// For how long a claim keeps other couriers from a letter. It is renewed while the letter is being sent; a
/// courier that dies leaves it to run out.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);
/// [`super::Courier::renew_every`], as the service has it.
pub const RENEW_EVERY: Duration = Duration::from_secs(20);
/// How long after its claim a letter may be started. One that gets no slot by then is given back.
pub(super) const START_WITHIN: TimeDelta = TimeDelta::seconds(10);
/// How much of its lease a letter must have left before it is sent, as when the lookup before it took long;
/// and how late after the decision to claim a claim is still made.
pub(super) const LEASE_MARGIN: TimeDelta = TimeDelta::seconds(15);
/// A database that answers later than this counts as having been away.
pub(super) const LATE_ANSWER: TimeDelta = TimeDelta::seconds(5);
/// How long couriers are given, after an outage of the database, to record what they sent during it. They
/// retry a record every [`RECORD_RETRY`], and renew leases every [`RENEW_EVERY`].
pub(super) const RECOVERY: TimeDelta = TimeDelta::seconds(30);
/// The longest pause between two attempts to record an outcome.
pub(super) const RECORD_RETRY: Duration = Duration::from_secs(3);
/// How long letters under way are waited for at a shutdown, within the 30 seconds that supervisors of
/// processes usually wait. Those that take longer are sent again after the next start.
pub(super) const GRACE: Duration = Duration::from_secs(25);

const fn seconds(time: TimeDelta) -> u64 {
    time.num_seconds().unsigned_abs()
}

const _: () = {
    // A letter that is started last still has its margin, and some time for its lookup.
    assert!(seconds(START_WITHIN) + 2 * seconds(LEASE_MARGIN) < seconds(LEASE));
    // One renewal may fail.
    assert!(2 * RENEW_EVERY.as_secs() < seconds(LEASE));
    // A claim that an outage delayed is noticed as late before it is too old to be made.
    assert!(seconds(LATE_ANSWER) < seconds(LEASE_MARGIN));
    // After an outage every courier has renewed its leases or recorded its outcomes, each after a wait for a
    // connection, before another one claims those letters.
    assert!(RENEW_EVERY.as_secs() + seconds(LATE_ANSWER) < seconds(RECOVERY));
    assert!(RECORD_RETRY.as_secs() + seconds(LATE_ANSWER) < seconds(RECOVERY));
    assert!(GRACE.as_secs() < 30);
};
