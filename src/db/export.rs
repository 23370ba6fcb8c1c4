//! Reads what only the export of a user shows: letters and sessions.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{email_changes as changes, letters, password_resets as resets, sessions},
    sql::timestamp::At,
    users::{email_changes, sessions as rows},
};
use crate::domain::{
    email::Email,
    email_change::EmailChange,
    ids::{InvitationId, LetterId, UserId},
    letter::LetterPurpose,
    session::Session,
    user::User,
};

/// A letter, sent or not, and what was reported of it.
#[derive(Debug, Clone)]
pub struct ExportedLetter {
    /// The id.
    pub id: LetterId,
    /// The purpose.
    pub purpose: LetterPurpose,
    /// The recipient; `None` for letters of early releases.
    pub recipient: Option<Email>,
    /// The state in the outbox.
    pub state: String,
    /// The number of attempts.
    pub attempts: i32,
    /// When it was put into the outbox.
    pub created_at: DateTime<Utc>,
    /// When the relay accepted it.
    pub sent_at: Option<DateTime<Utc>>,
    /// The last error.
    pub last_error: Option<String>,
    /// What the provider reported of the delivery.
    pub report: Option<String>,
    /// When it was reported.
    pub reported_at: Option<DateTime<Utc>>,
    /// Why, in the provider's words.
    pub reason: Option<String>,
}

type Row = (
    (String, String, Option<String>, String, i32),
    (At, Option<At>, Option<String>),
    (Option<String>, Option<At>, Option<String>),
);

/// The letters of an invitation, oldest first.
pub fn letters_of_invitation(
    connection: &mut AnyConnection,
    invitation: InvitationId,
    limit: i64,
) -> Result<Vec<ExportedLetter>, DbFault> {
    let query = letters::table.into_boxed::<MultiBackend>();
    let query = query.filter(letters::invitation_id.eq(invitation.to_string()).assume_not_null());
    let rows = query.select(columns()).order(letters::id).limit(limit).load::<Row>(connection)?;
    rows.into_iter().map(ExportedLetter::try_from).collect()
}

/// The requests to change a user's address, oldest first.
pub fn email_changes(connection: &mut AnyConnection, user: UserId) -> Result<Vec<EmailChange>, DbFault> {
    let theirs = changes::table.filter(changes::user_id.eq(user.as_str())).select(changes::id);
    let ids: Vec<String> = theirs.order(changes::id).load(connection)?;
    let unreadable = |id: &str| DbFault::Corrupt { table: "email_changes", column: "id", row: id.to_owned() };
    let mut found = Vec::new();
    for id in ids {
        found.extend(email_changes::get(connection, id.parse().map_err(|_| unreadable(&id))?)?);
    }
    Ok(found)
}

/// The letters about a user's password, and about these changes of the address, oldest first.
pub fn notices(
    connection: &mut AnyConnection,
    (user, changed): (&User, &[EmailChange]),
    limit: i64,
) -> Result<Vec<ExportedLetter>, DbFault> {
    let theirs = resets::table.filter(resets::email_key.eq(user.email.key())).select(resets::id);
    let mut subjects: Vec<String> = theirs.order(resets::id.desc()).limit(limit).load(connection)?;
    subjects.push(user.id.to_string());
    subjects.extend(changed.iter().map(|change| change.id.to_string()));
    let query = letters::table.into_boxed::<MultiBackend>();
    let query = query.filter(letters::subject.eq_any(subjects).assume_not_null());
    let rows = query.select(columns()).order(letters::id).limit(limit).load::<Row>(connection)?;
    rows.into_iter().map(ExportedLetter::try_from).collect()
}

/// The sessions of a user, newest first.
pub fn sessions(connection: &mut AnyConnection, user: UserId, limit: i64) -> Result<Vec<Session>, DbFault> {
    let theirs = sessions::table.filter(sessions::user_id.eq(user.as_str()));
    let rows = theirs.order(sessions::id.desc()).limit(limit).load::<rows::Row>(connection)?;
    rows.into_iter().map(Session::try_from).collect()
}

#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    (
        (letters::id, letters::kind, letters::recipient, letters::state, letters::attempts),
        (letters::created_at, letters::sent_at, letters::last_error),
        (letters::delivery_status, letters::delivery_status_at, letters::delivery_reason),
    )
}

impl TryFrom<Row> for ExportedLetter {
    type Error = DbFault;

    fn try_from((letter, sending, report): Row) -> Result<Self, DbFault> {
        let (id, kind, recipient, state, attempts) = letter;
        let (created_at, sent_at, last_error) = sending;
        let (status, reported_at, reason) = report;
        let unreadable = |column| DbFault::Corrupt { table: "letters", column, row: id.clone() };
        Ok(Self {
            purpose: kind.parse().map_err(|_| unreadable("kind"))?,
            recipient: recipient
                .map(|text| Email::parse(&text).map_err(|_| unreadable("recipient")))
                .transpose()?,
            state,
            attempts,
            created_at: created_at.0,
            sent_at: sent_at.map(|at| at.0),
            last_error,
            report: status,
            reported_at: reported_at.map(|at| at.0),
            reason,
            id: id.parse().map_err(|_| unreadable("id"))?,
        })
    }
}
