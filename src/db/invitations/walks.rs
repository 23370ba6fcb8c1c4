//! The indexes by which a list of invitations is read, for each of its filters.
//!
//! A filter that few rows meet decides first. Every walk checks all filters and the visibility.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Text},
};

use super::{
    filter::InvitationFilter,
    lapse::{Part, in_part as in_part_of_index},
};
use crate::db::{
    error::DbFault,
    letters::state_filter::{in_part, is_in, parts},
    pool::any_connection::AnyConnection,
    schema::{accounts, invitations, letters, users},
    search::{self, Matches, SearchedText},
    sql::{
        condition::{Condition, Fragment},
        id_set::InSet,
        page::{Direction, Page, Source, Walk, beyond as beyond_id, beyond_pair},
        timestamp::{At, UtcTimestamp},
    },
    visibility::{self, only_below},
};
use crate::domain::{
    invitation::{DeliveryState, InvitationKind, InvitationState, InvitationStatus},
    letter::LetterPurpose,
    list_order::InvitationOrder,
    visibility::Visibility,
};

type OfInvitations = Condition<invitations::table>;

pub(super) const INVITATIONS: Source =
    Source { from: "invitations", id: "invitations.id", repeats: false, is_ordered: true };
/// Few invitations, which are sorted.
const FEW: Source = Source { is_ordered: false, ..INVITATIONS };
/// Letters first. The concatenation leaves the database no other order of the tables.
const BY_LETTER: Source =
    Source { from: "letters CROSS JOIN invitations", id: "letters.invitation_id", ..INVITATIONS };
const NEWEST_LETTER: &str =
    "invitations.id = letters.invitation_id || '' AND invitations.generation = letters.generation";

/// What a search found, and the accounts of a caller who sees those alone.
pub(super) struct Found {
    text: Option<SearchedText>,
    /// The invitations of the users and to the accounts with the text, unless they are many.
    pub(super) few: Option<Vec<String>>,
    /// The accounts below those of the caller, unless they are many.
    accounts: Option<Vec<String>>,
}

/// Searches, as far as the filter asks for it.
pub(super) fn search(connection: &mut AnyConnection, filter: &InvitationFilter) -> Result<Found, DbFault> {
    let accounts = if only_below(&filter.visibility) {
        visibility::few_accounts(connection, &filter.visibility.account_ids)?
    } else {
        None
    };
    let text = filter.search.as_deref().map(SearchedText::new);
    let few = match &text {
        Some(text) if accounts.is_none() && !has_few(filter) => with_text(connection, text)?,
        _ => None,
    };
    Ok(Found { text, few, accounts })
}

/// Whether a filter is met by few invitations, whatever is searched for.
fn has_few(filter: &InvitationFilter) -> bool {
    filter.ids.is_some() || filter.email.is_some() || filter.user.is_some() || filter.account.is_some()
}

/// The invitations of the users and to the accounts with this text, unless they are many.
fn with_text(connection: &mut AnyConnection, text: &SearchedText) -> Result<Option<Vec<String>>, DbFault> {
    let Matches::Ids(people) = search::people(connection, text)? else { return Ok(None) };
    let Matches::Ids(accounts) = search::accounts(connection, text)? else { return Ok(None) };
    let of = |condition: OfInvitations| Walk::of(FEW).when(condition);
    let walks = vec![
        of(InSet::condition("invitations.user_id", people)),
        of(InSet::condition("invitations.account_id", accounts)),
    ];
    Ok(Page::few(walks, connection)?)
}

/// How many filters a request has.
pub(super) fn number_of_filters(filter: &InvitationFilter) -> usize {
    let values = [filter.kinds.len(), filter.statuses.len(), filter.deliveries.len()];
    let given = [
        filter.account.is_some(),
        filter.email.is_some(),
        filter.user.is_some(),
        filter.search.is_some(),
        filter.order != InvitationOrder::Newest,
    ];
    values.iter().sum::<usize>() + given.into_iter().filter(|given| *given).count()
}

/// Whether the filter may leave few invitations.
pub(super) fn is_narrow(filter: &InvitationFilter, found: &Found) -> bool {
    number_of_filters(&InvitationFilter { order: InvitationOrder::Newest, ..filter.clone() }) > 0
        || found.accounts.is_some()
}

