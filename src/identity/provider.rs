//! One identity provider at run time: its keys, how they are kept fresh, and its tokens.
//!
//! Keys are fetched in the background at intervals ([`Provider::run`]). A token with an unknown key id asks
//! for a fetch, at a bounded rate, and waits for the one that is under way. While the provider is away the
//! keys that were fetched last are used.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};

use super::{
    fetch::{FETCH_TIMEOUT, KeySource},
    key_set::KeySet,
    refusal::TokenRefusal,
    settings::Issuer,
    token::{ProviderToken, Unverified},
};
use crate::clock::Clock;

/// How often keys are fetched.
const REFRESH_INTERVAL: Duration = Duration::from_mins(10);
/// When they are fetched again after a failure.
const RETRY_INTERVAL: Duration = Duration::from_mins(1);
/// The same while there are none.
const FIRST_RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// The least time between two fetches that tokens with unknown keys ask for.
const ASKED_INTERVAL: TimeDelta = TimeDelta::seconds(30);

/// The keys, and what was done to get them.
#[derive(Default)]
struct Keys {
    /// `None` until they were fetched for the first time.
    set: Option<Arc<KeySet>>,
    /// The digest of the document.
    digest: [u8; 32],
    /// Counts the changes of the set.
    version: u64,
    /// How many fetches have begun and ended.
    begun: u64,
    ended: u64,
    /// When the last one began.
    begun_at: Option<DateTime<Utc>>,
}

/// An identity provider.
pub struct Provider {
    settings: Issuer,
    source: KeySource,
    clock: Clock,
    keys: watch::Sender<Keys>,
    asked: Notify,
}

impl Provider {
    pub(super) fn new(settings: Issuer, clock: Clock) -> Result<Self, String> {
        let source = KeySource::new(&settings)?;
        Ok(Self { settings, source, clock, keys: watch::Sender::new(Keys::default()), asked: Notify::new() })
    }

    /// `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The state of its keys: a token that was verified in another state is verified anew.
    #[must_use]
    pub fn keys_version(&self) -> u64 {
        self.keys.borrow().version
    }

    /// Verifies everything of a token except its times.
    ///
    /// # Errors
    /// [`TokenRefusal`].
    pub async fn verify(&self, token: &str) -> Result<ProviderToken, TokenRefusal> {
        let unverified = Unverified::read(token, &self.settings).map_err(TokenRefusal::Invalid)?;
        if let Some(verdict) = self.verdict(&unverified) {
            return verdict;
        }
        self.refresh().await;
        match self.verdict(&unverified) {
            Some(verdict) => verdict,
            None if self.keys.borrow().set.is_none() => Err(TokenRefusal::KeysUnavailable),
            None => Err(TokenRefusal::Invalid("key")),
        }
    }

    /// `None` when the present keys have none for the token.
    fn verdict(&self, token: &Unverified<'_>) -> Option<Result<ProviderToken, TokenRefusal>> {
        let (set, version) = {
            let keys = self.keys.borrow();
            (keys.set.clone()?, keys.version)
        };
        let candidates = set.candidates(token.key_id.as_deref(), token.algorithm);
        if candidates.is_empty() {
            return None;
        }
        Some(token.verify(&candidates, &self.settings, version).map_err(TokenRefusal::Invalid))
    }

    /// Waits for the fetch that is under way, or asks for one where that is not too soon.
    async fn refresh(&self) {
        let mut seen = self.keys.subscribe();
        let (begun, ended, begun_at) = {
            let keys = seen.borrow_and_update();
            (keys.begun, keys.ended, keys.begun_at)
        };
        if begun == ended {
            if !self.may_ask(begun_at) {
                return;
            }
            self.asked.notify_one();
        }
        // A fetch takes no longer, and not all of its time is left.
        let _ = timeout(FETCH_TIMEOUT, seen.wait_for(|keys| keys.ended > ended)).await;
    }

    fn may_ask(&self, begun_at: Option<DateTime<Utc>>) -> bool {
        begun_at.is_none_or(|at| self.clock.now() - at >= ASKED_INTERVAL)
    }

    /// Fetches the keys, at once and then at intervals or when asked, until the future is dropped.
    pub(super) async fn run(&self) {
        loop {
            let pause = self.fetch().await;
            let again = async {
                loop {
                    self.asked.notified().await;
                    // Of several tokens that asked at the same time, the first was enough.
                    let begun_at = self.keys.borrow().begun_at;
                    if self.may_ask(begun_at) {
                        break;
                    }
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = again => {}
            }
        }
    }

    /// Fetches the keys once. When to fetch them next.
    async fn fetch(&self) -> Duration {
        let now = self.clock.now();
        self.keys.send_modify(|keys| {
            keys.begun += 1;
            keys.begun_at = Some(now);
        });
        let fetched = self.source.fetch().await.and_then(|document| {
            let set = KeySet::parse(&document).map_err(|error| error.to_string())?;
            Ok((set, Sha256::digest(&document).into()))
        });
        let issuer = self.issuer();
        let mut pause = REFRESH_INTERVAL;
        self.keys.send_modify(|keys| {
            keys.ended += 1;
            match fetched {
                Ok((set, digest)) => keys.replace(issuer, set, digest),
                Err(error) => {
                    let is_first = keys.set.is_none();
                    pause = if is_first { FIRST_RETRY_INTERVAL } else { RETRY_INTERVAL };
                    tracing::warn!(issuer, error, "the keys of an identity provider could not be fetched");
                }
            }
        });
        pause
    }
}

impl Keys {
    fn replace(&mut self, issuer: &str, set: KeySet, digest: [u8; 32]) {
        if self.set.is_some() && self.digest == digest {
            return;
        }
        if set.len() == 0 {
            tracing::warn!(issuer, "an identity provider has no keys that can verify tokens");
        }
        tracing::info!(issuer, keys = set.len(), "the keys of an identity provider were fetched");
        self.set = Some(Arc::new(set));
        self.digest = digest;
        self.version += 1;
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.issuer())
    }
}
