//! Errors of operations as problems: the code of each, and what some say besides in members and headers. What
//! went wrong, for people, is the error's own text.

use actix_web::http::header;
use serde_json::{Value, json};

use super::{Problem, RETRY_AFTER};
use crate::http::{
    extract::etag,
    response::{
        error_codes::{self as codes, Code},
        representation,
        views::InvitationAccount,
    },
};
use crate::{
    domain::{
        account::Account,
        field_error::FieldError,
        invitation::{DeadLink, Invitation},
        letter_quota::{LettersSpent, LimitScope},
        mail_link::DeadMailLink,
    },
    services::ServiceError,
};

/// The most accounts that are listed where an item of a batch names one of several.
const MAX_CANDIDATES: usize = 10;

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        Self::from(&error)
    }
}

impl From<&ServiceError> for Problem {
    fn from(error: &ServiceError) -> Self {
        let problem = Self::new(code(error), error.to_string());
        match error {
            ServiceError::Invalid(faults) => Self::body(faults),
            ServiceError::DamagedCursor => {
                Self::query(&[FieldError::new("cursor", "invalid_cursor", error.to_string())].into())
            }
            ServiceError::InvitationPending(id) => problem.with("invitation_id", json!(id)),
            ServiceError::AmbiguousAccount(accounts) => problem.with("candidates", accounts_of(accounts)),
            ServiceError::Ambiguous(invitations) => problem.with("candidates", invitations_of(invitations)),
            ServiceError::InvalidCredentials | ServiceError::SessionEnded | ServiceError::RefreshReused => {
                problem.header(header::WWW_AUTHENTICATE, "Bearer")
            }
            ServiceError::PreconditionFailed(current)
            | ServiceError::PreconditionMalformed(current)
            | ServiceError::PreconditionWeak(current) => {
                problem.header(header::ETAG, etag::quoted(&etag::of_unshown(&current.invitation, current.at)))
            }
            ServiceError::UserPreconditionFailed(user) => {
                problem.header(header::ETAG, etag::quoted(&representation::tag_of_user(user)))
            }
            ServiceError::IdempotencyInProgress | ServiceError::Changed | ServiceError::Busy(_) => {
                problem.retry_after(RETRY_AFTER)
            }
            ServiceError::TooManyGuesses(seconds)
            | ServiceError::CheckedTooSoon(seconds)
            | ServiceError::ProviderUnavailable { seconds, .. } => problem.retry_after(*seconds),
            // In a batch there are no headers of an item.
            ServiceError::TooSoon(seconds) | ServiceError::MovedTooSoon(seconds) => {
                problem.retry_after(*seconds).with("retry_after", json!(seconds))
            }
            ServiceError::LettersSpent(spent) => letters_spent(spent),
            ServiceError::Db(fault) if fault.is_temporary() => database_unavailable(&fault.to_string()),
            ServiceError::Db(fault) => defect(&fault.to_string()),
            ServiceError::Defect(what) => defect(what),
            _ => problem,
        }
    }
}

