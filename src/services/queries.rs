//! Reads: the objects that a caller may see, in pages.

pub use super::cursor::genuine as genuine_cursor;
pub use crate::db::users::AnyRole;

use chrono::SecondsFormat;

use super::{ServiceError, Services, cursor, timeline::USER_REMOVED};
use crate::{
    db::{
        DbFault,
        accounts::{self, AccountFilter},
        invitations::{self, InvitationFilter, lookup::LookupKey, timeline},
        users::{self, UserFilter},
    },
    domain::{
        account::{Account, AccountType},
        actor::Actor,
        email::Email,
        event::Event,
        ids::{AccountId, Id, InvitationId, Named, UserId},
        invitation::{DeliveryState, Invitation, InvitationKind, InvitationStatus},
        list_order::{InvitationOrder, Position, UserOrder},
        permission::Permission,
        sub_account::UsedBy,
        user::{User, UserKind, UserStatus},
        visibility::Visibility,
    },
};

/// A page of a list, and the cursor of the next one.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// The cursor of the next page; `None` on the last one.
    pub next_cursor: Option<String>,
}

/// The requested page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// The maximum number of items, 1 to 200.
    pub limit: i64,
    /// The cursor of the previous page.
    pub cursor: Option<String>,
}

/// The requested part of what a caller may see. A part that they may not see is refused, as is an empty
/// visibility.
pub(super) fn narrow(
    visibility: Visibility,
    part: impl FnOnce(Visibility) -> Option<Visibility>,
) -> Result<Visibility, ServiceError> {
    let seen = if visibility.is_empty() { None } else { part(visibility) };
    seen.ok_or(ServiceError::Forbidden("system_users:read or customers:read"))
}

/// The filters of a list of invitations. An empty list of values does not filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InvitationQuery {
    /// Of one of these kinds.
    pub kinds: Vec<InvitationKind>,
    /// With one of these statuses.
    pub statuses: Vec<InvitationStatus>,
    /// With its newest letter in one of these states.
    pub deliveries: Vec<DeliveryState>,
    /// To this address.
    pub email: Option<Email>,
    /// To this account.
    pub account: Option<AccountId>,
    /// With this text in the address, the name or the account's name.
    pub search: Option<String>,
    /// The order.
    pub order: InvitationOrder,
}

/// Lists invitations for a reader with this visibility, as [`Visibility::reading`] has it.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::DamagedCursor`], [`ServiceError::CursorMismatch`].
pub async fn invitations(
    services: &Services,
    reader: &Visibility,
    query: InvitationQuery,
    page: PageRequest,
) -> Result<Page<Invitation>, ServiceError> {
    let visibility =
        narrow(reader.clone(), |visibility| visibility.of_any(&query.kinds, Visibility::of_invitations))?;
    let bound = format!("{query:?}/{}", query.email.as_ref().map_or("", Email::key));
    let order = query.order;
    let position = |cursor| cursor::decode_position(cursor, &bound, |key| order.takes(key));
    let after = page.cursor.as_deref().map(position).transpose()?;
    let filter = InvitationFilter {
        reader: reader.clone(),
        now: services.clock.now(),
        kinds: query.kinds,
        account: query.account,
        statuses: query.statuses,
        deliveries: query.deliveries,
        email: query.email,
        search: query.search,
        order,
        after,
        ..InvitationFilter::all(visibility, page.limit + 1)
    };
    let rows =
        services.db.read::<_, DbFault>(move |connection| invitations::list(connection, &filter)).await?;
    Ok(cut_at(rows, page.limit, &bound, |row| Position { id: row.id, key: sort_key(row, order) }))
}

/// What a list is sorted by, unless by creation.
fn sort_key(row: &Invitation, order: InvitationOrder) -> Option<String> {
    match order {
        InvitationOrder::Newest | InvitationOrder::Oldest => None,
        InvitationOrder::Email => Some(row.email.key().to_owned()),
        InvitationOrder::ExpiresAt => Some(row.expires_at.to_rfc3339_opts(SecondsFormat::Millis, true)),
    }
}

/// Shows one invitation.
///
/// # Errors
/// [`ServiceError::NotFound`], also for one that the caller may not see.
pub async fn invitation(
    services: &Services,
    actor: &Actor,
    id: InvitationId,
) -> Result<Invitation, ServiceError> {
    let visibility = Visibility::reading(actor);
    let found = services
        .lookups
        .run(LookupKey { id, looks_since: None })
        .await?
        .known
        .ok_or(ServiceError::NotFound)?;
    if visibility.shows(found.invitation.kind) {
        return Ok(found.invitation);
    }
    // The database decides about invitations below the caller's own accounts.
    let found = services
        .db
        .read::<_, DbFault>(move |connection| invitations::get(connection, id, visibility.clone()))
        .await?;
    found.ok_or(ServiceError::NotFound)
}