/// The walks that together find all invitations of the filter, in the order of their creation.
pub(super) fn of(filter: &InvitationFilter, found: &Found, direction: Direction) -> Vec<Walk> {
    let plain = |source| matching(Walk::of(source), filter, found);
    let walks = if filter.ids.is_some() {
        vec![plain(FEW)]
    } else if filter.email.is_some() || filter.user.is_some() || filter.account.is_some() {
        vec![plain(INVITATIONS)]
    } else if let Some(accounts) = &found.accounts {
        let to_these = InSet::condition::<invitations::table>("invitations.account_id", accounts.clone());
        vec![plain(FEW).when(to_these)]
    } else if let Some(few) = &found.few {
        vec![plain(FEW).when(InSet::condition::<invitations::table>("invitations.id", few.clone()))]
    } else if goes_by_letter(filter) {
        by_letter(filter, found)
    } else {
        by_kind_and_status(filter, found)
    };
    walks.into_iter().map(|walk| walk.when(beyond_creation(filter, direction))).collect()
}

fn beyond_creation(filter: &InvitationFilter, direction: Direction) -> OfInvitations {
    beyond_id("invitations.id", direction, filter.after.as_ref().map(|last| last.id.to_string()))
}

/// The condition that an invitation follows the position, in the order of the filter.
pub(super) fn beyond(filter: &InvitationFilter) -> OfInvitations {
    let Some(last) = &filter.after else { return Condition::Always };
    let column = match filter.order {
        InvitationOrder::Newest | InvitationOrder::Oldest => return Condition::Always,
        InvitationOrder::Email => "invitations.email_key",
        InvitationOrder::ExpiresAt => "invitations.expires_at",
    };
    let key = last.key.clone().unwrap_or_default();
    let key: Box<dyn Fragment> = match filter.order {
        InvitationOrder::ExpiresAt => {
            let at = DateTime::parse_from_rfc3339(&key).map(|at| at.to_utc()).unwrap_or_default();
            Box::new(At(at).into_sql::<UtcTimestamp>())
        }
        _ => Box::new(key.into_sql::<Text>()),
    };
    beyond_pair((column, "invitations.id"), key, last.id.to_string())
}

/// Letters that were sent, or delivered, are most: there the other filters decide.
fn goes_by_letter(filter: &InvitationFilter) -> bool {
    let most = [DeliveryState::Sent, DeliveryState::Delivered];
    let has_others = !filter.kinds.is_empty() || !filter.statuses.is_empty();
    let has_most = filter.deliveries.iter().any(|state| most.contains(state));
    let others_decide = has_others && has_most;
    !filter.deliveries.is_empty() && !others_decide
}

fn by_letter(filter: &InvitationFilter, found: &Found) -> Vec<Walk> {
    let any = InvitationFilter { deliveries: Vec::new(), ..filter.clone() };
    let of_part = |state, part| {
        let walk = Walk::of(BY_LETTER).when(in_part(part)).when(is_in(state, filter.now));
        let newest = sql::<Bool>(NEWEST_LETTER);
        matching(walk.when(Condition::<letters::table>::raw(newest)), &any, found)
    };
    let states =
        filter.deliveries.iter().flat_map(|state| parts(*state).into_iter().map(|part| (*state, part)));
    states.map(|(state, part)| of_part(state, part)).collect()
}

/// A walk along `invitations_listed` for each kind and state; along the primary key without such a filter.
fn by_kind_and_status(filter: &InvitationFilter, found: &Found) -> Vec<Walk> {
    let plain = || matching(Walk::of(INVITATIONS), filter, found);
    let Visibility { staff, customers, account_ids } = &filter.visibility;
    let sees_all = (*staff && *customers) || !account_ids.is_empty();
    if filter.kinds.is_empty() && filter.statuses.is_empty() && sees_all {
        return vec![plain()];
    }
    let kinds = InvitationKind::ALL.into_iter();
    let kinds = kinds.filter(|kind| filter.kinds.is_empty() || filter.kinds.contains(kind));
    let kinds: Vec<_> = kinds.filter(|kind| sees_all || filter.visibility.shows(*kind)).collect();
    let states = states(&filter.statuses);
    let parts = kinds
        .iter()
        .flat_map(|kind| states.iter().map(move |(state, lapsed)| -> Part { (*kind, *state, *lapsed) }));
    parts.map(|part| plain().when(in_part_of_index(part))).collect()
}

