//! The outbox: letters that are to be sent, and how far each has come.
//!
//! A letter is claimed with a lease: its next attempt moves to the lease's end, so that a courier that dies gives its
//! letters back by doing nothing. Whoever records an outcome names the attempt it belongs to; after the lease has run out
//! and another courier has claimed the letter, the late record changes nothing.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::{
    connection::SimpleConnection,
    dsl::{case_when, count_star, min},
    prelude::*,
    sql_types::{Bool, Nullable},
};

use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::letters,
    sql::{
        planner::IN_INDEX_ORDER,
        timestamp::{At, UtcTimestamp},
    },
};
use crate::domain::{
    email::Email,
    ids::{InvitationId, LetterId},
    invitation::Invitation,
    letter::{LetterPurpose, Receipt},
    mail_fault::MailFault,
};

/// Where a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterState {
    /// To be tried, or tried again, at `next_attempt_at`.
    Queued,
    /// With the relay.
    Sent,
    /// Given up.
    Failed,
    /// Its link died before it was sent.
    Withdrawn,
    /// It is never sent: whoever invited was given the link.
    HandedOver,
}

impl LetterState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sent, Self::Failed, Self::Withdrawn, Self::HandedOver];

    /// The name that rows use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
            Self::HandedOver => "handed_over",
        }
    }
}

/// One sending of one invitation.
#[derive(Debug, Clone)]
pub struct NewLetter {
    /// The id.
    pub id: LetterId,
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The sending, which the link is derived from.
    pub generation: i32,
    /// Where it goes.
    pub recipient: Email,
    /// What it is for.
    pub purpose: LetterPurpose,
    /// To be sent, or only a note that the link was handed over.
    pub state: LetterState,
    /// When it was put in; it is due at once.
    pub at: DateTime<Utc>,
}

impl NewLetter {
    /// The letter of one sending.
    #[must_use]
    pub fn of(id: LetterId, invitation: &Invitation, at: DateTime<Utc>) -> Self {
        Self {
            id,
            invitation_id: invitation.id,
            generation: invitation.generation,
            recipient: invitation.email.clone(),
            purpose: LetterPurpose::Invitation,
            state: LetterState::Queued,
            at,
        }
    }
}

rows! {
    pub(in crate::db) struct NewRow<'a> of letters {
        id: &'a str,
        invitation_id: &'a str,
        generation: i32,
        state: &'a str,
        attempts: i32,
        next_attempt_at: At,
        created_at: At,
        kind: &'a str,
        recipient: &'a str,
    }
    insert insert_missing
}

/// Puts letters in.
pub fn insert(tx: &mut Tx<'_>, new: &[NewLetter]) -> Result<(), DbFault> {
    NewRow::insert(tx.writing(), &rows(new))?;
    Ok(())
}

pub(in crate::db) fn rows(new: &[NewLetter]) -> Vec<NewRow<'_>> {
    new.iter()
        .map(|letter| NewRow {
            id: letter.id.as_str(),
            invitation_id: letter.invitation_id.as_str(),
            generation: letter.generation,
            state: letter.state.as_str(),
            attempts: 0,
            next_attempt_at: At(letter.at),
            created_at: At(letter.at),
            kind: letter.purpose.as_str(),
            recipient: letter.recipient.as_str(),
        })
        .collect()
}

/// The same, but for those that have been put in already: each letter of a sending once.
/// The ids of those that were put in now.
pub fn insert_missing(tx: &mut Tx<'_>, new: &[NewLetter]) -> Result<HashSet<LetterId>, DbFault> {
    let unreadable = |id: &str| DbFault::Corrupt { table: "letters", column: "id", row: id.to_owned() };
    let entered = NewRow::insert_missing(tx.writing(), &rows(new))?;
    entered.into_iter().map(|id| id.parse().map_err(|_| unreadable(&id))).collect()
}

/// Takes letters out that have just been put in: they are never sent.
pub fn set_aside(tx: &mut Tx<'_>, ids: &[LetterId]) -> Result<(), DbFault> {
    let ids: Vec<&str> = ids.iter().map(LetterId::as_str).collect();
    diesel::update(letters::table.filter(letters::id.eq_any(ids)))
        .set(letters::state.eq(LetterState::Withdrawn.as_str()))
        .execute(tx.writing())?;
    Ok(())
}

/// Takes the unsent letters of an invitation out: their link has died.
pub fn withdraw(tx: &mut Tx<'_>, invitation: InvitationId) -> Result<(), DbFault> {
    withdraw_all(tx, &[invitation])
}

