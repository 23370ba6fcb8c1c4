//! Batch resends, of named invitations or of those that match a filter. One transaction, each item decided on
//! its own.

use std::collections::{HashMap, HashSet};

use super::core::{Outcomes, lock_and_check, send, wait, would_send};
use crate::{
    db::{
        DbFault, Tx,
        invitations::resend::{self, Unanswered},
    },
    domain::{
        actor::Actor,
        field_error::FieldError,
        ids::{AccountId, InvitationId},
        invitation::{DeliveryState, Invitation, InvitationKind},
        letter_quota::{LettersSpent, QuotaStatus},
        role::{Role, Roles},
        visibility::Visibility,
    },
    services::{
        ServiceError, Services,
        idempotency::Ticket,
        invite::Sent,
        letter_quota::{Payer, least},
    },
};

/// The most invitations in one batch.
pub const MAX_BATCH: usize = 1000;

/// The invitations to resend.
#[derive(Debug, Clone)]
pub enum ResendSelection {
    /// Those with these ids, as received; a malformed id matches nothing.
    Ids(Vec<String>),
    /// Those that match and that the caller may resend, at most [`MAX_BATCH`]: those with the oldest last
    /// sending first.
    Filter(Filter),
}

/// The filter for pending invitations.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// `true`: only expired ones; `false`: only others; `None`: both.
    pub expired: Option<bool>,
    /// With the newest letter in this state.
    pub delivery: Option<DeliveryState>,
    /// Of this kind.
    pub kind: Option<InvitationKind>,
    /// To this account, or to one below it.
    pub account: Option<AccountId>,
}

/// The result of a batch.
#[derive(Debug, Clone)]
pub struct Resent {
    /// Each id with the invitation as it is now, or its refusal.
    pub results: Vec<(String, Result<Invitation, ServiceError>)>,
    /// The remaining quotas to which the caller's letters count, except those of mailboxes.
    pub quota_statuses: Vec<QuotaStatus>,
    /// Whether the filter matches more that could be resent now.
    pub more: bool,
    /// Whether the batch was only validated.
    pub validate_only: bool,
}

/// Resends many invitations, or, with `validate_only`, returns the results that this would have.
///
/// The refusals are those of [`super::invitation`]; a repeated id is [`ServiceError::Invalid`].
///
/// # Errors
/// [`ServiceError::Forbidden`] for a filter of a kind that the caller may not invite; when the database
/// fails, and then the transaction is rolled back.
pub async fn many(
    services: &Services,
    actor: &Actor,
    wanted: ResendSelection,
    validate_only: bool,
    ticket: Option<Ticket<Resent>>,
) -> Result<Resent, ServiceError> {
    let chosen = match wanted {
        ResendSelection::Ids(ids) => Chosen::Named(ids),
        ResendSelection::Filter(filter) => Chosen::Matching(unanswered(services, actor, filter)?),
    };
    let (writer, actor) = (services.clone(), actor.clone());
    let resent = services
        .db
        .write::<_, DbFault>(move |tx| {
            let resent = batch(&writer, tx, &actor, &chosen, validate_only)?;
            if let Some(ticket) = &ticket {
                ticket.store(tx, &resent)?;
            }
            Ok(resent)
        })
        .await?;
    if !validate_only && resent.results.iter().any(|(_, outcome)| outcome.is_ok()) {
        services.outbox_wakeup.notify_one();
    }
    Ok(resent)
}

enum Chosen {
    Named(Vec<String>),
    Matching(Unanswered),
}

/// The invitations from which the caller may choose by this filter.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a kind that they may not invite.
pub fn may_choose(actor: &Actor, filter: Filter) -> Result<Visibility, ServiceError> {
    let all = Visibility::inviting(actor);
    match filter.kind {
        Some(kind) => {
            all.of_invitations(kind).ok_or(ServiceError::Forbidden("system_users:invite or customers:invite"))
        }
        None => Ok(all),
    }
}

