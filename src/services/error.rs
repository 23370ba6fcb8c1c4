//! Why operations fail. Each operation fails for some of these reasons. The texts are for callers: HTTP sends
//! them as `detail`, and gives each error its code and status.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{AsFault, DbFault},
    domain::{
        account::Account,
        field_error::{Faults, FieldError},
        ids::InvitationId,
        invitation::{DeadLink, Invitation},
        letter_quota::LettersSpent,
        mail_link::DeadMailLink,
        user::User,
    },
};

/// An invitation as it is when a change is refused.
#[derive(Debug, Clone)]
pub struct CurrentState {
    /// The invitation.
    pub invitation: Invitation,
    /// The time of the refusal, by which its link may have expired.
    pub at: DateTime<Utc>,
}

/// Why an operation did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ServiceError {
    /// The token does not allow it.
    #[error("This takes the permission {0}.")]
    Forbidden(&'static str),
    /// The refresh token is not valid, or its session has ended.
    #[error("The session has ended. Sign in again.")]
    SessionEnded,
    /// The refresh token was spent before; its session has been ended.
    #[error("This refresh token was used before, so its session was ended. Sign in again.")]
    RefreshReused,
    /// The token of a link to reset a password is forged or damaged, or its request is not known any more.
    #[error("This link is not valid. Open the newest one, or ask for another.")]
    InvalidResetLink,
    /// The link to reset a password does not work any more.
    #[error("{}", match .0 {
        DeadMailLink::Used => "The password was changed since this link was sent.",
        DeadMailLink::Superseded => "A newer link was sent since. Open that one.",
        DeadMailLink::Expired => "This link has expired. Ask for another.",
    })]
    DeadResetLink(DeadMailLink),
    /// The token of a link to confirm an address is forged or damaged, or its request is not known any more.
    #[error("This link is not valid. Open the newest one, or ask for another.")]
    InvalidEmailLink,
    /// The link to confirm an address does not work any more.
    #[error("{}", match .0 {
        DeadMailLink::Used => "The address was confirmed with this link before.",
        DeadMailLink::Superseded => "The change was requested anew, or withdrawn, since this link was sent.",
        DeadMailLink::Expired => "This link has expired. Ask for another.",
    })]
    DeadEmailLink(DeadMailLink),
    /// Another user has the address.
    #[error("Another user has this address.")]
    EmailTaken,
    /// The token is not a person's.
    #[error("This takes the access token of a person.")]
    NotAPerson,
    /// The roles allow more than the caller may do.
    #[error("A role of this invitation or user allows more than your token does.")]
    RoleExceedsYours,
    /// The scopes of an API client allow more than the caller may do.
    #[error("The scopes of this client allow more than your token does.")]
    ScopeExceedsYours,
    /// The API client was revoked.
    #[error("This client was revoked, for good. Make another one.")]
    ApiClientRevoked,
    /// The API client has expired.
    #[error("This client has expired. Make another one.")]
    ApiClientExpired,
    /// The client has as many webhook endpoints as it may have.
    #[error("A client has at most {0} webhook endpoints. Delete one first.")]
    TooManyEndpoints(usize),
    /// The client has had as many webhook endpoints within a day as it may have.
    #[error("A client has at most {0} webhook endpoints, with those deleted within a day. Wait until then.")]
    TooManyRecentEndpoints(usize),
    /// The webhook endpoint is paused or disabled.
    #[error("This endpoint is paused or disabled. Set its status to active first.")]
    EndpointInactive,
    /// Events of the last replay have not been tried yet.
    #[error("Events of the last replay wait to be sent. Ask again when they have been tried.")]
    ReplayUnfinished,
    /// There is no such thing, or the caller may not see it.
    #[error("There is no such thing, or this token may not see it.")]
    NotFound,
    /// These members are faulty.
    #[error("Some members are faulty.")]
    Invalid(Faults),
    /// The person has a live invitation; it can be resent.
    #[error("Invitation {0} is live. Resend it, or revoke it first.")]
    InvitationPending(InvitationId),
    /// The person is a system user already.
    #[error("This person is an active system user.")]
    AlreadySystemUser,
    /// The person owns a top-level account already.
    #[error("This person owns a top-level account. Invite them to it by account_id.")]
    AlreadyAccountOwner,
    /// The person belongs to the account, or to one below the parent, already.
    #[error("This person belongs to the account, or to one below the parent, already.")]
    AlreadyMember,
    /// The account would have no owner left.
    #[error("This person is the account's last owner. Invite another owner first.")]
    LastOwner,
    /// No active admin would be left.
    #[error("This person is the last active admin. Make another one first.")]
    LastAdmin,
    /// The user has not activated yet.
    #[error("This user has not activated yet. Change or revoke their invitation.")]
    UserNotActivated,
    /// The user is blocked.
    #[error("This user is blocked. Unblock them first.")]
    UserBlocked,
    /// There is no such account, or the caller may not invite into it.
    #[error("There is no such account, or this token may not invite into it.")]
    AccountNotFound,
    /// Several accounts have the name.
    #[error("Several accounts have this name. Choose one by account_id.")]
    AmbiguousAccount(Arc<[Account]>),
    /// The account above is a consumer's.
    #[error("Only a business account has sub-accounts; this one is a consumer's.")]
    ParentNotBusiness,
    /// The account is not active yet.
    #[error("This account is not active yet. Resend its owner's invitation.")]
    ParentNotActive,
    /// The invitation was activated, revoked or replaced.
    #[error("The invitation was activated, revoked or replaced, or there is none.")]
    NotPending,
    /// A change names no state that it is meant for.
    #[error("Send If-Match with the ETag of the answer that showed you the invitation.")]
    PreconditionRequired,
    /// The invitation has changed since the caller saw it; this is its state now.
    #[error("The invitation has changed since. Nothing was changed by this request.")]
    PreconditionFailed(Box<CurrentState>),
    /// `If-Match` holds no entity tag; this is the state now.
    #[error(
        "If-Match has no entity tag: send the ETag of the answer that showed you the invitation, with its \
        quotation marks. Nothing was changed by this request."
    )]
    PreconditionMalformed(Box<CurrentState>),
    /// `If-Match` holds weak tags alone, which match no state (RFC 9110 §13.1.1); this is the state now.
    #[error(
        "If-Match has only weak tags (W/), which never match. This service makes strong ones: a proxy on the \
        way changed it, as some do that compress answers. Get the invitation with Accept-Encoding: identity, \
        and send its ETag. Nothing was changed by this request."
    )]
    PreconditionWeak(Box<CurrentState>),
    /// A change of a user names no state that it is meant for.
    #[error("Send If-Match with the ETag of the answer that showed you the user.")]
    UserPreconditionRequired,
    /// The user has changed since the caller saw them; this is their state now.
    #[error(
        "The user has changed since, or If-Match names no strong tag. Nothing was changed by this request."
    )]
    UserPreconditionFailed(Box<User>),
    /// The user has several invitations that await an answer.
    #[error("Several invitations of this user await an answer. Resend one of candidates by its id.")]
    Ambiguous(Vec<Invitation>),
    /// The invitation was sent a moment ago; so many seconds remain.
    #[error("The invitation was sent a moment ago. Try again in {0} s.")]
    TooSoon(u64),
    /// The address was changed a moment ago; so many seconds remain until it may be changed again.
    #[error(
        "The address was changed a moment ago. It can be changed again in {0} s, the other members at once."
    )]
    MovedTooSoon(u64),
    /// No provider can be asked what became of the letter, for this reason.
    #[error("{0}")]
    NotCheckable(String),
    /// A provider was asked about the letter a moment ago; so many seconds remain.
    #[error("The provider was asked about this letter a moment ago. Try again in {0} s.")]
    CheckedTooSoon(u64),
    /// The provider was not reached, or is busy; so many seconds should pass.
    #[error("{title} does not answer for now. Try again in {seconds} s.")]
    ProviderUnavailable {
        /// The provider's name.
        title: &'static str,
        /// The wait, in seconds.
        seconds: u64,
    },
    /// A mailbox, an account or a caller has had its letters of the day.
    #[error("No more letters are sent for now.")]
    LettersSpent(LettersSpent),
    /// The token was not made by this service, or was damaged.
    #[error("The token is damaged, or was not made by this service.")]
    InvalidLink,
    /// The link was made by this service and works no more.
    #[error("{}", dead_link(*.0))]
    DeadLink(#[from] DeadLink),
    /// A cursor that this service did not make.
    #[error("This cursor was not made by this service.")]
    DamagedCursor,
    /// A cursor that was made for other filters.
    #[error("The cursor belongs to a list with other filters.")]
    CursorMismatch,
    /// What the decision was based on has changed; it has to be made anew.
    #[error("The invitation changed meanwhile. Nothing was changed by this request.")]
    Changed,
    /// The idempotency key was used for another request.
    #[error("This Idempotency-Key was sent with another request.")]
    IdempotencyKeyReused,
    /// The first request with the idempotency key is still running.
    #[error("The first request with this Idempotency-Key is still running.")]
    IdempotencyInProgress,
    /// The answer to the first request with the idempotency key was about a person who was erased since.
    #[error("The answer to this request is gone: it was about a person who was erased since.")]
    IdempotencyAnswerErased,
    /// A wrong password, an unknown address, or a person who is not active: the caller does not learn which.
    #[error("The address or the password is wrong, or the user is not active.")]
    InvalidCredentials,
    /// Too many wrong guesses at a secret; so many seconds remain until the next one is checked.
    #[error("Too many wrong guesses from this address. Try again in {0} s.")]
    TooManyGuesses(u64),
    /// The operator does not let people send themselves a new link.
    #[error("Ask the person who invited you to send a new link.")]
    RenewalDisabled,
    /// The link that was to be renewed still works.
    #[error("This link still works: open it.")]
    LinkStillValid,
    /// Too many of these at once; the same request may succeed in a moment.
    #[error("{0}")]
    Busy(&'static str),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbFault),
    /// A defect of ours.
    #[error("{0}")]
    Defect(String),
}

impl ServiceError {
    /// One faulty member, at this pointer.
    #[must_use]
    pub fn at(pointer: &str, code: &'static str, words: &str) -> Self {
        Self::Invalid([FieldError::new(pointer, code, words)].into_iter().collect())
    }

    /// The next guess is checked after this wait, in whole seconds.
    #[must_use]
    pub fn too_many_guesses(wait: TimeDelta) -> Self {
        let milliseconds = u64::try_from(wait.num_milliseconds()).unwrap_or_default();
        Self::TooManyGuesses(milliseconds.div_ceil(1000).max(1))
    }

    /// Whether it is about the caller's authority, and not about the state of what they asked for.
    #[must_use]
    pub fn is_of_authority(&self) -> bool {
        matches!(
            self,
            Self::Forbidden(_)
                | Self::RoleExceedsYours
                | Self::ScopeExceedsYours
                | Self::NotFound
                | Self::AccountNotFound
        )
    }

    /// Ignores the outcome, except for an error about the caller's authority.
    ///
    /// # Errors
    /// That error.
    pub(super) fn authority<T>(outcome: Result<T, Self>) -> Result<(), Self> {
        match outcome {
            Err(error) if error.is_of_authority() => Err(error),
            _ => Ok(()),
        }
    }
}

fn dead_link(dead: DeadLink) -> &'static str {
    match dead {
        DeadLink::Revoked => "The invitation was revoked.",
        DeadLink::Used => "This link has been used. If it was you, your account is active.",
        DeadLink::Superseded => "A newer link was sent; only that one works.",
        DeadLink::Expired => "The link has expired. Ask for a new one.",
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
