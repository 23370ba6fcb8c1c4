//! What stands in the way of an invitation, in the place that it is to take.

use chrono::{DateTime, Utc};

use super::Outcome;
use crate::{
    db::{
        DbFault, Tx, accounts,
        invitations::{self, Pending},
        letters::outbox,
        users::{LockedUser, memberships::Place as Member},
    },
    domain::{
        ids::{AccountId, InvitationId},
        invitation::{Invitation, InvitationKind},
        sub_account::MemberRole,
    },
};

/// Judges by who the person is, where they belong, and what awaits them in that place: the invitation as
/// theirs, or what stands in its way. What the person is already stands in the way only if their address is
/// proven: somebody who has come by links that were handed over may be anybody, and must not keep the person
/// at that address out.
pub(in crate::services) fn find_conflict(
    user: &LockedUser,
    member: &[Member],
    live: Option<&Pending>,
    invitation: &Invitation,
    now: DateTime<Utc>,
) -> Outcome {
    let target = invitation.account.as_ref();
    let is_member = |inside: &dyn Fn(&Member) -> bool| user.is_proven && member.iter().any(inside);
    match (invitation.kind, target) {
        (InvitationKind::SystemUser, _) if user.is_staff && user.is_proven => {
            return Outcome::AlreadySystemUser;
        }
        (InvitationKind::AccountOwner, Some(target))
            if target.is_new
                && is_member(&|place| place.parent.is_none() && place.role == MemberRole::AccountOwner) =>
        {
            return Outcome::AlreadyAccountOwner;
        }
        (InvitationKind::AccountOwner, Some(target))
            if !target.is_new && is_member(&|place| place.account == target.id) =>
        {
            return Outcome::AlreadyMember;
        }
        (InvitationKind::SubAccount, Some(target))
            if is_member(&|place| place.parent == target.parent_account_id) =>
        {
            return Outcome::AlreadyMember;
        }
        _ => {}
    }
    match live {
        Some(live) if live.expires_at > now => Outcome::Pending(live.id),
        _ => Outcome::Invited(Box::new(Invitation { user_id: user.id, ..invitation.clone() }), Vec::new()),
    }
}

/// Lets other invitations take the places of expired ones. The accounts that were made for those go with
/// them.
pub(in crate::services) fn replace(
    tx: &mut Tx<'_>,
    expired: &[Pending],
    now: DateTime<Utc>,
) -> Result<(), DbFault> {
    if expired.is_empty() {
        return Ok(());
    }
    let ids: Vec<InvitationId> = expired.iter().map(|old| old.id).collect();
    invitations::replace(tx, &ids)?;
    outbox::withdraw_all(tx, &ids)?;
    let accounts: Vec<AccountId> = expired.iter().filter_map(|old| old.account).collect();
    accounts::remove_forsaken(tx, &accounts, now).map(drop)
}
