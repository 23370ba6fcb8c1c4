//! What answers look like: the contract's objects.

use actix_web::{HttpResponse, http::header};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};

use crate::{
    domain::{
        account::{AccountType, UsedBy},
        actor::ActorRef,
        event::Event,
        invitation::{Invitation, InvitedTo},
        locale::Locale,
        role::Role,
        user::{Membership, User},
    },
    services::browse::Page,
};

/// An instant: RFC 3339 in UTC, with milliseconds.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-24T14:03:00.000Z")]
pub struct Timestamp(pub DateTime<Utc>);

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

fn timestamp(at: Option<DateTime<Utc>>) -> Option<Timestamp> {
    at.map(Timestamp)
}

/// What an inviter sent; it carries one activation link at a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    /// Stays the same through every resend.
    #[schema(example = "inv_01kavx6e9me0r8jm6d2e1k2v3w")]
    pub id: String,
    /// What the person is invited to become.
    #[schema(pattern = "^(system_user|account_owner|sub_account)$", example = "system_user")]
    pub kind: &'static str,
    /// As typed, with the domain in lower case.
    #[schema(example = "ada@example.com")]
    pub email: String,
    /// `expired` is what a pending invitation is after `expires_at`.
    #[schema(pattern = "^(pending|expired|activated|revoked)$", example = "pending")]
    pub status: &'static str,
    /// The person invited.
    #[schema(example = "usr_01kavx6e9kfzabv5qhm1p4d6xn")]
    pub user_id: String,
    /// The roles of a system user; empty otherwise.
    #[schema(example = json!(["viewer"]))]
    pub roles: Vec<&'static str>,
    /// The account that the person is invited to; null for a system user.
    pub account: Option<InvitationAccount>,
    /// The language of letters and page; null leaves it to the operator's default.
    #[schema(example = "nl")]
    pub locale: Option<&'static str>,
    /// Who invited.
    pub invited_by: ActorView,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last sent; moved when the mail relay takes the letter.
    pub last_sent_at: Timestamp,
    /// 1 after the invite, one more with each resend.
    #[schema(example = 1)]
    pub send_count: i32,
    /// `last_sent_at` plus 24 hours: when the link dies.
    pub expires_at: Timestamp,
    /// When the person activated.
    pub activated_at: Option<Timestamp>,
    /// When staff took it back.
    pub revoked_at: Option<Timestamp>,
    /// How far the newest letter has come.
    pub delivery: DeliveryView,
}

/// The account that an invitation is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationAccount {
    /// `acc_…`.
    pub id: String,
    /// Null until somebody gives it one.
    pub name: Option<String>,
    /// The account above it.
    pub parent_account_id: Option<String>,
    /// `employee` or `subsidiary`, for a sub-account.
    pub used_by: Option<&'static str>,
    /// `business` or `consumer`; null until somebody says so.
    pub r#type: Option<&'static str>,
}

impl From<&InvitedTo> for InvitationAccount {
    fn from(account: &InvitedTo) -> Self {
        Self {
            id: account.id.to_string(),
            name: account.name.clone(),
            parent_account_id: account.parent_account_id.map(|id| id.to_string()),
            used_by: account.used_by.map(UsedBy::as_str),
            r#type: account.account_type.map(AccountType::as_str),
        }
    }
}

/// How far a letter has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// `queued` until the relay takes the letter, `failed` when it was given up or its link died before.
    #[schema(pattern = "^(queued|sent|failed)$", example = "sent")]
    pub state: &'static str,
    /// How often it was offered to the relay.
    #[schema(example = 1)]
    pub attempts: i32,
    /// What the relay, or the way to it, said last.
    pub last_error: Option<String>,
    /// When the relay took it.
    pub sent_at: Option<Timestamp>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorView {
    /// `user`, `client` or `cli`; in a timeline also `system` and `link`.
    #[schema(example = "cli")]
    pub r#type: &'static str,
    /// The user's id, or what the token calls its subject.
    #[schema(example = "operations")]
    pub id: String,
    /// What people know them by.
    #[schema(example = "operations")]
    pub name: String,
}

