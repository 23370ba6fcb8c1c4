//! An invitation that is not stored yet.

use crate::{
    db::accounts::NewAccount,
    domain::{
        actor::Actor,
        invitation::{DeliveryState, Invitation},
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
}

impl Draft {
    pub(super) fn new(actor: &Actor, invitation: Invitation, account: Option<NewAccount>) -> Self {
        let payer = Payer::of(actor, &invitation);
        Self { invitation, account, payer }
    }

    /// The charge for its letter; `None` where the link is handed over to the inviter.
    pub(super) fn charge(&self) -> Option<Charge> {
        let is_mailed = self.invitation.delivery.state != DeliveryState::HandedOver;
        is_mailed.then(|| Charge::new(&self.invitation.email, self.payer.clone()))
    }
}
