//! The schemas of the domain's closed sets and simple values, and how the sets are serialised.
//!
//! The domain depends on neither JSON nor the contract, so both are implemented for its types here. The
//! `enum` of a set and its serialisation use the same list and the same words, so that they agree.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, SchemaFormat,
        schema::{Schema, Type},
    },
};

use crate::{
    domain::{
        account::{AccountName, AccountStatus, AccountType},
        actor::ActorKind,
        api_client::ApiClientStatus,
        audit::{AuditAction, AuditOutcome},
        company::CompanyVat,
        delivery_overview::{Period, ReasonGroup},
        email::Email,
        event::EventType,
        ids::{
            AccountId, AuditEventId, ClientId, EventId, InvitationId, LetterId, SecretId, SessionId,
            SuppressionId, UserId, WebhookAttemptId, WebhookEndpointId, WebhookEventId,
        },
        invitation::{DeliveryMethod, DeliveryState, InvitationKind, InvitationStatus},
        letter::LetterPurpose,
        list_order::{InvitationOrder, UserOrder},
        locale::Locale,
        password::Password,
        permission::Permission,
        person::PersonName,
        reimbursement::{Rate, ReimbursementMode},
        role::Role,
        session::RefreshTransport,
        sub_account::{MemberRole, UsedBy},
        suppression::SuppressionReason,
        token::LinkToken,
        user::{UserKind, UserStatus},
        webhooks::{DisabledReason, WebhookEventType, WebhookStatus},
    },
    services::queries::AnyRole,
};

macro_rules! closed_sets {
    ($($set:ty, $name:literal, $description:literal;)+) => {$(
        impl Serialize for $set {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str((*self).as_str())
            }
        }
        impl PartialSchema for $set {
            fn schema() -> RefOr<Schema> {
                let words = Self::ALL.map(Self::as_str);
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($description))
                    .enum_values(Some(words))
                    .into()
            }
        }
        impl ToSchema for $set {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )+};
}

closed_sets! {
    InvitationKind, "InvitationKind", "What a person is invited to become.";
    InvitationStatus, "InvitationStatus", "The status of an invitation. A pending one is `expired` after \
        `expires_at`.";
    DeliveryState, "DeliveryState", "`queued`; `sending` while this service sends it; `sent` when the relay \
        or the provider has accepted it. Where a provider reports on it: `delivered`, `deferred` (the \
        provider tries again), `bounced` (correct the address, unless `advice` says otherwise) or \
        `complained` (the person marked it as spam). `failed` when this service or the provider has given it \
        up for a reason other than the address, or its link stopped working first. `handed_over` when no \
        letter was sent, because the inviter asked for the link.";
    DeliveryMethod, "DeliveryWay", "How the link reaches the person invited: by `email`, or as a `link` that \
        the answer returns once to the inviter, who passes it on.";
    RefreshTransport, "RefreshTransport", "How a refresh token is returned: in the `body` of the answer, or \
        as a `cookie` that scripts cannot read.";
    Period, "Period", "The last 60 minutes, 24 hours or 7 days.";
    ReasonGroup, "ReasonGroup", "Who or what is at fault: the `address` (no such mailbox, or nothing is sent \
        to it any more); the `mailbox` (it is full, or its server takes nothing now); the `content` (taken \
        for spam, or refused for its content or its origin); the `operator` (sender, sign-in, quota, \
        reputation, set-up); the `network` (a server was not reached, or did not accept the letter in time); \
        or `unknown`.";
    EventType, "EventType", "What happened to an invitation.";
    ActorKind, "ActorType", "`user`, `client` or `cli`; in a timeline also `system` (this service) and \
        `link` (the holder of the link).";
    Role, "SystemRole", "A role of a system user; `GET /v1/roles` says what each allows.";
    Permission, "Permission", "A right that a token may have.";
    MemberRole, "MemberRole", "What a customer is in an account: an `account_owner` manages it, a `driver` \
        charges cars.";
    AccountType, "AccountType", "Whether a customer is a business or a consumer.";
    AccountStatus, "AccountStatus", "`invited` until the account's first owner, or its driver, activates.";
    CompanyVat, "CompanyVat", "Whether a company must have a VAT number (`required`), or may say that it has \
        none (`optional`).";
    UsedBy, "UsedBy", "Who uses a sub-account.";
    ReimbursementMode, "ReimbursementMode", "`automated` for an employee's sub-account, `manual` for a \
        subsidiary's.";
    UserStatus, "UserStatus", "The status of a person.";
    InvitationOrder, "InvitationOrder", "The order of a list of invitations: `-` means descending.";
    UserOrder, "UserOrder", "The order of a list of users: `-` means descending.";
    UserKind, "UserKind", "Staff of the operator, or a customer; people who are invited as one count.";
    AuditAction, "AuditAction", "What a caller did, or attempted.";
    AuditOutcome, "AuditOutcome", "Whether it was done or refused.";
    ApiClientStatus, "ApiClientStatus", "`active`, until its `expires_at` has passed or it is revoked.";
    WebhookEventType, "WebhookEventType", "A type of event. `invitation.bounced`: a letter came back, or was \
        given up; `invitation.opened`: by a person or a mail scanner.";
    WebhookStatus, "WebhookStatus", "Whether webhooks are sent to an endpoint. While it is `paused`, or \
        `disabled` by this service, events wait.";
    DisabledReason, "WebhookDisabledReason", "Why this service disabled an endpoint: its deliveries were \
        `failing` for 5 days, or it answered 410 (`gone`).";
    SuppressionReason, "SuppressionReason", "Why no letters are sent to an address: the mailbox does not \
        exist, its reader unsubscribed, or a letter was marked as spam.";
    LetterPurpose, "LetterPurpose", "What a letter was sent for.";
    Locale, "Locale", "A language of letters and page.";
}