impl From<&ActorRef> for ActorView {
    fn from(actor: &ActorRef) -> Self {
        Self { r#type: actor.kind.as_str(), id: actor.id.clone(), name: actor.name.clone() }
    }
}

impl InvitationView {
    /// The invitation as it is at `now`.
    pub fn of(invitation: &Invitation, now: DateTime<Utc>) -> Self {
        let delivery = &invitation.delivery;
        Self {
            id: invitation.id.to_string(),
            kind: invitation.kind.as_str(),
            email: invitation.email.as_str().to_owned(),
            status: invitation.status(now).as_str(),
            user_id: invitation.user_id.to_string(),
            roles: invitation.roles.names(),
            account: invitation.account.as_ref().map(InvitationAccount::from),
            locale: invitation.locale.map(Locale::as_str),
            invited_by: (&invitation.invited_by).into(),
            created_at: Timestamp(invitation.created_at),
            last_sent_at: Timestamp(invitation.last_sent_at),
            send_count: invitation.send_count,
            expires_at: Timestamp(invitation.expires_at),
            activated_at: timestamp(invitation.activated_at),
            revoked_at: timestamp(invitation.revoked_at),
            delivery: DeliveryView {
                state: delivery.state.as_str(),
                attempts: delivery.attempts,
                last_error: delivery.last_error.clone(),
                sent_at: timestamp(delivery.sent_at),
            },
        }
    }
}

/// A person known to the platform, from the first invitation on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// `usr_…`.
    #[schema(example = "usr_01kavx6e9kfzabv5qhm1p4d6xn")]
    pub id: String,
    /// As first typed, with the domain in lower case.
    #[schema(example = "ada@example.com")]
    pub email: String,
    /// Given at activation.
    #[schema(example = "Ada")]
    pub first_name: Option<String>,
    /// Given at activation.
    #[schema(example = "Lovelace")]
    pub last_name: Option<String>,
    /// How far the person has come.
    #[schema(pattern = "^(invited|active|blocked)$", example = "active")]
    pub status: &'static str,
    /// The roles held; empty until the person has activated as a system user.
    #[schema(example = json!(["viewer"]))]
    pub system_roles: Vec<&'static str>,
    /// The accounts that the person belongs to.
    pub memberships: Vec<MembershipView>,
    /// When the first invitation was made.
    pub created_at: Timestamp,
    /// When the person set a password.
    pub activated_at: Option<Timestamp>,
    /// The newest invitation that awaits an answer, expired ones included.
    #[schema(example = json!(null))]
    pub pending_invitation_id: Option<String>,
}

/// A user's place in an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub struct MembershipView {
    /// `acc_…`.
    pub account_id: String,
    /// The account's name.
    pub account_name: Option<String>,
    /// `account_owner` or `driver`.
    pub role: &'static str,
}

impl From<&Membership> for MembershipView {
    fn from(membership: &Membership) -> Self {
        let Membership { account_id, account_name, role } = membership;
        Self { account_id: account_id.to_string(), account_name: account_name.clone(), role: role.as_str() }
    }
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            status: user.status.as_str(),
            system_roles: user.system_roles.names(),
            memberships: user.memberships.iter().map(MembershipView::from).collect(),
            created_at: Timestamp(user.created_at),
            activated_at: timestamp(user.activated_at),
            pending_invitation_id: user.pending_invitation_id.map(|id| id.to_string()),
        }
    }
}

/// An entry of an invitation's timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// `evt_…`.
    #[schema(example = "evt_01kavx6e9me0r8jm6d2e1k2v3x")]
    pub id: String,
    /// What happened.
    #[schema(
        pattern = "^(created|email_queued|email_sent|email_failed|resent|opened|activated|revoked)$",
        example = "email_sent"
    )]
    pub r#type: &'static str,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: ActorView,
    /// What else is worth knowing; never a token.
    #[schema(value_type = Object, example = json!({"attempt": 1}))]
    pub details: serde_json::Value,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            r#type: event.event_type.as_str(),
            at: Timestamp(event.at),
            actor: (&event.actor).into(),
            details: event.details.clone(),
        }
    }
}

/// A role: what a checkbox of the invite form shows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleView {
    /// The name that requests use.
    #[schema(example = "viewer")]
    pub name: &'static str,
    /// One line for people.
    #[schema(example = "Sees colleagues, customers and accounts.")]
    pub description: &'static str,
    /// What it allows.
    #[schema(example = json!(["system_users:read", "customers:read", "accounts:read"]))]
    pub permissions: Vec<&'static str>,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        let permissions = role.permissions().iter().map(|permission| permission.as_str()).collect();
        Self { name: role.as_str(), description: role.description(), permissions }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T: ToSchema> {
    /// What is on it, newest first; a timeline oldest first.
    pub data: Vec<T>,
    /// For asking for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// Answers with a page, and with a `Link` to the next one (RFC 8288): relative, so that it holds behind any proxy.
pub fn list<R, T: Serialize + ToSchema + PartialSchema>(
    page: &Page<R>,
    view: impl Fn(&R) -> T,
    request: &actix_web::HttpRequest,
) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = &page.next_cursor {
        let query = url::form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "cursor");
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).append_pair("cursor", cursor).finish();
        response.insert_header((header::LINK, format!("<{}?{query}>; rel=\"next\"", request.path())));
    }
    response.json(List { data: page.data.iter().map(view).collect(), next_cursor: page.next_cursor.clone() })
}
