//! Errors as RFC 9457 problem details: one plain `match` from refusal to code, status and words.

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header},
};
use serde_json::{Map, Value, json};

use super::{
    error_codes::{self, Code},
    views::InvitationAccount,
};
use crate::http::extract::etag;
use crate::{
    domain::{
        account::Account,
        field_error::{Faults, FieldError},
        invitation::DeadLink,
        letter_quota::{LettersSpent, LimitScope},
    },
    services::ServiceError,
};

/// The number of seconds that `Retry-After` names when the database is away or a queue is full.
pub(in crate::http) const RETRY_AFTER: u64 = 2;

/// The most accounts that are shown where an item of a batch names one of several.
const MAX_CANDIDATES: usize = 10;

/// An error answer on its way out. The outermost middleware writes it, since it knows the request's id.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(in crate::http) code: &'static Code,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(header::HeaderName, String)>,
}

impl Problem {
    /// A problem with words of its own.
    #[must_use]
    pub fn new(code: &'static Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), members: Map::new(), headers: Vec::new() }
    }

    /// With a further member, for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The headers that go with it.
    pub(in crate::http) fn headers(&self) -> &[(header::HeaderName, String)] {
        &self.headers
    }

    /// Faulty members of the body.
    #[must_use]
    pub fn body(faults: &Faults) -> Self {
        Self::validation(faults, "pointer")
    }

    /// Faulty query parameters.
    #[must_use]
    pub fn query(faults: &Faults) -> Self {
        Self::validation(faults, "parameter")
    }

    /// Why an item of a batch is refused. Each of a thousand may name an account of which there are hundreds:
    /// some are shown.
    #[must_use]
    pub fn of_item(refusal: &ServiceError) -> Self {
        match refusal {
            ServiceError::AmbiguousAccount(accounts) => match accounts.get(..MAX_CANDIDATES) {
                Some(first) if accounts.len() > MAX_CANDIDATES => ambiguous_account(
                    first,
                    &format!(
                        "More than {MAX_CANDIDATES} accounts have this name, and candidates has so many of them. Choose one by \
                         account_id; GET /v1/accounts?search= finds all."
                    ),
                ),
                _ => refusal.into(),
            },
            _ => refusal.into(),
        }
    }

    fn validation(faults: &Faults, place: &str) -> Self {
        let reported = faults.reported();
        // An empty pointer is the whole of it.
        let name = |fault: &FieldError| {
            if fault.path.is_empty() { "the whole".to_owned() } else { fault.path.clone() }
        };
        let mut names: Vec<String> = reported.iter().map(name).collect();
        names.dedup();
        let detail = match faults.omitted() {
            0 => format!("Faulty: {}.", names.join(", ")),
            more => format!(
                "Faulty: {}, and {more} more. `errors` has the first {}.",
                names.join(", "),
                reported.len()
            ),
        };
        let errors = reported
            .iter()
            .map(|fault| json!({ place: fault.path, "code": fault.code, "detail": fault.detail }));
        let errors = errors.collect();
        Self::new(error_codes::VALIDATION_FAILED, detail).with("errors", errors)
    }

    /// The document, as the contract has it.
    #[must_use]
    pub fn document(&self, public_url: &str, request_id: &str) -> Value {
        let mut document = json!({
            "type": format!("{public_url}/problems/{}", self.code.code),
            "title": self.code.title,
            "status": self.code.status,
            "detail": self.detail,
            "code": self.code.code,
            "request_id": request_id,
        });
        if let Some(object) = document.as_object_mut() {
            object.extend(self.members.clone());
        }
        document
    }

