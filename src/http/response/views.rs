//! The objects of the contract, as answers show them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::List;
use crate::domain::{
    account::{AccountName, AccountType},
    actor::{ActorKind, ActorRef},
    email::Email,
    event::{Event, EventType},
    ids::{AccountId, EventId, InvitationId, UserId},
    invitation::{DeliveryState, Invitation, InvitationKind, InvitationState, InvitationStatus, InvitedTo},
    locale::Locale,
    permission::Permission,
    person::PersonName,
    role::Role,
    sub_account::{MemberRole, UsedBy},
    user::{Membership, User, UserStatus},
};
use crate::services::queries::AnyRole;

/// An instant: RFC 3339 in UTC, with milliseconds.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, examples("2026-11-24T14:03:00.000Z"))]
pub struct Timestamp(pub DateTime<Utc>);

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

fn timestamp(at: Option<DateTime<Utc>>) -> Option<Timestamp> {
    at.map(Timestamp)
}

/// An invitation. It has one activation link at a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    /// Its id, which resends and changes keep.
    pub id: InvitationId,
    /// What the person is invited to become.
    pub kind: InvitationKind,
    /// As typed, with the domain in lower case.
    #[schema(value_type = Email)]
    pub email: String,
    /// `expired` is what a pending invitation is after `expires_at`.
    pub status: InvitationStatus,
    /// The person invited.
    pub user_id: UserId,
    /// What the person is invited as: the roles of a system user, or `["account_owner"]` or `["driver"]`.
    /// Never empty.
    #[schema(min_items = 1, value_type = Vec<AnyRole>)]
    pub roles: Vec<&'static str>,
    /// The account that the person is invited to; null for a system user.
    pub account: Option<InvitationAccount>,
    /// The language of letters and page; null leaves it to the operator's default.
    pub locale: Option<Locale>,
    /// Who invited.
    pub invited_by: ActorView,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last sent; updated when the mail relay accepts the letter.
    pub last_sent_at: Timestamp,
    /// 1 after the invite, one more with each resend and each new address.
    #[schema(minimum = 1)]
    pub send_count: i32,
    /// When the link expires: `last_sent_at` plus 24 hours.
    pub expires_at: Timestamp,
    /// When the person activated.
    pub activated_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The delivery of the newest letter.
    pub delivery: DeliveryView,
    /// The activation link: in the answer to an invite with `"delivery": "link"`, and in no other answer.
    #[schema(value_type = String, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_link: Option<String>,
}

/// The account that an invitation is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationAccount {
    /// Its id.
    pub id: AccountId,
    /// Null until it has one.
    #[schema(value_type = Option<AccountName>)]
    pub name: Option<String>,
    /// The account above it; null for a top-level account.
    pub parent_account_id: Option<AccountId>,
    /// Who uses it; null for a top-level account.
    pub used_by: Option<UsedBy>,
    /// Null until it is chosen.
    pub r#type: Option<AccountType>,
}

impl From<&InvitedTo> for InvitationAccount {
    fn from(account: &InvitedTo) -> Self {
        Self {
            id: account.id,
            name: account.name.clone(),
            parent_account_id: account.parent_account_id,
            used_by: account.used_by,
            r#type: account.account_type,
        }
    }
}

/// The delivery of a letter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// How far it has come.
    pub state: DeliveryState,
    /// How many attempts were made to send it.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// The last error: of the relay, or of the connection to it.
    pub last_error: Option<String>,
    /// When the relay accepted it.
    pub sent_at: Option<Timestamp>,
    /// Why it was deferred, bounced, complained about or given up; while it is queued, what the operator has
    /// to correct before it can be sent. Absent otherwise.
    #[schema(value_type = String, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What staff should do: after a bounce, correct the address, unless the cause is another one. Absent
    /// where there is nothing to do.
    #[schema(value_type = String, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
    /// When the provider reported on it. Absent until then.
    #[schema(value_type = Timestamp, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    /// When sending it was given up. Absent otherwise.
    #[schema(value_type = Timestamp, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorView {
    /// What kind of caller.
    pub r#type: ActorKind,
    /// The user's id, or the subject of the token.
    pub id: String,
    /// The name that people know them by.
    pub name: String,
}

