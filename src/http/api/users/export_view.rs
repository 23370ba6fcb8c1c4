//! What is held about a user, in an answer.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::{audit_events::view::AuditEventView, suppressions::view::SuppressionView};
use crate::http::{
    openapi::sample_data,
    response::views::{EventView, InvitationView, Timestamp, UserView},
};
use crate::{
    domain::{
        email::Email,
        email_change::EmailChange,
        ids::{LetterId, SessionId},
        letter::LetterPurpose,
        session::Session,
    },
    services::users::export::{Export, ExportedInvitation, ExportedLetter},
};
use chrono::{DateTime, Utc};

/// All that is held about a user, except secrets: neither tokens nor the password's hash.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserExport)]
pub struct ExportView {
    /// The user, with all roles and memberships.
    pub user: UserView,
    /// The invitations, newest first.
    pub invitations: Vec<InvitationExport>,
    /// Requests to change the address, oldest first.
    pub email_changes: Vec<EmailChangeView>,
    /// Letters about the password and the address, oldest first.
    pub letters: Vec<LetterView>,
    /// The sessions, newest first.
    pub sessions: Vec<SessionView>,
    /// Why no letters are sent to the address; null where they are.
    pub suppression: Option<SuppressionView>,
    /// What the user did, and what was done to them, newest first.
    pub audit_events: Vec<AuditEventView>,
    /// Whether there are more than 1000 of one kind: only the newest are here.
    pub truncated: bool,
}

/// An invitation, with its timeline and its letters.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationExport {
    /// The invitation.
    pub invitation: InvitationView,
    /// The timeline, oldest first.
    pub events: Vec<EventView>,
    /// The letters to this user, oldest first.
    pub letters: Vec<LetterView>,
}

/// A letter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Letter)]
pub struct LetterView {
    /// Its id, which is in the `Message-ID`.
    pub id: LetterId,
    /// What it was sent for.
    pub purpose: LetterPurpose,
    /// The address; null for letters of early releases.
    #[schema(value_type = Option<Email>)]
    pub recipient: Option<String>,
    /// How far it came: `queued`, `sent`, `failed`, `withdrawn`, or `handed_over` where the inviter took the
    /// link.
    pub state: String,
    /// How many attempts were made to send it.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// When it was written.
    pub created_at: Timestamp,
    /// When the mail relay accepted it.
    pub sent_at: Option<Timestamp>,
    /// The last error.
    pub last_error: Option<String>,
    /// What the mail provider reported: `delivered`, `deferred`, `bounced` or `complained`.
    pub report: Option<String>,
    /// When it was reported.
    pub reported_at: Option<Timestamp>,
    /// The reason that was reported.
    pub reason: Option<String>,
}

/// A request to change the address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailChange)]
pub struct EmailChangeView {
    /// The address at that time.
    #[schema(value_type = Email)]
    pub old_email: String,
    /// The requested address.
    #[schema(value_type = Email)]
    pub new_email: String,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it was confirmed; null where it was not.
    pub confirmed_at: Option<Timestamp>,
}

/// A session: the time from a sign-in on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was last continued.
    pub refreshed_at: Timestamp,
    /// When it was ended; null where it was not.
    pub ended_at: Option<Timestamp>,
}

impl ExportView {
    /// The export as it is at `now`.
    pub fn of(export: &Export, now: DateTime<Utc>) -> Self {
        Self {
            user: UserView::from(&export.user),
            invitations: export.invitations.iter().map(|one| invitation(one, now)).collect(),
            email_changes: export.email_changes.iter().map(EmailChangeView::from).collect(),
            letters: export.letters.iter().map(LetterView::from).collect(),
            sessions: export.sessions.iter().map(SessionView::from).collect(),
            suppression: export.suppression.as_ref().map(SuppressionView::from),
            audit_events: export.audit_events.iter().map(AuditEventView::from).collect(),
            truncated: export.is_truncated,
        }
    }
}

fn invitation(one: &ExportedInvitation, now: DateTime<Utc>) -> InvitationExport {
    InvitationExport {
        invitation: InvitationView::of(&one.invitation, now),
        events: one.events.iter().map(EventView::from).collect(),
        letters: one.letters.iter().map(LetterView::from).collect(),
    }
}

impl From<&ExportedLetter> for LetterView {
    fn from(letter: &ExportedLetter) -> Self {
        Self {
            id: letter.id,
            purpose: letter.purpose,
            recipient: letter.recipient.as_ref().map(|email| email.as_str().to_owned()),
            state: letter.state.clone(),
            attempts: letter.attempts,
            created_at: Timestamp(letter.created_at),
            sent_at: letter.sent_at.map(Timestamp),
            last_error: letter.last_error.clone(),
            report: letter.report.clone(),
            reported_at: letter.reported_at.map(Timestamp),
            reason: letter.reason.clone(),
        }
    }
}

impl From<&EmailChange> for EmailChangeView {
    fn from(change: &EmailChange) -> Self {
        Self {
            old_email: change.old.as_str().to_owned(),
            new_email: change.new.as_str().to_owned(),
            created_at: Timestamp(change.created_at),
            confirmed_at: change.confirmed_at.map(Timestamp),
        }
    }
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id,
            created_at: Timestamp(session.created_at),
            refreshed_at: Timestamp(session.refreshed_at),
            ended_at: session.ended_at.map(Timestamp),
        }
    }
}

/// Ada's, for the contract.
pub(super) fn example() -> ExportView {
    let letter = LetterView {
        id: sample_data::id(0x01a2_0ddd_f620_70ed_a079_d3bd_e8e2_5d95),
        purpose: LetterPurpose::Invitation,
        recipient: Some("ada@example.com".to_owned()),
        state: "sent".to_owned(),
        attempts: 1,
        created_at: sample_data::at(0),
        sent_at: Some(sample_data::at(1)),
        last_error: None,
        report: Some("delivered".to_owned()),
        reported_at: Some(sample_data::at(4)),
        reason: None,
    };
    let invitation = InvitationExport {
        invitation: sample_data::for_ada_sent(),
        events: Vec::new(),
        letters: vec![letter],
    };
    ExportView {
        user: sample_data::ada(),
        invitations: vec![invitation],
        email_changes: Vec::new(),
        letters: Vec::new(),
        sessions: vec![SessionView {
            id: sample_data::id(0x01a2_0de2_89e0_7651_8317_1ff4_a6a3_a452),
            created_at: sample_data::at(600),
            refreshed_at: sample_data::at(600),
            ended_at: None,
        }],
        suppression: None,
        audit_events: Vec::new(),
        truncated: false,
    }
}
