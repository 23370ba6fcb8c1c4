//! What an operator must know of each provider before letters go through it, as `--help` prints it.

/// What an operator must know of a provider: words that follow on a heading, without a full stop at the end.
pub(in crate::mail) struct Guide {
    /// What the words in capitals of `MAIL_URL` are, and what the provider makes of `MAIL_FROM`.
    pub account: &'static str,
    /// By what the provider knows a letter.
    pub letter_id: &'static str,
    /// Whether opens and clicks are tracked.
    pub tracking: &'static str,
    /// What becomes of a letter that is sent again, because the answer was lost.
    pub repeated: &'static str,
    /// What `recheck` asks, what the account and the key need for it, and whether a letter is found whose
    /// answer was lost; `None` where the provider cannot be asked.
    pub recheck: Option<&'static str>,
}

/// The same of a provider's webhook.
pub(in crate::mail) struct WebhookGuide {
    /// What to set up there, and how its requests are verified.
    pub setup: &'static str,
    /// Which of its events are `bounced` or `failed`, where their names do not say it.
    pub outcomes: &'static str,
    /// By what its reports are recognised that are about letters through its SMTP server.
    pub over_smtp: &'static str,
}

/// A heading, and the words on it.
type Line = (&'static str, &'static str);

impl Guide {
    /// Its lines, in the order of `--help`.
    pub fn lines(&self) -> [Line; 5] {
        [
            ("account", self.account),
            ("known by", self.letter_id),
            ("tracking", self.tracking),
            ("sent again", self.repeated),
            ("recheck", self.recheck.unwrap_or("the provider cannot be asked")),
        ]
    }
}

impl WebhookGuide {
    /// Its lines, in the order of `--help`.
    pub fn lines(&self) -> [Line; 3] {
        [("webhook", self.setup), ("reports", self.outcomes), ("by SMTP", self.over_smtp)]
    }
}
