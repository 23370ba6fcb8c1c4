//! Delivery events of providers: finds the letters that they are about, and stores their delivery status.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::outbox::LetterState;
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    schema::{invitations, letters},
    sql::timestamp::At,
};
use crate::domain::{
    delivery_reports::{DeliveryStatus, Provider},
    email::Email,
    enhanced_status::StatusCode,
    ids::{InvitationId, LetterId},
    letter::LetterPurpose,
    mail_fault::MailFault,
    returned_mail::RETURNED_MAIL,
};

/// A letter that delivery events are about.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The letter.
    pub id: LetterId,
    /// Its invitation; `None` for a letter that is about none.
    pub invitation_id: Option<InvitationId>,
    /// The generation of the link.
    pub generation: i32,
    /// The purpose of the letter.
    pub purpose: LetterPurpose,
    /// Whether a newer letter was sent since.
    pub superseded: bool,
    /// The provider's message id.
    pub message_id: Option<String>,
    /// The address that it was sent to, where that is known: the invitation's may have changed since.
    pub recipient: Option<Email>,
    /// The status that was reported before.
    pub status: Option<DeliveryStatus>,
    /// When the provider accepted it, where that is known.
    pub sent_at: Option<DateTime<Utc>>,
    /// Set when it was attempted and no courier has recorded that it was accepted.
    pub unsettled: Option<Unsettled>,
}

/// A letter that was attempted, so far without a recorded success.
#[derive(Debug, Clone, Copy)]
pub struct Unsettled {
    /// The number of attempts.
    pub attempts: i32,
    /// When it was put into the outbox.
    pub created_at: DateTime<Utc>,
}

/// The states of a letter that was not recorded as accepted.
const UNSETTLED: [LetterState; 3] = [LetterState::Queued, LetterState::Failed, LetterState::Withdrawn];

/// The letters of these ids, unless another provider accepted them, and those that this provider accepted
/// under these message ids. Not those of erased users, of whom nothing more is recorded.
pub fn reported(
    tx: &mut Tx<'_>,
    provider: Provider,
    ids: &[LetterId],
    message_ids: &[String],
) -> Result<Vec<Reported>, DbFault> {
    let ids: Vec<&str> = ids.iter().map(LetterId::as_str).collect();
    let ours = letters::provider.is_null().or(letters::provider.eq(provider.name).assume_not_null());
    let named = letters::provider
        .eq(provider.name)
        .and(letters::provider_message_id.eq_any(message_ids))
        .assume_not_null();
    letters::table
        .left_join(invitations::table.on(invitations::id.nullable().eq(letters::invitation_id)))
        .filter(letters::id.eq_any(ids).and(ours).or(named))
        .select((
            (letters::id, letters::invitation_id, letters::kind, letters::state),
            (letters::generation, invitations::generation.nullable()),
            (letters::attempts, letters::created_at),
            (letters::provider_message_id, letters::delivery_status, letters::sent_at),
            (letters::recipient, invitations::email.nullable()),
        ))
        .load::<Row>(tx.reading())?
        .into_iter()
        .map(Reported::try_from)
        .filter(|letter| !letter.as_ref().is_ok_and(is_erased))
        .collect()
}

fn is_erased(letter: &Reported) -> bool {
    letter.recipient.as_ref().is_some_and(Email::is_erased)
}

type Row = (
    (String, Option<String>, String, String),
    (i32, Option<i32>),
    (i32, At),
    (Option<String>, Option<String>, Option<At>),
    (Option<String>, Option<String>),
);

impl TryFrom<Row> for Reported {
    type Error = DbFault;

