//! An endpoint of a partner, to which webhooks are sent.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{endpoint_url::EndpointUrl, event_type::WebhookEventType};
use crate::domain::{
    actor::ActorRef,
    api_client::SecretHash,
    ids::{ClientId, SecretId, WebhookEndpointId},
};

/// How long no delivery may have succeeded before an endpoint is disabled.
pub const DISABLE_AFTER: TimeDelta = TimeDelta::days(5);
/// How far apart two failures are when the later one begins the time anew: longer than any wait between two
/// attempts. Where nothing was sent for so long, nothing is known of the time between.
const FAILURES_APART: TimeDelta = TimeDelta::days(2);
/// How long events, deliveries and attempts are kept: as far back as events can be sent again.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);
/// How many attempts of an endpoint are kept, the newest ones: replays and tests can cause any number.
pub const KEPT_ATTEMPTS: usize = 10_000;
/// The most endpoints of a client.
pub const MAX_ENDPOINTS: usize = 20;
/// The most endpoints of a client with those that were deleted within [`RECENTLY`]: their rows stay for as
/// long as events are kept.
pub const MAX_RECENT_ENDPOINTS: usize = 60;
/// How long a deleted endpoint counts.
pub const RECENTLY: TimeDelta = TimeDelta::days(1);

closed_set! {
    /// Whether webhooks are sent to an endpoint.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum WebhookStatus {
        /// They are.
        Active = "active",
        /// Its owner paused it: events wait.
        Paused = "paused",
        /// Its deliveries failed for too long, or it answered 410: events wait.
        Disabled = "disabled",
    }
}

closed_set! {
    /// Why this service disabled an endpoint.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum DisabledReason {
        /// No delivery succeeded for [`DISABLE_AFTER`].
        Failing = "failing",
        /// It answered 410 Gone.
        Gone = "gone",
    }
}

/// An endpoint.
#[derive(Debug, Clone)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The client that it belongs to, whose scopes and account decide which events it gets.
    pub client: ClientId,
    /// Where it is.
    pub url: EndpointUrl,
    /// Whether a caller who is no program set the URL: then it may be in a network that the operator named.
    pub set_by_staff: bool,
    /// The types of events that it takes, as far as this version knows them.
    pub event_types: BTreeSet<WebhookEventType>,
    /// Whether webhooks are sent to it.
    pub status: WebhookStatus,
    /// Why this service disabled it.
    pub disabled_reason: Option<DisabledReason>,
    /// When this service disabled it.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Since when deliveries fail; `None` after one that succeeded.
    pub failing_since: Option<DateTime<Utc>>,
    /// Who made it.
    pub created_by: ActorRef,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its secrets, the newest first.
    pub secrets: Vec<WebhookSecretRecord>,
}

impl WebhookEndpoint {
    /// The secrets that sign at `now`, the newest first.
    pub fn live_secrets(&self, now: DateTime<Utc>) -> impl Iterator<Item = &WebhookSecretRecord> {
        self.secrets.iter().filter(move |secret| secret.is_live(now))
    }
}

/// Since when an endpoint fails at which a delivery failed at `now`. `known` is since when it was known to
/// fail, and when it failed last.
#[must_use]
pub fn failing_since(known: Option<(DateTime<Utc>, DateTime<Utc>)>, now: DateTime<Utc>) -> DateTime<Utc> {
    known.filter(|(_, last)| now - *last < FAILURES_APART).map_or(now, |(since, _)| since)
}

/// What is kept of a secret.
#[derive(Debug, Clone)]
pub struct WebhookSecretRecord {
    /// Its id.
    pub id: SecretId,
    /// Its hash, by which the key is found that makes it.
    pub hash: SecretHash,
    /// Its last four characters, by which people recognise it.
    pub hint: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it signs no more, if a newer one replaces it.
    pub expires_at: Option<DateTime<Utc>>,
}

impl WebhookSecretRecord {
    /// Whether it signs at `now`.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_long_after_the_last_one_begins_the_time_anew() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let after = |gap| failing_since(Some((now - TimeDelta::days(20), now - gap)), now);
        assert_eq!(failing_since(None, now), now);
        assert_eq!(after(TimeDelta::days(2) - TimeDelta::milliseconds(1)), now - TimeDelta::days(20));
        assert_eq!(after(TimeDelta::days(2)), now);
    }
}
