//! Converts spellings of cells to the API's values: closed sets, roles in one cell, and rates.

use crate::domain::{
    account::AccountType,
    case_fold::fold,
    invitation::InvitationKind,
    role::Role,
    sub_account::{MemberRole, UsedBy},
};

/// What separates the roles in one cell, beside blanks.
const BETWEEN_ROLES: [char; 6] = [',', ';', '|', '/', '&', '+'];
/// The most decimals that a rate has.
const DECIMALS: usize = 4;

/// A name in one spelling: case, blanks, hyphens, underscores and other signs are ignored.
pub(super) fn squash(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn known(text: &str, names: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let text = squash(text);
    names.into_iter().find(|name| squash(name) == text)
}

/// Like [`known`], and accepts the plural.
fn known_or_several(
    text: &str,
    names: impl IntoIterator<Item = &'static str> + Clone,
) -> Option<&'static str> {
    known(text, names.clone()).or_else(|| known(squash(text).strip_suffix('s')?, names))
}

/// The value of the column's closed set that a cell means (`Account Owner`, `SUB-ACCOUNT`), or the cell
/// unchanged.
pub(super) fn value(column: &str, text: String) -> String {
    let value = match column {
        "kind" => known_or_several(&text, InvitationKind::ALL.map(InvitationKind::as_str)),
        "role" if squash(&text) == "owner" => Some(MemberRole::AccountOwner.as_str()),
        "role" => known_or_several(&text, MemberRole::ALL.map(MemberRole::as_str)),
        "account_type" => known(&text, AccountType::ALL.map(AccountType::as_str)),
        "used_by" => known(&text, UsedBy::ALL.map(UsedBy::as_str)),
        _ => None,
    };
    value.map_or(text, str::to_owned)
}

/// The roles in a cell, separated by blanks or signs. They are sorted, so that the same roles make the same
/// row. Unknown roles stay unchanged.
pub(super) fn roles(text: &str) -> Vec<String> {
    let role = |words: &[&str]| known(&words.concat(), Role::ALL.map(Role::as_str)).map(str::to_owned);
    let mut roles = Vec::new();
    for part in text.split(BETWEEN_ROLES) {
        let words: Vec<&str> = part.split_whitespace().collect();
        let mut rest = &words[..];
        while let [first, others @ ..] = rest {
            // A role's name may be several words: the longest match is taken.
            let longest =
                (1..=rest.len()).rev().find_map(|count| Some((role(&rest[..count])?, &rest[count..])));
            let (next, left) = longest.unwrap_or_else(|| ((*first).to_owned(), others));
            roles.push(next);
            rest = left;
        }
    }
    roles.sort_unstable();
    roles
}

/// A rate in the API's form, as long as no digit is lost: a decimal comma becomes a point where the file
/// allows it; zeros after the fourth decimal (databases and pandas write `0.230000`), leading zeros and the
/// unit are removed; a missing zero before the point is added. Any other text stays unchanged and is refused
/// later. Other programs read a decimal comma as a separator of thousands, without a warning.
///
/// See findings/csvkit-decimal-comma.sh and findings/sheetjs-decimal-comma.sh.
pub(super) fn rate(text: &str, decimal_comma: bool) -> String {
    let text = without_unit(text);
    let text = match text.split_once(',') {
        Some((whole, decimals))
            if decimal_comma && !decimals.contains([',', '.']) && !whole.contains('.') =>
        {
            format!("{whole}.{decimals}")
        }
        _ => text.to_owned(),
    };
    let text = match text.trim_start_matches('0') {
        rest if rest.starts_with(|c: char| c.is_ascii_digit()) => rest.to_owned(),
        rest if rest
            .strip_prefix(['.', ','])
            .is_some_and(|decimals| decimals.starts_with(|c: char| c.is_ascii_digit())) =>
        {
            format!("0{rest}")
        }
        _ => text,
    };
    let zeros =
        |decimals: &str| decimals.get(DECIMALS..).is_some_and(|rest| rest.bytes().all(|byte| byte == b'0'));
    match text.split_once('.') {
        Some((whole, decimals)) if zeros(decimals) => format!("{whole}.{}", &decimals[..DECIMALS]),
        _ => text,
    }
}

