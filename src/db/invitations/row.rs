//! Maps invitations to rows, and rows to invitations.

use diesel::prelude::*;

use crate::{
    db::{
        error::DbFault,
        letters::outbox::LetterState,
        pool::any_connection::MultiBackend,
        schema::{accounts, invitations, letters},
        sql::timestamp::At,
    },
    domain::{
        actor::ActorRef,
        delivery_reports::DeliveryStatus,
        email::Email,
        ids::AccountId,
        invitation::{Delivery, DeliveryState, Invitation, InvitationKind, InvitedTo},
        locale::Locale,
        mail_fault::MailFault,
        reimbursement::Rate,
        search_text::of_email,
    },
};

rows! {
    pub(super) struct NewRow<'a> of invitations {
        id: &'a str,
        kind: &'a str,
        user_id: &'a str,
        email: &'a str,
        email_key: &'a str,
        search_text: String,
        roles: String,
        locale: Option<&'a str>,
        inviter_kind: &'a str,
        inviter_id: &'a str,
        inviter_name: &'a str,
        state: &'a str,
        generation: i32,
        send_count: i32,
        created_at: At,
        last_sent_at: At,
        expires_at: At,
        account_id: Option<&'a str>,
        member_role: Option<&'a str>,
        scope: &'a str,
    }
    insert
}

/// The row of a new invitation.
pub(super) fn new_row(invitation: &Invitation) -> NewRow<'_> {
    NewRow {
        id: invitation.id.as_str(),
        kind: invitation.kind.as_str(),
        user_id: invitation.user_id.as_str(),
        email: invitation.email.as_str(),
        email_key: invitation.email.key(),
        search_text: of_email(&invitation.email),
        roles: invitation.roles.to_string(),
        locale: invitation.locale.map(Locale::as_str),
        inviter_kind: invitation.invited_by.kind.as_str(),
        inviter_id: &invitation.invited_by.id,
        inviter_name: &invitation.invited_by.name,
        state: invitation.state.as_str(),
        generation: invitation.generation,
        send_count: invitation.send_count,
        created_at: At(invitation.created_at),
        last_sent_at: At(invitation.last_sent_at),
        expires_at: At(invitation.expires_at),
        account_id: invitation.account.as_ref().map(|account| account.id.as_str()),
        member_role: invitation.account.as_ref().map(|account| account.role.as_str()),
        scope: scope(invitation),
    }
}

/// The columns that an update of a pending invitation writes. `None` is written as `NULL`.
#[derive(AsChangeset)]
#[diesel(table_name = invitations, treat_none_as_null = true)]
pub(super) struct UpdatedRow<'a> {
    user_id: &'a str,
    email: &'a str,
    email_key: &'a str,
    search_text: String,
    roles: String,
    locale: Option<&'a str>,
    generation: i32,
    send_count: i32,
    last_sent_at: At,
    expires_at: At,
}

/// What an update writes, of the invitation as it is afterwards.
pub(super) fn updated_row(new: &Invitation) -> UpdatedRow<'_> {
    UpdatedRow {
        user_id: new.user_id.as_str(),
        email: new.email.as_str(),
        email_key: new.email.key(),
        search_text: of_email(&new.email),
        roles: new.roles.to_string(),
        locale: new.locale.map(Locale::as_str),
        generation: new.generation,
        send_count: new.send_count,
        last_sent_at: At(new.last_sent_at),
        expires_at: At(new.expires_at),
    }
}

/// The columns that erasing the invited person writes: every one that is personal. `None` is written as
/// `NULL`.
#[derive(AsChangeset)]
#[diesel(table_name = invitations, treat_none_as_null = true)]
pub(in crate::db) struct ErasedRow<'a> {
    email: &'a str,
    email_key: &'a str,
    search_text: &'a str,
}

/// What is left of an erased person, with the address that stands for theirs.
pub(in crate::db) fn erased_row(erased: &Email) -> ErasedRow<'_> {
    ErasedRow { email: erased.as_str(), email_key: erased.key(), search_text: "" }
}

