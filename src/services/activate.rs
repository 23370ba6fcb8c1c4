//! Activating: the link is used, the person becomes active and belongs to the account. However many try at
//! once, one succeeds.

mod proof;
mod validate;
mod write;

use self::validate::validate;
use self::write::Secret;
pub use self::write::{Attempt, Queue, queue};
use super::{
    ServiceError, Services,
    password_hasher::Place,
    preview::{self, Preview},
};
use crate::domain::{
    account::{Account, AccountName, AccountType},
    activation::ActivationPath,
    actor::Actor,
    client_address::ClientAddress,
    company::Company,
    email::Email,
    field_error::Faults,
    password::Password,
    person::PersonName,
    token::{LinkClaim, LinkToken},
    user::{Membership, User},
};

/// How often an answer is decided anew when what it was decided by changed meanwhile.
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

/// Who is active now, and what this invitation gave them. What they are elsewhere is not in it: whoever holds
/// a link may be its inviter.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The person, with the roles or the membership of this invitation alone.
    pub user: User,
    /// The account; none for a system user.
    pub account: Option<Account>,
    /// Whether they chose a password just now.
    pub chose_password: bool,
    /// What was given by hand to whoever used the address before, when its person took it over just now.
    pub inherited: Vec<Membership>,
}

/// Activates. `caller` is whoever sent an access token along: the person themselves need no password then.
///
/// # Errors
/// [`ServiceError::InvalidLink`], [`ServiceError::DeadLink`], [`ServiceError::Invalid`]. A refusal consumes
/// nothing: the link still works.
pub async fn link(
    services: &Services,
    token: &LinkToken,
    answer: Answer,
    caller: Option<&Actor>,
) -> Result<Activated, ServiceError> {
    let claim = services.links.verify(token).map_err(|_| ServiceError::InvalidLink)?;
    let mut tries = 1;
    loop {
        match once(services, claim, &answer, caller).await {
            // The person became active by another invitation a moment ago, or has another password, or the
            // account came to life.
            Err(ServiceError::Changed) if tries < TRIES => tries += 1,
            Err(ServiceError::Changed) => return Err(ServiceError::Busy("the invitation changed meanwhile")),
            outcome => return outcome,
        }
    }
}

async fn once(
    services: &Services,
    claim: LinkClaim,
    answer: &Answer,
    caller: Option<&Actor>,
) -> Result<Activated, ServiceError> {
    let seen = preview::look(services, claim).await?;
    let path = seen.path();
    let proof = match path {
        ActivationPath::NewCredentials => None,
        ActivationPath::MailedToActive | ActivationPath::ProofRequired => {
            proof::by_token(services, seen.invitation.user_id, caller).await?
        }
    };
    validate(services, &seen, answer, proof.is_some())?;
    let secret = match (path, proof, &answer.password) {
        (ActivationPath::NewCredentials, _, Some(password)) => {
            Secret::Chosen(services.hasher.hash(place(services, claim).await?, password.clone()).await?)
        }
        (_, Some(hash), _) => Secret::Matched(hash),
        (ActivationPath::ProofRequired, None, Some(password)) => {
            let matched = proof::by_password(services, &seen, answer.client, password.clone()).await?;
            Secret::Matched(matched.ok_or_else(proof::wrong)?)
        }
        _ => Secret::None,
    };
    services.activations.run(Attempt { claim, seen, answer: answer.clone(), secret }).await?
}

/// A place at the hasher, unless somebody else has used the link while we stood in the queue: thirty more
/// clicks cost thirty looks, not thirty hashes.
async fn place(services: &Services, claim: LinkClaim) -> Result<Place, ServiceError> {
    let place = services.hasher.place().await?;
    preview::look(services, claim).await?;
    Ok(place)
}
