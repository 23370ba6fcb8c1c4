//! Invitations, each with the fate of its newest letter.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    Tx,
    codec::At,
    connection::{AnyConnection, MultiBackend},
    fault::DbFault,
    outbox::LetterState,
    pattern,
    schema::{invitations, letters, users},
};
use crate::domain::{
    actor::{ActorKind, ActorRef},
    email::Email,
    fold::fold,
    ids::{InvitationId, UserId},
    invitation::{Delivery, DeliveryState, Invitation, InvitationKind, InvitationState, InvitationStatus},
    locale::Locale,
};

#[derive(Insertable)]
#[diesel(table_name = invitations, treat_none_as_default_value = false)]
struct NewRow<'a> {
    id: &'a str,
    kind: &'a str,
    user_id: &'a str,
    email: &'a str,
    email_key: &'a str,
    search_text: String,
    roles: String,
    locale: Option<&'a str>,
    inviter_kind: &'a str,
    inviter_id: &'a str,
    inviter_name: &'a str,
    state: &'a str,
    generation: i32,
    send_count: i32,
    created_at: At,
    last_sent_at: At,
    expires_at: At,
}

/// Writes new invitations.
pub fn insert(tx: &mut Tx<'_>, new: &[&Invitation]) -> Result<(), DbFault> {
    let rows: Vec<NewRow<'_>> = new.iter().map(|invitation| new_row(invitation)).collect();
    each!(tx.writing(), c => diesel::insert_into(invitations::table).values(&rows).execute(c))?;
    Ok(())
}

fn new_row(invitation: &Invitation) -> NewRow<'_> {
    NewRow {
        id: invitation.id.as_str(),
        kind: invitation.kind.as_str(),
        user_id: invitation.user_id.as_str(),
        email: invitation.email.as_str(),
        email_key: invitation.email.key(),
        search_text: fold(invitation.email.as_str()),
        roles: invitation.roles.to_string(),
        locale: invitation.locale.map(Locale::as_str),
        inviter_kind: invitation.invited_by.kind.as_str(),
        inviter_id: &invitation.invited_by.id,
        inviter_name: &invitation.invited_by.name,
        state: invitation.state.as_str(),
        generation: invitation.generation,
        send_count: invitation.send_count,
        created_at: At(invitation.created_at),
        last_sent_at: At(invitation.last_sent_at),
        expires_at: At(invitation.expires_at),
    }
}

/// What a guarded change sets; what is `None` stays as it is.
#[derive(Default, AsChangeset)]
#[diesel(table_name = invitations)]
struct Change {
    state: Option<&'static str>,
    generation: Option<i32>,
    send_count: Option<i32>,
    last_sent_at: Option<At>,
    expires_at: Option<At>,
    activated_at: Option<At>,
    revoked_at: Option<At>,
}

