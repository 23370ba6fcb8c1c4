//! What stands in the way of an invitation, in the place that it is to take.

use chrono::{DateTime, Utc};

use super::Outcome;
use crate::{
    db::{DbFault, Tx, accounts, invitations, invitations::Pending, memberships::Place as Member, outbox, users::LockedUser},
    domain::{
        account::MemberRole,
        invitation::{Invitation, InvitationKind},
        user::UserStatus,
    },
};

/// Judges by who the person is, where they belong, and what awaits them in that place: the invitation as theirs, or what stands
/// in its way.
pub(in crate::services) fn judge(
    user: &LockedUser,
    member: &[Member],
    live: Option<&Pending>,
    invitation: &Invitation,
    now: DateTime<Utc>,
) -> Outcome {
    let target = invitation.account.as_ref();
    let is_member = |inside: &dyn Fn(&Member) -> bool| member.iter().any(inside);
    match (invitation.kind, target) {
        (InvitationKind::SystemUser, _) if user.is_staff && user.status != UserStatus::Invited => {
            return Outcome::AlreadySystemUser;
        }
        (InvitationKind::AccountOwner, Some(target))
            if target.is_new && is_member(&|place| place.parent.is_none() && place.role == MemberRole::AccountOwner) =>
        {
            return Outcome::AlreadyAccountOwner;
        }
        (InvitationKind::AccountOwner, Some(target)) if !target.is_new && is_member(&|place| place.account == target.id) => {
            return Outcome::AlreadyMember;
        }
        (InvitationKind::SubAccount, Some(target)) if is_member(&|place| place.parent == target.parent_account_id) => {
            return Outcome::AlreadyMember;
        }
        _ => {}
    }
    match live {
        Some(live) if live.expires_at > now => Outcome::Pending(live.id),
        _ => Outcome::Invited(Box::new(Invitation { user_id: user.id, ..invitation.clone() })),
    }
}

/// Lets another invitation take an expired one's place. The account that was made for the old one goes with it.
pub(in crate::services) fn replace(tx: &mut Tx<'_>, old: &Pending, now: DateTime<Utc>) -> Result<(), DbFault> {
    invitations::replace(tx, (old.id, old.generation))?;
    outbox::withdraw(tx, old.id)?;
    match old.account {
        Some(account) => accounts::remove_if_forsaken(tx, account, now).map(drop),
        None => Ok(()),
    }
}
