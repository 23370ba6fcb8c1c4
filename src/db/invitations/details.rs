//! Invitations by id, each with its recipient and account: one query for many.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{AccountRow, LetterRow, Row, account_columns, columns, letter_columns};
use crate::db::{
    error::DbFault,
    letters::newest::newest_letter,
    pool::any_connection::AnyConnection,
    schema::{accounts, invitation_events as events, invitations, letters, suppressions, users},
    sql::timestamp::At,
    users::parse_status,
};
use crate::domain::{
    account::AccountStatus, activation::Person, event::EventType, ids::InvitationId, invitation::Invitation,
};

/// An invitation, and the states of the person and the account.
#[derive(Debug, Clone)]
pub struct InvitationDetails {
    /// The invitation.
    pub invitation: Invitation,
    /// The person's state.
    pub person: Person,
    /// The state of the account that it leads to.
    pub account_status: Option<AccountStatus>,
    /// The name of that account's parent.
    pub parent_name: Option<String>,
    /// Whether its address is on the suppression list.
    pub is_suppressed: bool,
}

/// The text of the statement is constant, so that the database plans it once.
macro_rules! whole {
    ($parents:ident) => {
        invitations::table
            .inner_join(letters::table.on(newest_letter()))
            .inner_join(users::table.on(users::id.eq(invitations::user_id)))
            .left_join(accounts::table.on(accounts::id.nullable().eq(invitations::account_id)))
            .left_join(suppressions::table.on(suppressions::email_key.eq(invitations::email_key)))
            .left_join($parents.on($parents.field(accounts::id).nullable().eq(accounts::parent_account_id)))
            .select((
                columns(),
                letter_columns(),
                account_columns().nullable(),
                (users::status, users::address_proven_at),
                accounts::status.nullable(),
                $parents.field(accounts::name).nullable(),
                suppressions::id.nullable(),
            ))
    };
}

type Whole = (
    Row,
    LetterRow,
    Option<AccountRow>,
    (String, Option<At>),
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Those of these invitations that exist.
pub fn by_ids(
    connection: &mut AnyConnection,
    ids: &[InvitationId],
) -> Result<HashMap<InvitationId, InvitationDetails>, DbFault> {
    let parents = diesel::alias!(accounts as parents);
    let texts = ids.iter().map(InvitationId::as_str);
    let rows: Vec<Whole> = match connection {
        AnyConnection::Postgres(c) => {
            // Both sides of the join by their keys. A plan that is made on empty tables may begin with
            // either; one that began with all letters took 7 s for each lookup among 20,000 that were put in
            // later, until the server analysed the tables.
            let ids: Vec<&str> = texts.collect();
            let of_ids =
                invitations::id.eq_any(&ids).and(letters::invitation_id.eq_any(&ids).assume_not_null());
            whole!(parents).filter(of_ids).load(c)?
        }
        // SQLite needs no round trip: several short statements that are prepared already cost less than one
        // long new one.
        AnyConnection::Sqlite(c) => {
            let mut rows = Vec::with_capacity(ids.len());
            for id in texts {
                rows.extend(whole!(parents).filter(invitations::id.eq(id)).load::<Whole>(c)?);
            }
            rows
        }
    };
    rows.into_iter().map(known).collect()
}

fn known(
    (row, letter, account, (status, proven_at), account_status, parent_name, suppressed): Whole,
) -> Result<(InvitationId, InvitationDetails), DbFault> {
    let invitation = Invitation::try_from((row, letter, account))?;
    let status = parse_status(&status, invitation.user_id.as_str())?;
    let person = Person { status, is_proven: proven_at.is_some() };
    let unreadable =
        |_| DbFault::Corrupt { table: "accounts", column: "status", row: invitation.id.to_string() };
    let account_status = account_status.map(|status| status.parse().map_err(unreadable)).transpose()?;
    Ok((
        invitation.id,
        InvitationDetails {
            invitation,
            person,
            account_status,
            parent_name,
            is_suppressed: suppressed.is_some(),
        },
    ))
}

/// The details of the `opened` events of these invitations since `since`.
pub fn recent_opens(
    connection: &mut AnyConnection,
    ids: &[InvitationId],
    since: DateTime<Utc>,
) -> Result<HashMap<InvitationId, Vec<String>>, DbFault> {
    let texts = ids.iter().map(InvitationId::as_str);
    let recent = events::table
        .filter(events::event_type.eq(EventType::Opened.as_str()).and(events::at.gt(At(since))))
        .select((events::invitation_id, events::details));
    let rows: Vec<(String, String)> = match connection {
        AnyConnection::Postgres(c) => {
            recent.filter(events::invitation_id.eq_any(texts.collect::<Vec<_>>())).load(c)?
        }
        AnyConnection::Sqlite(c) => {
            let mut rows = Vec::new();
            for id in texts {
                rows.extend(recent.filter(events::invitation_id.eq(id)).load::<(String, String)>(c)?);
            }
            rows
        }
    };
    let mut recent_opens: HashMap<InvitationId, Vec<String>> = HashMap::new();
    for (id, details) in rows {
        let unreadable =
            |_| DbFault::Corrupt { table: "invitation_events", column: "invitation_id", row: id.clone() };
        recent_opens.entry(id.parse().map_err(unreadable)?).or_default().push(details);
    }
    Ok(recent_opens)
}
