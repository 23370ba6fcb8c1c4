//! Numbers of invitations and users, as the contract shows them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    counts::{InvitationCounts, Tally, UserCounts},
    delivery_overview::LetterStatus,
    invitation::{DeliveryState, InvitationKind, InvitationStatus},
    user::{UserKind, UserStatus},
};

/// An object with a number for each value of a closed set. A value without a member does not compile.
macro_rules! numbers_by {
    ($(#[$doc:meta])* $name:ident of $set:ident {
        $($(#[$about:meta])* $member:ident: $value:ident),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, ToSchema)]
        pub struct $name {
            $($(#[$about])* pub $member: u64),+
        }

        impl From<&Tally<$set>> for $name {
            fn from(tally: &Tally<$set>) -> Self {
                Self { $($member: tally.of($set::$value)),+ }
            }
        }

        const _: () = assert!($set::ALL.len() == [$(stringify!($member)),+].len());
    };
}

numbers_by! {
    /// Invitations by kind.
    InvitationsByKind of InvitationKind {
        /// Of colleagues.
        system_user: SystemUser,
        /// Of owners of accounts.
        account_owner: AccountOwner,
        /// Of owners and drivers of sub-accounts.
        sub_account: SubAccount,
    }
}

numbers_by! {
    /// Invitations by status.
    InvitationsByStatus of InvitationStatus {
        /// The link is valid.
        pending: Pending,
        /// The link has expired, or a new invitation has replaced this one.
        expired: Expired,
        /// The person has activated.
        activated: Activated,
        /// Staff have revoked it.
        revoked: Revoked,
    }
}

numbers_by! {
    /// Invitations by the state of the newest letter.
    InvitationsByDelivery of DeliveryState {
        /// Waits to be sent.
        queued: Queued,
        /// Is being sent.
        sending: Sending,
        /// The relay or the provider has accepted it, and nothing more is known.
        sent: Sent,
        /// Has arrived, as the provider reports.
        delivered: Delivered,
        /// The provider tries again.
        deferred: Deferred,
        /// Came back for a fault of the address or its mail server.
        bounced: Bounced,
        /// The person marked it as spam.
        complained: Complained,
        /// Was given up for another reason, or its link stopped working first.
        failed: Failed,
        /// No letter was sent: the inviter passes the link on.
        handed_over: HandedOver,
    }
}

numbers_by! {
    /// Letters by state.
    LettersByState of LetterStatus {
        /// Waits to be sent.
        queued: Queued,
        /// Is being sent.
        sending: Sending,
        /// The relay or the provider has accepted it, and nothing more is known.
        sent: Sent,
        /// Has arrived, as the provider reports.
        delivered: Delivered,
        /// The provider tries again.
        deferred: Deferred,
        /// Came back for a fault of the address or its mail server.
        bounced: Bounced,
        /// The person marked it as spam.
        complained: Complained,
        /// Was given up for another reason.
        failed: Failed,
        /// Was not sent, because its link stopped working first.
        withdrawn: Withdrawn,
    }
}

numbers_by! {
    /// Users by kind.
    UsersByKind of UserKind {
        /// Staff, and people invited as staff.
        system_user: SystemUser,
        /// Members of accounts, and people invited to one.
        customer: Customer,
    }
}

numbers_by! {
    /// Users by status.
    UsersByStatus of UserStatus {
        /// Invited, and not known to this token otherwise.
        invited: Invited,
        /// May sign in.
        active: Active,
        /// May not sign in.
        blocked: Blocked,
    }
}

/// How many invitations there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationCounts)]
pub struct InvitationCountsView {
    /// All of them.
    pub total: u64,
    /// 0 for a kind that the token may not see, or that is not asked for.
    pub by_kind: InvitationsByKind,
    /// Adds up to `total`.
    pub by_status: InvitationsByStatus,
    /// Adds up to `total`.
    pub by_delivery: InvitationsByDelivery,
}

impl From<&InvitationCounts> for InvitationCountsView {
    fn from(counts: &InvitationCounts) -> Self {
        Self {
            total: counts.by_status.total(),
            by_kind: (&counts.by_kind).into(),
            by_status: (&counts.by_status).into(),
            by_delivery: (&counts.by_delivery).into(),
        }
    }
}

impl InvitationCountsView {
    /// The numbers of an example.
    pub fn example() -> Self {
        let mut counts = InvitationCounts::default();
        for (kind, n) in [(InvitationKind::SystemUser, 4), (InvitationKind::SubAccount, 36)] {
            counts.by_kind.add(kind, n);
        }
        for (status, n) in [(InvitationStatus::Pending, 9), (InvitationStatus::Activated, 31)] {
            counts.by_status.add(status, n);
        }
        for (state, n) in
            [(DeliveryState::Sent, 2), (DeliveryState::Delivered, 37), (DeliveryState::Bounced, 1)]
        {
            counts.by_delivery.add(state, n);
        }
        Self::from(&counts)
    }
}

/// How many users there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserCounts)]
pub struct UserCountsView {
    /// All of them, each once.
    pub total: u64,
    /// 0 for a kind that the token may not see, or that is not asked for. A person of both kinds is counted
    /// in both; a token that may see everybody also counts people of neither kind in `total`.
    pub by_kind: UsersByKind,
    /// As the list of users shows them to this token. Adds up to `total`.
    pub by_status: UsersByStatus,
}

impl From<&UserCounts> for UserCountsView {
    fn from(counts: &UserCounts) -> Self {
        Self {
            total: counts.by_status.total(),
            by_kind: (&counts.by_kind).into(),
            by_status: (&counts.by_status).into(),
        }
    }
}

impl UserCountsView {
    /// The numbers of an example: one person is of both kinds.
    pub fn example() -> Self {
        let mut counts = UserCounts::default();
        for (kind, n) in [(UserKind::SystemUser, 5), (UserKind::Customer, 36)] {
            counts.by_kind.add(kind, n);
        }
        for (status, n) in [(UserStatus::Invited, 9), (UserStatus::Active, 31)] {
            counts.by_status.add(status, n);
        }
        Self::from(&counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(value: &impl Serialize) -> Vec<String> {
        serde_json::to_value(value).unwrap().as_object().unwrap().keys().cloned().collect()
    }

    fn sorted(names: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn members_have_the_names_of_the_values() {
        let invitations = InvitationCountsView::from(&InvitationCounts::default());
        let users = UserCountsView::from(&UserCounts::default());
        let letters = LettersByState::from(&Tally::default());
        for (members, names) in [
            (members(&letters), sorted(&LetterStatus::ALL.map(LetterStatus::as_str))),
            (members(&invitations.by_kind), sorted(&InvitationKind::ALL.map(InvitationKind::as_str))),
            (members(&invitations.by_status), sorted(&InvitationStatus::ALL.map(InvitationStatus::as_str))),
            (members(&invitations.by_delivery), sorted(&DeliveryState::ALL.map(DeliveryState::as_str))),
            (members(&users.by_kind), sorted(&UserKind::ALL.map(UserKind::as_str))),
            (members(&users.by_status), sorted(&UserStatus::ALL.map(UserStatus::as_str))),
        ] {
            let mut members = members;
            members.sort();
            assert_eq!(members, names);
        }
    }
}
