//! What answers look like: the contract's objects.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::page::List;
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

/// What an inviter sent; it carries one activation link at a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    /// Stays the same through every resend and every change.
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
    /// When it was last sent; moved when the mail relay takes the letter.
    pub last_sent_at: Timestamp,
    /// 1 after the invite, one more with each resend and each new address.
    #[schema(minimum = 1)]
    pub send_count: i32,
    /// `last_sent_at` plus 24 hours: when the link dies.
    pub expires_at: Timestamp,
    /// When the person activated.
    pub activated_at: Option<Timestamp>,
    /// When staff took it back.
    pub revoked_at: Option<Timestamp>,
    /// How far the newest letter has come.
    pub delivery: DeliveryView,
    /// The link, in the answer to an invite with `"delivery": "link"` and nowhere else.
    #[schema(value_type = String, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_link: Option<String>,
}

/// The account that an invitation is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationAccount {
    /// Its id.
    pub id: AccountId,
    /// Null until somebody gives it one.
    #[schema(value_type = Option<AccountName>)]
    pub name: Option<String>,
    /// The account above it; null for a top-level account.
    pub parent_account_id: Option<AccountId>,
    /// Who uses it; null for a top-level account.
    pub used_by: Option<UsedBy>,
    /// Null until somebody says so.
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

/// How far a letter has come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// Where it is.
    pub state: DeliveryState,
    /// How often it was offered to the relay.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// What the relay, or the way to it, said last.
    pub last_error: Option<String>,
    /// When the relay took it.
    pub sent_at: Option<Timestamp>,
    /// Why it was deferred, bounced, complained of or given up; while it is queued, what the operator has to
    /// put right before it can go. Absent otherwise.
    #[schema(value_type = String, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What staff should do: after a bounce, fix the address, unless something else is at fault. Absent where
    /// there is nothing to do.
    #[schema(value_type = String, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
    /// When the provider said what became of it. Absent until then.
    #[schema(value_type = Timestamp, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    /// When it was given up. Absent otherwise.
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
    /// The user's id, or what the token calls its subject.
    pub id: String,
    /// What people know them by.
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
                // Of what nobody waits for any more, nothing is to be done.
                advice: delivery.advice_at(now).filter(|_| invitation.state == InvitationState::Pending),
                reported_at: timestamp(delivery.reported_at),
                failed_at: timestamp(delivery.failed_at),
            },
            activation_link: None,
        }
    }
}

/// A person known to the platform, from the first invitation on. To whom which field is shown, the table at
/// the beginning says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// Their id.
    pub id: UserId,
    /// As first typed, with the domain in lower case; of somebody who is merely invited in the caller's
    /// sight, as typed there.
    #[schema(value_type = Email)]
    pub email: String,
    /// Given at activation. Null where the person is merely invited in the caller's sight.
    #[schema(value_type = Option<PersonName>)]
    pub first_name: Option<String>,
    /// Given at activation. Null where the person is merely invited in the caller's sight.
    #[schema(value_type = Option<PersonName>)]
    pub last_name: Option<String>,
    /// How far the person has come; `invited` where they are merely that in the caller's sight.
    pub status: UserStatus,
    /// The roles held; empty until the person has activated as a system user, and for callers without
    /// `system_users:read`.
    pub system_roles: Vec<Role>,
    /// The accounts that the person belongs to, as far as the caller may see them.
    pub memberships: Vec<MembershipView>,
    /// When the first invitation was made. Null for account owners until the person has accepted something
    /// under their accounts.
    pub created_at: Option<Timestamp>,
    /// When the person set a password. Null where the person is merely invited in the caller's sight.
    pub activated_at: Option<Timestamp>,
    /// The newest invitation that awaits an answer, expired ones included, as far as the caller may see it.
    pub pending_invitation_id: Option<InvitationId>,
}

/// A user's place in an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub struct MembershipView {
    /// The account.
    pub account_id: AccountId,
    /// The account's name; null until it has one.
    #[schema(value_type = Option<AccountName>)]
    pub account_name: Option<String>,
    /// What the person is in it.
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

/// An entry of an invitation's timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub r#type: EventType,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: ActorView,
    /// What else is worth knowing; never a token.
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

/// Entries of earlier releases say `role` of a member, where newer ones say `roles` of everybody.
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

/// A role: what a checkbox of the invite form shows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleView {
    /// The name that requests use.
    pub name: Role,
    /// One line for people.
    pub description: &'static str,
    /// What it allows.
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