/// A number without `EUR`, `€` or `EUR/kWh`; any other text unchanged.
fn without_unit(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let number = lower.strip_suffix("kwh").map(str::trim_end).and_then(|rest| {
        let rest = rest.strip_suffix('/').or_else(|| rest.strip_suffix("per"));
        rest.map(str::trim_end)
    });
    let rest = number.unwrap_or(&lower);
    let mut units = ["euro", "eur", "€"].into_iter();
    let Some(unit) = units.find(|unit| rest.starts_with(unit) || rest.ends_with(unit)) else { return text };
    let number = rest.strip_suffix(unit).or_else(|| rest.strip_prefix(unit)).unwrap_or(rest).trim();
    let is_number =
        !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    // Lower case ASCII has the length of upper case, so offsets are valid in both.
    let place = lower.find(number).filter(|_| is_number);
    place.and_then(|at| text.get(at..at + number.len())).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_known_however_people_write_them() {
        for (column, text, expected) in [
            ("kind", "SUB_ACCOUNT", "sub_account"),
            ("kind", "Sub-account", "sub_account"),
            ("kind", "System User", "system_user"),
            ("kind", "AccountOwner", "account_owner"),
            ("role", "Driver", "driver"),
            ("role", "Account_Owner", "account_owner"),
            ("account_type", "Business", "business"),
            ("used_by", "EMPLOYEE", "employee"),
            ("kind", "Boss", "Boss"),
            ("role", "Owner", "account_owner"),
            ("kind", "Sub accounts", "sub_account"),
            ("kind", "system_users", "system_user"),
            ("kind", "Account owners", "account_owner"),
            ("kind", "owner", "owner"),
            ("kind", "s", "s"),
            ("locale", "NL", "NL"),
            ("account_name", "Driver", "Driver"),
        ] {
            assert_eq!(value(column, text.to_owned()), expected, "{column} {text}");
        }
    }

    #[test]
    fn roles_are_separated_by_whatever_people_use() {
        for text in [
            "viewer finance",
            "Finance, Viewer",
            "viewer;finance",
            "VIEWER|finance",
            "viewer\nfinance",
            " finance ;; viewer ,",
            "viewer & finance",
            "viewer / finance",
        ] {
            assert_eq!(roles(text), ["finance", "viewer"], "{text}");
        }
        assert_eq!(roles("Customer Support, user manager"), ["customer_support", "user_manager"]);
        assert_eq!(
            roles("viewer User-Manager customer support"),
            ["customer_support", "user_manager", "viewer"]
        );
        assert_eq!(roles("Boss customer Viewer"), ["Boss", "customer", "viewer"]);
        assert_eq!(roles(" , "), [""; 0]);
    }

    #[test]
    fn rates_lose_no_digit() {
        for (text, in_commas, otherwise) in [
            ("0.23", "0.23", "0.23"),
            ("0,23", "0,23", "0.23"),
            ("0,195", "0,195", "0.195"),
            ("0.230000", "0.2300", "0.2300"),
            ("0,230000", "0,230000", "0.2300"),
            ("23.0000000", "23.0000", "23.0000"),
            ("0.23001", "0.23001", "0.23001"),
            ("0.2300001", "0.2300001", "0.2300001"),
            ("1.234,56", "1.234,56", "1.234,56"),
            ("1,234.56", "1,234.56", "1,234.56"),
            ("1,234,5", "1,234,5", "1,234,5"),
            ("0.12é4", "0.12é4", "0.12é4"),
            ("0.123é", "0.123é", "0.123é"),
            (",", ",", "."),
            (".23", "0.23", "0.23"),
            (",23", "0,23", "0.23"),
            ("00.23", "0.23", "0.23"),
            ("007", "7", "7"),
            ("0", "0", "0"),
            ("00", "00", "00"),
            ("0.0", "0.0", "0.0"),
            ("0,23 €", "0,23", "0.23"),
            ("€0.23", "0.23", "0.23"),
            ("€\u{A0}0,23", "0,23", "0.23"),
            ("0.23 EUR", "0.23", "0.23"),
            ("EUR 0.23", "0.23", "0.23"),
            ("0.23 EUR/kWh", "0.23", "0.23"),
            ("0.23 Euro / kWh", "0.23", "0.23"),
            ("€ 0.23 per kWh", "0.23", "0.23"),
            ("0.23 EUR/MWh", "0.23 EUR/MWh", "0.23 EUR/MWh"),
            ("0.23 USD", "0.23 USD", "0.23 USD"),
            ("23 ct", "23 ct", "23 ct"),
            ("-0.23 EUR", "-0.23 EUR", "-0.23 EUR"),
            ("-.23", "-.23", "-.23"),
            ("EUR", "EUR", "EUR"),
        ] {
            assert_eq!(
                (rate(text, false).as_str(), rate(text, true).as_str()),
                (in_commas, otherwise),
                "{text}"
            );
        }
    }
}
