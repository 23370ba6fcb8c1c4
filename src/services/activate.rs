//! Activating: the link is used, the person becomes active and belongs to the account. However many try at once, one succeeds.

mod judge;
mod write;

use self::judge::judge;
pub use self::write::{Attempt, Queue, queue};
use super::{
    Refusal, Services,
    hasher::Place,
    preview::{self, Preview},
};
use crate::domain::{
    account::{Account, AccountName, AccountType},
    company::Company,
    email::Email,
    fault::Faults,
    password::Password,
    person::PersonName,
    token::{LinkClaim, LinkToken},
    user::User,
};

/// How often an answer is judged anew when what it was judged by changed meanwhile.
const TRIES: usize = 3;

/// What the person sent with the link.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The password chosen.
    pub password: Option<Password>,
    /// First name.
    pub first_name: Option<PersonName>,
    /// Last name.
    pub last_name: Option<PersonName>,
    /// The person's own address, typed.
    pub email: Option<Email>,
    /// Whether anything was said of an account.
    pub account: bool,
    /// The account's name.
    pub account_name: Option<AccountName>,
    /// The account's type.
    pub account_type: Option<AccountType>,
    /// The company's details.
    pub company: Option<Company>,
    /// Faults found while reading these members, so that all are told together.
    pub faults: Faults,
}

/// Who is active now, and where they belong.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The person.
    pub user: User,
    /// The account; none for a system user.
    pub account: Option<Account>,
}

/// Activates.
///
/// # Errors
/// [`Refusal::InvalidLink`], [`Refusal::DeadLink`], [`Refusal::Invalid`]. A refusal consumes nothing: the link still works.
pub async fn link(services: &Services, token: &LinkToken, answer: Answer) -> Result<Activated, Refusal> {
    let claim = services.links.verify(token).map_err(|_| Refusal::InvalidLink)?;
    let mut tries = 1;
    loop {
        match once(services, claim, &answer).await {
            // The person became active by another invitation a moment ago, or the account came to life.
            Err(Refusal::Changed) if tries < TRIES => tries += 1,
            Err(Refusal::Changed) => return Err(Refusal::Busy("the invitation changed meanwhile")),
            outcome => return outcome,
        }
    }
}

async fn once(services: &Services, claim: LinkClaim, answer: &Answer) -> Result<Activated, Refusal> {
    let seen = preview::look(services, claim).await?;
    judge(services, &seen, answer)?;
    let password_hash = match answer.password.clone().filter(|_| seen.requires.password) {
        None => None,
        Some(password) => {
            let place = services.hasher.place().await?;
            Some(hash(services, claim, place, password).await?)
        }
    };
    services.activations.run(Attempt { claim, seen, answer: answer.clone(), password_hash }).await?
}

/// Hashes, unless somebody else has used the link while we stood in the queue: thirty more clicks cost thirty looks, not
/// thirty hashes.
async fn hash(services: &Services, claim: LinkClaim, place: Place, password: Password) -> Result<String, Refusal> {
    preview::look(services, claim).await?;
    services.hasher.hash(place, password).await
}
