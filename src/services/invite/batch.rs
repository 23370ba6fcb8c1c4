//! Batch invites: one transaction, each item decided on its own.

use super::{Draft, Invite, Outcome, drafts, invite_many};
use crate::{
    db::{AsFault, DbFault},
    domain::{
        actor::Actor,
        invitation::Invitation,
        letter_quota::{LettersSpent, QuotaStatus},
    },
    services::{ServiceError, Services, idempotency::Ticket, letter_quota::least},
};

/// The longest batch.
pub const MAX_BATCH: usize = 1000;

/// The result of a batch.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Each invitation, or its refusal, in the order of the request. With `validate_only`: the result that it
    /// would have had.
    pub results: Vec<Result<Invitation, ServiceError>>,
    /// The remaining quotas to which the caller's letters count, except those of mailboxes.
    pub quota_statuses: Vec<QuotaStatus>,
    /// Whether the batch was only validated.
    pub validate_only: bool,
}

/// Invites many people, or, with `validate_only`, returns the results that this would have. An item that
/// could not be parsed is passed as its refusal, which becomes its result.
///
/// The refusals are those of [`super::one`]; a second item with the same place is refused with the invitation
/// that the first one created.
///
/// # Errors
/// Only when the database fails; then the transaction is rolled back.
pub async fn many(
    services: &Services,
    actor: &Actor,
    (items, validate_only): (Vec<Result<Invite, ServiceError>>, bool),
    ticket: Option<Ticket<Invited>>,
) -> Result<Invited, ServiceError> {
    let drafted = drafted(services, actor, items).await?;
    match write(services, drafted, validate_only, ticket.clone()).await {
        Ok(invited) => {
            if invited.results.iter().any(Result::is_ok) {
                services.outbox_wakeup.notify_one();
            }
            Ok(invited)
        }
        Err(RolledBack::Validated(validated)) => {
            if let Some(ticket) = ticket {
                ticket.keep(services, &validated).await;
            }
            Ok(validated)
        }
        Err(RolledBack::Db(fault)) => Err(fault.into()),
    }
}

/// Writes the drafts and the answer, and rolls them back where this was for validation alone.
async fn write(
    services: &Services,
    drafted: Vec<Result<Draft, ServiceError>>,
    validate_only: bool,
    ticket: Option<Ticket<Invited>>,
) -> Result<Invited, RolledBack> {
    let (clock, limits) = (services.clock.clone(), services.rules.letters);
    let keys = services.suppression_keys.clone();
    let written = services.db.write(move |tx| {
        let drafts: Vec<&Draft> = drafted.iter().filter_map(|item| item.as_ref().ok()).collect();
        let outcomes =
            if drafts.is_empty() { Vec::new() } else { invite_many(&clock, (&limits, &keys), tx, &drafts)? };
        let quota_statuses = quota_statuses(&outcomes);
        let invited = Invited { results: merged(&drafted, outcomes), quota_statuses, validate_only };
        if validate_only {
            return Err(RolledBack::Validated(invited));
        }
        if let Some(ticket) = &ticket {
            ticket.store(tx, &invited)?;
        }
        Ok(invited)
    });
    written.await
}

/// Why a transaction was rolled back.
enum RolledBack {
    /// It was for validation alone: conflicts are found by executing it.
    Validated(Invited),
    /// The database failed.
    Db(DbFault),
}

impl From<DbFault> for RolledBack {
    fn from(fault: DbFault) -> Self {
        Self::Db(fault)
    }
}

impl AsFault for RolledBack {
    fn as_fault(&self) -> Option<&DbFault> {
        match self {
            Self::Validated(_) => None,
            Self::Db(fault) => Some(fault),
        }
    }
}

/// Drafts the parsed items; every item keeps its index.
async fn drafted(
    services: &Services,
    actor: &Actor,
    items: Vec<Result<Invite, ServiceError>>,
) -> Result<Vec<Result<Draft, ServiceError>>, DbFault> {
    let (mut places, mut invites) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for item in items {
        match item {
            Ok(invite) => {
                invites.push(invite);
                places.push(None);
            }
            Err(refusal) => places.push(Some(refusal)),
        }
    }
    let mut drafts = drafts(services, actor, invites).await?.into_iter();
    let missing = || Err(ServiceError::Defect("an invite had no draft".to_owned()));
    Ok(places
        .into_iter()
        .map(|refusal| refusal.map_or_else(|| drafts.next().unwrap_or_else(missing), Err))
        .collect())
}

fn quota_statuses(outcomes: &[Outcome]) -> Vec<QuotaStatus> {
    let of_one = |outcome: &'_ Outcome| match outcome {
        Outcome::Invited(_, quota_statuses) | Outcome::LettersSpent(LettersSpent { quota_statuses, .. }) => {
            quota_statuses.clone()
        }
        _ => Vec::new(),
    };
    least(outcomes.iter().flat_map(of_one).collect::<Vec<_>>().iter())
}

/// The outcomes of the drafted items, merged with the refusals of the others.
fn merged(
    drafted: &[Result<Draft, ServiceError>],
    outcomes: Vec<Outcome>,
) -> Vec<Result<Invitation, ServiceError>> {
    let mut outcomes = outcomes.into_iter().map(|outcome| outcome.into_result().map(|sent| sent.invitation));
    let missing = || Err(ServiceError::Defect("an invite had no outcome".to_owned()));
    let result = |item: &Result<Draft, ServiceError>| match item {
        Ok(_) => outcomes.next().unwrap_or_else(missing),
        Err(refusal) => Err(refusal.clone()),
    };
    drafted.iter().map(result).collect()
}
