//! Invitations, each with the fate of its newest letter.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    Tx,
    arrays::Together,
    codec::At,
    connection::{AnyConnection, MultiBackend},
    events,
    fault::DbFault,
    letter_state::whose_letter_is,
    outbox::{self, LetterState, NewLetter},
    pattern,
    schema::{account_lineage, accounts, invitations, letters, users},
};
use crate::domain::{
    actor::{ActorKind, ActorRef},
    email::Email,
    event::Event,
    fold::fold,
    ids::{AccountId, InvitationId, UserId},
    invitation::{Delivery, DeliveryState, Invitation, InvitationKind, InvitationState, InvitationStatus, InvitedTo},
    letter::LetterPurpose,
    locale::Locale,
    reimbursement::Rate,
    sight::Sight,
};

rows! {
    pub(super) struct NewRow<'a> of invitations {
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
        account_id: Option<&'a str>,
        member_role: Option<&'a str>,
        scope: &'a str,
    }
    insert
}

/// Writes new invitations, with their first letters and the beginnings of their timelines.
pub fn insert(tx: &mut Tx<'_>, new: &[&Invitation], letters: &[NewLetter], timeline: &[Event]) -> Result<(), DbFault> {
    let rows: Vec<NewRow<'_>> = new.iter().map(|invitation| new_row(invitation)).collect();
    let (letters, timeline) = (outbox::rows(letters), events::rows(timeline));
    match tx.writing() {
        AnyConnection::Postgres(c) => {
            let letters = outbox::NewRow::arrays(&letters, ")");
            let timeline = events::NewRow::arrays(&timeline, ")");
            Together(NewRow::arrays(&rows, ")"), letters, timeline).execute(c)?;
        }
        sqlite @ AnyConnection::Sqlite(_) => {
            NewRow::insert(sqlite, &rows)?;
            outbox::NewRow::insert(sqlite, &letters)?;
            events::NewRow::insert(sqlite, &timeline)?;
        }
    }
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
        account_id: invitation.account.as_ref().map(|account| account.id.as_str()),
        member_role: invitation.account.as_ref().map(|account| account.role.as_str()),
        scope: scope(invitation),
    }
}

/// What a pending invitation is unique within, beside its kind and address.
fn scope(invitation: &Invitation) -> &str {
    match (&invitation.account, invitation.kind) {
        (Some(account), InvitationKind::SubAccount) => account.parent_account_id.as_ref().map_or("", AccountId::as_str),
        (Some(account), InvitationKind::AccountOwner) if !account.is_new => account.id.as_str(),
        _ => "",
    }
}

