//! The newest letter of an invitation.

use diesel::{dsl::AsExprOf, prelude::*, sql_types::Text};

use crate::{
    db::schema::{invitations, letters},
    domain::letter::LetterPurpose,
};

/// That a letter is the newest one of an invitation: to join the letters of invitations that are found first.
///
/// The concatenation leaves PostgreSQL no other order of the tables: a plan of the time when they were small
/// read all letters, and looked for the invitation of each.
#[diesel::dsl::auto_type(no_type_alias)]
pub(in crate::db) fn newest_letter() -> _ {
    let nothing: AsExprOf<&'static str, Text> = "".into_sql::<Text>();
    let of_invitation =
        letters::invitation_id.eq(invitations::id.concat(nothing).nullable()).assume_not_null();
    let kind: &'static str = LetterPurpose::Invitation.as_str();
    of_invitation.and(letters::generation.eq(invitations::generation)).and(letters::kind.eq(kind))
}