/// The scope within which a pending invitation is unique, beside its kind and address.
pub(super) fn scope(invitation: &Invitation) -> &str {
    match (&invitation.account, invitation.kind) {
        (Some(account), InvitationKind::SubAccount) => {
            account.parent_account_id.as_ref().map_or("", AccountId::as_str)
        }
        (Some(account), InvitationKind::AccountOwner) if !account.is_new => account.id.as_str(),
        _ => "",
    }
}

/// The columns of `invitations` that are read: [`columns`].
#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations)]
pub(in crate::db) struct Row {
    id: String,
    kind: String,
    user_id: String,
    email: String,
    roles: String,
    locale: Option<String>,
    inviter_kind: String,
    inviter_id: String,
    inviter_name: String,
    state: String,
    generation: i32,
    send_count: i32,
    created_at: At,
    last_sent_at: At,
    expires_at: At,
    activated_at: Option<At>,
    revoked_at: Option<At>,
    account_id: Option<String>,
    member_role: Option<String>,
    scope: String,
}

/// The columns of the invitation's account: [`account_columns`].
#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(in crate::db) struct AccountRow {
    /// Never `NULL`, so that a row of a left join without it is absent.
    #[diesel(column_name = search_text)]
    _search_text: String,
    name: Option<String>,
    parent_account_id: Option<String>,
    used_by: Option<String>,
    account_type: Option<String>,
    rate: Option<i32>,
}

/// The columns of the invitation's newest letter: [`letter_columns`].
#[derive(Queryable, Selectable)]
#[diesel(table_name = letters)]
pub(in crate::db) struct LetterRow {
    state: String,
    attempts: i32,
    last_error: Option<String>,
    sent_at: Option<At>,
    leased_until: Option<At>,
    delivery_status: Option<String>,
    delivery_status_at: Option<At>,
    delivery_reason: Option<String>,
    failed_at: Option<At>,
    cause: Option<String>,
    status_code: Option<String>,
}

/// The columns of a [`Row`], on either database.
pub(in crate::db) fn columns() -> <Row as Selectable<MultiBackend>>::SelectExpression {
    <Row as Selectable<MultiBackend>>::construct_selection()
}

/// The columns of a [`LetterRow`], on either database.
pub(in crate::db) fn letter_columns() -> <LetterRow as Selectable<MultiBackend>>::SelectExpression {
    <LetterRow as Selectable<MultiBackend>>::construct_selection()
}

/// The columns of an [`AccountRow`], on either database.
pub(in crate::db) fn account_columns() -> <AccountRow as Selectable<MultiBackend>>::SelectExpression {
    <AccountRow as Selectable<MultiBackend>>::construct_selection()
}

impl TryFrom<(Row, LetterRow, Option<AccountRow>)> for Invitation {
    type Error = DbFault;

    fn try_from((row, letter, account): (Row, LetterRow, Option<AccountRow>)) -> Result<Self, DbFault> {
        let unreadable = |column| corrupt(column, &row.id);
        Ok(Self {
            id: row.id.parse().map_err(|_| unreadable("id"))?,
            kind: row.kind.parse().map_err(|_| unreadable("kind"))?,
            user_id: row.user_id.parse().map_err(|_| unreadable("user_id"))?,
            email: Email::parse(&row.email).map_err(|_| unreadable("email"))?,
            roles: row.roles.parse().map_err(|_| unreadable("roles"))?,
            locale: row.locale.as_deref().map(Locale::parse).transpose().map_err(|_| unreadable("locale"))?,
            invited_by: ActorRef {
                kind: row.inviter_kind.parse().map_err(|_| unreadable("inviter_kind"))?,
                id: row.inviter_id.clone(),
                name: row.inviter_name.clone(),
                origin: None,
            },
            state: row.state.parse().map_err(|_| unreadable("state"))?,
            generation: row.generation,
            send_count: row.send_count,
            created_at: row.created_at.0,
            last_sent_at: row.last_sent_at.0,
            expires_at: row.expires_at.0,
            activated_at: row.activated_at.map(|at| at.0),
            revoked_at: row.revoked_at.map(|at| at.0),
            delivery: delivery(letter).ok_or_else(|| unreadable("letters.state"))?,
            account: account.map(|account| invited_to(&row, account)).transpose()?,
        })
    }
}

