//! What became of an invite.

use crate::{
    domain::{
        ids::InvitationId,
        invitation::Invitation,
        letter_quota::{LettersSpent, QuotaStatus},
    },
    services::ServiceError,
};

/// The invitation, and the remaining quotas to which its letter counts.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The invitation.
    pub invitation: Invitation,
    /// The remaining quotas; empty where no letter was sent, or letters are not counted.
    pub quota_statuses: Vec<QuotaStatus>,
}

/// The outcome of one invite among many.
#[derive(Debug)]
pub enum Outcome {
    /// Created, with its letter in the outbox. The quotas to which it counts.
    Invited(Box<Invitation>, Vec<QuotaStatus>),
    /// The quota of the mailbox, the account or the caller is exhausted.
    LettersSpent(LettersSpent),
    /// Refused: this pending invitation exists.
    Pending(InvitationId),
    /// Refused: the person is a system user already.
    AlreadySystemUser,
    /// Refused: the person owns a top-level account already.
    AlreadyAccountOwner,
    /// Refused: the person is blocked.
    Blocked,
    /// Refused: the person is a member of the account, or of one below the parent, already.
    AlreadyMember,
}

impl Outcome {
    /// The invitation, or the refusal.
    ///
    /// # Errors
    /// As [`one`](super::one).
    pub fn into_result(self) -> Result<Sent, ServiceError> {
        match self {
            Self::Invited(invitation, quota_statuses) => Ok(Sent { invitation: *invitation, quota_statuses }),
            Self::LettersSpent(spent) => Err(ServiceError::LettersSpent(spent)),
            Self::Pending(id) => Err(ServiceError::InvitationPending(id)),
            Self::AlreadySystemUser => Err(ServiceError::AlreadySystemUser),
            Self::AlreadyAccountOwner => Err(ServiceError::AlreadyAccountOwner),
            Self::AlreadyMember => Err(ServiceError::AlreadyMember),
            Self::Blocked => Err(ServiceError::UserBlocked),
        }
    }
}