/// A guarded change: it happens to a pending invitation of this generation, or not at all. `true` when it happened.
fn change(tx: &mut Tx<'_>, (id, generation): (InvitationId, i32), change: &Change) -> Result<bool, DbFault> {
    let changed = diesel::update(invitations::table)
        .filter(invitations::id.eq(id.as_str()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::generation.eq(generation))
        .set(change)
        .execute(tx.writing())?;
    Ok(changed == 1)
}

/// Raises the generation: the old link dies, a new one lives until `expires_at`.
pub fn renew(tx: &mut Tx<'_>, old: &Invitation, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> Result<bool, DbFault> {
    let values = Change {
        generation: Some(old.generation + 1),
        send_count: Some(old.send_count + 1),
        last_sent_at: Some(At(now)),
        expires_at: Some(At(expires_at)),
        ..Change::default()
    };
    change(tx, (old.id, old.generation), &values)
}

/// Moves the moment of sending to when the relay took the letter, and the expiry with it.
pub fn handed_over(
    tx: &mut Tx<'_>,
    sending: (InvitationId, i32),
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool, DbFault> {
    let values = Change { last_sent_at: Some(At(now)), expires_at: Some(At(expires_at)), ..Change::default() };
    change(tx, sending, &values)
}

/// Takes the invitation back.
pub fn revoke(tx: &mut Tx<'_>, sending: (InvitationId, i32), now: DateTime<Utc>) -> Result<bool, DbFault> {
    let state = Some(InvitationState::Revoked.as_str());
    change(tx, sending, &Change { state, revoked_at: Some(At(now)), ..Change::default() })
}

/// Lets a new invitation take an expired one's place.
pub fn replace(tx: &mut Tx<'_>, sending: (InvitationId, i32)) -> Result<bool, DbFault> {
    change(tx, sending, &Change { state: Some(InvitationState::Replaced.as_str()), ..Change::default() })
}

/// Uses the link: of all who try at once, one gets `true`. An expired link is not used, whatever was read before.
pub fn activate(tx: &mut Tx<'_>, sending: (InvitationId, i32), now: DateTime<Utc>) -> Result<bool, DbFault> {
    let (id, generation) = sending;
    let changed = diesel::update(invitations::table)
        .filter(invitations::id.eq(id.as_str()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::generation.eq(generation))
        .filter(invitations::expires_at.gt(At(now)))
        .set((invitations::state.eq(InvitationState::Activated.as_str()), invitations::activated_at.eq(At(now))))
        .execute(tx.writing())?;
    Ok(changed == 1)
}

/// Which invitations a list shows.
#[derive(Debug, Clone, Default)]
pub struct InvitationFilter {
    /// Of these kinds; those that the caller may see.
    pub kinds: Vec<InvitationKind>,
    /// With this status at this moment.
    pub status: Option<(InvitationStatus, DateTime<Utc>)>,
    /// To this address.
    pub email: Option<Email>,
    /// To this user.
    pub user: Option<UserId>,
    /// Still awaiting an answer, expired or not.
    pub unanswered: bool,
    /// With this text in the address or the person's name.
    pub search: Option<String>,
    /// This one alone.
    pub id: Option<InvitationId>,
    /// Older than this one.
    pub before: Option<InvitationId>,
    /// At most so many.
    pub limit: i64,
}

/// The invitations that `filter` lets through, newest first.
pub fn list(connection: &mut AnyConnection, filter: &InvitationFilter) -> Result<Vec<Invitation>, DbFault> {
    let newest_letter = letters::invitation_id.eq(invitations::id).and(letters::generation.eq(invitations::generation));
    let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
    let mut query = invitations::table
        .inner_join(letters::table.on(newest_letter))
        .inner_join(users::table.on(users::id.eq(invitations::user_id)))
        .filter(invitations::kind.eq_any(kinds))
        .select((invitations::all_columns, (letters::state, letters::attempts, letters::last_error, letters::sent_at)))
        .order(invitations::id.desc())
        .limit(filter.limit)
        .into_boxed::<MultiBackend>();
    if let Some((status, now)) = filter.status {
        let pending = invitations::state.eq(InvitationState::Pending.as_str());
        let replaced = invitations::state.eq(InvitationState::Replaced.as_str());
        query = match status {
            InvitationStatus::Pending => query.filter(pending.and(invitations::expires_at.gt(At(now)))),
            InvitationStatus::Expired => query.filter(pending.and(invitations::expires_at.le(At(now))).or(replaced)),
            InvitationStatus::Activated | InvitationStatus::Revoked => query.filter(invitations::state.eq(status.as_str())),
        };
    }
    if let Some(email) = &filter.email {
        query = query.filter(invitations::email_key.eq(email.key().to_owned()));
    }
    if let Some(user) = filter.user {
        query = query.filter(invitations::user_id.eq(user.to_string()));
    }
    if filter.unanswered {
        query = query.filter(invitations::state.eq(InvitationState::Pending.as_str()));
    }
    if let Some(search) = &filter.search {
        let pattern = pattern::containing(search);
        let in_address = invitations::search_text.like(pattern.clone()).escape('\\');
        query = query.filter(in_address.or(users::search_text.like(pattern).escape('\\')));
    }
    if let Some(id) = filter.id {
        query = query.filter(invitations::id.eq(id.to_string()));
    }
    if let Some(before) = filter.before {
        query = query.filter(invitations::id.lt(before.to_string()));
    }
    query.load::<(Row, LetterRow)>(connection)?.into_iter().map(Invitation::try_from).collect()
}

/// One invitation, if it is of one of the kinds.
pub fn get(connection: &mut AnyConnection, id: InvitationId, kinds: &[InvitationKind]) -> Result<Option<Invitation>, DbFault> {
    let filter = InvitationFilter { kinds: kinds.to_vec(), id: Some(id), limit: 1, ..InvitationFilter::default() };
    Ok(list(connection, &filter)?.pop())
}

/// The live invitations to the staff of these addresses, expired ones included: at most one for each.
pub fn pending_system_users(connection: &mut AnyConnection, email_keys: &[&str]) -> Result<Vec<Pending>, DbFault> {
    let rows = invitations::table
        .filter(invitations::email_key.eq_any(email_keys))
        .filter(invitations::kind.eq(InvitationKind::SystemUser.as_str()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .select((invitations::id, invitations::email_key, invitations::generation, invitations::expires_at))
        .load::<(String, String, i32, At)>(connection)?;
    rows.into_iter()
        .map(|(id, email_key, generation, expires_at)| {
            let id = id.parse().map_err(|_| corrupt("id", &id))?;
            Ok(Pending { id, email_key, generation, expires_at: expires_at.0 })
        })
        .collect()
}

/// As much of a pending invitation as a new one needs to know.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The id.
    pub id: InvitationId,
    /// The address, as it is compared.
    pub email_key: String,
    /// Which sending is live.
    pub generation: i32,
    /// When the link dies.
    pub expires_at: DateTime<Utc>,
}

#[derive(Queryable)]
struct Row {
    id: String,
    kind: String,
    user_id: String,
    email: String,
    _email_key: String,
    _search_text: String,
    roles: String,
    locale: Option<String>,
    inviter_kind: String,
    inviter_id: String,
    inviter_name: String,
    state: String,
    generation: i32,
    send_count: i32,
    created_at: At,
    last_sent_at: At,
    expires_at: At,
    activated_at: Option<At>,
    revoked_at: Option<At>,
}

#[derive(Queryable)]
struct LetterRow {
    state: String,
    attempts: i32,
    last_error: Option<String>,
    sent_at: Option<At>,
}

impl TryFrom<(Row, LetterRow)> for Invitation {
    type Error = DbFault;

    fn try_from((row, letter): (Row, LetterRow)) -> Result<Self, DbFault> {
        let unreadable = |column| corrupt(column, &row.id);
        let kind = InvitationKind::ALL.into_iter().find(|kind| kind.as_str() == row.kind);
        let state = InvitationState::ALL.into_iter().find(|state| state.as_str() == row.state);
        Ok(Self {
            id: row.id.parse().map_err(|_| unreadable("id"))?,
            kind: kind.ok_or_else(|| unreadable("kind"))?,
            user_id: row.user_id.parse().map_err(|_| unreadable("user_id"))?,
            email: Email::parse(&row.email).map_err(|_| unreadable("email"))?,
            roles: row.roles.parse().map_err(|_| unreadable("roles"))?,
            locale: row.locale.as_deref().map(Locale::parse).transpose().map_err(|_| unreadable("locale"))?,
            invited_by: ActorRef {
                kind: ActorKind::parse(&row.inviter_kind).ok_or_else(|| unreadable("inviter_kind"))?,
                id: row.inviter_id.clone(),
                name: row.inviter_name.clone(),
            },
            state: state.ok_or_else(|| unreadable("state"))?,
            generation: row.generation,
            send_count: row.send_count,
            created_at: row.created_at.0,
            last_sent_at: row.last_sent_at.0,
            expires_at: row.expires_at.0,
            activated_at: row.activated_at.map(|at| at.0),
            revoked_at: row.revoked_at.map(|at| at.0),
            delivery: delivery(letter).ok_or_else(|| unreadable("letters.state"))?,
        })
    }
}

fn delivery(letter: LetterRow) -> Option<Delivery> {
    let state = LetterState::ALL.into_iter().find(|state| state.as_str() == letter.state)?;
    let withdrawn = (state == LetterState::Withdrawn).then(|| "The link died before the letter was sent.".to_owned());
    Some(Delivery {
        state: match state {
            LetterState::Queued => DeliveryState::Queued,
            LetterState::Sent => DeliveryState::Sent,
            LetterState::Failed | LetterState::Withdrawn => DeliveryState::Failed,
        },
        attempts: letter.attempts,
        last_error: withdrawn.or(letter.last_error),
        sent_at: letter.sent_at.map(|at| at.0),
    })
}

fn corrupt(column: &'static str, row: &str) -> DbFault {
    DbFault::Corrupt { table: "invitations", column, row: row.to_owned() }
}