/// The same for several invitations.
pub fn withdraw_all(tx: &mut Tx<'_>, invitations: &[InvitationId]) -> Result<(), DbFault> {
    let ids: Vec<&str> = invitations.iter().map(InvitationId::as_str).collect();
    diesel::update(letters::table)
        .filter(letters::invitation_id.eq_any(ids))
        .filter(letters::state.eq(LetterState::Queued.as_str()))
        .set(letters::state.eq(LetterState::Withdrawn.as_str()))
        .execute(tx.writing())?;
    Ok(())
}

/// A letter that waits to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// The id.
    pub id: LetterId,
    /// The invitation.
    pub invitation_id: InvitationId,
    /// What it is for.
    pub purpose: LetterPurpose,
    /// How often it was tried.
    pub attempts: i32,
}

/// Up to `limit` letters that were put in at `before` or earlier, wait to be sent, and are in no courier's hands.
pub fn waiting_since(
    connection: &mut AnyConnection,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Waiting>, DbFault> {
    let rows: Vec<(String, String, String, i32)> = letters::table
        .filter(letters::state.eq(LetterState::Queued.as_str()).and(letters::created_at.le(At(before))))
        .filter(letters::leased_until.is_null().or(letters::leased_until.le(At(now)).assume_not_null()))
        .order(letters::id)
        .limit(limit)
        .select((letters::id, letters::invitation_id, letters::kind, letters::attempts))
        .load(connection)?;
    let waiting = |(id, invitation, kind, attempts): (String, String, String, i32)| {
        let unreadable = |column| DbFault::Corrupt { table: "letters", column, row: id.clone() };
        Ok(Waiting {
            id: id.parse().map_err(|_| unreadable("id"))?,
            invitation_id: invitation.parse().map_err(|_| unreadable("invitation_id"))?,
            purpose: LetterPurpose::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(|| unreadable("kind"))?,
            attempts,
        })
    };
    rows.into_iter().map(waiting).collect()
}

/// How many letters that were put in at `before` or earlier are in a courier's hands.
pub fn in_hand(connection: &mut AnyConnection, (before, now): (DateTime<Utc>, DateTime<Utc>)) -> Result<i64, DbFault> {
    let in_hand = letters::table
        .filter(letters::state.eq(LetterState::Queued.as_str()).and(letters::created_at.le(At(before))))
        .filter(letters::leased_until.gt(At(now)).assume_not_null());
    Ok(in_hand.count().get_result(connection)?)
}

/// Gives those of these letters up, for this reason, that are still in no courier's hands, and says which.
pub fn give_up(tx: &mut Tx<'_>, ids: &[LetterId], reason: &str, now: DateTime<Utc>) -> Result<HashSet<LetterId>, DbFault> {
    let ids: Vec<&str> = ids.iter().map(LetterId::as_str).collect();
    let given_up: Vec<String> = diesel::update(letters::table)
        .filter(letters::id.eq_any(ids).and(letters::state.eq(LetterState::Queued.as_str())))
        .filter(letters::leased_until.is_null().or(letters::leased_until.le(At(now)).assume_not_null()))
        .set((
            letters::state.eq(LetterState::Failed.as_str()),
            letters::last_error.eq(reason),
            letters::failed_at.eq(At(now)),
            letters::leased_until.eq(None::<At>),
        ))
        .returning(letters::id)
        .get_results(tx.writing())?;
    let unreadable = |id: &str| DbFault::Corrupt { table: "letters", column: "id", row: id.to_owned() };
    given_up.into_iter().map(|id| id.parse().map_err(|_| unreadable(&id))).collect()
}

/// Settles the letters of an invitation that was activated by the link of `generation`: a letter that the courier has in hand
/// has arrived, whether or not it has been recorded; the rest is taken out. `true` when one was found to have arrived.
pub fn settle(tx: &mut Tx<'_>, (invitation, generation): (InvitationId, i32), now: DateTime<Utc>) -> Result<bool, DbFault> {
    let arrived = diesel::update(letters::table)
        .filter(letters::invitation_id.eq(invitation.as_str()).and(letters::generation.eq(generation)))
        .filter(letters::kind.eq(LetterPurpose::Invitation.as_str()))
        .filter(letters::state.eq(LetterState::Queued.as_str()).and(letters::attempts.ge(1)))
        .set((letters::state.eq(LetterState::Sent.as_str()), letters::sent_at.eq(At(now)), letters::leased_until.eq(None::<At>)))
        .execute(tx.writing())?;
    withdraw(tx, invitation)?;
    Ok(arrived == 1)
}

/// A letter that is ours to send until the lease ends.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The id.
    pub id: LetterId,
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The sending.
    pub generation: i32,
    /// What it is for.
    pub purpose: LetterPurpose,
    /// Which attempt this is, 1 for the first.
    pub attempt: i32,
    /// When it was first tried.
    pub first_tried_at: DateTime<Utc>,
    /// When the lease ends that it was claimed with.
    pub lease_ends: DateTime<Utc>,
}

