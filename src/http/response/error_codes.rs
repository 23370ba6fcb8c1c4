//! Every error code of the contract, with its status and its texts: the table that answers and the pages of
//! codes are made from.

/// One error code.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// Stable, in `snake_case`.
    #[expect(clippy::struct_field_names, reason = "it is what the contract calls it")]
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The code in a few words.
    pub title: &'static str,
    /// What it means and what to do, for the page at `type`.
    pub help: &'static str,
}

macro_rules! codes {
    ($($name:ident = $status:literal $code:literal, $title:literal, $help:literal;)+) => {
        $(
            #[doc = $title]
            pub const $name: &Code = &Code { code: $code, status: $status, title: $title, help: $help };
        )+
        /// All of them.
        pub const ALL: &[&Code] = &[$($name),+];
    };
}

codes! {
    MALFORMED_JSON = 400 "malformed_json", "The body is not JSON",
        "Send one JSON object. An empty body is not JSON.";
    MALFORMED_REQUEST = 400 "malformed_request", "The request is not HTTP/1.1",
        "The request line or a header could not be read (RFC 9112), and the connection was closed. Send the \
        request with an HTTP client.";
    MISSING_TOKEN = 400 "missing_token", "The link is incomplete",
        "Open the whole link from the e-mail: its token follows ?token=.";
    IDEMPOTENCY_KEY_INVALID = 400 "idempotency_key_invalid", "The Idempotency-Key is malformed",
        "Send one key of 1 to 255 visible ASCII characters, quoted or bare.";
    UNAUTHENTICATED = 401 "unauthenticated", "No valid access token",
        "Send Authorization: Bearer followed by a live access token of this service.";
    INVALID_CREDENTIALS = 401 "invalid_credentials", "Wrong address or password",
        "The answer does not say which of the two is wrong, nor whether the user is active.";
    SESSION_ENDED = 401 "session_ended", "The session has ended",
        "The refresh token is not one of this service, or its session has ended: by signing out, after 7 \
        days without a refresh, 30 days after signing in, or since the password was changed or the person \
        blocked. Sign in again.";
    REFRESH_REUSED = 401 "refresh_reused", "The refresh token was used before",
        "A refresh token is spent by its use. It was used again later than 10 seconds afterwards, which may \
        mean that it was copied, so the session was ended. Sign in again.";
    RESET_LINK_INVALID = 404 "reset_link_invalid", "The link is forged or damaged",
        "The token of a link to reset a password is not one of this service, or it is older than 7 days.";
    RESET_LINK_EXPIRED = 410 "reset_link_expired", "The link has expired",
        "A link to reset a password works for an hour. Ask for another.";
    RESET_LINK_USED = 410 "reset_link_used", "The link has been used",
        "The password was changed since the link was sent, with this link or in another way.";
    RESET_LINK_SUPERSEDED = 410 "reset_link_superseded", "There is a newer link",
        "Another link was requested since. Only the newest one works.";
    EMAIL_LINK_INVALID = 404 "email_link_invalid", "The link is forged or damaged",
        "The token of a link to confirm an address is not one of this service, or it is older than 7 days.";
    EMAIL_LINK_EXPIRED = 410 "email_link_expired", "The link has expired",
        "A link to confirm an address works for 24 hours. Have the change requested again.";
    EMAIL_LINK_USED = 410 "email_link_used", "The link has been used",
        "The address was confirmed with this link before.";
    EMAIL_LINK_SUPERSEDED = 410 "email_link_superseded", "There is a newer link",
        "The change was requested anew since, or withdrawn. Only the newest link works.";
    EMAIL_TAKEN = 409 "email_taken", "Another user has this address",
        "One address is one user. Choose another address; an invitation to this one can be revoked.";
    MAIL_EVENT_UNVERIFIED = 401 "mail_event_unverified", "The sender of the report is not verified",
        "The secret or the signature is missing or wrong, too old, or was used before with another event. \
        Compare the MAIL_EVENTS_… variable with what the provider shows, and the clocks.";
    RENEWAL_DISABLED = 403 "renewal_disabled", "Only the inviter can send a new link",
        "The operator does not let people send themselves a new link. Ask the person who invited you.";
    FORBIDDEN = 403 "forbidden", "The token does not allow this",
        "The token lacks a permission; GET /v1/roles shows which role holds which.";
    ROLE_EXCEEDS_YOURS = 403 "role_exceeds_yours", "The role allows more than you may do",
        "Callers cannot grant permissions that they do not have. Ask a colleague who has the role's \
        permissions to send the invitation.";
    SCOPE_EXCEEDS_YOURS = 403 "scope_exceeds_yours", "The scopes allow more than you may do",
        "Callers cannot give an API client permissions that they do not have. Ask a colleague who has them.";
    CORS_REFUSED = 403 "cors_refused", "The preflight of a browser is refused",
        "The page's origin is not in CORS_ORIGINS of this service, or the request has a method or a header \
        that the API does not take.";
    NOT_FOUND = 404 "not_found", "There is nothing here",
        "The path or the id does not exist, or this token may not see it.";
    ACCOUNT_NOT_FOUND = 404 "account_not_found", "There is no such account",
        "No account with this id or name exists that this token may invite into. Names are compared as a \
        whole, without regard to case.";
    ACTIVATION_LINK_INVALID = 404 "activation_link_invalid", "This is not an activation link of this service",
        "The token is damaged, or was not made by this service. Copy the whole link from the e-mail.";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed", "The path does not have this method",
        "The Allow header has the methods of the path.";
    NOT_ACCEPTABLE = 406 "not_acceptable", "The answer cannot have that form",
        "Answers are application/json; errors are application/problem+json. Send an Accept header that \
        allows one of them.";
    REQUEST_TIMEOUT = 408 "request_timeout", "The request did not arrive in time",
        "The request line and the headers have 5 seconds to arrive. A request's body has 15 seconds to \
        arrive, a batch of invites 60. Nothing was changed; send it again.";
    INVITATION_PENDING = 409 "invitation_pending", "The person has a live invitation already",
        "The person has an invitation that has not expired. Resend the invitation with the id invitation_id, \
        or revoke it first.";
    ALREADY_SYSTEM_USER = 409 "already_system_user", "The person is a system user already",
        "An active system user cannot be invited again; inviting does not change roles.";
    IDEMPOTENCY_IN_PROGRESS = 409 "idempotency_in_progress", "The first request with this key is still \
        running",
        "Send the same request again in a moment.";
    ALREADY_ACCOUNT_OWNER = 409 "already_account_owner", "The person owns a top-level account already",
        "Invite them to a further account by its account_id, or as a sub-account user.";
    ALREADY_MEMBER = 409 "already_member", "The person is a member already",
        "They belong to the account, or to a sub-account of the parent, already.";
    LAST_OWNER = 409 "last_owner", "The account would have no owner left",
        "An account always has an owner. Invite another one and wait until they have accepted, then remove \
        this one.";
    LAST_ADMIN = 409 "last_admin", "No active admin would be left",
        "The last active admin cannot be blocked, demoted or removed. Give another system user the role of \
        an admin first.";
    USER_NOT_ACTIVATED = 409 "user_not_activated", "The user has not activated yet",
        "A user who has not activated has no access and no names. Change or revoke their invitation.";
    USER_BLOCKED = 409 "user_blocked", "The user is blocked",
        "A blocked user cannot be invited. Unblock them first.";
    API_CLIENT_REVOKED = 409 "api_client_revoked", "The API client was revoked",
        "A revoked client gets no new secret. Make another client.";
    API_CLIENT_EXPIRED = 409 "api_client_expired", "The API client has expired",
        "A client whose expires_at has passed gets no new secret. Make another client.";
    TOO_MANY_WEBHOOK_ENDPOINTS = 409 "too_many_webhook_endpoints", "The client has too many endpoints",
        "An API client has at most 20 webhook endpoints, and 60 with those that were deleted within a day. \
        Delete one that is not needed any more, or wait.";
    WEBHOOK_ENDPOINT_INACTIVE = 409 "webhook_endpoint_inactive", "The endpoint is paused or disabled",
        "Nothing is sent to it. Set its status to active first, by PATCH.";
    WEBHOOK_REPLAY_UNFINISHED = 409 "webhook_replay_unfinished", "The last replay is not finished",
        "Events of the last replay of this endpoint have not been tried yet. Send the request again when \
        they have been, with another Idempotency-Key: the same one gets this answer for a day. Those of a \
        paused endpoint wait until it is active.";
    AMBIGUOUS_ACCOUNT = 409 "ambiguous_account", "Several accounts have this name",
        "Choose one of candidates and send its account_id.";
    PARENT_NOT_BUSINESS = 409 "parent_not_business", "The parent is a consumer's account",
        "Only a business account has sub-accounts.";
    PARENT_NOT_ACTIVE = 409 "parent_not_active", "The account is not active yet",
        "Its first owner has to activate it. Resend their invitation.";
    LINK_STILL_VALID = 409 "link_still_valid", "The link still works",
        "Open it; a new one is sent only in place of an expired one.";
    AMBIGUOUS_INVITATION = 409 "ambiguous_invitation", "The user has several pending invitations",
        "Resend the right one of candidates by POST /v1/invitations/{id}/resend.";
    INVITATION_NOT_PENDING = 409 "invitation_not_pending", "The invitation is not pending",
        "The invitation was activated, revoked or replaced. Invite the person again if necessary.";
    DELIVERY_NOT_CHECKABLE = 409 "delivery_not_checkable", "No provider can be asked about this letter",
        "Providers with an HTTP interface can be asked about letters that they accepted and whose fate is \
        not known yet. detail says what is in the way here.";
    ACTIVATION_LINK_EXPIRED = 410 "activation_link_expired", "The link has expired",
        "Ask the person who invited you to send a new link.";
    ACTIVATION_LINK_USED = 410 "activation_link_used", "The link has been used",
        "The invitation was activated with this link. If it was you, your account is active.";
    ACTIVATION_LINK_SUPERSEDED = 410 "activation_link_superseded", "A newer link was sent",
        "Only the newest e-mail's link works. Look for it in your mailbox.";
    INVITATION_REVOKED = 410 "invitation_revoked", "The invitation was revoked",
        "Ask the person who invited you whether this was intended.";
    IDEMPOTENCY_ANSWER_ERASED = 410 "idempotency_answer_erased", "The answer was about an erased person",
        "The first request with this key was answered, and a person in the answer was erased since. The \
        request is not carried out again. To invite the person anew, make a new key.";
    PRECONDITION_FAILED = 412 "precondition_failed", "If-Match does not name the present state",
        "The invitation or user has changed since, and the present tag is in ETag; or If-Match holds no \
        entity tag: send a tag with its quotation marks; or only weak ones (W/), as a proxy makes them and \
        which never match (RFC 9110 §13.1.1): ask for answers that are not compressed. \
        Get it again, and send the change with its present tag if it is still wanted.";
    PAYLOAD_TOO_LARGE = 413 "payload_too_large", "The body is too large",
        "A request has at most 64 KiB, a batch of invites as much as 1,000 full items take.";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type", "The body is not application/json",
        "Send Content-Type: application/json, and no Content-Encoding.";
    VALIDATION_FAILED = 422 "validation_failed", "Some members are faulty",
        "errors has every faulty member or query parameter, up to 100 of them, each with a code and a text. \
        Nothing was changed.";
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency_key_reused", "The key belongs to another request",
        "A key belongs to one method, path and body. Make a new key for every new request.";
    CURSOR_MISMATCH = 422 "cursor_mismatch", "The cursor belongs to other filters",
        "Send a cursor with the filters of the request that returned it, or start again without one.";
    PRECONDITION_REQUIRED = 428 "precondition_required", "If-Match is missing",
        "Send If-Match with the ETag of the answer that showed you the invitation or user, so that changes \
        by others are not overwritten; or *.";
    RATE_LIMITED = 429 "rate_limited", "Too many requests",
        "Wait as many seconds as Retry-After names. Requests are limited by network address, letters by \
        mailbox, by account and by caller: RateLimit-Policy says how many, RateLimit what is left.";
    RESEND_TOO_SOON = 429 "resend_too_soon", "The invitation was sent a moment ago",
        "Wait as many seconds as Retry-After names before sending it again, or, where its address was \
        changed, before changing it once more.";
    RECHECK_TOO_SOON = 429 "recheck_too_soon", "The provider was asked a moment ago",
        "Wait as many seconds as Retry-After names before asking about this invitation again.";
    HEADERS_TOO_LARGE = 431 "headers_too_large", "The request line and the headers are too large",
        "The request line and all headers together have at most 128 KiB, and there are at most 96 headers.";
    INTERNAL = 500 "internal", "Something went wrong on our side",
        "Whether anything was changed is unknown. Tell operations the request_id.";
    UNAVAILABLE = 503 "unavailable", "The service is busy or its database is unavailable",
        "Try again after as many seconds as Retry-After names. Where a connection broke while a change was \
        being stored, it may have been stored: check before you repeat the request. A recheck is answered so \
        while the mail provider does not answer.";
}

/// The code of that name.
#[must_use]
pub fn find(code: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|known| known.code == code)
}
