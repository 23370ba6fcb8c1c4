//! The suppression list: addresses to which no letter is sent.

use diesel::prelude::*;

use super::outbox::LetterState;
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{erased_suppressions as hidden, invitations, letters, suppressions},
    sql::{id_set::InSet, like, timestamp::At},
    visibility,
};
use crate::domain::{
    case_fold::fold,
    email::Email,
    ids::{InvitationId, SuppressionId},
    letter::LetterPurpose,
    suppression::{Suppression, SuppressionReason},
    token::LinkClaim,
};

/// Adds an address to the list. An existing entry stays unchanged, unless the new reason has a higher rank.
pub fn add(tx: &mut Tx<'_>, new: &Suppression) -> Result<(), DbFault> {
    let row = (
        suppressions::id.eq(new.id.as_str()),
        suppressions::email.eq(new.email.as_str()),
        suppressions::email_key.eq(new.email.key()),
        suppressions::reason.eq(new.reason.as_str()),
        suppressions::detail.eq(new.detail.as_deref()),
        suppressions::created_at.eq(At(new.created_at)),
    );
    let written = each!(tx.writing(), c => {
        diesel::insert_into(suppressions::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    let lesser: Vec<&str> = SuppressionReason::ALL
        .into_iter()
        .filter(|reason| *reason < new.reason)
        .map(SuppressionReason::as_str)
        .collect();
    if written == 0 && !lesser.is_empty() {
        let there = suppressions::email_key.eq(new.email.key()).and(suppressions::reason.eq_any(lesser));
        diesel::update(suppressions::table.filter(there))
            .set((
                suppressions::reason.eq(new.reason.as_str()),
                suppressions::detail.eq(new.detail.as_deref()),
            ))
            .execute(tx.writing())?;
    }
    Ok(())
}

/// Removes an address from the list. Returns the entry, if it existed and is visible to the caller.
pub fn remove(tx: &mut Tx<'_>, id: SuppressionId, staff: bool) -> Result<Option<Suppression>, DbFault> {
    let query = suppressions::table.filter(suppressions::id.eq(id.as_str())).into_boxed::<MultiBackend>();
    let query = query.filter(visibility::suppressions(staff));
    let Some(there) = query.first::<Row>(tx.reading()).optional()? else { return Ok(None) };
    let removed = diesel::delete(suppressions::table.find(id.as_str())).execute(tx.writing())?;
    (removed == 1).then(|| Suppression::try_from(there)).transpose()
}

/// Takes an address off the list and keeps its hash, since its user is erased.
pub fn hide(tx: &mut Tx<'_>, email: &Email, hash: &str) -> Result<(), DbFault> {
    let listed = suppressions::table.filter(suppressions::email_key.eq(email.key()));
    let known = listed.select((suppressions::reason, suppressions::created_at));
    let Some((reason, since)) = known.first::<(String, At)>(tx.reading()).optional()? else {
        return Ok(());
    };
    diesel::delete(suppressions::table.filter(suppressions::email_key.eq(email.key())))
        .execute(tx.writing())?;
    let row = (hidden::hash.eq(hash), hidden::reason.eq(reason), hidden::created_at.eq(since));
    each!(tx.writing(), c => {
        diesel::insert_into(hidden::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    Ok(())
}

/// An address that was entered anew, the hashes that it may have, and an id for its entry in the list.
pub struct Entered {
    /// The address.
    pub email: Email,
    /// The hashes.
    pub hashes: Vec<String>,
    /// The id.
    pub id: SuppressionId,
}

/// Puts those of these addresses back on the list that were suppressed before their user was erased.
pub fn restore(tx: &mut Tx<'_>, entered: &[Entered]) -> Result<(), DbFault> {
    if entered.is_empty() {
        return Ok(());
    }
    let hashes = entered.iter().flat_map(|one| one.hashes.iter().cloned()).collect();
    let hashes = InSet::condition::<hidden::table>("erased_suppressions.hash", hashes);
    let found: Vec<(String, String, At)> =
        hidden::table.into_boxed::<MultiBackend>().filter(hashes).load(tx.reading())?;
    for (hash, reason, At(created_at)) in found {
        let Some(one) = entered.iter().find(|one| one.hashes.contains(&hash)) else { continue };
        let unreadable =
            |_| DbFault::Corrupt { table: "erased_suppressions", column: "reason", row: hash.clone() };
        let (id, email, reason) = (one.id, one.email.clone(), reason.parse().map_err(unreadable)?);
        add(tx, &Suppression { id, email, reason, detail: None, created_at })?;
        diesel::delete(hidden::table.find(&hash)).execute(tx.writing())?;
    }
    Ok(())
}

/// The entry of exactly this address.
pub fn of_address(connection: &mut AnyConnection, email: &Email) -> Result<Option<Suppression>, DbFault> {
    let listed = suppressions::table.filter(suppressions::email_key.eq(email.key()));
    listed.first::<Row>(connection).optional()?.map(Suppression::try_from).transpose()
}

/// Which addresses a list shows.
#[derive(Debug, Clone, Default)]
pub struct SuppressionFilter {
    /// Exactly this address.
    pub email: Option<Email>,
    /// For this reason.
    pub reason: Option<SuppressionReason>,
    /// With this text in the address.
    pub search: Option<String>,
    /// Includes the addresses of system users who are no customers.
    pub staff: bool,
    /// Older than this one.
    pub before: Option<SuppressionId>,
    /// The maximum number of rows.
    pub limit: i64,
}

/// The addresses that match `filter`, newest first.
pub fn list(connection: &mut AnyConnection, filter: &SuppressionFilter) -> Result<Vec<Suppression>, DbFault> {
    let mut query = suppressions::table
        .order(suppressions::id.desc())
        .limit(filter.limit)
        .into_boxed::<MultiBackend>()
        .filter(visibility::suppressions(filter.staff));
    if let Some(email) = &filter.email {
        query = query.filter(suppressions::email_key.eq(email.key().to_owned()));
    }
    if let Some(reason) = filter.reason {
        query = query.filter(suppressions::reason.eq(reason.as_str()));
    }
    if let Some(search) = &filter.search {
        // `email` has its domain in lower case; `email_key` is all in lower case, with the domain in
        // punycode.
        let pattern = like::containing(&fold(search));
        let written = suppressions::email.like(pattern.clone()).escape('\\');
        query = query.filter(written.or(suppressions::email_key.like(pattern).escape('\\')));
    }
    if let Some(before) = filter.before {
        query = query.filter(suppressions::id.lt(before.to_string()));
    }
    query.load::<Row>(connection)?.into_iter().map(Suppression::try_from).collect()
}

type Row = (String, String, String, String, Option<String>, At);

impl TryFrom<Row> for Suppression {
    type Error = DbFault;

    fn try_from((id, email, _, reason, detail, At(created_at)): Row) -> Result<Self, DbFault> {
        let unreadable = |column| DbFault::Corrupt { table: "suppressions", column, row: id.clone() };
        Ok(Self {
            email: Email::parse(&email).map_err(|_| unreadable("email"))?,
            reason: reason.parse().map_err(|_| unreadable("reason"))?,
            detail,
            created_at,
            id: id.parse().map_err(|_| unreadable("id"))?,
        })
    }
}

/// The address to which the link of a sending was mailed; `None` when the link was handed over to the
/// inviter, no letter has carried it yet, or the recipient was erased.
pub fn mailed_to(connection: &mut AnyConnection, claim: LinkClaim) -> Result<Option<Email>, DbFault> {
    let row = letters::table
        .inner_join(invitations::table.on(invitations::id.nullable().eq(letters::invitation_id)))
        .filter(
            letters::invitation_id
                .eq(claim.invitation.as_str())
                .assume_not_null()
                .and(letters::generation.eq(claim.generation)),
        )
        .filter(letters::kind.eq(LetterPurpose::Invitation.as_str()))
        .filter(letters::state.ne(LetterState::HandedOver.as_str()).and(letters::attempts.ge(1)))
        .select((letters::recipient, invitations::generation, invitations::email))
        .first::<(Option<String>, i32, String)>(connection)
        .optional()?;
    let recipient = row.and_then(|(recipient, newest, email)| {
        // Letters older than the column `recipient`: only the newest one is known to have gone to the present
        // address.
        recipient.or_else(|| (newest == claim.generation).then_some(email))
    });
    let recipient = recipient.map(|email| parse(&email, claim.invitation)).transpose()?;
    Ok(recipient.filter(|email| !email.is_erased()))
}

fn parse(email: &str, invitation: InvitationId) -> Result<Email, DbFault> {
    Email::parse(email).map_err(|_| DbFault::Corrupt {
        table: "letters",
        column: "recipient",
        row: invitation.to_string(),
    })
}

/// Whether an address is on the list.
pub fn is_suppressed(connection: &mut AnyConnection, email: &Email) -> Result<bool, DbFault> {
    let entry = suppressions::table.filter(suppressions::email_key.eq(email.key()));
    Ok(diesel::select(diesel::dsl::exists(entry)).get_result(connection)?)
}

/// Whether an address is on the list, for a caller who sees those of staff or not.
pub fn is_listed(connection: &mut AnyConnection, email: &Email, staff: bool) -> Result<bool, DbFault> {
    let filter = SuppressionFilter { email: Some(email.clone()), staff, limit: 1, ..Default::default() };
    Ok(!list(connection, &filter)?.is_empty())
}
