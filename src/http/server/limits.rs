//! How many connections there may be: fewer than the process may open files, so that database, files and mail
//! find theirs.

use rustix::process::{Resource, getrlimit};

/// What is left to everything else: connections to the database, its files, letters, logs, and what each
/// worker waits by.
const RESERVED: usize = 64;
/// No more than this, however many files may be open: each takes some 20 KB.
const MAX_CONNECTIONS: usize = 8192;

/// How many connections the listener for metrics has. They are of what is reserved.
const METRICS_CONNECTIONS: usize = 8;

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Of all clients, as the accepting side counts them: beyond, nothing is accepted.
    pub accepted: usize,
    /// Of all clients, as this service counts them: beyond, an idle one is closed for each new one, so that
    /// accepting never stops.
    pub total: usize,
    /// Of one network: an IPv4 /24, an IPv6 /48.
    pub network: usize,
    /// Of one client: an IPv4 address, an IPv6 /64.
    pub host: usize,
}

impl ConnectionLimits {
    /// Those of the listener for metrics: a few scrapers, each with a connection or two.
    #[must_use]
    pub fn of_metrics() -> Self {
        Self {
            accepted: METRICS_CONNECTIONS,
            total: METRICS_CONNECTIONS,
            network: METRICS_CONNECTIONS,
            host: METRICS_CONNECTIONS,
        }
    }

    /// As many as the process's descriptors allow (`RLIMIT_NOFILE`).
    #[must_use]
    pub fn of_process() -> Self {
        let descriptors = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
        Self::of(descriptors.unwrap_or(usize::MAX))
    }

    /// As many as so many descriptors allow. One client has half of them at most, and a network three
    /// quarters: what is left is for others, and half is more than an office, or a load balancer that is not
    /// configured as trusted, needs.
    #[must_use]
    pub fn of(descriptors: usize) -> Self {
        let reserved = (RESERVED + descriptors / 8).min(descriptors - descriptors / 4);
        let accepted = descriptors.saturating_sub(reserved).clamp(8, MAX_CONNECTIONS);
        let total = accepted - accepted / 8;
        Self { accepted, total, network: total - total / 4, host: total / 2 }
    }

    /// How many connections a network has before it is the first to lose one for a newcomer: a sixteenth of
    /// all.
    #[must_use]
    pub fn fair_share(self) -> usize {
        (self.total / 16).max(1)
    }

    /// The share of each of so many workers.
    #[must_use]
    pub fn of_worker(self, workers: usize) -> usize {
        (self.accepted / workers.max(1)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_everything_else_and_for_everybody_else() {
        for (descriptors, accepted) in
            [(64, 16), (256, 160), (1024, 832), (20_000, 8192), (usize::MAX, 8192), (0, 8)]
        {
            let limits = ConnectionLimits::of(descriptors);
            assert_eq!(limits.accepted, accepted, "{descriptors}");
            assert!(
                limits.host < limits.network
                    && limits.network < limits.total
                    && limits.total < limits.accepted,
                "{limits:?}"
            );
        }
        assert_eq!((ConnectionLimits::of(256).of_worker(2), ConnectionLimits::of(0).of_worker(64)), (80, 1));
        assert!(ConnectionLimits::of_process().accepted >= 8);
    }
}
