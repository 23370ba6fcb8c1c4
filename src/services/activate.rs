//! Activation: uses the link, activates the user and adds the membership. Of concurrent attempts, one
//! succeeds.

mod answer;
mod proof;
mod validate;
mod write;

pub use self::answer::{Activated, Answer};
use self::validate::validate;
use self::write::Secret;
pub use self::write::{Attempt, Queue, queue};
use super::{
    ServiceError, Services,
    password_hasher::{NO_PASSWORD, Permit},
    preview,
};
use crate::domain::{
    activation::ActivationPath,
    actor::Actor,
    token::{LinkClaim, LinkToken},
};

/// How often an attempt is made when the state on which it was decided changed meanwhile.
const TRIES: usize = 3;

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
        (ActivationPath::NewCredentials, _, None) if !seen.requires.password => {
            Secret::Chosen(NO_PASSWORD.to_owned())
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
