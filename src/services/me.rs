//! Who a caller is.

use super::{ServiceError, Services};
use crate::{
    db::{AnyConnection, DbFault, accounts, users},
    domain::{
        account::Account,
        actor::Actor,
        sub_account::MemberRole,
        user::{Membership, User},
        visibility::Visibility,
    },
};

/// What the database knows of a caller.
#[derive(Debug, Clone)]
pub struct Me {
    /// The person; `None` for a program, for the command line, and for people of an identity provider.
    pub user: Option<User>,
    /// The person's memberships; of anybody else, the accounts that the token names.
    pub accounts: Vec<Membership>,
}

/// Looks the caller up.
///
/// # Errors
/// [`ServiceError::NotFound`] for a person who was removed a moment ago; otherwise only when the database
/// fails.
pub async fn me(services: &Services, actor: &Actor) -> Result<Me, ServiceError> {
    let actor = actor.clone();
    services
        .db
        .read::<_, DbFault>(move |connection| found(connection, &actor))
        .await?
        .ok_or(ServiceError::NotFound)
}

fn found(connection: &mut AnyConnection, actor: &Actor) -> Result<Option<Me>, DbFault> {
    if actor.is_user() {
        let Some(id) = actor.person() else { return Ok(None) };
        // A person may see everything about themselves.
        let user = users::get(connection, id, Visibility::everything())?;
        return Ok(user.map(|user| Me { accounts: user.memberships.clone(), user: Some(user) }));
    }
    let mut accounts = accounts::of_ids(connection, &actor.accounts, &Visibility::everything())?;
    accounts.sort_by_key(|account| account.id);
    Ok(Some(Me { user: None, accounts: accounts.into_iter().map(owned).collect() }))
}

fn owned(Account { id, name, .. }: Account) -> Membership {
    Membership { account_id: id, account_name: name, role: MemberRole::AccountOwner }
}