/// The code of an error.
fn code(error: &ServiceError) -> &'static Code {
    match error {
        ServiceError::Forbidden(_) | ServiceError::NotAPerson => codes::FORBIDDEN,
        ServiceError::SessionEnded => codes::SESSION_ENDED,
        ServiceError::RefreshReused => codes::REFRESH_REUSED,
        ServiceError::InvalidResetLink => codes::RESET_LINK_INVALID,
        ServiceError::DeadResetLink(dead) => match dead {
            DeadMailLink::Used => codes::RESET_LINK_USED,
            DeadMailLink::Superseded => codes::RESET_LINK_SUPERSEDED,
            DeadMailLink::Expired => codes::RESET_LINK_EXPIRED,
        },
        ServiceError::InvalidEmailLink => codes::EMAIL_LINK_INVALID,
        ServiceError::DeadEmailLink(dead) => match dead {
            DeadMailLink::Used => codes::EMAIL_LINK_USED,
            DeadMailLink::Superseded => codes::EMAIL_LINK_SUPERSEDED,
            DeadMailLink::Expired => codes::EMAIL_LINK_EXPIRED,
        },
        ServiceError::EmailTaken => codes::EMAIL_TAKEN,
        ServiceError::RoleExceedsYours => codes::ROLE_EXCEEDS_YOURS,
        ServiceError::ScopeExceedsYours => codes::SCOPE_EXCEEDS_YOURS,
        ServiceError::ApiClientRevoked => codes::API_CLIENT_REVOKED,
        ServiceError::ApiClientExpired => codes::API_CLIENT_EXPIRED,
        ServiceError::TooManyEndpoints(_) | ServiceError::TooManyRecentEndpoints(_) => {
            codes::TOO_MANY_WEBHOOK_ENDPOINTS
        }
        ServiceError::EndpointInactive => codes::WEBHOOK_ENDPOINT_INACTIVE,
        ServiceError::ReplayUnfinished => codes::WEBHOOK_REPLAY_UNFINISHED,
        ServiceError::NotFound => codes::NOT_FOUND,
        ServiceError::Invalid(_) | ServiceError::DamagedCursor => codes::VALIDATION_FAILED,
        ServiceError::InvitationPending(_) => codes::INVITATION_PENDING,
        ServiceError::AlreadySystemUser => codes::ALREADY_SYSTEM_USER,
        ServiceError::AlreadyAccountOwner => codes::ALREADY_ACCOUNT_OWNER,
        ServiceError::AlreadyMember => codes::ALREADY_MEMBER,
        ServiceError::LastOwner => codes::LAST_OWNER,
        ServiceError::LastAdmin => codes::LAST_ADMIN,
        ServiceError::UserNotActivated => codes::USER_NOT_ACTIVATED,
        ServiceError::UserBlocked => codes::USER_BLOCKED,
        ServiceError::AccountNotFound => codes::ACCOUNT_NOT_FOUND,
        ServiceError::AmbiguousAccount(_) => codes::AMBIGUOUS_ACCOUNT,
        ServiceError::ParentNotBusiness => codes::PARENT_NOT_BUSINESS,
        ServiceError::ParentNotActive => codes::PARENT_NOT_ACTIVE,
        ServiceError::NotPending => codes::INVITATION_NOT_PENDING,
        ServiceError::PreconditionRequired | ServiceError::UserPreconditionRequired => {
            codes::PRECONDITION_REQUIRED
        }
        ServiceError::PreconditionFailed(_)
        | ServiceError::PreconditionMalformed(_)
        | ServiceError::PreconditionWeak(_)
        | ServiceError::UserPreconditionFailed(_) => codes::PRECONDITION_FAILED,
        ServiceError::Ambiguous(_) => codes::AMBIGUOUS_INVITATION,
        ServiceError::TooSoon(_) | ServiceError::MovedTooSoon(_) => codes::RESEND_TOO_SOON,
        ServiceError::NotCheckable(_) => codes::DELIVERY_NOT_CHECKABLE,
        ServiceError::CheckedTooSoon(_) => codes::RECHECK_TOO_SOON,
        ServiceError::LettersSpent(_) | ServiceError::TooManyGuesses(_) => codes::RATE_LIMITED,
        ServiceError::InvalidLink => codes::ACTIVATION_LINK_INVALID,
        ServiceError::DeadLink(dead) => dead_link(*dead),
        ServiceError::CursorMismatch => codes::CURSOR_MISMATCH,
        ServiceError::IdempotencyKeyReused => codes::IDEMPOTENCY_KEY_REUSED,
        ServiceError::IdempotencyInProgress => codes::IDEMPOTENCY_IN_PROGRESS,
        ServiceError::IdempotencyAnswerErased => codes::IDEMPOTENCY_ANSWER_ERASED,
        ServiceError::InvalidCredentials => codes::INVALID_CREDENTIALS,
        ServiceError::RenewalDisabled => codes::RENEWAL_DISABLED,
        ServiceError::LinkStillValid => codes::LINK_STILL_VALID,
        ServiceError::Changed | ServiceError::Busy(_) | ServiceError::ProviderUnavailable { .. } => {
            codes::UNAVAILABLE
        }
        ServiceError::Db(_) | ServiceError::Defect(_) => codes::INTERNAL,
    }
}

