//! Activating: the link is used, the person becomes active and belongs to the account. However many try at once, one succeeds.

mod judge;

use serde_json::json;

use self::judge::judge;
use super::{
    Refusal, Services,
    hasher::Place,
    preview::{self, Preview},
    resend::locked,
};
use crate::{
    db::{Tx, accounts, accounts::Life, events, invitations, memberships, outbox, users},
    domain::{
        account::{Account, AccountName, AccountType},
        activation::Requires,
        actor::{ActorKind, ActorRef},
        company::Company,
        email::Email,
        event::EventType,
        fault::FieldFault,
        invitation::{DeadLink, Invitation},
        password::Password,
        person::PersonName,
        sight::Sight,
        token::{LinkClaim, LinkToken},
        user::User,
    },
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
    pub faults: Vec<FieldFault>,
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
    let seen = look(services, claim).await?;
    judge(services, &seen, answer)?;
    let password_hash = match answer.password.clone().filter(|_| seen.requires.password) {
        None => None,
        Some(password) => {
            let place = services.hasher.place().await?;
            Some(hash(services, claim, place, password).await?)
        }
    };
    let (writer, answer) = (services.clone(), answer.clone());
    services.db.write(move |tx| activate(&writer, tx, claim, &seen, &answer, password_hash.as_deref())).await
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

fn activate(
    services: &Services,
    tx: &mut Tx<'_>,
    claim: LinkClaim,
    seen: &Preview,
    answer: &Answer,
    password_hash: Option<&str>,
) -> Result<Activated, Refusal> {
    let now = services.clock.now();
    let invitation = locked(tx, claim.invitation)?;
    invitation.check_link(claim.generation, now)?;
    let find = |tx: &mut Tx<'_>| users::get(tx.reading(), invitation.user_id, Sight::everything());
    let user = find(tx)?.ok_or(Refusal::InvalidLink)?;
    let account = account_of(tx, &invitation)?;
    if Requires::of(&invitation, &user, account.as_ref()) != seen.requires {
        return Err(Refusal::Changed);
    }
    if !invitations::activate(tx, (invitation.id, claim.generation), now)? {
        return Err(DeadLink::Used.into());
    }
    if let Some(hash) = password_hash {
        let name = |name: &Option<PersonName>| name.as_ref().map_or(String::new(), |name| name.as_str().to_owned());
        users::activate(tx, user.id, (&name(&answer.first_name), &name(&answer.last_name)), hash, now)?;
    }
    users::grant(tx, user.id, &invitation.roles)?;
    if let (Some(target), Some(account)) = (&invitation.account, &account) {
        let user = find(tx)?.ok_or(Refusal::InvalidLink)?;
        accounts::activate(tx, account.id, &life(account, &user, answer)?)?;
        memberships::add(tx, user.id, account.id, target.role, now)?;
    }
    if outbox::settle(tx, (invitation.id, claim.generation), now)? {
        // Whoever has the link has had the letter, though its sender has not come back yet, or never will.
        let details = json!({ "inferred": "the link was used" });
        let sent = services.event(invitation.id, EventType::EmailSent, now, ActorRef::system(), details);
        events::insert(tx, &[sent])?;
    }
    let user = find(tx)?.ok_or(Refusal::InvalidLink)?;
    let who = ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: full_name(&user) };
    events::insert(tx, &[services.event(invitation.id, EventType::Activated, now, who, json!({}))])?;
    Ok(Activated { account: account_of(tx, &invitation)?, user })
}

fn account_of(tx: &mut Tx<'_>, invitation: &Invitation) -> Result<Option<Account>, Refusal> {
    match &invitation.account {
        Some(target) => Ok(accounts::get(tx.reading(), target.id, &Sight::everything())?),
        None => Ok(None),
    }
}

/// What the account becomes: what the inviter said, what the person said, and where neither did, the person's own name.
fn life(account: &Account, user: &User, answer: &Answer) -> Result<Life, Refusal> {
    let given = account.name.as_deref().and_then(|name| AccountName::parse(name).ok());
    let own = || AccountName::parse(&full_name(user)).or_else(|_| AccountName::parse(user.email.as_str())).ok();
    let name = given.or_else(|| answer.account_name.clone()).or_else(own);
    let account_type = account.account_type.or(answer.account_type);
    match (name, account_type) {
        (Some(name), Some(account_type)) => Ok(Life { name, account_type, company: answer.company.clone() }),
        _ => Err(Refusal::Defect("an activation was let through without a name or a type".to_owned())),
    }
}

fn full_name(user: &User) -> String {
    let names = [&user.first_name, &user.last_name].into_iter().flatten();
    names.map(String::as_str).collect::<Vec<_>>().join(" ")
}
