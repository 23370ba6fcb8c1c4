//! Argon2id on blocking threads, a bounded number at a time, so that a flood of activations cannot starve
//! other requests.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{
    Argon2, Block, Params, Version,
    password_hash::{
        PasswordVerifier,
        phc::{Output, ParamsString, PasswordHash, Salt},
        try_generate_salt,
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ServiceError;
use crate::domain::password::Password;

/// The most requests that wait to hash a new password; more are refused as busy.
const QUEUE: usize = 512;
/// The most requests that wait to compare a password, which anyone may send.
const VERIFICATION_QUEUE: usize = 64;

/// Hashes passwords. Clones share the bounds.
///
/// New passwords and comparisons have separate queues, so that a flood of guesses cannot block activations.
#[derive(Clone)]
pub struct Hasher {
    new_passwords: Queue,
    verifications: Queue,
    spare: Spare,
}

/// The permits for work, and those for waiting.
#[derive(Clone)]
struct Queue {
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    busy: &'static str,
}

impl Queue {
    fn new(places: usize, waiting: usize, busy: &'static str) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: Arc::new(Semaphore::new(places + waiting)),
            busy,
        }
    }

    async fn place(&self, spare: &Spare) -> Result<Permit, ServiceError> {
        let busy = || ServiceError::Busy(self.busy);
        let _waiting = self.waiting.try_acquire().map_err(|_| busy())?;
        let permit = self.places.clone().acquire_owned().await.map_err(|_| busy())?;
        Ok(Permit { _permit: permit, spare: spare.clone() })
    }
}

/// Memory of earlier hashes, reused for later ones: at most one block for each permit. glibc would keep 19
/// MiB for every thread that allocates it (findings/glibc-freed-memory-stays.sh).
type Spare = Arc<Mutex<Vec<Vec<Block>>>>;

/// A permit to hash.
pub struct Permit {
    _permit: OwnedSemaphorePermit,
    spare: Spare,
}

impl Permit {
    fn with_memory<T>(&self, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let left = spare().pop();
        let mut memory = left.unwrap_or_else(|| vec![Block::new(); argon2id().params().block_count()]);
        let outcome = work(&mut memory);
        spare().push(memory);
        outcome
    }
}

impl Hasher {
    /// A hasher with one permit for each core for new passwords, and half as many for comparisons.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            new_passwords: Queue::new(cores, QUEUE, "too many activations at once"),
            verifications: Queue::new(
                cores.div_ceil(2),
                VERIFICATION_QUEUE,
                "too many passwords are being compared",
            ),
            spare: Spare::default(),
        }
    }

    /// Waits for a permit to hash a new password.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] when the queue is full.
    pub async fn place(&self) -> Result<Permit, ServiceError> {
        self.new_passwords.place(&self.spare).await
    }

    /// Waits for a permit to compare a password.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] when the queue is full.
    pub async fn verification_place(&self) -> Result<Permit, ServiceError> {
        self.verifications.place(&self.spare).await
    }

    /// Hashes, with a salt from the operating system. The permit is held until the work is done, even when
    /// the caller goes away.
    ///
    /// # Errors
    /// [`ServiceError::Defect`] when the operating system gives no randomness.
    pub async fn hash(&self, place: Permit, password: Password) -> Result<String, ServiceError> {
        let defect = |error: &dyn std::fmt::Display| {
            ServiceError::Defect(format!("a password could not be hashed: {error}"))
        };
        let task = tokio::task::spawn_blocking(move || {
            place
                .with_memory(|memory| hash(password.expose().as_bytes(), memory))
                .map(|hash| hash.to_string())
        });
        task.await.map_err(|error| defect(&error))?.map_err(|error| defect(&error))
    }
}