/// Which letters are claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All that are due, those included whose lease has run out.
    Due,
    /// Those alone of the due ones that nobody has had in hand since they were last told of.
    InNoHands,
}

/// Claims up to `limit` of these letters at `now`, for the time until `lease_ends`.
pub fn claim(
    tx: &mut Tx<'_>,
    which: Which,
    limit: i64,
    (now, lease_ends): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Claimed>, DbFault> {
    let due = letters::table
        .filter(letters::state.eq(LetterState::Queued.as_str()).and(letters::next_attempt_at.le(At(now))))
        .filter(letters::leased_until.is_null().or((which == Which::Due).into_sql::<Bool>()))
        .order((letters::next_attempt_at, letters::id))
        .limit(limit)
        .select(letters::id);
    let ids: Vec<String> = match tx.writing() {
        AnyConnection::Postgres(c) => {
            c.batch_execute(IN_INDEX_ORDER)?;
            // Rows that another courier is claiming are passed over, not waited for.
            due.for_update().skip_locked().load(c)?
        }
        AnyConnection::Sqlite(c) => due.load(c)?,
    };
    let rows = diesel::update(letters::table)
        .filter(letters::id.eq_any(ids))
        .set((
            letters::attempts.eq(letters::attempts + 1),
            letters::next_attempt_at.eq(At(lease_ends)),
            letters::leased_until.eq(At(lease_ends)),
            letters::first_tried_at.eq(case_when(
                letters::first_tried_at.is_null(),
                At(now).into_sql::<Nullable<UtcTimestamp>>(),
            )
            .otherwise(letters::first_tried_at)),
        ))
        .returning((
            letters::id,
            letters::invitation_id,
            letters::generation,
            letters::kind,
            letters::attempts,
            letters::first_tried_at,
        ))
        .get_results::<(String, String, i32, String, i32, Option<At>)>(tx.writing())?;
    let unreadable = |column, id: &str| DbFault::Corrupt { table: "letters", column, row: id.to_owned() };
    rows.into_iter()
        .map(|(id, invitation, generation, kind, attempt, first_tried_at)| {
            Ok(Claimed {
                id: id.parse().map_err(|_| unreadable("id", &id))?,
                invitation_id: invitation.parse().map_err(|_| unreadable("invitation_id", &id))?,
                generation,
                purpose: LetterPurpose::ALL
                    .into_iter()
                    .find(|known| known.as_str() == kind)
                    .ok_or_else(|| unreadable("kind", &id))?,
                attempt,
                first_tried_at: first_tried_at.map_or(now, |at| at.0),
                lease_ends,
            })
        })
        .collect()
}

/// Keeps a letter in hand: nobody else claims it before `until`. One that was taken out meanwhile is still told as under way.
pub fn renew(tx: &mut Tx<'_>, letter: &Claimed, until: DateTime<Utc>) -> Result<(), DbFault> {
    diesel::update(letters::table)
        .filter(letters::id.eq(letter.id.as_str()).and(letters::attempts.eq(letter.attempt)))
        .filter(letters::state.eq_any([LetterState::Queued.as_str(), LetterState::Withdrawn.as_str()]))
        .filter(letters::leased_until.is_not_null())
        .set((letters::next_attempt_at.eq(At(until)), letters::leased_until.eq(At(until))))
        .execute(tx.writing())?;
    Ok(())
}

/// Gives a claimed letter back that was not tried.
fn give_back(tx: &mut Tx<'_>, letter: &Claimed, now: DateTime<Utc>) -> Result<bool, DbFault> {
    let changed = diesel::update(letters::table)
        .filter(letters::id.eq(letter.id.as_str()).and(letters::attempts.eq(letter.attempt)))
        // Told twice, it must not take the next claim's lease, which has the same number of attempts.
        .filter(letters::leased_until.eq(At(letter.lease_ends)).assume_not_null())
        .filter(letters::state.eq(LetterState::Queued.as_str()))
        .set((
            letters::attempts.eq(letter.attempt - 1),
            letters::next_attempt_at.eq(At(now)),
            letters::leased_until.eq(None::<At>),
            letters::first_tried_at.eq((letter.attempt > 1).then_some(At(letter.first_tried_at))),
        ))
        .execute(tx.writing())?;
    Ok(changed == 1)
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The relay took it.
    Sent {
        /// When.
        at: DateTime<Utc>,
        /// By whom, and under which name.
        receipt: Receipt,
    },
    /// It is to be tried again.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// What went wrong.
        error: String,
        /// What the operator has to put right, where that is known.
        fault: Option<MailFault>,
        /// Until when the relay asked to be left alone with every letter, if it did.
        held_until: Option<DateTime<Utc>>,
    },
    /// It is given up.
    Failed {
        /// When.
        at: DateTime<Utc>,
        /// What went wrong.
        error: String,
        /// What the operator has to put right, where that is known.
        fault: Option<MailFault>,
        /// Until when the relay asked to be left alone with every letter, if it did.
        held_until: Option<DateTime<Utc>>,
    },
    /// Its link died meanwhile; it was not sent.
    Withdrawn,
    /// Its turn did not come: it is given back.
    Untried {
        /// When.
        at: DateTime<Utc>,
    },
}

