//! Phrases about the recipient: what refuses them ([`refusal_phrases`](crate::domain::refusal_phrases)), and
//! what only mentions them.

use crate::domain::refusal_phrases::{Place, phrases_in};

/// Phrases about the recipient, unless the code says otherwise.
pub(super) fn of_recipient() -> impl Iterator<Item = &'static str> {
    MENTIONS.iter().copied().chain(phrases_in(Place::Reply))
}

/// Phrases that mention the recipient, and do not say why they are refused.
const MENTIONS: &[&str] = &[
    "mailbox size",
    "mailbox does not",
    "mailbox doesnt",
    "recipient rejected",
    "recipient refused",
    "recipient does not",
    "recipient doesnt",
    "recipient is not",
    "recipient not",
    "recipient has",
    "my badrecipientto list",
    "this recipient",
    "doesnt have a",
    "tried to reach",
    "address rejected",
    "recipient domain",
    "account or domain may not exist",
    "marked as inactive",
    "inactive recipient",
    "inactive recipients",
    "by recipient",
    "by the recipient",
    "undeliverable address",
    "mailbox owner",
];
