//! Asks a provider what became of a letter.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::timeout;

use super::Http;
use crate::{
    domain::letter_status::{KnownStatus, StatusError, StatusQuery},
    mail::{
        MessageBuilder,
        providers::{
            request::Get,
            response::Answer,
            status::{AskedLetter, StatusStep},
        },
    },
};

/// How long all requests about a letter may take: a caller waits for the answer.
const WHOLE: Duration = Duration::from_secs(10);
/// How many requests are made about a letter: to find it, to read it, and to read its bounce.
const MAX_REQUESTS: usize = 3;
/// The most bytes of an answer that are read. Some have the whole letter in them, or tens of events.
const MAX_ANSWER: usize = 512 * 1024;
/// The wait that the answer names where the provider names none, and the longest one.
const DEFAULT_WAIT: u64 = 10;
const MAX_WAIT: u64 = 3600;

impl Http {
    /// Whether the provider can be asked about this letter.
    pub(in crate::mail) fn can_tell(&self, query: &StatusQuery, builder: &MessageBuilder) -> bool {
        let own = builder.message_id_of(query.letter);
        self.server.api.status_request(&asked(query, &own)).is_some()
    }

    /// Asks what became of a letter.
    pub(in crate::mail) async fn status(
        &self,
        query: &StatusQuery,
        builder: &MessageBuilder,
    ) -> Result<KnownStatus, StatusError> {
        let own = builder.message_id_of(query.letter);
        let asked = asked(query, &own);
        let late = |_| Err(StatusError::Unavailable(DEFAULT_WAIT));
        timeout(WHOLE, self.follow(&asked)).await.unwrap_or_else(late)
    }

    /// Makes the first request, and those that its answers lead to.
    async fn follow(&self, asked: &AskedLetter<'_>) -> Result<KnownStatus, StatusError> {
        let title = self.title();
        let mut next = self.server.api.status_request(asked);
        let mut known = KnownStatus::default();
        for _ in 0..MAX_REQUESTS {
            let Some(get) = next.take() else { break };
            let answer = self.get(&get).await.map_err(|error| {
                tracing::warn!(error = %error.without_url(), provider = title, "a letter's status");
                StatusError::Unavailable(DEFAULT_WAIT)
            })?;
            self.refusal(&answer, asked).map_or(Ok(()), Err)?;
            match self.server.api.status(asked, &answer) {
                Some(StatusStep::Known(more)) => add(&mut known, more),
                Some(StatusStep::Ask(get, more)) => {
                    add(&mut known, more);
                    next = Some(get);
                }
                None => {
                    tracing::warn!(provider = title, "a letter's status: the answer has an unknown form");
                    return Err(StatusError::Refused(format!("{title} answered in an unknown form.")));
                }
            }
        }
        Ok(known)
    }

    async fn get(&self, get: &Get) -> Result<Answer, reqwest::Error> {
        let url = format!("{}{}", self.server.base, get.path);
        let mut request = self.client.get(url).header("Accept", "application/json");
        for (name, value) in &get.headers {
            request = request.header(*name, value);
        }
        self.execute(request.build()?, MAX_ANSWER).await
    }

    /// Why an answer tells nothing; `None` for a success. A key that may send and not look letters up is
    /// refused with 401 or 403, and an account without the interface, or that has forgotten the letter, with
    /// 404.
    fn refusal(&self, answer: &Answer, asked: &AskedLetter<'_>) -> Option<StatusError> {
        let (title, status) = (self.title(), answer.status.as_u16());
        let words = match answer.status {
            success if success.is_success() => return None,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                return Some(unavailable(answer, asked));
            }
            error if error.is_server_error() || self.server.api.is_throttled(answer) => {
                return Some(unavailable(answer, asked));
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => format!(
                "{title} does not let the key of MAIL_URL look letters up ({status}), or not in this account."
            ),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                format!("{title} does not know the letter, or no longer ({status}).")
            }
            _ => format!("{title} does not answer questions about letters ({status})."),
        };
        let needs = self.server.api.status_needs();
        Some(StatusError::Refused(if needs.is_empty() { words } else { format!("{words} {needs}") }))
    }
}

fn asked<'a>(query: &'a StatusQuery, own_message_id: &'a str) -> AskedLetter<'a> {
    let message_id = query.message_id.as_deref().filter(|id| !id.is_empty());
    AskedLetter { id: query.letter, message_id, own_message_id, now: query.now }
}

fn add(known: &mut KnownStatus, more: KnownStatus) {
    known.accepted = known.accepted.take().or(more.accepted);
    known.events.extend(more.events);
}

fn unavailable(answer: &Answer, asked: &AskedLetter<'_>) -> StatusError {
    let wait = answer.wait(asked.now).and_then(|wait| u64::try_from(wait.time.num_seconds()).ok());
    StatusError::Unavailable(wait.unwrap_or(DEFAULT_WAIT).clamp(1, MAX_WAIT))
}