impl Outcome {
    /// When the relay took it, and what it gave for it, if it did.
    #[must_use]
    pub fn sent(&self) -> Option<(DateTime<Utc>, &Receipt)> {
        match self {
            Self::Sent { at, receipt } => Some((*at, receipt)),
            _ => None,
        }
    }

    /// Until when the relay asked to be left alone with every letter, if it did.
    #[must_use]
    pub fn held_until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Retry { held_until, .. } | Self::Failed { held_until, .. } => *held_until,
            Self::Sent { .. } | Self::Withdrawn | Self::Untried { .. } => None,
        }
    }
}

/// Records what became of an attempt. `false`, and nothing changes, when the letter is no longer at that attempt.
///
/// A letter that was taken out while it was on its way has been sent all the same, and that is what is recorded.
pub fn record(tx: &mut Tx<'_>, letter: &Claimed, outcome: &Outcome) -> Result<bool, DbFault> {
    #[derive(Default, AsChangeset)]
    #[diesel(table_name = letters)]
    #[expect(clippy::option_option, reason = "the outer one says whether the column is set, the inner one to what")]
    struct Change<'a> {
        state: Option<&'a str>,
        next_attempt_at: Option<At>,
        last_error: Option<Option<&'a str>>,
        sent_at: Option<At>,
        failed_at: Option<At>,
        leased_until: Option<Option<At>>,
        cause: Option<Option<&'a str>>,
        provider: Option<&'a str>,
        provider_message_id: Option<&'a str>,
    }
    let state = |state: LetterState| Some(state.as_str());
    let mut change = match outcome {
        // What went wrong before does not matter any more.
        Outcome::Sent { at, receipt } => Change {
            state: state(LetterState::Sent),
            last_error: Some(None),
            cause: Some(None),
            sent_at: Some(At(*at)),
            provider: receipt.provider,
            provider_message_id: receipt.name(),
            ..Change::default()
        },
        Outcome::Retry { at, error, fault, .. } => Change {
            next_attempt_at: Some(At(*at)),
            last_error: Some(Some(error)),
            cause: Some(fault.map(MailFault::as_str)),
            ..Change::default()
        },
        Outcome::Failed { at, error, fault, .. } => Change {
            state: state(LetterState::Failed),
            last_error: Some(Some(error)),
            cause: Some(fault.map(MailFault::as_str)),
            failed_at: Some(At(*at)),
            ..Change::default()
        },
        Outcome::Withdrawn => Change { state: state(LetterState::Withdrawn), ..Change::default() },
        Outcome::Untried { at } => return give_back(tx, letter, *at),
    };
    change.leased_until = Some(None);
    let open: &[&str] = match outcome {
        Outcome::Sent { .. } => &[LetterState::Queued.as_str(), LetterState::Withdrawn.as_str()],
        _ => &[LetterState::Queued.as_str()],
    };
    // Told twice, what is to be tried again is recorded once.
    let other = !matches!(outcome, Outcome::Retry { .. });
    let changed = diesel::update(letters::table)
        .filter(letters::id.eq(letter.id.as_str()))
        .filter(letters::state.eq_any(open))
        .filter(letters::attempts.eq(letter.attempt))
        .filter(letters::leased_until.is_not_null().or(other.into_sql::<Bool>()))
        .set(&change)
        .execute(tx.writing())?;
    Ok(changed == 1)
}

/// When the next of these letters is due.
pub fn next_due(connection: &mut AnyConnection, which: Which) -> Result<Option<DateTime<Utc>>, DbFault> {
    let queued = letters::table
        .filter(letters::state.eq(LetterState::Queued.as_str()))
        .filter(letters::leased_until.is_null().or((which == Which::Due).into_sql::<Bool>()));
    let due: Option<At> = queued.select(min(letters::next_attempt_at)).first(connection)?;
    Ok(due.map(|at| at.0))
}

/// How full the outbox is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Letters that are to be sent.
    pub queued: i64,
    /// When the oldest of them was put in.
    pub oldest: Option<DateTime<Utc>>,
}

/// Looks how full the outbox is.
pub fn backlog(connection: &mut AnyConnection) -> Result<Backlog, DbFault> {
    let queued = letters::table.filter(letters::state.eq(LetterState::Queued.as_str()));
    let (queued, oldest): (i64, Option<At>) = queued.select((count_star(), min(letters::created_at))).first(connection)?;
    Ok(Backlog { queued, oldest: oldest.map(|at| at.0) })
}
