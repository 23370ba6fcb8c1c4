//! The recipients of letters that are not about an invitation.

use diesel::{
    dsl::{exists, select},
    prelude::*,
};

use super::suppressions::is_suppressed;
use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{invitations, user_roles, users},
    users::{email_changes, password_resets},
};
use crate::domain::{
    email::Email, email_change::EmailChange, ids::UserId, letter::LetterSubject, locale::Locale,
    password_reset::PasswordReset, user::UserStatus,
};

/// An active user to whom a letter goes.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The user.
    pub user: UserId,
    /// The present address.
    pub email: Email,
    /// The language of the user's newest invitation, if it names one.
    pub locale: Option<Locale>,
    /// Whether the address is on the suppression list.
    pub is_suppressed: bool,
    /// Whether the user has system roles.
    pub is_staff: bool,
}

/// A letter that is not about an invitation, as far as the database knows it.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The request to reset a password, if the letter is about one.
    pub reset: Option<PasswordReset>,
    /// The request to change an address, if the letter is about one.
    pub change: Option<EmailChange>,
    /// The recipient; `None` when no active user has the address.
    pub recipient: Option<Recipient>,
}

/// Looks up a letter's subject and recipient.
pub fn look(connection: &mut AnyConnection, subject: LetterSubject) -> Result<Notice, DbFault> {
    let reset = match subject {
        LetterSubject::Reset(id) => password_resets::get(connection, id)?,
        LetterSubject::User(_) | LetterSubject::EmailChange(_) | LetterSubject::Invitation(_) => None,
    };
    let change = match subject {
        LetterSubject::EmailChange(id) => email_changes::get(connection, id)?,
        LetterSubject::User(_) | LetterSubject::Reset(_) | LetterSubject::Invitation(_) => None,
    };
    let recipient = match (subject, &reset, &change) {
        (LetterSubject::User(id), ..) => by_id(connection, id)?,
        (_, Some(reset), _) => by_address(connection, &reset.email)?,
        (_, _, Some(change)) => by_id(connection, change.user)?,
        _ => None,
    };
    Ok(Notice { reset, change, recipient })
}

/// The active user with this address.
fn by_address(connection: &mut AnyConnection, email: &Email) -> Result<Option<Recipient>, DbFault> {
    let row = users::table
        .filter(users::email_key.eq(email.key()).and(users::removed_at.is_null()))
        .filter(users::status.eq(UserStatus::Active.as_str()))
        .select((users::id, users::email))
        .first::<(String, String)>(connection)
        .optional()?;
    row.map(|row| recipient(connection, row)).transpose()
}

fn by_id(connection: &mut AnyConnection, id: UserId) -> Result<Option<Recipient>, DbFault> {
    let row = users::table
        .find(id.as_str())
        .filter(users::removed_at.is_null().and(users::status.eq(UserStatus::Active.as_str())))
        .select((users::id, users::email))
        .first::<(String, String)>(connection)
        .optional()?;
    row.map(|row| recipient(connection, row)).transpose()
}

fn recipient(connection: &mut AnyConnection, (id, email): (String, String)) -> Result<Recipient, DbFault> {
    let corrupt = |column| DbFault::Corrupt { table: "users", column, row: id.clone() };
    let email = Email::parse(&email).map_err(|_| corrupt("email"))?;
    let locale: Option<Option<String>> = invitations::table
        .filter(invitations::user_id.eq(&id).and(invitations::locale.is_not_null()))
        .order(invitations::id.desc())
        .select(invitations::locale)
        .first(connection)
        .optional()?;
    let roles = user_roles::table.filter(user_roles::user_id.eq(&id));
    Ok(Recipient {
        user: id.parse().map_err(|_| corrupt("id"))?,
        locale: locale.flatten().and_then(|tag| Locale::parse(&tag).ok()),
        is_suppressed: is_suppressed(connection, &email)?,
        is_staff: select(exists(roles)).get_result(connection)?,
        email,
    })
}
