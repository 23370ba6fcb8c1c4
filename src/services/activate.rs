//! Activating: the link is used, the person becomes active and belongs to the account. However many try at once, one succeeds.

mod judge;
mod write;

use self::judge::judge;
use self::write::Secret;
pub use self::write::{Attempt, Queue, queue};
use super::{
    Refusal, Services,
    hasher::Place,
    password_check::{self, Claim},
    preview::{self, Preview},
};
use crate::{
    db::{DbFault, credentials},
    domain::{
        account::{Account, AccountName, AccountType},
        client_address::ClientAddress,
        company::Company,
        email::Email,
        fault::{Faults, FieldFault},
        password::Password,
        person::PersonName,
        token::{LinkClaim, LinkToken},
        user::User,
    },
};

/// How often an answer is judged anew when what it was judged by changed meanwhile.
const TRIES: usize = 3;

/// What the person sent with the link.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The password chosen, or the one that the person has.
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
    /// Whether the company says that it has no VAT number, whatever else is wrong with it.
    pub vat_exempt: bool,
    /// Where they are.
    pub client: ClientAddress,
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
    /// Whether they chose a password just now.
    pub chose_password: bool,
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
            // The person became active by another invitation a moment ago, or has another password, or the account came to
            // life.
            Err(Refusal::Changed) if tries < TRIES => tries += 1,
            Err(Refusal::Changed) => return Err(Refusal::Busy("the invitation changed meanwhile")),
            outcome => return outcome,
        }
    }
}

async fn once(services: &Services, claim: LinkClaim, answer: &Answer) -> Result<Activated, Refusal> {
    let seen = preview::look(services, claim).await?;
    judge(services, &seen, answer)?;
    let secret = match &answer.password {
        Some(password) if seen.requires.new_password() => {
            Secret::Chosen(services.hasher.hash(place(services, claim).await?, password.clone()).await?)
        }
        Some(password) if seen.requires.own_password() => own(services, &seen, answer, password.clone()).await?,
        _ => Secret::None,
    };
    services.activations.run(Attempt { claim, seen, answer: answer.clone(), secret }).await?
}

/// Compares the password with the one that the person has. A wrong one consumes nothing.
async fn own(services: &Services, seen: &Preview, answer: &Answer, password: Password) -> Result<Secret, Refusal> {
    let user = seen.invitation.user_id;
    let stored = services.db.read::<_, DbFault>(move |connection| credentials::of(connection, user)).await?;
    let hash = stored.password_hash.ok_or(Refusal::Changed)?;
    let tried = Claim { purpose: "activation", subject: &seen.invitation.email, client: answer.client };
    if password_check::check(services, &tried, password, Some(hash.clone())).await? {
        tried.log("matched");
        return Ok(Secret::Matched(hash));
    }
    let detail = "This is not the password of the user with this address. Whoever does not know it has the invitation resent by \
                  e-mail, and chooses a new one.";
    Err(Refusal::Invalid([FieldFault::new("/password", "password_wrong", detail)].into()))
}

/// A place at the hasher, unless somebody else has used the link while we stood in the queue: thirty more clicks cost thirty
/// looks, not thirty hashes.
async fn place(services: &Services, claim: LinkClaim) -> Result<Place, Refusal> {
    let place = services.hasher.place().await?;
    preview::look(services, claim).await?;
    Ok(place)
}