impl From<&ActorRef> for ActorView {
    fn from(actor: &ActorRef) -> Self {
        Self { r#type: actor.kind, id: actor.id.clone(), name: actor.name.clone() }
    }
}

impl InvitationView {
    /// The invitation as it is at `now`.
    pub fn of(invitation: &Invitation, now: DateTime<Utc>) -> Self {
        let (delivery, state) = (&invitation.delivery, invitation.delivery.state_at(now));
        Self {
            id: invitation.id,
            kind: invitation.kind,
            email: invitation.email.as_str().to_owned(),
            status: invitation.status(now),
            user_id: invitation.user_id,
            roles: invitation.role_names(),
            account: invitation.account.as_ref().map(InvitationAccount::from),
            locale: invitation.locale,
            invited_by: (&invitation.invited_by).into(),
            created_at: Timestamp(invitation.created_at),
            last_sent_at: Timestamp(invitation.last_sent_at),
            send_count: invitation.send_count,
            expires_at: Timestamp(invitation.expires_at),
            activated_at: timestamp(invitation.activated_at),
            revoked_at: timestamp(invitation.revoked_at),
            delivery: DeliveryView {
                state,
                attempts: delivery.attempts,
                last_error: delivery.last_error_at(now).map(str::to_owned),
                sent_at: timestamp(delivery.sent_at),
                reason: delivery.reason_at(now).map(str::to_owned),
                // There is nothing to do once the invitation is no longer pending.
                advice: delivery.advice_at(now).filter(|_| invitation.state == InvitationState::Pending),
                reported_at: timestamp(delivery.reported_at),
                failed_at: timestamp(delivery.failed_at),
            },
            activation_link: None,
        }
    }
}

/// A person known to the platform, from the first invitation on. The table at the beginning of this document
/// says which callers are shown which field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// Their id.
    pub id: UserId,
    /// As first typed, with the domain in lower case. Where the caller sees the person only as invited, as
    /// typed in that invitation.
    #[schema(value_type = Email)]
    pub email: String,
    /// Given at activation. Null where the caller sees the person only as invited.
    #[schema(value_type = Option<PersonName>)]
    pub first_name: Option<String>,
    /// Given at activation. Null where the caller sees the person only as invited.
    #[schema(value_type = Option<PersonName>)]
    pub last_name: Option<String>,
    /// The person's status; `invited` where the caller sees the person only as invited.
    pub status: UserStatus,
    /// The person's roles; empty until they have activated as a system user, and for callers without
    /// `system_users:read`.
    pub system_roles: Vec<Role>,
    /// The person's memberships that the caller may see.
    pub memberships: Vec<MembershipView>,
    /// When the first invitation was made. Null for account owners until the person has accepted something
    /// under their accounts.
    pub created_at: Option<Timestamp>,
    /// When the person set a password. Null where the caller sees the person only as invited.
    pub activated_at: Option<Timestamp>,
    /// The newest invitation that awaits an answer, expired ones included, as far as the caller may see it.
    pub pending_invitation_id: Option<InvitationId>,
}

/// A user's membership in an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub struct MembershipView {
    /// The account.
    pub account_id: AccountId,
    /// The account's name; null until it has one.
    #[schema(value_type = Option<AccountName>)]
    pub account_name: Option<String>,
    /// The person's role in it.
    pub role: MemberRole,
}

impl From<&Membership> for MembershipView {
    fn from(membership: &Membership) -> Self {
        let Membership { account_id, account_name, role } = membership;
        Self { account_id: *account_id, account_name: account_name.clone(), role: *role }
    }
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_str().to_owned(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            status: user.status,
            system_roles: user.system_roles.iter().collect(),
            memberships: user.memberships.iter().map(MembershipView::from).collect(),
            created_at: timestamp(user.created_at),
            activated_at: timestamp(user.activated_at),
            pending_invitation_id: user.pending_invitation_id,
        }
    }
}

/// An event in an invitation's timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub r#type: EventType,
    /// When.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: ActorView,
    /// Further details, by type of event; never a token.
    #[schema(value_type = HashMap<String, serde_json::Value>)]
    pub details: serde_json::Value,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            id: event.id,
            r#type: event.event_type,
            at: Timestamp(event.at),
            actor: (&event.actor).into(),
            details: details(event),
        }
    }
}

/// Events of earlier releases have `role` for a member, newer ones have `roles` for everyone.
fn details(event: &Event) -> serde_json::Value {
    let mut details = event.details.clone();
    if event.event_type == EventType::Created
        && let Some(details) = details.as_object_mut()
        && let Some(role) = details.remove("role")
    {
        details.insert("roles".to_owned(), serde_json::json!([role]));
    }
    details
}

/// A role, as a checkbox of an invite form shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleView {
    /// The name in requests.
    pub name: Role,
    /// One line for people.
    pub description: &'static str,
    /// The permissions that it grants.
    pub permissions: Vec<Permission>,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self { name: role, description: role.description(), permissions: role.permissions().to_vec() }
    }
}

/// A page of users.
pub type Users = List<UserView>;
/// A page of invitations.
pub type Invitations = List<InvitationView>;
/// A page of a timeline.
pub type Events = List<EventView>;