/// Either kind of role, as the list of users takes it: one `enum`, since generators know no union of two.
impl PartialSchema for AnyRole {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A role of either kind: a system user's, or a member's."))
            .enum_values(Some(Self::all().into_iter().map(Self::as_str)))
            .into()
    }
}

impl ToSchema for AnyRole {}

/// A text of a form of its own.
struct Text {
    description: Cow<'static, str>,
    example: &'static str,
    format: Option<KnownFormat>,
    pattern: Option<Cow<'static, str>>,
    length: (Option<usize>, Option<usize>),
}

impl Text {
    fn new(description: impl Into<Cow<'static, str>>, example: &'static str) -> Self {
        Self { description: description.into(), example, format: None, pattern: None, length: (None, None) }
    }

    fn pattern(self, pattern: impl Into<Cow<'static, str>>) -> Self {
        Self { pattern: Some(pattern.into()), ..self }
    }

    fn length(self, shortest: usize, longest: usize) -> Self {
        Self { length: (Some(shortest), Some(longest)), ..self }
    }

    fn schema(self) -> RefOr<Schema> {
        let (shortest, longest) = self.length;
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(self.description))
            .format(self.format.map(SchemaFormat::KnownFormat))
            .pattern(self.pattern)
            .min_length(shortest)
            .max_length(longest)
            .examples([json!(self.example)])
            .into()
    }
}

/// A tag of a language that there are letters in, in any case and with whatever subtags.
fn language_pattern() -> String {
    let any_case = |letter: char| format!("[{}{letter}]", letter.to_ascii_uppercase());
    let languages = Locale::ALL.map(|locale| locale.as_str().chars().map(any_case).collect::<String>());
    format!("^({})([-_][A-Za-z0-9]{{1,8}})*$", languages.join("|"))
}

