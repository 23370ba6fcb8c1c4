//! Activation: uses the link, activates the user and adds the membership. Of concurrent attempts, one
//! succeeds.

mod proof;
mod validate;
mod write;

use self::validate::validate;
use self::write::Secret;
pub use self::write::{Attempt, Queue, queue};
use super::{
    ServiceError, Services,
    password_hasher::Permit,
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

/// How often an attempt is made when the state on which it was decided changed meanwhile.
const TRIES: usize = 3;

/// The input that was sent with the link.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The new password, or the present one.
    pub password: Option<Password>,
    /// First name.
    pub first_name: Option<PersonName>,
    /// Last name.
    pub last_name: Option<PersonName>,
    /// The person's own address, typed.
    pub email: Option<Email>,
    /// Whether there was an object for the account.
    pub account: bool,
    /// The account's name.
    pub account_name: Option<AccountName>,
    /// The account's type.
    pub account_type: Option<AccountType>,
    /// The company's details.
    pub company: Option<Company>,
    /// Whether the company states that it has no VAT number, even if its other data is invalid.
    pub vat_exempt: bool,
    /// The client's address.
    pub client: ClientAddress,
    /// Errors from parsing these members, so that all are reported together.
    pub faults: Faults,
}

/// The result: the user, and what this invitation gave them. Other roles and memberships are omitted, since
/// the holder of a link may be its inviter.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The user, with the roles or the membership of this invitation alone.
    pub user: User,
    /// The account; `None` for a system user.
    pub account: Option<Account>,
    /// Whether the user chose a new password.
    pub chose_password: bool,
    /// The memberships that were accepted with the address before it was proven, if it was proven just now.
    pub inherited: Vec<Membership>,
}

/// Activates. `caller` is the holder of an access token in the request: as the invited person they need no
/// password.
///
/// # Errors
/// [`ServiceError::InvalidLink`], [`ServiceError::DeadLink`], [`ServiceError::Invalid`]. A refusal does not
/// use the link up.
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
            // Meanwhile the user was activated by another invitation, changed the password, or the account
            // was activated.
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

/// A permit of the hasher, unless the link was used while this request waited in the queue: thirty more
/// clicks cost thirty lookups, not thirty hashes.
async fn place(services: &Services, claim: LinkClaim) -> Result<Permit, ServiceError> {
    let place = services.hasher.place().await?;
    preview::look(services, claim).await?;
    Ok(place)
}
