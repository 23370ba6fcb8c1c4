//! How much the body of a batch may be.

use std::time::Duration;

use crate::{
    domain::{account::AccountName, email::Email},
    http::extract::body_limit::BodyLimit,
    services::invite::batch::MAX_BATCH,
};

/// As many bytes as a thousand full items have, and no more; at a slow 1 Mbit/s they take a minute.
pub(super) const BODY_LIMIT: BodyLimit =
    BodyLimit { bytes: MAX_BATCH * ITEM - ", ".len() + ENVELOPE.len(), time: Duration::from_mins(1) };
const ENVELOPE: &str = r#"{"invitations": [], "validate_only": false}"#;

/// The item with the most and the longest members, in the longest way that they are written without being
/// padded: with a blank after each colon and comma, and every character beyond ASCII escaped, as Python does
/// it.
const ITEM: usize = "{}".len()
    + member("kind", "sub_account".len())
    + member(
        "email",
        Email::LONGEST_LOCAL + "@".len() + ESCAPED * (Email::MAX_LEN - Email::LONGEST_LOCAL - "@".len()),
    )
    + member("role", "account_owner".len())
    + member("account_name", ESCAPED * AccountName::MAX_LEN)
    + member("reimbursement_rate", "99.9999".len())
    + member("used_by", "subsidiary".len())
    + member("sub_account_name", ESCAPED * AccountName::MAX_LEN)
    + member("account_type", "business".len())
    + member("locale", LANGUAGE_TAG);
/// A character outside the basic plane: two surrogates of six bytes each (RFC 8259 §7).
const ESCAPED: usize = r"\ud83d\ude00".len();
/// RFC 5646 §4.4.1: what a tag needs at most.
const LANGUAGE_TAG: usize = 35;

/// `"name": "value", `; the last one's comma stands behind the item.
const fn member(name: &str, value: usize) -> usize {
    r#""": "", "#.len() + name.len() + value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_names_the_limit() {
        let tenths = BODY_LIMIT.bytes.div_ceil(100_000);
        let said = format!("{}.{} MB", tenths / 10, tenths % 10);
        let info = include_str!("../../openapi/info.md");
        assert!(info.contains(&said), "{} bytes: {said}", BODY_LIMIT.bytes);
    }
}
