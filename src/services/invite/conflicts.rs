//! Conflicts of a new invitation with memberships and pending invitations.

use chrono::{DateTime, Utc};

use super::outcome::Outcome;
use crate::{
    db::{
        DbFault, Tx, accounts,
        invitations::{self, Pending},
        letters::outbox,
        users::{LockedUser, memberships::MembershipKey as Member},
        webhooks,
    },
    domain::{
        ids::{AccountId, InvitationId},
        invitation::{Invitation, InvitationKind},
        sub_account::MemberRole,
        user::UserStatus,
    },
};

/// Checks the user's roles, memberships and pending invitation in that place. Returns the invitation for this
/// user, or the conflict. Roles and memberships conflict only if the address is proven: an unproven user, who
/// activated by links that were returned to inviters, may be another person, and must not block the owner of
/// the address.
pub(in crate::services) fn find_conflict(
    (user, sees_blocked): (&LockedUser, bool),
    member: &[Member],
    live: Option<&Pending>,
    invitation: &Invitation,
    now: DateTime<Utc>,
) -> Outcome {
    let target = invitation.account.as_ref();
    let is_member = |inside: &dyn Fn(&Member) -> bool| user.is_proven && member.iter().any(inside);
    match (invitation.kind, target) {
        _ if user.status == UserStatus::Blocked && sees_blocked => return Outcome::Blocked,
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

/// Marks expired invitations as replaced, and removes the accounts that were created for them.
pub(in crate::services) fn replace(
    tx: &mut Tx<'_>,
    expired: &[Pending],
    now: DateTime<Utc>,
) -> Result<(), DbFault> {
    if expired.is_empty() {
        return Ok(());
    }
    let ids: Vec<InvitationId> = expired.iter().map(|old| old.id).collect();
    webhooks::settle_expired(tx, &ids, now)?;
    invitations::replace(tx, &ids)?;
    outbox::withdraw_all(tx, &ids)?;
    let accounts: Vec<AccountId> = expired.iter().filter_map(|old| old.account).collect();
    accounts::remove_orphaned(tx, &accounts, now).map(drop)
}
