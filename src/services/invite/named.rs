//! The accounts that invites name: looked up together, before any of them is judged.

use std::collections::HashMap;

use crate::{
    db::{DbFault, accounts},
    domain::{
        account::{Account, AccountName},
        actor::Actor,
        ids::AccountId,
        sight::Sight,
    },
    services::{Refusal, Services},
};

/// An account that exists, as an inviter names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// By id.
    Id(AccountId),
    /// By its exact name, without regard to case.
    Name(AccountName),
}

/// The accounts that invites name, as far as the caller may invite into them.
#[derive(Debug, Default)]
pub(super) struct Named(HashMap<Target, Vec<Account>>);

impl Named {
    /// Looks them up, each once.
    pub(super) async fn look_up(
        services: &Services,
        actor: &Actor,
        targets: impl Iterator<Item = Target>,
    ) -> Result<Self, DbFault> {
        let mut wanted: HashMap<Target, Vec<Account>> = targets.map(|target| (target, Vec::new())).collect();
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let sight = Sight::inviting(actor);
        let look = move |connection: &mut _| {
            for (target, found) in &mut wanted {
                *found = match target {
                    Target::Id(id) => accounts::get(connection, *id, &sight)?.into_iter().collect(),
                    Target::Name(name) => accounts::named(connection, name, &sight)?,
                };
            }
            Ok(wanted)
        };
        services.db.read(look).await.map(Self)
    }

    /// The one account that this names.
    pub(super) fn one(&self, target: &Target) -> Result<Account, Refusal> {
        match self.0.get(target).map_or(&[][..], Vec::as_slice) {
            [] => Err(Refusal::AccountNotFound),
            [one] => Ok(one.clone()),
            several => Err(Refusal::AmbiguousAccount(several.to_vec())),
        }
    }
}
