//! A row as the request for its invite, validated by those rules of the API that need no database.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    columns::{self, ACCOUNT_ID, ACCOUNT_NAME, EMAIL, KIND, RATE, ROLES},
    fault::RowError,
    file::Record,
    spelling,
};
use crate::{
    domain::{
        account::AccountName, email::Email, field_error::FieldError, invitation::InvitationKind,
        reimbursement::Rate, role::Role, token::hex,
    },
    http::api::batches::validate_row,
};

/// A row of the file.
#[derive(Debug)]
pub(super) struct Row {
    /// The line on which it starts.
    pub line: usize,
    /// The item of a batch: the kind, and the body of the invite.
    pub item: Map<String, Value>,
    /// Its faults; with any, it is not sent.
    pub faults: Vec<RowError>,
    /// Unusual values; they do not keep the row from being sent.
    pub warnings: Vec<RowError>,
}

/// A rate above this, in ten-thousandths of an EUR per kWh, is more often a mistake than a rate: some
/// programs turn `0,23` into `23`.
const UNUSUAL_RATE: i32 = 20_000;

/// Splits the records into valid and faulty rows, each in the file's order.
pub(super) fn read(records: Vec<Record>) -> (Vec<Row>, Vec<Row>) {
    let mut rows: Vec<Row> = records.into_iter().map(Row::of).collect();
    let mut first = BTreeMap::new();
    for row in &mut rows {
        let Some(place) = row.place() else { continue };
        let line = *first.entry(place).or_insert(row.line);
        if line != row.line {
            let words = format!("Row {line} already has this invitation.");
            row.faults.push(RowError::new(EMAIL, "duplicate_row", words));
        }
    }
    rows.into_iter().partition(|row| row.faults.is_empty())
}

impl Row {
    fn of(record: Record) -> Self {
        let Record { line, cells, faults, torn, decimal_comma } = record;
        let member = |(column, text): (&str, String)| {
            let value = match column {
                ROLES => Value::from(spelling::roles(&text)),
                RATE => Value::from(spelling::rate(&text, decimal_comma)),
                _ => Value::from(spelling::value(column, text)),
            };
            (column.to_owned(), value)
        };
        let mut row =
            Self { line, item: cells.into_iter().map(member).collect(), faults, warnings: Vec::new() };
        if !torn {
            row.validate();
            row.warn();
        }
        row
    }

    fn warn(&mut self) {
        let rate = self.text(RATE);
        if Rate::parse(rate).is_ok_and(|rate| rate.ten_thousandths() > UNUSUAL_RATE) {
            let words = format!(
                "Warning: {rate} EUR per kWh is unusually high. Some programs turn 0,23 into 23: compare it \
                with the source."
            );
            self.warnings.push(RowError::new(RATE, "rate_unusually_high", words));
        }
    }

    fn validate(&mut self) {
        let known = |fault: &&FieldError| self.faults.iter().all(|known| known.column != column(&fault.path));
        let found = validate_row::faults(self.item.clone());
        let found: Vec<RowError> = found.iter().filter(known).map(|fault| self.row_error(fault)).collect();
        self.faults.extend(found);
        self.faults.sort_by_key(|fault| columns::position(&fault.column));
    }

    /// Turns a fault of the body into a fault of the file's row.
    fn row_error(&self, fault: &FieldError) -> RowError {
        let column = column(&fault.path);
        let error = |words: String| RowError::new(column, fault.code, words);
        let cell = self.cell(&fault.path);
        match fault.code {
            // Unknown columns were refused with the header, so the member is one of another kind.
            "unknown_member" => {
                let kind = self.text(KIND);
                RowError::new(
                    column,
                    "not_applicable",
                    format!("A row of kind {kind} must leave this cell empty."),
                )
            }
            _ if column == RATE && cell.contains(',') && Rate::parse(&spelling::rate(cell, true)).is_ok() => {
                error(format!("Write {} with a decimal point, not {cell}.", spelling::rate(cell, true)))
            }
            code if code.starts_with("unknown_") || code == "invalid_id" => {
                error(format!("{cell:?}: {}", fault.detail))
            }
            _ => error(fault.detail.clone()),
        }
    }

    fn cell(&self, pointer: &str) -> &str {
        let mut steps = pointer.split('/').skip(1);
        let member = steps.next().and_then(|name| self.item.get(name));
        let item = steps.next().and_then(|index| member?.get(index.parse::<usize>().ok()?));
        item.or(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// A cell's text; empty where there is none.
    pub(super) fn text(&self, column: &str) -> &str {
        self.item.get(column).and_then(Value::as_str).unwrap_or_default()
    }

    /// The kind of invitation; `None` when the cell has an unknown value.
    pub(super) fn kind(&self) -> Option<InvitationKind> {
        InvitationKind::ALL.into_iter().find(|kind| kind.as_str() == self.text(KIND))
    }

    /// The key that identifies duplicates: the kind and the address, and for some kinds the account.
    fn place(&self) -> Option<(InvitationKind, String, String)> {
        let kind = self.kind()?;
        let email = Email::parse(self.text(EMAIL)).ok()?;
        let id = self.text(ACCOUNT_ID);
        let account = match kind {
            InvitationKind::SystemUser => String::new(),
            InvitationKind::SubAccount if id.is_empty() => {
                AccountName::parse(self.text(ACCOUNT_NAME)).ok()?.key()
            }
            InvitationKind::AccountOwner | InvitationKind::SubAccount => id.to_owned(),
        };
        Some((kind, email.key().to_owned(), account))
    }

    /// The roles that it grants.
    pub(super) fn granted(&self) -> impl Iterator<Item = Role> {
        let names = self.item.get(ROLES).and_then(Value::as_array).into_iter().flatten();
        names.filter_map(|name| name.as_str()?.parse().ok())
    }

    /// The request body of its invite.
    pub(super) fn body(&self) -> String {
        let mut body = self.item.clone();
        body.remove(KIND);
        Value::Object(body).to_string()
    }

    /// The idempotency key: the same for an equal row, at any position in any file.
    pub(super) fn key(&self) -> String {
        format!("import-{}", hex(&Sha256::digest(Value::Object(self.item.clone()).to_string())))
    }
}

/// The column of a JSON pointer into the body.
pub(super) fn column(pointer: &str) -> &str {
    pointer.split('/').nth(1).unwrap_or(KIND)
}

#[cfg(test)]
mod tests;
