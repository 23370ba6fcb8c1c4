//! Which endpoints take an event: those that chose its type, of clients whose scopes and account show its
//! subject to them.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::endpoints::types;
use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{account_lineage, api_clients as clients, webhook_endpoints as endpoints},
    sql::timestamp::At,
};
use crate::domain::{
    ids::AccountId, invitation::InvitationKind, permission::Permission, webhooks::WebhookEventType,
};

/// What an event is about, as far as it decides who may see it: kinds of invitation, each with its account.
pub(super) type Topic = Vec<(InvitationKind, Option<AccountId>)>;

/// An endpoint, and what its client may see.
pub(super) struct Receiver {
    pub(super) endpoint: String,
    event_types: BTreeSet<WebhookEventType>,
    /// The client reads staff.
    staff: bool,
    /// The client reads customers.
    customers: bool,
    /// The account below which the client reads.
    account: Option<String>,
}

/// The endpoints of clients that are neither revoked nor expired at `now`. What a newer version of this
/// program wrote into one of them, and this one does not know, is ignored: each transaction that changes an
/// invitation reads them.
pub(super) fn find(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Vec<Receiver>, DbFault> {
    type Row = (String, String, String, Option<String>, Option<At>);
    let rows = endpoints::table
        .inner_join(clients::table.on(clients::id.eq(endpoints::client_id)))
        .filter(endpoints::deleted_at.is_null().and(clients::revoked_at.is_null()))
        .order(endpoints::id)
        .select((
            endpoints::id,
            endpoints::event_types,
            clients::scopes,
            clients::account_id,
            clients::expires_at,
        ))
        .load::<Row>(connection)?;
    let live = rows.into_iter().filter(|(.., expires_at)| expires_at.is_none_or(|at| now < at.0));
    let receivers = live.map(|(endpoint, event_types, scopes, account, _)| {
        let reads = |permission: Permission| scopes.split(' ').any(|scope| scope == permission.as_str());
        Receiver {
            event_types: types(&event_types),
            // Staff belong to no account.
            staff: reads(Permission::SystemUsersRead) && account.is_none(),
            customers: reads(Permission::CustomersRead),
            account,
            endpoint,
        }
    });
    Ok(receivers.collect())
}

/// Whether an endpoint takes events of openings at `now`.
pub fn takes_openings(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<bool, DbFault> {
    let receivers = find(connection, now)?;
    Ok(receivers.iter().any(|one| one.event_types.contains(&WebhookEventType::InvitationOpened)))
}

impl Receiver {
    /// Whether it takes an event of this type about any of this.
    pub(super) fn takes(
        &self,
        event_type: WebhookEventType,
        topic: &[(InvitationKind, Option<AccountId>)],
        lineage: &Lineage,
    ) -> bool {
        self.event_types.contains(&event_type)
            && (self.sees_everything()
                || topic.iter().any(|(kind, account)| self.sees(*kind, *account, lineage)))
    }

    /// Whether its client knows every user, also one without a role and a membership.
    fn sees_everything(&self) -> bool {
        self.staff && self.customers
    }

    fn sees(&self, kind: InvitationKind, account: Option<AccountId>, lineage: &Lineage) -> bool {
        match (kind, &self.account) {
            (InvitationKind::SystemUser, _) => self.staff,
            (InvitationKind::AccountOwner | InvitationKind::SubAccount, None) => self.customers,
            (InvitationKind::AccountOwner | InvitationKind::SubAccount, Some(above)) => {
                self.customers && account.is_some_and(|account| lineage.has(account, above))
            }
        }
    }
}

/// Accounts, each with those above it and with itself.
pub(super) struct Lineage(HashSet<(String, String)>);

impl Lineage {
    /// That of these accounts, as far as these receivers need it.
    pub(super) fn of<'a>(
        connection: &mut AnyConnection,
        receivers: &[Receiver],
        topics: impl Iterator<Item = &'a Topic>,
    ) -> Result<Self, DbFault> {
        let above: HashSet<&str> = receivers.iter().filter_map(|one| one.account.as_deref()).collect();
        if above.is_empty() {
            return Ok(Self(HashSet::new()));
        }
        let accounts = topics.flatten().filter_map(|(_, account)| *account);
        let accounts: HashSet<String> = accounts.map(|account| account.to_string()).collect();
        let rows = account_lineage::table
            .filter(
                account_lineage::account_id.eq_any(accounts.iter().map(String::as_str).collect::<Vec<_>>()),
            )
            .load::<(String, String)>(connection)?;
        Ok(Self(rows.into_iter().filter(|(_, ancestor)| above.contains(ancestor.as_str())).collect()))
    }

    fn has(&self, account: AccountId, above: &str) -> bool {
        self.0.contains(&(account.to_string(), above.to_owned()))
    }
}