    fn try_from(row: Row) -> Result<Self, DbFault> {
        let (
            (id, invitation, kind, state),
            (generation, newest),
            (attempts, created_at),
            accepted,
            addresses,
        ) = row;
        let ((message_id, status, sent_at), (recipient, email)) = (accepted, addresses);
        let unreadable = |column| DbFault::Corrupt { table: "letters", column, row: id.clone() };
        let unsettled = attempts >= 1 && UNSETTLED.iter().any(|one| one.as_str() == state);
        let is_newest = newest.is_none_or(|newest| newest == generation);
        let recipient = recipient.or_else(|| email.filter(|_| is_newest));
        let recipient =
            recipient.map(|email| Email::parse(&email).map_err(|_| unreadable("recipient"))).transpose()?;
        Ok(Self {
            recipient,
            invitation_id: invitation
                .map(|id| id.parse().map_err(|_| unreadable("invitation_id")))
                .transpose()?,
            generation,
            purpose: kind.parse().map_err(|_| unreadable("kind"))?,
            superseded: !is_newest,
            message_id,
            status: status.map(|status| status.parse().map_err(|_| unreadable("fate"))).transpose()?,
            sent_at: sent_at.map(|at| at.0),
            unsettled: unsettled.then_some(Unsettled { attempts, created_at: created_at.0 }),
            id: id.parse().map_err(|_| unreadable("id"))?,
        })
    }
}

/// Records that a letter was accepted after all, at `at` and under `message_id`. A courier that has claimed
/// it meanwhile finds it settled and records nothing.
pub fn mark_accepted(
    tx: &mut Tx<'_>,
    provider: Provider,
    letter: LetterId,
    at: DateTime<Utc>,
    message_id: Option<&str>,
) -> Result<Guarded, DbFault> {
    let none = None::<At>;
    // Returned mail tells that a relay accepted it, and no relay reports by an id of its own.
    let provider = Some(provider.name).filter(|name| *name != RETURNED_MAIL.name);
    let changed = diesel::update(letters::table)
        .filter(letters::id.eq(letter.as_str()).and(letters::attempts.ge(1)))
        .filter(letters::state.eq_any(UNSETTLED.map(LetterState::as_str)))
        .set((
            letters::state.eq(LetterState::Sent.as_str()),
            (letters::sent_at.eq(At(at)), letters::leased_until.eq(none), letters::failed_at.eq(none)),
            (letters::last_error.eq(None::<&str>), letters::cause.eq(None::<&str>)),
            letters::status_code.eq(None::<&str>),
            (letters::provider.eq(provider), letters::provider_message_id.eq(message_id)),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// The invitation letter to which a reminder belongs, and the status that was reported of it.
pub fn reminded(
    tx: &mut Tx<'_>,
    reminder: &Reported,
) -> Result<Option<(LetterId, Option<DeliveryStatus>)>, DbFault> {
    let Some(invitation) = reminder.invitation_id else { return Ok(None) };
    let row: Option<(String, Option<String>)> = letters::table
        .filter(
            letters::invitation_id
                .eq(invitation.as_str())
                .assume_not_null()
                .and(letters::generation.eq(reminder.generation)),
        )
        .filter(letters::kind.eq(LetterPurpose::Invitation.as_str()))
        .select((letters::id, letters::delivery_status))
        .first(tx.reading())
        .optional()?;
    let Some((id, status)) = row else { return Ok(None) };
    let unreadable = |column| DbFault::Corrupt { table: "letters", column, row: id.clone() };
    let letter = id.parse().map_err(|_| unreadable("id"))?;
    let status = status.map(|status| status.parse().map_err(|_| unreadable("fate"))).transpose()?;
    Ok(Some((letter, status)))
}

/// Stores a delivery status; [`Guarded::Stale`] when one that was reported before outranks it, or is the same
/// and later.
pub fn apply(
    tx: &mut Tx<'_>,
    letter: LetterId,
    (status, at): (DeliveryStatus, DateTime<Utc>),
    (reason, fault, code): (Option<&str>, Option<MailFault>, Option<StatusCode>),
) -> Result<Guarded, DbFault> {
    let lower: Vec<&str> =
        DeliveryStatus::ALL.into_iter().filter(|one| *one < status).map(DeliveryStatus::as_str).collect();
    let earlier = letters::delivery_status
        .eq(status.as_str())
        .and(letters::delivery_status_at.le(At(at)))
        .assume_not_null();
    let outranked = letters::delivery_status.eq_any(lower).assume_not_null();
    let changed = diesel::update(letters::table)
        .filter(letters::id.eq(letter.as_str()))
        .filter(letters::delivery_status.is_null().or(outranked).or(earlier))
        .set((
            (letters::delivery_status.eq(status.as_str()), letters::delivery_status_at.eq(At(at))),
            (letters::delivery_reason.eq(reason), letters::cause.eq(fault.map(MailFault::as_str))),
            letters::status_code.eq(code.map(|code| code.to_string())),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}
