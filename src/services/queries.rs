//! Reads: the objects that a caller may see, in pages.

pub use super::cursor::genuine as genuine_cursor;
pub use crate::db::users::AnyRole;

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
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The maximum number of items, 1 to 200.
    pub limit: i64,
    /// The cursor of the previous page.
    pub cursor: Option<String>,
}

/// The requested part of what a caller may see. A part that they may not see is refused, as is an empty
/// visibility.
fn narrow(
    visibility: Visibility,
    part: impl FnOnce(Visibility) -> Option<Visibility>,
) -> Result<Visibility, ServiceError> {
    let seen = if visibility.is_empty() { None } else { part(visibility) };
    seen.ok_or(ServiceError::Forbidden("system_users:read or customers:read"))
}

/// The filters of a list of invitations.
#[derive(Debug, Clone, Default)]
pub struct InvitationQuery {
    /// Of this kind.
    pub kind: Option<InvitationKind>,
    /// With this status.
    pub status: Option<InvitationStatus>,
    /// With its newest letter in this state.
    pub delivery: Option<DeliveryState>,
    /// To this address.
    pub email: Option<Email>,
    /// To this account.
    pub account: Option<AccountId>,
    /// With this text in the address, the name or the account's name.
    pub search: Option<String>,
}

/// Lists invitations, newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::DamagedCursor`], [`ServiceError::CursorMismatch`].
pub async fn invitations(
    services: &Services,
    actor: &Actor,
    query: InvitationQuery,
    page: PageRequest,
) -> Result<Page<Invitation>, ServiceError> {
    let visibility = narrow(Visibility::reading(actor), |visibility| match query.kind {
        Some(kind) => visibility.of_invitations(kind),
        None => Some(visibility),
    })?;
    let bound = format!("{query:?}/{}", query.email.as_ref().map_or("", Email::key));
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let now = services.clock.now();
    let filter = InvitationFilter {
        reader: Visibility::reading(actor),
        kind: query.kind,
        account: query.account,
        status: query.status.map(|status| (status, now)),
        delivery: query.delivery.map(|state| (state, now)),
        email: query.email,
        search: query.search,
        before,
        ..InvitationFilter::all(visibility, page.limit + 1)
    };
    let rows =
        services.db.read::<_, DbFault>(move |connection| invitations::list(connection, &filter)).await?;
    Ok(cut(rows, page.limit, &bound, |row| row.id))
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

/// The filters of a list of users.
#[derive(Debug, Clone, Default)]
pub struct UserQuery {
    /// Of this kind.
    pub kind: Option<UserKind>,
    /// With this status.
    pub status: Option<UserStatus>,
    /// With this role.
    pub role: Option<AnyRole>,
    /// Member of this account, or invited to it.
    pub account: Option<AccountId>,
    /// With this text in the address, the name or an account's name.
    pub search: Option<String>,
}

/// Lists users, newest first.
///
/// # Errors
/// As [`invitations()`].
pub async fn users(
    services: &Services,
    actor: &Actor,
    query: UserQuery,
    page: PageRequest,
) -> Result<Page<User>, ServiceError> {
    let visibility = narrow(Visibility::reading(actor), |visibility| match query.kind {
        Some(kind) => visibility.of_users(kind),
        None => Some(visibility),
    })?;
    let bound = format!("{query:?}");
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let UserQuery { status, role, account, search, .. } = query;
    let reader = Visibility::reading(actor);
    let filter = UserFilter {
        reader,
        status,
        role,
        account,
        search,
        before,
        ..UserFilter::all(visibility, page.limit + 1)
    };
    let rows = services.db.read::<_, DbFault>(move |connection| users::list(connection, &filter)).await?;
    Ok(cut(rows, page.limit, &bound, |row| row.id))
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
#[derive(Debug, Clone, Default)]
pub struct AccountQuery {
    /// Of this type.
    pub account_type: Option<AccountType>,
    /// Directly below this account.
    pub parent: Option<AccountId>,
    /// Used by these.
    pub used_by: Option<UsedBy>,
    /// With this text in the name.
    pub search: Option<String>,
}

/// Lists accounts, newest first.
///
/// # Errors
/// As [`invitations()`].
pub async fn accounts(
    services: &Services,
    actor: &Actor,
    query: AccountQuery,
    page: PageRequest,
) -> Result<Page<Account>, ServiceError> {
    let visibility = Visibility::accounts(actor);
    if visibility.is_empty() {
        return Err(ServiceError::Forbidden(Permission::AccountsRead.as_str()));
    }
    let bound = format!("{query:?}");
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let AccountQuery { account_type, parent, used_by, search } = query;
    let all = AccountFilter::all(visibility, page.limit + 1);
    let filter = AccountFilter { account_type, parent, used_by, search, before, ..all };
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
pub(super) fn cut<T, K: Named>(
    mut rows: Vec<T>,
    limit: i64,
    filters: &str,
    id: impl Fn(&T) -> Id<K>,
) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| cursor::encode(id(last), filters));
    Page { data: rows, next_cursor }
}
