//! The columns that a file may have, and how its header is read.

use super::{fault::RowError, spelling};

/// The kind of invitation, on every row.
pub(super) const KIND: &str = "kind";
/// The address of the person to invite, on every row.
pub(super) const EMAIL: &str = "email";
/// The roles of a system user, in one cell.
pub(super) const ROLES: &str = "roles";
/// The parent account, or the account that gets a further owner.
pub(super) const ACCOUNT_ID: &str = "account_id";
/// The parent account, or the name of a new top-level account.
pub(super) const ACCOUNT_NAME: &str = "account_name";
/// The reimbursement for charging.
pub(super) const RATE: &str = "reimbursement_rate";

/// The language of the letters.
pub(super) const LOCALE: &str = "locale";

/// Every column, in the order of listings, with its text in `--help`: the kind, then the members of the
/// bodies of the three invites.
const TABLE: [(&str, &str); 11] = [
    (KIND, "system_user, account_owner or sub_account"),
    (EMAIL, "the address of the person to invite"),
    (ROLES, "of a system user, separated by blanks or by , ; |"),
    (ACCOUNT_ID, "the parent account, or the account that gets a further owner"),
    (ACCOUNT_NAME, "the parent account, or the name of a new account"),
    ("account_type", "business or consumer"),
    ("role", "driver or account_owner"),
    (RATE, "EUR per kWh, as 0.23; where ; or tabs separate also 0,23"),
    ("used_by", "employee or subsidiary"),
    ("sub_account_name", "the name of the new account below the parent"),
    (LOCALE, "{languages}"),
];

/// The names of all columns.
fn names() -> [&'static str; TABLE.len()] {
    TABLE.map(|(name, _)| name)
}

/// A line of `--help` for each column.
pub(super) fn help() -> String {
    TABLE.map(|(name, meaning)| format!("  {name:<20} {meaning}\n")).concat()
}

/// The column that a header cell names. Case, blanks and hyphens are ignored, and so is a unit or remark in
/// brackets after the name (`E-mail`, `Account_Name`, `Reimbursement rate (EUR/kWh)`).
pub(super) fn find(cell: &[u8]) -> Option<&'static str> {
    let name = std::str::from_utf8(cell).ok()?;
    let name = match name.split_once(['(', '[']) {
        Some((name, _)) if !name.trim().is_empty() => name,
        _ => name,
    };
    match spelling::squash(name).as_str() {
        "emailaddress" | "mail" | "mailaddress" => Some(EMAIL),
        "account" => Some(ACCOUNT_NAME),
        "language" => Some(LOCALE),
        name => names().into_iter().find(|known| spelling::squash(known) == name),
    }
}

/// Whether pandas made up this name: it writes back a column without a name as `Unnamed: 0`.
pub(super) fn is_unnamed(cell: &[u8]) -> bool {
    let number = cell.trim_ascii().strip_prefix(b"Unnamed:").unwrap_or_default().trim_ascii();
    number.first().is_some_and(u8::is_ascii_digit)
        && number.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'))
}

/// The index of a column in the order of listings.
pub(super) fn position(column: &str) -> Option<usize> {
    names().iter().position(|known| *known == column)
}

/// The column of each header cell (`None` for an empty cell), and all faults of the header: unknown, missing
/// and duplicate columns.
pub(super) fn read<'a>(cells: impl Iterator<Item = &'a [u8]>) -> (Vec<Option<&'static str>>, Vec<RowError>) {
    let (mut columns, mut faults) = (Vec::new(), Vec::new());
    for cell in cells {
        let column = find(cell);
        let name = String::from_utf8_lossy(cell);
        match column {
            Some(name) if columns.contains(&column) => {
                faults.push(RowError::new(
                    name,
                    "duplicate_column",
                    "The header has this column twice. Remove one of them.",
                ));
            }
            None if !name.trim().is_empty() && !is_unnamed(cell) => {
                let words = format!("There is no such column. Known columns: {}.", names().join(", "));
                faults.push(RowError::new(name.trim(), "unknown_column", words));
            }
            _ => {}
        }
        columns.push(column);
    }
    if columns.iter().all(Option::is_none) {
        let words =
            format!("The first line must name the columns, separated by , or ; as in: {}", names().join(","));
        return (Vec::new(), vec![RowError::new(KIND, "missing_header", words)]);
    }
    for name in [KIND, EMAIL].into_iter().filter(|name| !columns.contains(&Some(*name))) {
        faults.push(RowError::new(name, "missing_column", "This column is missing. Every row needs it."));
    }
    (columns, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(header: &str) -> Vec<(String, String)> {
        let (_, faults) = read(header.split(',').map(str::as_bytes));
        faults.into_iter().map(|fault| (fault.column, fault.code)).collect()
    }

    #[test]
    fn a_header_is_read_in_any_order_and_case() {
        let (columns, faults) = read([&b"Email "[..], b"", b"KIND", b" locale"].into_iter());
        assert_eq!(
            (columns.as_slice(), faults),
            (&[Some(EMAIL), None, Some(KIND), Some("locale")][..], vec![])
        );
    }

    #[test]
    fn a_column_is_known_however_people_write_its_name() {
        for (cell, column) in [
            ("E-mail", EMAIL),
            ("e\u{2010}mail\u{A0}address", EMAIL),
            ("E Mail:", EMAIL),
            ("EMAIL_ADDRESS", EMAIL),
            ("\u{FEFF}Kind", KIND),
            ("Account name", ACCOUNT_NAME),
            ("account-name *", ACCOUNT_NAME),
            ("AccountName", ACCOUNT_NAME),
            ("Account_ID", ACCOUNT_ID),
            ("Reimbursement rate (EUR/kWh)", RATE),
            ("REIMBURSEMENT  RATE [€]", RATE),
            ("used-by", "used_by"),
            ("Sub-account name", "sub_account_name"),
            ("ＲＯＬＥ", "role"),
            ("Roles", ROLES),
            ("Mail", EMAIL),
            ("Account", ACCOUNT_NAME),
            ("Language", LOCALE),
        ] {
            assert_eq!(find(cell.as_bytes()), Some(column), "{cell}");
        }
        for cell in ["", " ", "-", "(rolls)", "rolls", "kind of", "e", "Unnamed: 0", "accounts", "languages"]
        {
            assert_eq!(find(cell.as_bytes()), None, "{cell}");
        }
    }

    #[test]
    fn every_fault_of_a_header_is_reported_with_its_column() {
        let own = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(
            codes("e-mail,rolls,Email"),
            own(&[("rolls", "unknown_column"), ("email", "duplicate_column"), ("kind", "missing_column")])
        );
        assert_eq!(codes("system_user,ada@example.com"), own(&[("kind", "missing_header")]));
        assert_eq!(codes(""), own(&[("kind", "missing_header")]));
    }
}
