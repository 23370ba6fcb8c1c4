//! Compares passwords, for all purposes: guessing is slowed down, and each try is logged.

use chrono::TimeDelta;

use super::{
    ServiceError, Services, password_guesses,
    password_guesses::{Guess, Scopes},
    password_hasher,
};
use crate::domain::{
    client_address::ClientAddress, email::Email, guess_count::GuessLimit, password::Password,
};

/// Of one address by one client: typing errors are free, and a program gets four guesses an hour.
const OF_ADDRESS: GuessLimit = GuessLimit { free: 3, longest: TimeDelta::minutes(15) };
/// Of any address by one client, which may be a whole office.
const OF_CLIENT: GuessLimit = GuessLimit { free: 20, longest: TimeDelta::minutes(1) };
/// Of any address from one network: an IPv4 /24, an IPv6 /48.
const OF_NETWORK: GuessLimit = GuessLimit { free: 100, longest: TimeDelta::minutes(1) };

/// A decoy hash, of an unknown password. It is verified when there is no password, so that the answer takes
/// as long.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$U2lsZW5jZUlzR29sZGVu$ZGVjb3kgZGVjb3kgZGVjb3kgZGVjb3kgZGVjb3kgISE";

/// A claim of identity.
#[derive(Debug)]
pub struct Claim<'a> {
    /// Its purpose, in one word for the log.
    pub purpose: &'static str,
    /// The claimed address, known or not.
    pub subject: &'a Email,
    /// The client's address.
    pub client: ClientAddress,
}

impl Claim<'_> {
    /// Logs the outcome, with a masked address and the client's network.
    pub fn log(&self, outcome: &'static str) {
        let Self { purpose, subject, client } = self;
        tracing::info!(purpose, subject = subject.masked(), %client, outcome, "password check");
    }
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// It is the password.
    Right,
    /// It is another one, or there is none.
    Wrong,
}

/// A comparison: a right password counts as a wrong guess until it is accepted.
pub(super) struct Comparison {
    /// The result.
    pub(super) compared: Compared,
    guess: Option<Guess>,
}

impl Comparison {
    /// The person may go on: the guess was right, and resets the count.
    ///
    /// # Errors
    /// Only when the database fails.
    pub(super) async fn accept(self, services: &Services) -> Result<(), ServiceError> {
        if let Some(guess) = self.guess.filter(|_| self.compared == Compared::Right) {
            guess.right(services).await?;
        }
        Ok(())
    }
}

/// Compares a password, as [`compare`] does, and accepts a right one.
///
/// # Errors
/// As [`compare`].
pub(super) async fn check(
    services: &Services,
    claim: &Claim<'_>,
    password: Password,
    hash: Option<String>,
) -> Result<Compared, ServiceError> {
    let comparison = compare(services, claim, password, hash).await?;
    let compared = comparison.compared;
    comparison.accept(services).await?;
    Ok(compared)
}

/// Compares a password with that of `hash`. Without a hash the result is `Wrong`, after the same time. Wrong
/// ones are logged and counted, whether the address is known or not; the caller logs the outcome of a right
/// one.
///
/// # Errors
/// [`ServiceError::TooManyGuesses`] while this client has to wait; [`ServiceError::Busy`] when too many
/// passwords are being compared.
pub(super) async fn compare(
    services: &Services,
    claim: &Claim<'_>,
    password: Password,
    hash: Option<String>,
) -> Result<Comparison, ServiceError> {
    let guess = password_guesses::begin(services, scopes(services, claim)).await.inspect_err(|error| {
        if matches!(error, ServiceError::TooManyGuesses(_)) {
            claim.log("delayed");
        }
    })?;
    let place = match services.hasher.verification_place().await {
        Ok(place) => place,
        Err(busy) => {
            claim.log("busy");
            withdraw(services, guess).await;
            return Err(busy);
        }
    };
    let hash = hash.filter(|hash| password_hasher::is_usable(hash));
    let is_known = hash.is_some();
    let matches = services.hasher.verify(place, password, hash.unwrap_or_else(|| DECOY.to_owned())).await?;
    if matches && is_known {
        return Ok(Comparison { compared: Compared::Right, guess });
    }
    claim.log("wrong_credentials");
    Ok(Comparison { compared: Compared::Wrong, guess })
}

/// What the guesses at a claim are counted by.
fn scopes(services: &Services, claim: &Claim<'_>) -> Scopes {
    let (host, network) = (claim.client.host(), claim.client.network());
    let names = [
        (format!("address {host} {}", claim.subject.key()), OF_ADDRESS),
        (format!("client {host}"), OF_CLIENT),
        (format!("network {network}"), OF_NETWORK),
    ];
    Scopes::new(&services.guess_key, &names)
}

/// Withdraws a guess that was not made. A failure is only logged: the guess counts as wrong then.
async fn withdraw(services: &Services, guess: Option<Guess>) {
    let Some(guess) = guess else { return };
    if let Err(error) = guess.withdraw(services).await {
        tracing::warn!(%error, "a guess that was not made counts as a wrong one");
    }
}

/// The error for a wrong present password.
pub(super) fn wrong_present_password() -> ServiceError {
    ServiceError::at("/password", "password_wrong", "This is not your present password.")
}