/// What a guarded change sets; what is `None` stays as it is.
#[derive(Default, AsChangeset)]
#[diesel(table_name = invitations)]
struct Change {
    state: Option<&'static str>,
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

/// Moves the moment of sending to when the relay took the letter, and the expiry with it.
pub(super) fn handed_over(
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

/// Lets new invitations take the places of expired ones.
pub fn replace(tx: &mut Tx<'_>, ids: &[InvitationId]) -> Result<(), DbFault> {
    let ids: Vec<&str> = ids.iter().map(InvitationId::as_str).collect();
    diesel::update(invitations::table)
        .filter(invitations::id.eq_any(ids))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .set(invitations::state.eq(InvitationState::Replaced.as_str()))
        .execute(tx.writing())?;
    Ok(())
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
#[derive(Debug, Clone)]
pub struct InvitationFilter {
    /// What the caller may see.
    pub sight: Sight,
    /// Of this kind.
    pub kind: Option<InvitationKind>,
    /// To this account.
    pub account: Option<AccountId>,
    /// With this status at this moment.
    pub status: Option<(InvitationStatus, DateTime<Utc>)>,
    /// With its newest letter in this state at this moment.
    pub delivery: Option<(DeliveryState, DateTime<Utc>)>,
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
    /// These alone.
    pub ids: Option<Vec<InvitationId>>,
    /// Older than this one.
    pub before: Option<InvitationId>,
    /// At most so many.
    pub limit: i64,
}

impl InvitationFilter {
    /// Everything that may be seen.
    #[must_use]
    pub fn all(sight: Sight, limit: i64) -> Self {
        Self {
            sight,
            kind: None,
            account: None,
            status: None,
            delivery: None,
            email: None,
            user: None,
            unanswered: false,
            search: None,
            id: None,
            ids: None,
            before: None,
            limit,
        }
    }
}

/// The invitations that `filter` lets through, newest first.
pub fn list(connection: &mut AnyConnection, filter: &InvitationFilter) -> Result<Vec<Invitation>, DbFault> {
    let newest_letter = letters::invitation_id
        .eq(invitations::id)
        .and(letters::generation.eq(invitations::generation))
        .and(letters::kind.eq(LetterPurpose::Invitation.as_str()));
    let mut query = invitations::table
        .inner_join(letters::table.on(newest_letter))
        .inner_join(users::table.on(users::id.eq(invitations::user_id)))
        .left_join(accounts::table.on(accounts::id.nullable().eq(invitations::account_id)))
        .select((
            invitations::all_columns,
            (
                letters::state,
                letters::attempts,
                letters::last_error,
                letters::sent_at,
                letters::leased_until,
                letters::fate,
                letters::fate_at,
                letters::fate_reason,
                letters::failed_at,
            ),
            (
                accounts::search_text,
                accounts::name,
                accounts::parent_account_id,
                accounts::used_by,
                accounts::account_type,
                accounts::rate,
            )
                .nullable(),
        ))
        .order(invitations::id.desc())
        .limit(filter.limit)
        .into_boxed::<MultiBackend>();
    // What may be seen comes first: the conditions after it are joined to the whole of it by AND.
    let of_staff = invitations::kind.eq(InvitationKind::SystemUser.as_str());
    let of_customers = invitations::kind.ne(InvitationKind::SystemUser.as_str());
    let Sight { staff, customers, under } = &filter.sight;
    query = match (staff, customers) {
        (true, true) => query,
        (true, false) => query.filter(of_staff),
        (false, true) => query.filter(of_customers),
        (false, false) => query.filter(invitations::id.eq("")),
    };
    if !customers && !under.is_empty() {
        let owned = account_lineage::ancestor_id.eq_any(under.iter().map(ToString::to_string).collect::<Vec<_>>());
        let below = account_lineage::table.filter(owned).select(account_lineage::account_id.nullable());
        query = query.or_filter(invitations::account_id.eq_any(below).assume_not_null());
    }
    if let Some(kind) = filter.kind {
        query = query.filter(invitations::kind.eq(kind.as_str()));
    }
    if let Some(account) = filter.account {
        query = query.filter(invitations::account_id.eq(account.to_string()));
    }
    if let Some((status, now)) = filter.status {
        let pending = invitations::state.eq(InvitationState::Pending.as_str());
        let replaced = invitations::state.eq(InvitationState::Replaced.as_str());
        query = match status {
            InvitationStatus::Pending => query.filter(pending.and(invitations::expires_at.gt(At(now)))),
            InvitationStatus::Expired => query.filter(pending.and(invitations::expires_at.le(At(now))).or(replaced)),
            InvitationStatus::Activated | InvitationStatus::Revoked => query.filter(invitations::state.eq(status.as_str())),
        };
    }
    if let Some((state, now)) = filter.delivery {
        query = whose_letter_is!(query, state, now);
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
        let in_name = users::search_text.like(pattern.clone()).escape('\\');
        let in_account = accounts::search_text.like(pattern).escape('\\');
        query = query.filter(in_address.or(in_name).nullable().or(in_account.nullable()));
    }
    if let Some(id) = filter.id {
        query = query.filter(invitations::id.eq(id.to_string()));
    }
    if let Some(ids) = &filter.ids {
        query = query.filter(invitations::id.eq_any(ids.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    if let Some(before) = filter.before {
        query = query.filter(invitations::id.lt(before.to_string()));
    }
    query.load::<(Row, LetterRow, Option<AccountRow>)>(connection)?.into_iter().map(Invitation::try_from).collect()
}

/// Those of these invitations that may be seen, in no order.
pub fn of_ids(connection: &mut AnyConnection, ids: &[InvitationId], sight: Sight) -> Result<Vec<Invitation>, DbFault> {
    list(connection, &InvitationFilter { ids: Some(ids.to_vec()), ..InvitationFilter::all(sight, i64::MAX) })
}

/// One invitation, if it may be seen.
pub fn get(connection: &mut AnyConnection, id: InvitationId, sight: Sight) -> Result<Option<Invitation>, DbFault> {
    let filter = InvitationFilter { id: Some(id), ..InvitationFilter::all(sight, 1) };
    Ok(list(connection, &filter)?.pop())
}

/// The pending invitations to these addresses, expired ones included: at most one for each address, kind and scope.
pub fn pending(connection: &mut AnyConnection, email_keys: &[&str]) -> Result<Vec<Pending>, DbFault> {
    let rows = invitations::table
        .filter(invitations::email_key.eq_any(email_keys))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .select((
            (invitations::email_key, invitations::kind, invitations::scope),
            invitations::id,
            invitations::generation,
            invitations::expires_at,
            invitations::account_id,
        ))
        .load::<((String, String, String), String, i32, At, Option<String>)>(connection)?;
    rows.into_iter()
        .map(|(place, id, generation, expires_at, account)| {
            let account = account.map(|account| account.parse()).transpose().map_err(|_| corrupt("account_id", &id))?;
            let id = id.parse().map_err(|_| corrupt("id", &id))?;
            Ok(Pending { place: Place(place.0, place.1, place.2), id, generation, expires_at: expires_at.0, account })
        })
        .collect()
}

/// Where one invitation at most is pending: address, kind and scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place(String, String, String);

impl Place {
    /// The place that an invitation takes.
    #[must_use]
    pub fn of(invitation: &Invitation) -> Self {
        let (key, kind, scope) = (invitation.email.key(), invitation.kind.as_str(), scope(invitation));
        Self(key.to_owned(), kind.to_owned(), scope.to_owned())
    }
}

/// As much of a pending invitation as a new one needs to know.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its place.
    pub place: Place,
    /// The id.
    pub id: InvitationId,
    /// Which sending is live.
    pub generation: i32,
    /// When the link dies.
    pub expires_at: DateTime<Utc>,
    /// The account that it leads to.
    pub account: Option<AccountId>,
}

#[derive(Queryable)]
pub(super) struct Row {
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
    account_id: Option<String>,
    member_role: Option<String>,
    scope: String,
}

/// Search text (which every account has), name, parent, used by, type, rate.
pub(super) type AccountRow = (String, Option<String>, Option<String>, Option<String>, Option<String>, Option<i32>);

#[derive(Queryable)]
pub(super) struct LetterRow {
    state: String,
    attempts: i32,
    last_error: Option<String>,
    sent_at: Option<At>,
    leased_until: Option<At>,
    fate: Option<String>,
    fate_at: Option<At>,
    fate_reason: Option<String>,
    failed_at: Option<At>,
}

impl TryFrom<(Row, LetterRow, Option<AccountRow>)> for Invitation {
    type Error = DbFault;

    fn try_from((row, letter, account): (Row, LetterRow, Option<AccountRow>)) -> Result<Self, DbFault> {
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
            account: account.map(|account| invited_to(&row, account)).transpose()?,
        })
    }
}

fn invited_to(row: &Row, (_, name, parent, used_by, account_type, rate): AccountRow) -> Result<InvitedTo, DbFault> {
    let unreadable = |column| corrupt(column, &row.id);
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    let id: AccountId = known(&row.account_id).parse().map_err(|_| unreadable("account_id"))?;
    Ok(InvitedTo {
        role: known(&row.member_role).parse().map_err(|_| unreadable("member_role"))?,
        is_new: row.kind != InvitationKind::AccountOwner.as_str() || row.scope.is_empty(),
        name,
        parent_account_id: parent.map(|id| id.parse()).transpose().map_err(|_| unreadable("parent_account_id"))?,
        used_by: used_by.map(|word| word.parse().map_err(|_| unreadable("used_by"))).transpose()?,
        account_type: account_type.map(|word| word.parse().map_err(|_| unreadable("account_type"))).transpose()?,
        rate: rate.map(|rate| Rate::from_ten_thousandths(rate).ok_or_else(|| unreadable("rate"))).transpose()?,
        id,
    })
}

fn delivery(letter: LetterRow) -> Option<Delivery> {
    let state = LetterState::ALL.into_iter().find(|state| state.as_str() == letter.state)?;
    let withdrawn = (state == LetterState::Withdrawn).then(|| "The link died before the letter was sent.".to_owned());
    let reported = |fate: String| DeliveryState::ALL.into_iter().find(|state| state.as_str() == fate);
    let state = match (state, letter.fate) {
        (LetterState::Sent, Some(fate)) => reported(fate)?,
        (LetterState::Sent, None) => DeliveryState::Sent,
        (LetterState::Queued, _) => DeliveryState::Queued,
        (LetterState::Failed | LetterState::Withdrawn, _) => DeliveryState::Failed,
        (LetterState::HandedOver, _) => DeliveryState::HandedOver,
    };
    let last_error = withdrawn.or(letter.last_error);
    let given_up = last_error.clone().filter(|_| state == DeliveryState::Failed);
    Some(Delivery {
        state,
        leased_until: letter.leased_until.map(|at| at.0),
        attempts: letter.attempts,
        last_error,
        sent_at: letter.sent_at.map(|at| at.0),
        reason: letter.fate_reason.or(given_up),
        reported_at: letter.fate_at.map(|at| at.0),
        failed_at: letter.failed_at.map(|at| at.0),
    })
}

fn corrupt(column: &'static str, row: &str) -> DbFault {
    DbFault::Corrupt { table: "invitations", column, row: row.to_owned() }
}
