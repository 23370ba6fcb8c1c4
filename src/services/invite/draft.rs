//! An invitation that is not stored yet.

use crate::{
    db::accounts::NewAccount,
    domain::{
        actor::Actor,
        invitation::{DeliveryState, Invitation},
        visibility::Visibility,
    },
    services::letter_quota::{Charge, Payer},
};

/// An invitation to be created if there is no conflict, with its new account if any.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The invitation. The user's id is that of a new user until the user is looked up.
    pub invitation: Invitation,
    /// The new account, unless the invitation is to an existing one.
    pub account: Option<NewAccount>,
    /// Who is charged for its letter.
    pub payer: Payer,
    /// Whether the inviter may learn that the person is blocked: staff who invite this kind. For others the
    /// invitation is made as any other, and its link does not work.
    pub sees_blocked: bool,
}

impl Draft {
    pub(super) fn new(actor: &Actor, invitation: Invitation, account: Option<NewAccount>) -> Self {
        let payer = Payer::of(actor, &invitation);
        let sees_blocked = Visibility::inviting(actor).shows(invitation.kind);
        Self { invitation, account, payer, sees_blocked }
    }

    /// The charge for its letter; `None` where the link is handed over to the inviter.
    pub(super) fn charge(&self) -> Option<Charge> {
        let is_mailed = self.invitation.delivery.state != DeliveryState::HandedOver;
        is_mailed.then(|| Charge::new(&self.invitation.email, self.payer.clone()))
    }
}