/// The filter for this caller. It excludes invitations that the caller may not resend: these would be
/// selected again at every call, and block those after them.
fn unanswered(services: &Services, actor: &Actor, filter: Filter) -> Result<Unanswered, ServiceError> {
    let visibility = may_choose(actor, filter)?;
    let exceeds = |role: &Role| !actor.may_grant(&[*role].into_iter().collect::<Roles>());
    Ok(Unanswered {
        visibility,
        without: Role::ALL.into_iter().filter(exceeds).collect(),
        expired: filter.expired,
        now: services.clock.now(),
        delivery: filter.delivery,
        kind: filter.kind,
        under: filter.account,
        // One extra row shows that there are more.
        limit: i64::try_from(MAX_BATCH).unwrap_or(i64::MAX).saturating_add(1),
    })
}

fn batch(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    chosen: &Chosen,
    validate_only: bool,
) -> Result<Resent, DbFault> {
    let (names, more) = names(services, tx, chosen)?;
    let ids: Vec<Option<InvitationId>> = names.iter().map(|name| name.parse().ok()).collect();
    let distinct: HashSet<InvitationId> = ids.iter().flatten().copied().collect();
    let checked = lock_and_check(services, tx, actor, &distinct.into_iter().collect::<Vec<_>>())?;
    let payer = |one: &Invitation| Payer::of(actor, one);
    let mut outcomes = if validate_only {
        would_send(services, tx, payer, checked)?
    } else {
        send(services, tx, (&actor.who, payer), checked)?
    };
    let quota_statuses = quota_statuses(&outcomes);
    Ok(Resent { results: results(names, ids, &mut outcomes), quota_statuses, more, validate_only })
}

/// The ids, as they are in the answer, and whether more could be resent now.
fn names(services: &Services, tx: &mut Tx<'_>, chosen: &Chosen) -> Result<(Vec<String>, bool), DbFault> {
    let wanted = match chosen {
        Chosen::Named(names) => return Ok((names.clone(), false)),
        Chosen::Matching(wanted) => wanted,
    };
    let mut found = resend::oldest(tx.reading(), wanted)?;
    let next = if found.len() > MAX_BATCH { found.pop() } else { None };
    let more = next.is_some_and(|(_, sent)| wait(services, sent, wanted.now).is_none());
    Ok((found.into_iter().map(|(id, _)| id.to_string()).collect(), more))
}

/// Each id with its outcome; those that are repeated or malformed have a refusal.
fn results(
    names: Vec<String>,
    ids: Vec<Option<InvitationId>>,
    outcomes: &mut Outcomes,
) -> Vec<(String, Result<Invitation, ServiceError>)> {
    let mut first = HashMap::new();
    let outcome = |(index, (name, id)): (usize, (String, Option<InvitationId>))| {
        let earlier = id.and_then(|id| (*first.entry(id).or_insert(index) != index).then_some(first[&id]));
        let outcome = match (id, earlier) {
            (_, Some(earlier)) => Err(repeated(earlier)),
            (Some(id), None) => {
                outcomes.remove(&id).unwrap_or(Err(ServiceError::NotFound)).map(|sent| sent.invitation)
            }
            (None, None) => Err(ServiceError::NotFound),
        };
        (name, outcome)
    };
    names.into_iter().zip(ids).enumerate().map(outcome).collect()
}

fn quota_statuses(outcomes: &Outcomes) -> Vec<QuotaStatus> {
    let of_one = |outcome: &'_ Result<Sent, ServiceError>| match outcome {
        Ok(Sent { quota_statuses, .. })
        | Err(ServiceError::LettersSpent(LettersSpent { quota_statuses, .. })) => quota_statuses.clone(),
        Err(_) => Vec::new(),
    };
    least(outcomes.values().flat_map(of_one).collect::<Vec<_>>().iter())
}

fn repeated(index: usize) -> ServiceError {
    let words = format!("This id is already at index {index}, and is processed there.");
    ServiceError::Invalid([FieldError::new("", "duplicate_id", words)].into())
}
