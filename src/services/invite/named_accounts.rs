//! The accounts that invites name: looked up together, before any invite is decided.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    db::{AnyConnection, DbFault, account_names, accounts},
    domain::{
        account::{Account, AccountName},
        actor::Actor,
        ids::AccountId,
        visibility::Visibility,
    },
    services::{ServiceError, Services},
};

/// An existing account, as an inviter names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// By id.
    Id(AccountId),
    /// By its exact name, without regard to case.
    Name(AccountName),
}

/// The named accounts into which the caller may invite.
#[derive(Debug, Default)]
pub(super) struct Named {
    by_id: HashMap<AccountId, Account>,
    /// By normalised name; shared, since a thousand items may name the same one.
    by_name: HashMap<String, Arc<[Account]>>,
}

impl Named {
    /// Looks each account up once.
    pub(super) async fn look_up(
        services: &Services,
        actor: &Actor,
        targets: impl Iterator<Item = Target>,
    ) -> Result<Self, DbFault> {
        let (mut ids, mut names) = (HashSet::new(), HashMap::new());
        for target in targets {
            match target {
                Target::Id(id) => drop(ids.insert(id)),
                // Spellings of one name have one key.
                Target::Name(name) => drop(names.insert(name.key(), name)),
            }
        }
        if ids.is_empty() && names.is_empty() {
            return Ok(Self::default());
        }
        let visibility = Visibility::inviting(actor);
        let look = move |connection: &mut _| Self::read(connection, (&ids, &names), &visibility);
        services.db.look_up(look).await
    }

    fn read(
        connection: &mut AnyConnection,
        (ids, names): (&HashSet<AccountId>, &HashMap<String, AccountName>),
        visibility: &Visibility,
    ) -> Result<Self, DbFault> {
        let found = match ids.iter().copied().collect::<Vec<_>>().as_slice() {
            [] => Vec::new(),
            // A constant statement, which the database plans once.
            [one] => accounts::get(connection, *one, visibility)?.into_iter().collect(),
            several => accounts::of_ids(connection, several, visibility)?,
        };
        let by_id = found.into_iter().map(|account| (account.id, account)).collect();
        let mut by_name = HashMap::new();
        for (key, name) in names {
            by_name.insert(key.clone(), account_names::find(connection, name, visibility)?.into());
        }
        Ok(Self { by_id, by_name })
    }

    /// The account that `target` names, if it is unique.
    pub(super) fn one(&self, target: &Target) -> Result<Account, ServiceError> {
        match target {
            Target::Id(id) => self.by_id.get(id).cloned().ok_or(ServiceError::AccountNotFound),
            Target::Name(name) => match self.by_name.get(&name.key()) {
                Some(several) if several.len() > 1 => Err(ServiceError::AmbiguousAccount(several.clone())),
                found => found.and_then(|found| found.first()).cloned().ok_or(ServiceError::AccountNotFound),
            },
        }
    }
}