/// Shows the timeline of an invitation, oldest first. Whether the user was removed with it is shown only to
/// callers who see all users: to others it would reveal other roles or memberships of that user.
///
/// # Errors
/// As [`invitation`], and those of a cursor.
pub async fn timeline(
    services: &Services,
    actor: &Actor,
    id: InvitationId,
    page: PageRequest,
) -> Result<Page<Event>, ServiceError> {
    invitation(services, actor, id).await?;
    let bound = id.to_string();
    let after = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let limit = page.limit + 1;
    let mut rows = services
        .db
        .read::<_, DbFault>(move |connection| timeline::list(connection, id, after, limit))
        .await?;
    let visibility = Visibility::reading(actor);
    if !(visibility.staff && visibility.customers) {
        for details in rows.iter_mut().filter_map(|event| event.details.as_object_mut()) {
            details.remove(USER_REMOVED);
        }
    }
    Ok(cut(rows, page.limit, &bound, |row| row.id))
}

/// The filters of a list of users. An empty list of values does not filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserQuery {
    /// Of one of these kinds.
    pub kinds: Vec<UserKind>,
    /// With one of these statuses.
    pub statuses: Vec<UserStatus>,
    /// With one of these roles.
    pub roles: Vec<AnyRole>,
    /// Member of this account, or invited to it.
    pub account: Option<AccountId>,
    /// With this text in the address, the name or an account's name.
    pub search: Option<String>,
    /// The order.
    pub order: UserOrder,
}

/// Lists users for a reader, as [`invitations()`] does. The order of addresses is for callers who see all
/// users: of people whom others do not know, an address is hidden that they may have by now.
///
/// # Errors
/// As [`invitations()`].
pub async fn users(
    services: &Services,
    reader: &Visibility,
    query: UserQuery,
    page: PageRequest,
) -> Result<Page<User>, ServiceError> {
    let visibility =
        narrow(reader.clone(), |visibility| visibility.of_any(&query.kinds, Visibility::of_users))?;
    if query.order == UserOrder::Email && !(reader.staff && reader.customers) {
        return Err(ServiceError::Forbidden("system_users:read and customers:read"));
    }
    let bound = format!("{query:?}");
    let order = query.order;
    let position = |cursor| cursor::decode_position(cursor, &bound, |key| order.takes(key));
    let after = page.cursor.as_deref().map(position).transpose()?;
    let UserQuery { statuses, roles, account, search, .. } = query;
    let filter = UserFilter {
        reader: reader.clone(),
        statuses,
        roles,
        account,
        search,
        order,
        after,
        ..UserFilter::all(visibility, page.limit + 1)
    };
    let rows = services.db.read::<_, DbFault>(move |connection| users::list(connection, &filter)).await?;
    let key = |row: &User| (order == UserOrder::Email).then(|| row.email.key().to_owned());
    Ok(cut_at(rows, page.limit, &bound, |row| Position { id: row.id, key: key(row) }))
}

/// Shows one user.
///
/// # Errors
/// [`ServiceError::NotFound`], also for one that the caller may not see.
pub async fn user(services: &Services, actor: &Actor, id: UserId) -> Result<User, ServiceError> {
    let visibility = Visibility::reading(actor);
    let found = services
        .db
        .read::<_, DbFault>(move |connection| users::get(connection, id, visibility.clone()))
        .await?;
    found.ok_or(ServiceError::NotFound)
}

/// The filters of a list of accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AccountQuery {
    /// Of one of these types.
    pub account_types: Vec<AccountType>,
    /// Directly below this account.
    pub parent: Option<AccountId>,
    /// Used by one of these.
    pub used_by: Vec<UsedBy>,
    /// With this text in the name.
    pub search: Option<String>,
}

/// Lists accounts, newest first, for a reader with this visibility, as [`Visibility::accounts`] has it.
///
/// # Errors
/// As [`invitations()`].
pub async fn accounts(
    services: &Services,
    reader: &Visibility,
    query: AccountQuery,
    page: PageRequest,
) -> Result<Page<Account>, ServiceError> {
    if reader.is_empty() {
        return Err(ServiceError::Forbidden(Permission::AccountsRead.as_str()));
    }
    let bound = format!("{query:?}");
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let AccountQuery { account_types, parent, used_by, search } = query;
    let all = AccountFilter::all(reader.clone(), page.limit + 1);
    let filter = AccountFilter { account_types, parent, used_by, search, before, ..all };
    let rows = services.db.read::<_, DbFault>(move |connection| accounts::list(connection, &filter)).await?;
    Ok(cut(rows, page.limit, &bound, |row| row.id))
}

/// Shows one account.
///
/// # Errors
/// [`ServiceError::NotFound`], also for one that the caller may not see.
pub async fn account(services: &Services, actor: &Actor, id: AccountId) -> Result<Account, ServiceError> {
    let visibility = Visibility::accounts(actor);
    let found =
        services.db.read::<_, DbFault>(move |connection| accounts::get(connection, id, &visibility)).await?;
    found.ok_or(ServiceError::NotFound)
}

/// Removes the one extra row, which shows that there is a next page.
pub(super) fn cut<T, K: Named>(rows: Vec<T>, limit: i64, filters: &str, id: impl Fn(&T) -> Id<K>) -> Page<T> {
    cut_at(rows, limit, filters, |row| Position { id: id(row), key: None })
}

fn cut_at<T, K: Named>(
    mut rows: Vec<T>,
    limit: i64,
    filters: &str,
    position: impl Fn(&T) -> Position<Id<K>>,
) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next_cursor = last.map(|last| cursor::encode_position(&position(last), filters));
    Page { data: rows, next_cursor }
}
