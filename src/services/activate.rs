//! Activating: the link is used, the person becomes active. However many try at once, one succeeds.

use serde_json::json;

use super::{
    Refusal, Services,
    hasher::Place,
    preview::{self, Preview},
    resend::locked,
};
use crate::{
    db::{Tx, events, invitations, outbox, users},
    domain::{
        activation::Requires,
        actor::{ActorKind, ActorRef},
        email::Email,
        event::EventType,
        fault::FieldFault,
        invitation::{DeadLink, InvitationState},
        password::{self, Identity, Password, PasswordFault},
        person::PersonName,
        token::{LinkClaim, LinkToken},
        user::{User, UserKind},
    },
};

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
    /// Faults found while reading these members, so that all are told together.
    pub faults: Vec<FieldFault>,
}

/// Activates.
///
/// # Errors
/// [`Refusal::InvalidLink`], [`Refusal::DeadLink`], [`Refusal::Invalid`]. A refusal consumes nothing: the link still works.
pub async fn link(services: &Services, token: &LinkToken, answer: Answer) -> Result<User, Refusal> {
    let claim = services.links.verify(token).map_err(|_| Refusal::InvalidLink)?;
    let seen = look(services, claim).await?;
    judge(services, &seen, &answer)?;
    let password_hash = match answer.password.clone().filter(|_| seen.requires.password) {
        None => None,
        Some(password) => {
            let place = services.hasher.place().await?;
            Some(hash(services, claim, place, password).await?)
        }
    };
    let (writer, names) = (services.clone(), (answer.first_name, answer.last_name));
    services
        .db
        .write(move |tx| {
            let names = (names.0.as_ref().map_or("", PersonName::as_str), names.1.as_ref().map_or("", PersonName::as_str));
            activate(&writer, tx, claim, seen.requires, names, password_hash.as_deref())
        })
        .await
}

async fn look(services: &Services, claim: LinkClaim) -> Result<Preview, Refusal> {
    let now = services.clock.now();
    services.db.read::<_, Refusal>(move |connection| preview::look(connection, claim, now).map_err(Refusal::from)).await?
}

/// Hashes, unless somebody else has used the link while we stood in the queue: thirty more clicks cost thirty looks, not
/// thirty hashes.
async fn hash(services: &Services, claim: LinkClaim, place: Place, password: Password) -> Result<String, Refusal> {
    look(services, claim).await?;
    services.hasher.hash(place, password).await
}

/// Everything that is missing, out of place or not good enough, together.
fn judge(services: &Services, seen: &Preview, answer: &Answer) -> Result<(), Refusal> {
    let Requires { password, person_name, email, .. } = seen.requires;
    let mut faults = answer.faults.clone();
    let known = |path: &str, faults: &[FieldFault]| faults.iter().any(|fault| fault.path == path);
    for (path, given, required) in [
        ("/password", answer.password.is_some(), password),
        ("/first_name", answer.first_name.is_some(), person_name),
        ("/last_name", answer.last_name.is_some(), person_name),
        ("/email", answer.email.is_some(), email),
    ] {
        match (given || known(path, &faults), required) {
            (true, false) => {
                faults.retain(|fault| fault.path != path);
                faults.push(FieldFault::new(path, "not_applicable", "This invitation does not ask for it."));
            }
            (false, true) => faults.push(FieldFault::new(path, "required", "This is required.")),
            _ => {}
        }
    }
    if let (true, Some(typed)) = (email, &answer.email)
        && typed.key() != seen.invitation.email.key()
    {
        faults.push(FieldFault::new("/email", "email_mismatch", "This is not the address that was invited."));
    }
    if let (true, Some(chosen)) = (password, &answer.password) {
        let names = [&answer.first_name, &answer.last_name].into_iter().flatten().map(PersonName::as_str).collect();
        let identity = Identity { email: Some(&seen.invitation.email), names };
        let broken = password::faults(chosen, services.rules.password_min_length, &identity);
        faults.extend(broken.into_iter().map(password_fault));
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Invalid(faults)) }
}

fn password_fault(fault: PasswordFault) -> FieldFault {
    let (code, detail) = match fault {
        PasswordFault::TooShort(shortest) => ("too_short", format!("A password has at least {shortest} characters.")),
        PasswordFault::TooLong => ("too_long", format!("A password has at most {} characters.", password::LONGEST)),
        PasswordFault::Common => ("password_common", "This password is commonly used and is tried first by attackers.".into()),
        PasswordFault::Guessable => {
            ("password_guessable", "This password is easy to guess. A few unrelated words make a better one.".into())
        }
        PasswordFault::ContainsIdentity => {
            ("password_contains_identity", "A password must not contain your name or your e-mail address.".into())
        }
    };
    FieldFault::new("/password", code, detail)
}

fn activate(
    services: &Services,
    tx: &mut Tx<'_>,
    claim: LinkClaim,
    seen: Requires,
    names: (&str, &str),
    password_hash: Option<&str>,
) -> Result<User, Refusal> {
    let now = services.clock.now();
    let invitation = locked(tx, claim.invitation)?;
    invitation.check_link(claim.generation, now)?;
    let find = |tx: &mut Tx<'_>| users::get(tx.reading(), invitation.user_id, &UserKind::ALL);
    let user = find(tx)?.ok_or(Refusal::InvalidLink)?;
    if Requires::of(&invitation, &user) != seen {
        // The person became active by another invitation a moment ago; this answer was judged by what no longer holds.
        return Err(Refusal::Busy("the invitation changed meanwhile"));
    }
    if !invitations::activate(tx, (invitation.id, claim.generation), now)? {
        return Err(DeadLink::Used.into());
    }
    if let Some(hash) = password_hash {
        users::activate(tx, user.id, names, hash, now)?;
    }
    users::grant(tx, user.id, &invitation.roles)?;
    outbox::withdraw(tx, invitation.id)?;
    let user = find(tx)?.ok_or(Refusal::InvalidLink)?;
    let who = ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: full_name(&user) };
    events::insert(tx, &[services.event(invitation.id, EventType::Activated, now, who, json!({}))])?;
    debug_assert_ne!(invitation.state, InvitationState::Activated);
    Ok(user)
}

fn full_name(user: &User) -> String {
    let names = [&user.first_name, &user.last_name].into_iter().flatten();
    names.map(String::as_str).collect::<Vec<_>>().join(" ")
}
