//! Reading: what a caller may see, a page at a time.

use super::{Refusal, Services, cursor};
use crate::{
    db::{
        DbFault, events,
        invitations::{self, InvitationFilter},
        users::{self, UserFilter},
    },
    domain::{
        actor::Actor,
        email::Email,
        event::Event,
        ids::{Id, InvitationId, Named, UserId},
        invitation::{Invitation, InvitationKind, InvitationStatus},
        permission::Permission,
        role::Role,
        user::{User, UserKind, UserStatus},
    },
};

/// A page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it.
    pub data: Vec<T>,
    /// For asking for the next page; `None` on the last one.
    pub next_cursor: Option<String>,
}

/// Which page is asked for.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// At most so many, 1 to 200.
    pub limit: i64,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// The kinds of invitation that a caller may read.
#[must_use]
pub fn visible_kinds(actor: &Actor) -> Vec<InvitationKind> {
    let mut kinds = Vec::new();
    if actor.may(Permission::SystemUsersRead) {
        kinds.push(InvitationKind::SystemUser);
    }
    if actor.may(Permission::CustomersRead) {
        kinds.extend([InvitationKind::AccountOwner, InvitationKind::SubAccount]);
    }
    kinds
}

/// The kinds that a caller knows of: whoever may send an invitation may also be told that it exists.
#[must_use]
pub fn actionable_kinds(actor: &Actor) -> Vec<InvitationKind> {
    let mut kinds = visible_kinds(actor);
    if actor.may(Permission::SystemUsersInvite) {
        kinds.push(InvitationKind::SystemUser);
    }
    if actor.may(Permission::CustomersInvite) {
        kinds.extend([InvitationKind::AccountOwner, InvitationKind::SubAccount]);
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The kinds of user behind kinds of invitation.
fn user_kinds(kinds: &[InvitationKind]) -> Vec<UserKind> {
    let mut kinds: Vec<UserKind> = kinds
        .iter()
        .map(|kind| match kind {
            InvitationKind::SystemUser => UserKind::SystemUser,
            InvitationKind::AccountOwner | InvitationKind::SubAccount => UserKind::Customer,
        })
        .collect();
    kinds.dedup();
    kinds
}

/// The kinds of user that a caller knows of.
#[must_use]
pub fn actionable_user_kinds(actor: &Actor) -> Vec<UserKind> {
    user_kinds(&actionable_kinds(actor))
}

/// Of what a caller may see, what is asked for. Asking for what one may not see is refused, as is seeing nothing at all.
fn narrow<K: PartialEq>(visible: Vec<K>, asked: Option<K>, name: &'static str) -> Result<Vec<K>, Refusal> {
    match asked {
        None if visible.is_empty() => Err(Refusal::Forbidden(name)),
        None => Ok(visible),
        Some(kind) if visible.contains(&kind) => Ok(vec![kind]),
        Some(_) => Err(Refusal::Forbidden(name)),
    }
}

/// What a list of invitations is asked for with.
#[derive(Debug, Clone, Default)]
pub struct InvitationQuery {
    /// Of this kind.
    pub kind: Option<InvitationKind>,
    /// With this status.
    pub status: Option<InvitationStatus>,
    /// To this address.
    pub email: Option<Email>,
    /// With this text in the address or the name.
    pub search: Option<String>,
}

/// Lists invitations, newest first.
///
/// # Errors
/// [`Refusal::Forbidden`], [`Refusal::DamagedCursor`], [`Refusal::CursorMismatch`].
pub async fn invitations(
    services: &Services,
    actor: &Actor,
    query: InvitationQuery,
    page: PageRequest,
) -> Result<Page<Invitation>, Refusal> {
    let kinds = narrow(visible_kinds(actor), query.kind, "system_users:read or customers:read")?;
    let bound = format!("{query:?}/{}", query.email.as_ref().map_or("", Email::key));
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let now = services.clock.now();
    let filter = InvitationFilter {
        kinds,
        status: query.status.map(|status| (status, now)),
        email: query.email,
        search: query.search,
        before,
        limit: page.limit + 1,
        ..InvitationFilter::default()
    };
    let rows = services.db.read::<_, DbFault>(move |connection| invitations::list(connection, &filter)).await?;
    Ok(cut(rows, page.limit, &bound, |row| row.id))
}

/// Shows one invitation.
///
/// # Errors
/// [`Refusal::NotFound`], also for one that the caller may not see.
pub async fn invitation(services: &Services, actor: &Actor, id: InvitationId) -> Result<Invitation, Refusal> {
    let kinds = visible_kinds(actor);
    let found = services.db.read::<_, DbFault>(move |connection| invitations::get(connection, id, &kinds)).await?;
    found.ok_or(Refusal::NotFound)
}

/// Shows the timeline of an invitation, oldest first.
///
/// # Errors
/// As [`invitation`], and those of a cursor.
pub async fn timeline(services: &Services, actor: &Actor, id: InvitationId, page: PageRequest) -> Result<Page<Event>, Refusal> {
    invitation(services, actor, id).await?;
    let bound = id.to_string();
    let after = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let limit = page.limit + 1;
    let rows = services.db.read::<_, DbFault>(move |connection| events::list(connection, id, after, limit)).await?;
    Ok(cut(rows, page.limit, &bound, |row| row.id))
}

/// What a list of users is asked for with.
#[derive(Debug, Clone, Default)]
pub struct UserQuery {
    /// Of this kind.
    pub kind: Option<UserKind>,
    /// With this status.
    pub status: Option<UserStatus>,
    /// Holding this role.
    pub role: Option<Role>,
    /// With this text in the address or the name.
    pub search: Option<String>,
}

/// Lists users, newest first.
///
/// # Errors
/// As [`invitations`].
pub async fn users(services: &Services, actor: &Actor, query: UserQuery, page: PageRequest) -> Result<Page<User>, Refusal> {
    let kinds = narrow(user_kinds(&visible_kinds(actor)), query.kind, "system_users:read or customers:read")?;
    let bound = format!("{query:?}");
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let UserQuery { status, role, search, .. } = query;
    let filter = UserFilter { kinds, status, role, search, before, limit: page.limit + 1, id: None };
    let rows = services.db.read::<_, DbFault>(move |connection| users::list(connection, &filter)).await?;
    Ok(cut(rows, page.limit, &bound, |row| row.id))
}

/// Shows one user.
///
/// # Errors
/// [`Refusal::NotFound`], also for one that the caller may not see.
pub async fn user(services: &Services, actor: &Actor, id: UserId) -> Result<User, Refusal> {
    let kinds = user_kinds(&visible_kinds(actor));
    let found = services.db.read::<_, DbFault>(move |connection| users::get(connection, id, &kinds)).await?;
    found.ok_or(Refusal::NotFound)
}

/// Cuts the one row too many off, which says that there is a next page.
fn cut<T, K: Named>(mut rows: Vec<T>, limit: i64, filters: &str, id: impl Fn(&T) -> Id<K>) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| cursor::encode(id(last), filters));
    Page { data: rows, next_cursor }
}
