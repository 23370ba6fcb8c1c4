//! Inviting: users, invitations, timeline and letters, all in one transaction.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Refusal, Services};
use crate::{
    db::{
        DbFault, Tx, events, invitations,
        outbox::{self, NewLetter},
        users::{self, LockedUser, Newcomer},
    },
    domain::{
        actor::Actor,
        email::Email,
        event::EventType,
        ids::InvitationId,
        invitation::{Delivery, DeliveryState, Invitation, InvitationKind, InvitationState},
        locale::Locale,
        permission::Permission,
        role::Roles,
        user::UserStatus,
    },
};

/// A colleague to be invited.
#[derive(Debug, Clone)]
pub struct SystemUserInvite {
    /// Where the letter goes.
    pub email: Email,
    /// At least one.
    pub roles: Roles,
    /// The language of letter and page.
    pub locale: Option<Locale>,
}

/// Invites a colleague.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::RoleExceedsYours`], [`Refusal::InvitationPending`], [`Refusal::AlreadySystemUser`].
pub async fn system_user(services: &Services, actor: &Actor, invite: SystemUserInvite) -> Result<Invitation, Refusal> {
    if !actor.may(Permission::SystemUsersInvite) {
        return Err(Refusal::Forbidden(Permission::SystemUsersInvite.as_str()));
    }
    if !actor.may_grant(&invite.roles) {
        return Err(Refusal::RoleExceedsYours);
    }
    let draft = draft(services, actor, invite);
    let writer = services.clone();
    let outcomes = services.db.write(move |tx| invite_many(&writer, tx, std::slice::from_ref(&draft))).await?;
    let outcome = outcomes.into_iter().next().ok_or_else(|| Refusal::Defect("an invite had no outcome".to_owned()))?;
    match outcome {
        Outcome::Invited(invitation) => {
            services.bell.notify_one();
            Ok(*invitation)
        }
        Outcome::Pending(id) => Err(Refusal::InvitationPending(id)),
        Outcome::AlreadySystemUser => Err(Refusal::AlreadySystemUser),
    }
}

/// The invitation as it will be if nothing stands in its way. The user's id is that of a newcomer until we know better.
fn draft(services: &Services, actor: &Actor, invite: SystemUserInvite) -> Invitation {
    let now = services.clock.now();
    Invitation {
        id: services.clock.id(),
        kind: InvitationKind::SystemUser,
        user_id: services.clock.id(),
        email: invite.email,
        roles: invite.roles,
        locale: invite.locale,
        invited_by: actor.who.clone(),
        state: InvitationState::Pending,
        generation: 1,
        send_count: 1,
        created_at: now,
        last_sent_at: now,
        expires_at: services.expiry(now),
        activated_at: None,
        revoked_at: None,
        delivery: Delivery { state: DeliveryState::Queued, attempts: 0, last_error: None, sent_at: None },
    }
}

/// What became of one invite among many.
#[derive(Debug)]
pub enum Outcome {
    /// It was made; its letter is in the outbox.
    Invited(Box<Invitation>),
    /// This one is alive and stands in the way.
    Pending(InvitationId),
    /// The person is staff already.
    AlreadySystemUser,
}

/// Invites many at once, each judged alone and answered in the order given.
///
/// The users' rows are locked first: whoever invites, activates or revokes the same person at the same moment waits.
///
/// # Errors
/// Only when the database fails; then nothing has happened.
pub fn invite_many(services: &Services, tx: &mut Tx<'_>, drafts: &[Invitation]) -> Result<Vec<Outcome>, DbFault> {
    let people: Vec<Newcomer> =
        drafts.iter().map(|draft| Newcomer { id: draft.user_id, email: draft.email.clone(), at: draft.created_at }).collect();
    let users = users::enter(tx, &people)?;
    let keys: Vec<&str> = drafts.iter().map(|draft| draft.email.key()).collect();
    let pending = invitations::pending_system_users(tx.reading(), &keys)?;
    let mut live: HashMap<String, (InvitationId, DateTime<Utc>, i32)> =
        pending.into_iter().map(|one| (one.email_key, (one.id, one.expires_at, one.generation))).collect();
    let mut outcomes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let key = draft.email.key();
        let user = users.get(key).ok_or_else(|| DbFault::Other("an entered user was not found".to_owned()))?;
        outcomes.push(judge(user, live.get(key).copied(), draft));
        if let (Some(Outcome::Invited(_)), Some((id, _, generation))) = (outcomes.last(), live.get(key).copied()) {
            invitations::replace(tx, (id, generation))?;
            outbox::withdraw(tx, id)?;
        }
        if let Some(Outcome::Invited(made)) = outcomes.last() {
            live.insert(key.to_owned(), (made.id, made.expires_at, made.generation));
        }
    }
    write(services, tx, &outcomes)?;
    Ok(outcomes)
}

fn judge(user: &LockedUser, live: Option<(InvitationId, DateTime<Utc>, i32)>, draft: &Invitation) -> Outcome {
    match live {
        _ if user.is_staff && user.status != UserStatus::Invited => Outcome::AlreadySystemUser,
        Some((id, expires_at, _)) if expires_at > draft.created_at => Outcome::Pending(id),
        _ => Outcome::Invited(Box::new(Invitation { user_id: user.id, ..draft.clone() })),
    }
}

fn write(services: &Services, tx: &mut Tx<'_>, outcomes: &[Outcome]) -> Result<(), DbFault> {
    let made: Vec<&Invitation> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Invited(invitation) => Some(invitation.as_ref()),
            Outcome::Pending(_) | Outcome::AlreadySystemUser => None,
        })
        .collect();
    if made.is_empty() {
        return Ok(());
    }
    invitations::insert(tx, &made)?;
    let letters: Vec<NewLetter> =
        made.iter().map(|one| NewLetter::of(services.clock.id(), one.id, one.generation, one.created_at)).collect();
    outbox::insert(tx, &letters)?;
    let timeline = made.iter().flat_map(|one| {
        let entry = |event, details| services.event(one.id, event, one.created_at, one.invited_by.clone(), details);
        [
            entry(EventType::Created, json!({ "roles": one.roles.names() })),
            entry(EventType::EmailQueued, json!({ "send_count": one.send_count })),
        ]
    });
    events::insert(tx, &timeline.collect::<Vec<_>>())
}