    /// The whole answer.
    #[must_use]
    pub fn respond(&self, public_url: &str, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        response
            .content_type("application/problem+json")
            .body(self.document(public_url, request_id).to_string())
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

impl From<DeadLink> for Problem {
    fn from(dead: DeadLink) -> Self {
        let (code, detail) = match dead {
            DeadLink::Revoked => (error_codes::INVITATION_REVOKED, "The invitation was taken back."),
            DeadLink::Used => (
                error_codes::ACTIVATION_LINK_USED,
                "This link has been used. If it was you, your account is active.",
            ),
            DeadLink::Superseded => {
                (error_codes::ACTIVATION_LINK_SUPERSEDED, "A newer link was sent; only that one works.")
            }
            DeadLink::Expired => {
                (error_codes::ACTIVATION_LINK_EXPIRED, "The link has expired. Ask for a fresh one.")
            }
        };
        Self::new(code, detail)
    }
}

impl From<ServiceError> for Problem {
    fn from(refusal: ServiceError) -> Self {
        Self::from(&refusal)
    }
}

impl From<&ServiceError> for Problem {
    #[expect(clippy::too_many_lines, reason = "one table, one refusal after the other")]
    fn from(refusal: &ServiceError) -> Self {
        match refusal {
            ServiceError::Forbidden(permission) => Self::new(error_codes::FORBIDDEN, format!("This takes {permission}.")),
            ServiceError::RoleExceedsYours => {
                Self::new(error_codes::ROLE_EXCEEDS_YOURS, "A role of this invitation allows more than your token does.")
            }
            ServiceError::NotFound => not_found(),
            ServiceError::Invalid(faults) => Self::body(faults),
            ServiceError::InvitationPending(id) => {
                Self::new(error_codes::INVITATION_PENDING, format!("Invitation {id} is alive. Resend it, or revoke it first."))
                    .with("invitation_id", json!(id))
            }
            ServiceError::AlreadySystemUser => {
                Self::new(error_codes::ALREADY_SYSTEM_USER, "This person is an active system user.")
            }
            ServiceError::AlreadyAccountOwner => Self::new(
                error_codes::ALREADY_ACCOUNT_OWNER,
                "This person owns a top-level account. Invite them to it by account_id.",
            ),
            ServiceError::AlreadyMember => {
                Self::new(error_codes::ALREADY_MEMBER, "This person belongs to the account, or to one below the parent, already.")
            }
            ServiceError::LastOwner => {
                Self::new(error_codes::LAST_OWNER, "This person is the account's last owner. Invite another owner first.")
            }
            ServiceError::AccountNotFound => {
                Self::new(error_codes::ACCOUNT_NOT_FOUND, "There is no such account, or this token may not invite into it.")
            }
            ServiceError::AmbiguousAccount(accounts) => {
                ambiguous_account(accounts, "Several accounts have this name. Choose one by account_id.")
            }
            ServiceError::ParentNotBusiness => {
                Self::new(error_codes::PARENT_NOT_BUSINESS, "Only a business account has sub-accounts; this one is a consumer's.")
            }
            ServiceError::ParentNotActive => {
                Self::new(error_codes::PARENT_NOT_ACTIVE, "Nobody has activated this account yet. Resend its owner's invitation.")
            }
            ServiceError::IdempotencyKeyReused => {
                Self::new(error_codes::IDEMPOTENCY_KEY_REUSED, "This Idempotency-Key was sent with another request.")
            }
            ServiceError::IdempotencyInProgress => {
                Self::new(error_codes::IDEMPOTENCY_IN_PROGRESS, "The first request with this Idempotency-Key is still running.")
                    .header(header::RETRY_AFTER, RETRY_AFTER.to_string())
            }
            ServiceError::InvalidCredentials => {
                Self::new(error_codes::INVALID_CREDENTIALS, "The address or the password is wrong, or the user is not active.")
                    .header(header::WWW_AUTHENTICATE, "Bearer")
            }
            ServiceError::RenewalDisabled => {
                Self::new(error_codes::RENEWAL_DISABLED, "Ask whoever invited you to send a fresh link.")
            }
            ServiceError::LinkStillValid => Self::new(error_codes::LINK_STILL_VALID, "This link still works: open it."),
            ServiceError::Changed => unavailable("The invitation changed meanwhile. Nothing was changed by this request."),
            ServiceError::NotPending => {
                Self::new(error_codes::INVITATION_NOT_PENDING, "It was activated, revoked or replaced, or there is none.")
            }
            ServiceError::PreconditionRequired => Self::new(
                error_codes::PRECONDITION_REQUIRED,
                "Say by If-Match which state this change is meant for: the ETag of your last look.",
            ),
            ServiceError::PreconditionFailed(current) => Self::new(
                error_codes::PRECONDITION_FAILED,
                "The invitation has changed since. Nothing was changed by this request.",
            )
            .header(header::ETAG, etag::quoted(current)),
            ServiceError::PreconditionMalformed(current) => Self::new(
                error_codes::PRECONDITION_FAILED,
                "If-Match names no entity tag that could match: send the ETag as it came, with its quotation marks; a weak tag \
                 (W/) never matches. Nothing was changed by this request.",
            )
            .header(header::ETAG, etag::quoted(current)),
            ServiceError::Ambiguous(invitations) => {
                let candidates = invitations.iter().map(|one| {
                    let account = one.account.as_ref().map(InvitationAccount::from);
                    json!({ "id": one.id, "kind": one.kind.as_str(), "account": account })
                });
                Self::new(error_codes::AMBIGUOUS_INVITATION, "Several invitations await an answer.")
                    .with("candidates", candidates.collect())
            }
            ServiceError::TooManyGuesses(seconds) => {
                let detail = format!("Too many wrong ones came from where you are. Try again in {seconds} s.");
                Self::new(error_codes::RATE_LIMITED, detail).header(header::RETRY_AFTER, seconds.to_string())
            }
            ServiceError::TooSoon(seconds) => too_soon("It was sent a moment ago.", *seconds),
            ServiceError::MovedTooSoon(seconds) => {
                too_soon("It was sent to a changed address a moment ago; the address, and no more, stays for now.", *seconds)
            }
            ServiceError::LettersSpent(spent) => letters_spent(spent),
            ServiceError::InvalidLink => {
                Self::new(error_codes::ACTIVATION_LINK_INVALID, "The token is damaged, or was not made by this service.")
            }
            ServiceError::DeadLink(dead) => (*dead).into(),
            ServiceError::DamagedCursor => {
                Self::query(&[FieldError::new("cursor", "invalid_cursor", ServiceError::DamagedCursor.to_string())].into())
            }
            ServiceError::CursorMismatch => {
                Self::new(error_codes::CURSOR_MISMATCH, "The cursor belongs to a list with other filters.")
            }
            ServiceError::Busy(what) => unavailable(what),
            ServiceError::Db(fault) if fault.is_temporary() => {
                tracing::warn!(error = ?fault.to_string(), "answered 503");
                unavailable("The database is away or busy. Try again in a moment.")
            }
            ServiceError::Db(fault) => defect(&fault.to_string()),
            ServiceError::Defect(what) => defect(what),
        }
    }
}

/// There is no such thing, or the caller may not see it.
#[must_use]
pub fn not_found() -> Problem {
    Problem::new(error_codes::NOT_FOUND, "There is no such thing, or this token may not see it.")
}

fn ambiguous_account(candidates: &[Account], detail: &str) -> Problem {
    let shown = candidates
        .iter()
        .map(|account| json!({ "id": account.id, "name": account.name, "parent_account_id": account.parent_account_id }));
    Problem::new(error_codes::AMBIGUOUS_ACCOUNT, detail).with("candidates", shown.collect())
}

fn too_soon(why: &str, seconds: u64) -> Problem {
    Problem::new(error_codes::RESEND_TOO_SOON, format!("{why} Try again in {seconds} s."))
        .header(header::RETRY_AFTER, seconds.to_string())
        // In a batch there is no header of its own for each.
        .with("retry_after", json!(seconds))
}

fn letters_spent(LettersSpent { retry_after, standings }: &LettersSpent) -> Problem {
    let spent = standings.iter().find(|standing| standing.remaining == 0);
    let quota = spent.map_or(0, |standing| standing.quota);
    let why = match spent.map(|standing| standing.scope) {
        Some(LimitScope::Account) => {
            format!("The owners of this account have asked for their {quota} letters of 24 hours.")
        }
        Some(LimitScope::Caller) => format!("You have asked for your {quota} letters of 24 hours."),
        Some(LimitScope::Mailbox) | None => format!(
            "This mailbox has had its {quota} letters of 24 hours, whatever they were about. A link that you hand over yourself \
             (\"delivery\": \"link\") needs none."
        ),
    };
    Problem::new(error_codes::RATE_LIMITED, format!("{why} Try again in {retry_after} s."))
        .header(header::RETRY_AFTER, retry_after.to_string())
        // In a batch there is no header of its own for each.
        .with("retry_after", json!(retry_after))
}

fn unavailable(detail: &str) -> Problem {
    Problem::new(error_codes::UNAVAILABLE, detail).header(header::RETRY_AFTER, RETRY_AFTER.to_string())
}

/// A defect of ours: said in full in the log, and to the caller only that it is one.
fn defect(what: &str) -> Problem {
    tracing::error!(error = what, "a defect");
    Problem::new(error_codes::INTERNAL, "Something went wrong on our side. Tell operations the request_id.")
}
