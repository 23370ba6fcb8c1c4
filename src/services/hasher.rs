//! Argon2id on threads where it may block, a bounded number at a time, so that a flood of activations starves nobody.

use std::sync::Arc;

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Refusal;
use crate::domain::password::Password;

/// More people than this waiting for a hash are asked to come back in a moment.
const QUEUE: usize = 512;

/// Hashes passwords. Clones share the bound.
#[derive(Clone)]
pub struct Hasher {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

/// A place at the hasher. While it is held, no more than the machine's cores work on passwords.
pub struct Place(OwnedSemaphorePermit);

impl Hasher {
    /// A hasher with one place for each core.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { places: Arc::new(Semaphore::new(cores)), queue: Arc::new(Semaphore::new(cores + QUEUE)) }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when too many wait already.
    pub async fn place(&self) -> Result<Place, Refusal> {
        let busy = || Refusal::Busy("too many activations at once");
        let _waiting = self.queue.try_acquire().map_err(|_| busy())?;
        self.places.clone().acquire_owned().await.map(Place).map_err(|_| busy())
    }

    /// Hashes, with a salt from the operating system. The place is held until the work is done, whatever the caller does.
    ///
    /// # Errors
    /// [`Refusal::Defect`] when the operating system gives no randomness.
    pub async fn hash(&self, place: Place, password: Password) -> Result<String, Refusal> {
        let defect = |error: &dyn std::fmt::Display| Refusal::Defect(format!("a password could not be hashed: {error}"));
        let task = tokio::task::spawn_blocking(move || {
            let _place = place.0;
            let hash: Result<PasswordHash, _> = argon2id().hash_password(password.expose().as_bytes());
            hash.map(|hash| hash.to_string())
        });
        task.await.map_err(|error| defect(&error))?.map_err(|error| defect(&error))
    }
}

impl Hasher {
    /// Whether `password` is the one that `hash` was made of. A hash that cannot be read matches nothing.
    ///
    /// # Errors
    /// [`Refusal::Defect`] when the thread fails.
    pub async fn verify(&self, place: Place, password: Password, hash: String) -> Result<bool, Refusal> {
        let task = tokio::task::spawn_blocking(move || {
            let _place = place.0;
            let hash = PasswordHash::new(&hash);
            hash.is_ok_and(|hash| argon2id().verify_password(password.expose().as_bytes(), &hash).is_ok())
        });
        task.await.map_err(|error| Refusal::Defect(format!("a password could not be verified: {error}")))
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// Argon2id with 19 MiB, two passes and one lane: OWASP Password Storage Cheat Sheet, the first of its equal choices. They
/// are the crate's defaults too, and written out here so that an update of the crate changes nothing unseen.
fn argon2id() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
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
    }
}