fn invited_to(row: &Row, account: AccountRow) -> Result<InvitedTo, DbFault> {
    let AccountRow { name, parent_account_id, used_by, account_type, rate, .. } = account;
    let unreadable = |column| corrupt(column, &row.id);
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    let id: AccountId = known(&row.account_id).parse().map_err(|_| unreadable("account_id"))?;
    Ok(InvitedTo {
        role: known(&row.member_role).parse().map_err(|_| unreadable("member_role"))?,
        is_new: row.kind != InvitationKind::AccountOwner.as_str() || row.scope.is_empty(),
        name,
        parent_account_id: parent_account_id
            .map(|id| id.parse())
            .transpose()
            .map_err(|_| unreadable("parent_account_id"))?,
        used_by: used_by.map(|word| word.parse().map_err(|_| unreadable("used_by"))).transpose()?,
        account_type: account_type
            .map(|word| word.parse().map_err(|_| unreadable("account_type")))
            .transpose()?,
        rate: rate
            .map(|rate| Rate::from_ten_thousandths(rate).ok_or_else(|| unreadable("rate")))
            .transpose()?,
        id,
    })
}

fn delivery(letter: LetterRow) -> Option<Delivery> {
    let state: LetterState = letter.state.parse().ok()?;
    let withdrawn = (state == LetterState::Withdrawn)
        .then(|| "The link became invalid before the letter was sent.".to_owned());
    // A newer process may know more of them.
    let fault = letter.cause.and_then(|cause| cause.parse::<MailFault>().ok());
    let status_code = letter.status_code.and_then(|code| code.parse().ok());
    let operators = fault.filter(|fault| fault.is_operator_fault());
    let state = delivery_state(state, letter.delivery_status.as_deref(), operators)?;
    let is_withdrawn = withdrawn.is_some();
    let last_error = withdrawn.or(letter.last_error);
    let given_up = last_error.clone().filter(|_| state == DeliveryState::Failed);
    let reported = letter.delivery_reason.or(given_up);
    let reason = match operators.filter(|_| !is_withdrawn) {
        Some(fault) => Some(match reported.or_else(|| last_error.clone()) {
            Some(said) => format!("{}: {said}", fault.explanation()),
            None => format!("{}.", fault.explanation()),
        }),
        None => reported,
    };
    Some(Delivery {
        state,
        leased_until: letter.leased_until.map(|at| at.0),
        attempts: letter.attempts,
        last_error,
        sent_at: letter.sent_at.map(|at| at.0),
        reason,
        fault: fault.filter(|_| !is_withdrawn),
        status_code: status_code.filter(|_| !is_withdrawn),
        reported_at: letter.delivery_status_at.map(|at| at.0),
        failed_at: letter.failed_at.map(|at| at.0),
    })
}

/// `operators` is the fault that the operator must correct.
fn delivery_state(
    state: LetterState,
    reported: Option<&str>,
    operators: Option<MailFault>,
) -> Option<DeliveryState> {
    Some(match (state, reported) {
        // It bounced, or the provider did not send it, for a reason that the operator must correct.
        (LetterState::Sent, Some(reported))
            if operators.is_some() && reported == DeliveryStatus::Bounced.as_str() =>
        {
            DeliveryState::Failed
        }
        (LetterState::Sent, Some(reported)) => reported.parse().ok()?,
        (LetterState::Sent, None) => DeliveryState::Sent,
        (LetterState::Queued, _) => DeliveryState::Queued,
        (LetterState::Failed | LetterState::Withdrawn, _) => DeliveryState::Failed,
        (LetterState::HandedOver, _) => DeliveryState::HandedOver,
    })
}

/// The error for a row of `invitations` with an invalid value.
pub(super) fn corrupt(column: &'static str, row: &str) -> DbFault {
    DbFault::Corrupt { table: "invitations", column, row: row.to_owned() }
}
