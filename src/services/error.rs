//! The reasons for which a verb is refused. Each verb has its own subset; HTTP gives each its code and
//! status.

use std::sync::Arc;

use crate::{
    db::{AsFault, DbFault},
    domain::{
        account::Account,
        field_error::Faults,
        ids::InvitationId,
        invitation::{DeadLink, Invitation},
        letter_quota::LettersSpent,
        revision::Revision,
    },
};

/// Why a verb did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ServiceError {
    /// The token does not allow it.
    #[error("the token lacks the permission {0}")]
    Forbidden(&'static str),
    /// The roles allow more than the inviter may do.
    #[error("the roles allow more than the inviter may do")]
    RoleExceedsYours,
    /// There is no such thing, or the caller may not see it.
    #[error("not found")]
    NotFound,
    /// These members are faulty.
    #[error("some members are faulty")]
    Invalid(Faults),
    /// A live invitation stands in the way; it can be resent.
    #[error("a live invitation stands in the way")]
    InvitationPending(InvitationId),
    /// The person is staff already.
    #[error("the person is staff already")]
    AlreadySystemUser,
    /// The person owns a top-level account already.
    #[error("the person owns an account already")]
    AlreadyAccountOwner,
    /// The person belongs to the account, or to one below the parent, already.
    #[error("the person is a member already")]
    AlreadyMember,
    /// The account would have no owner left.
    #[error("the account would have no owner left")]
    LastOwner,
    /// There is no such account, or the caller may not invite into it.
    #[error("no such account")]
    AccountNotFound,
    /// Several accounts have the name.
    #[error("several accounts have this name")]
    AmbiguousAccount(Arc<[Account]>),
    /// The account above is a consumer's.
    #[error("the parent is not a business account")]
    ParentNotBusiness,
    /// Nobody has brought the account to life yet.
    #[error("the account is not active")]
    ParentNotActive,
    /// Activated, revoked, or replaced by another.
    #[error("the invitation awaits no answer")]
    NotPending,
    /// A change says nothing of the state that it is meant for.
    #[error("the change names no state that it is meant for")]
    PreconditionRequired,
    /// The invitation has changed since the caller saw it; this is its state now.
    #[error("the invitation has changed")]
    PreconditionFailed(Revision),
    /// The change names states as none is named, so that it can be meant for none; this is the present one.
    #[error("the change names no state as states are named")]
    PreconditionMalformed(Revision),
    /// The user has several invitations that await an answer.
    #[error("several invitations await an answer")]
    Ambiguous(Vec<Invitation>),
    /// The last sending was a moment ago; so many seconds remain.
    #[error("the last sending was a moment ago")]
    TooSoon(u64),
    /// The address was changed a moment ago; so many seconds remain until it may be changed again.
    #[error("the last change of address was a moment ago")]
    MovedTooSoon(u64),
    /// A mailbox, an account or a caller has had its letters of the day.
    #[error("no more letters today")]
    LettersSpent(LettersSpent),
    /// The token was not made by this service, or was damaged.
    #[error("not a genuine activation link")]
    InvalidLink,
    /// The link was genuine and works no more.
    #[error(transparent)]
    DeadLink(#[from] DeadLink),
    /// A cursor that this service did not make.
    #[error("This cursor was not made by this service.")]
    DamagedCursor,
    /// A cursor that was made for other filters.
    #[error("the cursor belongs to other filters")]
    CursorMismatch,
    /// What the answer was decided by has changed; it is to be decided anew.
    #[error("the invitation changed meanwhile")]
    Changed,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// The first request with the idempotency key is still being worked on.
    #[error("the first request with this idempotency key is still running")]
    IdempotencyInProgress,
    /// A wrong password, an unknown address, or somebody who is not active: which of them is not told.
    #[error("wrong address or password")]
    InvalidCredentials,
    /// Too many wrong guesses at a secret; so many seconds remain until the next one is looked at.
    #[error("too many wrong guesses")]
    TooManyGuesses(u64),
    /// The operator does not let people send themselves a fresh link.
    #[error("self-renewal is switched off")]
    RenewalDisabled,
    /// The link that a fresh one was asked for still works.
    #[error("the link still works")]
    LinkStillValid,
    /// Too many of these at once; the same request may do better in a moment.
    #[error("busy: {0}")]
    Busy(&'static str),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbFault),
    /// A defect of ours.
    #[error("{0}")]
    Defect(String),
}

impl ServiceError {
    /// After so many wrong guesses the next one waits so long.
    #[must_use]
    pub fn too_many_guesses(wait: std::time::Duration) -> Self {
        Self::TooManyGuesses(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1))
    }

    /// Whether it says that the caller may not do this, or not here: a matter of authority, whatever has
    /// become of the thing.
    #[must_use]
    pub fn is_of_authority(&self) -> bool {
        matches!(self, Self::Forbidden(_) | Self::RoleExceedsYours | Self::NotFound | Self::AccountNotFound)
    }

    /// Only what is a matter of authority, or what keeps it from being known.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn authority<T>(outcome: Result<T, Self>) -> Result<(), Self> {
        match outcome {
            Err(refusal) if refusal.is_of_authority() => Err(refusal),
            _ => Ok(()),
        }
    }
}

impl AsFault for ServiceError {
    fn as_fault(&self) -> Option<&DbFault> {
        match self {
            Self::Db(fault) => Some(fault),
            _ => None,
        }
    }
}
