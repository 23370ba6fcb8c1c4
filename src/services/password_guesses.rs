//! Slows down guessing at passwords, for all processes together: the counts are in the database, so that a
//! guesser gains nothing from a second process or from a restart.

use super::{ServiceError, Services};
use crate::{
    db::{DbFault, Tx, guess_counts},
    domain::{
        guess_count::{self, GuessCount, GuessLimit, Reserved},
        token::DerivedKey,
    },
};

/// What guesses are counted by, from the narrowest scope to the widest.
#[derive(Debug, Clone)]
pub(super) struct Scopes(Vec<(String, GuessLimit)>);

impl Scopes {
    /// The scopes with these names. Their ids are MACs: the database has no address of a person or a client.
    pub(super) fn new(key: &DerivedKey, names: &[(String, GuessLimit)]) -> Self {
        Self(names.iter().map(|(name, limit)| (key.tag(name), *limit)).collect())
    }

    /// Changes the counts in a transaction of its own.
    async fn change<T: Send + 'static>(
        &self,
        services: &Services,
        change: impl Fn(&mut [GuessCount], &[GuessLimit]) -> T + Send + Sync + 'static,
    ) -> Result<T, DbFault> {
        let (ids, limits): (Vec<String>, Vec<GuessLimit>) = self.0.iter().cloned().unzip();
        let work = move |tx: &mut Tx<'_>| {
            let mut counts = guess_counts::lock(tx, &ids)?;
            let before = counts.clone();
            let changed = change(&mut counts, &limits);
            guess_counts::write(tx, &ids, (&before, &counts))?;
            Ok(changed)
        };
        services.db.write(work).await
    }
}

/// A guess in progress: it counts as wrong until [`Guess::right`] or [`Guess::withdraw`].
#[derive(Debug)]
pub(super) struct Guess {
    scopes: Scopes,
    reserved: Vec<Reserved>,
}

/// Begins a guess; `None` where guesses are not counted (`RATE_LIMITS=off`).
///
/// # Errors
/// [`ServiceError::TooManyGuesses`] while further guesses have to wait.
pub(super) async fn begin(services: &Services, scopes: Scopes) -> Result<Option<Guess>, ServiceError> {
    if !services.guesses.is_on() {
        return Ok(None);
    }
    let now = services.clock.now();
    let begun =
        scopes.change(services, move |counts, limits| guess_count::begin(counts, limits, now)).await?;
    let reserved = begun.map_err(ServiceError::too_many_guesses)?;
    Ok(Some(Guess { scopes, reserved }))
}

impl Guess {
    /// The guess was right.
    pub(super) async fn right(self, services: &Services) -> Result<(), DbFault> {
        let Self { scopes, reserved } = self;
        scopes.change(services, move |counts, _| guess_count::right(counts, &reserved)).await
    }

    /// The password was not compared.
    pub(super) async fn withdraw(self, services: &Services) -> Result<(), DbFault> {
        let Self { scopes, reserved } = self;
        scopes.change(services, move |counts, _| guess_count::withdraw(counts, &reserved)).await
    }
}