macro_rules! texts {
    ($($text:ty, $name:literal, $schema:expr;)+) => {$(
        impl PartialSchema for $text {
            fn schema() -> RefOr<Schema> {
                let text: Text = $schema;
                text.schema()
            }
        }
        impl ToSchema for $text {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )+};
}

texts! {
    InvitationId, "InvitationId", Text::new("Names an invitation.", "inv_01m86xvxh0e3pt0yekqqme4qcm")
        .pattern("^inv_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    UserId, "UserId", Text::new("Names a user.", "usr_01m86xvxh0es8r65rzyjka792g")
        .pattern("^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    AccountId, "AccountId", Text::new("Names an account.", "acc_01m5snybh0efct6h2vpcbkhxys")
        .pattern("^acc_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    EventId, "EventId", Text::new("Names an entry of a timeline.", "evt_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    AuditEventId, "AuditEventId", Text::new("Names an audit event.", "aud_01m86xvxh0f46bs8r42wfv2z13");
    SuppressionId, "SuppressionId", Text::new("Names a suppressed address.", "sup_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^sup_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    ClientId, "ApiClientId", Text::new("Names an API client.", "client_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^client_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    SecretId, "ApiClientSecretId",
        Text::new("Names a secret of an API client.", "sec_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^sec_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    WebhookEndpointId, "WebhookEndpointId",
        Text::new("Names a webhook endpoint.", "whe_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^whe_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    WebhookEventId, "WebhookEventId",
        Text::new("Names a webhook event: the header `webhook-id`.", "msg_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^msg_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    WebhookAttemptId, "WebhookAttemptId",
        Text::new("Names an attempt to deliver an event.", "wha_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^wha_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    LetterId, "LetterId", Text::new("Names a letter.", "ltr_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^ltr_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    SessionId, "SessionId", Text::new("Names a session.", "ses_01m86xvxh0f46bs8r42wfv2z13")
        .pattern("^ses_[0-7][0-9a-hjkmnp-tv-z]{25}$");
    Email, "EmailAddress", Text {
        length: (Some(5), Some(254)),
        ..Text::new(
            "An e-mail address, compared without regard to case and echoed as typed, with the domain in \
            lower case. The part before the @ is ASCII, 64 characters at most; the domain has a dot and may \
            be international, and is what UTS 46 maps it to. Blanks and line breaks around it, a name before \
            `<…>` or in brackets after it, `mailto:`, and a comma or semicolon at the end are removed.",
            "ada@example.com",
        )
    };
    AccountName, "AccountName", Text::new("The name of an account, on one line, without control characters. \
        It has a visible character; blanks around it and invisible characters that a reader would not notice \
        are removed.", "Acme B.V.")
        .length(1, 200);
    PersonName, "PersonName", Text::new("A first or a last name, on one line, without control characters. It \
        has a visible character; blanks around it and invisible characters that a reader would not notice \
        are removed.", "Ada")
        .length(1, 100);
    Rate, "ReimbursementRate", Text::new(
        "EUR per kWh: a decimal as a text, so that nothing is rounded. More than 0, at most 99.9999, at most \
        4 decimals.",
        "0.23",
    ).pattern("^([1-9][0-9]?(\\.[0-9]{1,4})?\
        |0\\.([1-9][0-9]{0,3}|0[1-9][0-9]{0,2}|00[1-9][0-9]?|000[1-9]))$");
    LanguageTag, "LanguageTag", Text::new(
        format!(
            "The language of letter and page, one of: {}. A region is ignored: `nl-BE` means `nl`.",
            Locale::known()
        ),
        "nl",
    ).pattern(language_pattern());
    LinkToken, "ActivationToken", Text {
        length: (Some(1), None),
        ..Text::new(
            "The value of `?token=` in an activation link.",
            "AWdI-koBmrfTOTRwMIlQzRODMWx8AAAAAZ5vG0cZ0mYk3c1c7p1u8o9Xq2hB4sKJd6VwT5yN0aE",
        )
    };
    Password, "NewPassword", Text {
        format: Some(KnownFormat::Password),
        ..Text::new(
            "A password as NIST SP 800-63B-4 has it: at least 15 characters (the operator may ask for \
            another number from 9 up), at most 128, of any kind; not commonly used, not guessable (a zxcvbn \
            score of 3 or 4, which no 8 characters reach; with fewer than 15, random characters do, words \
            hardly), not made of the person's own name or address: neither as a whole word, nor with little \
            else. Characters are Unicode code points, counted after normalisation to NFC.",
            "correct horse battery staple",
        ).length(9, 128)
    };
}

/// The language that a request asks for: a tag, of which [`Locale`] is what remains.
pub struct LanguageTag;