/// The states, and whether they are marked as lapsed, of invitations with these statuses. A lapsed one is
/// pending and has expired; one that expired lately is not marked yet.
fn states(statuses: &[InvitationStatus]) -> Vec<(InvitationState, bool)> {
    let of = |status: &InvitationStatus| -> &[(InvitationState, bool)] {
        match status {
            InvitationStatus::Pending => &[(InvitationState::Pending, false)],
            InvitationStatus::Expired => &[
                (InvitationState::Pending, false),
                (InvitationState::Pending, true),
                (InvitationState::Replaced, false),
            ],
            InvitationStatus::Activated => &[(InvitationState::Activated, false)],
            InvitationStatus::Revoked => &[(InvitationState::Revoked, false)],
        }
    };
    let wanted = if statuses.is_empty() { &InvitationStatus::ALL[..] } else { statuses };
    let mut all: Vec<_> = wanted.iter().flat_map(|status| of(status).iter().copied()).collect();
    all.sort_unstable_by_key(|(state, lapsed)| (state.as_str(), *lapsed));
    all.dedup();
    all
}

/// A walk that finds only what the filter and the visibility admit.
pub(super) fn matching(walk: Walk, filter: &InvitationFilter, found: &Found) -> Walk {
    let walk = walk
        .when(visibility::invitations(&filter.visibility))
        .when(OfInvitations::any(
            filter.kinds.iter().map(|kind| Condition::when(invitations::kind.eq(kind.as_str()))),
        ))
        .when(OfInvitations::any(filter.statuses.iter().map(|status| has_status(*status, filter.now))))
        .when(newest_letter_is(&filter.deliveries, filter.now));
    let given = [
        filter.account.map(|account| {
            Condition::when(invitations::account_id.eq(account.to_string()).assume_not_null())
        }),
        filter.email.as_ref().map(|email| Condition::when(invitations::email_key.eq(email.key().to_owned()))),
        filter.user.map(|user| Condition::when(invitations::user_id.eq(user.to_string()))),
        filter.unanswered.then(|| Condition::when(invitations::state.eq(InvitationState::Pending.as_str()))),
        filter
            .ids
            .as_ref()
            .map(|ids| InSet::condition("invitations.id", ids.iter().map(ToString::to_string).collect())),
        found.text.as_ref().map(|text| has_text(text, &filter.reader)),
    ];
    given.into_iter().flatten().fold(walk, Walk::when::<invitations::table>)
}

fn newest_letter_is(states: &[DeliveryState], now: DateTime<Utc>) -> OfInvitations {
    if states.is_empty() {
        return Condition::Always;
    }
    let states = Condition::any(states.iter().map(|state| is_in(*state, now)));
    let newest = letters::table
        .filter(letters::invitation_id.eq(invitations::id.nullable()).assume_not_null())
        .filter(letters::generation.eq(invitations::generation))
        .filter(letters::kind.eq(LetterPurpose::Invitation.as_str()))
        .filter(states);
    Condition::exists(newest)
}

fn has_status(status: InvitationStatus, now: DateTime<Utc>) -> OfInvitations {
    let is = |state: InvitationState| Condition::when(invitations::state.eq(state.as_str()));
    match status {
        InvitationStatus::Pending => {
            is(InvitationState::Pending).and(Condition::when(invitations::expires_at.gt(At(now))))
        }
        InvitationStatus::Expired => is(InvitationState::Pending)
            .and(Condition::when(invitations::expires_at.le(At(now))))
            .or(is(InvitationState::Replaced)),
        InvitationStatus::Activated => is(InvitationState::Activated),
        InvitationStatus::Revoked => is(InvitationState::Revoked),
    }
}

/// With this text in the address, the person's name or the account's name. Only the names of people whom the
/// reader knows are searched, as in the list of users.
fn has_text(text: &SearchedText, reader: &Visibility) -> OfInvitations {
    let pattern = text.pattern();
    let in_address = Condition::contains("invitations.search_text", pattern);
    let person = users::table
        .filter(users::id.eq(invitations::user_id))
        .filter(Condition::<users::table>::contains("users.search_text", pattern))
        .filter(visibility::known_users(reader));
    let account = accounts::table
        .filter(accounts::id.nullable().eq(invitations::account_id))
        .filter(Condition::<accounts::table>::contains("accounts.search_text", pattern));
    in_address.or(Condition::exists(person)).or(Condition::exists(account))
}