impl Hasher {
    /// Whether `password` is the one of `hash`. A malformed hash matches nothing.
    ///
    /// # Errors
    /// [`ServiceError::Defect`] when the thread fails.
    pub async fn verify(
        &self,
        place: Permit,
        password: Password,
        hash: String,
    ) -> Result<bool, ServiceError> {
        let task = tokio::task::spawn_blocking(move || {
            let matches =
                |hash| place.with_memory(|memory| matches(password.expose().as_bytes(), &hash, memory));
            PasswordHash::new(&hash).is_ok_and(matches)
        });
        task.await.map_err(|error| ServiceError::Defect(format!("a password could not be verified: {error}")))
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// Argon2id with 19 MiB, two passes and one lane: OWASP Password Storage Cheat Sheet, the first of its
/// equivalent settings. They equal the crate's defaults, and are written out so that an update of the crate
/// cannot change them.
fn argon2id() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
}

/// Stands in the place of the hash of a user who has no password: no password matches it.
pub const NO_PASSWORD: &str = "!";

/// Whether a stored text is the hash of a password.
#[must_use]
pub fn is_usable(hash: &str) -> bool {
    hash != NO_PASSWORD
}

/// Whether a hash was made with less memory or fewer passes than new ones, or in another way.
#[must_use]
pub fn is_outdated(hash: &str) -> bool {
    let (ours, Ok(hash)) = (argon2id(), PasswordHash::new(hash)) else { return false };
    let at_least = |name: &str, wanted: u32| hash.params.get_decimal(name).is_some_and(|has| has >= wanted);
    hash.algorithm != argon2::Algorithm::Argon2id.ident()
        || hash.version != Some(Version::V0x13.into())
        || !at_least("m", ours.params().m_cost())
        || !at_least("t", ours.params().t_cost())
}

/// Like `PasswordHasher::hash_password`, in given memory.
fn hash(password: &[u8], memory: &mut [Block]) -> argon2::password_hash::Result<PasswordHash> {
    let (argon2, salt) = (argon2id(), Salt::new(&try_generate_salt()?)?);
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    argon2.hash_password_into_with_memory(password, &salt, &mut out, memory)?;
    Ok(PasswordHash {
        algorithm: argon2::Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(salt),
        hash: Some(Output::new(&out)?),
    })
}

/// Like `PasswordVerifier::verify_password`, in given memory.
fn matches(password: &[u8], hash: &PasswordHash, memory: &mut [Block]) -> bool {
    let ours = argon2id();
    let same = hash.algorithm == argon2::Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && ParamsString::try_from(ours.params()).is_ok_and(|params| params == hash.params);
    let (Some(salt), Some(expected), true) = (&hash.salt, &hash.hash, same) else {
        // The hash has other parameters, those of an earlier or later version.
        return ours.verify_password(password, hash).is_ok();
    };
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    let computed = ours.hash_password_into_with_memory(password, salt, &mut out, memory);
    // `Output` compares in constant time.
    computed.is_ok() && Output::new(&out).is_ok_and(|computed| computed == *expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_hash_says_how_it_was_made_and_differs_every_time() {
        let hasher = Hasher::new();
        let mut made = Vec::new();
        for _ in 0..2 {
            let place = hasher.place().await.unwrap();
            made.push(hasher.hash(place, Password::new("correct horse battery staple")).await.unwrap());
        }
        assert!(made[0].starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", made[0]);
        assert_ne!(made[0], made[1]);
        assert_eq!(hasher.spare.lock().unwrap().len(), 1);
        let read = |hash: &str| PasswordHash::new(hash).unwrap();
        // The crate's own verifier accepts hashes made in reused memory.
        assert!(
            made.iter()
                .all(|hash| argon2id().verify_password(b"correct horse battery staple", &read(hash)).is_ok())
        );
    }

    #[tokio::test]
    async fn a_flood_of_comparisons_leaves_room_for_new_passwords() {
        let hasher = Hasher::new();
        let cores = std::thread::available_parallelism().unwrap().get();
        let mut held = Vec::new();
        for _ in 0..cores.div_ceil(2) {
            held.push(hasher.verification_place().await.unwrap());
        }
        let waiting: Vec<_> = (0..VERIFICATION_QUEUE + cores.div_ceil(2))
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.verification_place().await.is_ok() })
            })
            .collect();
        while hasher.verifications.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hasher.verification_place().await, Err(ServiceError::Busy(_))));
        assert!(hasher.place().await.is_ok());
        for task in waiting {
            task.abort();
        }
    }

    #[tokio::test]
    async fn a_password_is_known_again_whatever_its_hash_was_made_with() {
        let hasher = Hasher::new();
        let ours = hasher
            .hash(hasher.place().await.unwrap(), Password::new("correct horse battery staple"))
            .await
            .unwrap();
        // From the reference implementation's test vectors: another algorithm, other memory.
        let others = [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
        ];
        let cases = [
            (ours.as_str(), "correct horse battery staple"),
            (others[0], "password"),
            (others[1], "password"),
        ];
        for (hash, password) in cases {
            for (typed, is_right) in [(password, true), ("something else entirely", false)] {
                let place = hasher.place().await.unwrap();
                let matches = hasher.verify(place, Password::new(typed), hash.to_owned()).await.unwrap();
                assert_eq!(matches, is_right, "{hash} {typed}");
            }
        }
        let outdated: Vec<bool> = [ours.as_str(), others[0], others[1]].map(is_outdated).into();
        assert_eq!(outdated, [false, true, true]);
        let (more, fewer) = (ours.replace("m=19456", "m=47104"), ours.replace("t=2", "t=1"));
        assert!(!is_outdated(&more) && is_outdated(&fewer));
        for damaged in ["", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ", "plain"] {
            let place = hasher.place().await.unwrap();
            assert!(!hasher.verify(place, Password::new("password"), damaged.to_owned()).await.unwrap());
        }
    }
}