fn dead_link(dead: DeadLink) -> &'static Code {
    match dead {
        DeadLink::Revoked => codes::INVITATION_REVOKED,
        DeadLink::Used => codes::ACTIVATION_LINK_USED,
        DeadLink::Superseded => codes::ACTIVATION_LINK_SUPERSEDED,
        DeadLink::Expired => codes::ACTIVATION_LINK_EXPIRED,
    }
}

impl Problem {
    /// Why an item of a batch is refused. Each of a thousand items may name an account of which there are
    /// hundreds: the first are listed.
    #[must_use]
    pub fn of_item(error: &ServiceError) -> Self {
        match error {
            ServiceError::AmbiguousAccount(accounts) if accounts.len() > MAX_CANDIDATES => {
                let detail = format!(
                    "More than {MAX_CANDIDATES} accounts have this name; candidates has the first \
                     {MAX_CANDIDATES}. Choose one by account_id; GET /v1/accounts?search= finds all."
                );
                let first = accounts.get(..MAX_CANDIDATES).unwrap_or_default();
                Self::new(codes::AMBIGUOUS_ACCOUNT, detail).with("candidates", accounts_of(first))
            }
            _ => error.into(),
        }
    }
}

fn accounts_of(candidates: &[Account]) -> Value {
    let shown = |account: &Account| {
        let Account { id, name, parent_account_id, .. } = account;
        json!({ "id": id, "name": name, "parent_account_id": parent_account_id })
    };
    candidates.iter().map(shown).collect()
}

fn invitations_of(candidates: &[Invitation]) -> Value {
    let shown = |one: &Invitation| {
        let account = one.account.as_ref().map(InvitationAccount::from);
        json!({ "id": one.id, "kind": one.kind.as_str(), "account": account })
    };
    candidates.iter().map(shown).collect()
}

fn letters_spent(LettersSpent { retry_after, quota_statuses }: &LettersSpent) -> Problem {
    let spent = quota_statuses.iter().find(|one| one.remaining == 0);
    let quota = spent.map_or(0, |one| one.quota);
    let why = match spent.map(|one| one.scope) {
        Some(LimitScope::Account) => {
            format!("The owners of this account have asked for their {quota} letters of 24 hours.")
        }
        Some(LimitScope::Caller) => format!("You have asked for your {quota} letters of 24 hours."),
        Some(LimitScope::Mailbox) | None => format!(
            "This mailbox has had its {quota} letters of 24 hours, whichever invitations they were about. \
             \"delivery\": \"link\" returns the link and sends no letter."
        ),
    };
    Problem::new(codes::RATE_LIMITED, format!("{why} Try again in {retry_after} s."))
        .retry_after(*retry_after)
        // In a batch there are no headers of an item.
        .with("retry_after", json!(retry_after))
}

fn database_unavailable(fault: &str) -> Problem {
    tracing::warn!(error = ?fault, "answered 503");
    let detail = "The database is unavailable or busy. Try again in a moment.";
    Problem::new(codes::UNAVAILABLE, detail).retry_after(RETRY_AFTER)
}

/// A defect of this program: the log has it in full, the caller only learns that it is one.
fn defect(what: &str) -> Problem {
    tracing::error!(error = what, "a defect");
    Problem::new(codes::INTERNAL, "Something went wrong on our side. Tell operations the request_id.")
}
