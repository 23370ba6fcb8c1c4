//! One attempt: signs, sends, and records what became of it.

use chrono::{DateTime, Utc};

use super::{Dispatcher, outcome::Answered, sender::Webhook};
use crate::{
    db::{
        DbFault,
        webhooks::{Attempt, Claimed},
    },
    otel::Span,
};

/// What is said of an endpoint whose secrets were made with a key that is not known any more.
const NO_SECRET: &str = "no secret of this endpoint is known any more: rotate it";

impl Dispatcher {
    /// Makes one attempt, in the trace of what caused the event.
    pub(super) async fn deliver(&self, claimed: &Claimed) -> Result<(), DbFault> {
        let span = self.tracer.consumer("send webhook", claimed.trace_parent);
        if span.is_recording() {
            span.set("webhook.endpoint.id", claimed.endpoint.to_string());
            span.set("webhook.event.id", claimed.event.to_string());
            span.set("webhook.event.type", claimed.event_type.clone());
            span.set("webhook.attempt", i64::from(claimed.attempt));
        }
        span.enclose(self.send_and_record(claimed, &span)).await
    }

    async fn send_and_record(&self, claimed: &Claimed, span: &Span) -> Result<(), DbFault> {
        let (at, began) = (self.clock.now(), self.clock.elapsed());
        let answered = match self.webhook(claimed, at) {
            Some(webhook) => self.sender.send(webhook, at).await,
            None => Answered::Nothing(NO_SECRET.to_owned()),
        };
        if let Some(status) = answered.status() {
            span.set("http.response.status_code", i64::from(status));
        }
        if !answered.status().is_some_and(|status| (200..300).contains(&status)) {
            span.fail();
        }
        let took = self.clock.elapsed().saturating_sub(began);
        let attempt = Attempt {
            id: self.clock.id(),
            endpoint: claimed.endpoint,
            event: claimed.event,
            event_type: claimed.event_type.clone(),
            attempt: claimed.attempt,
            at,
            status: answered.status().map(i32::from),
            error: answered.error().map(str::to_owned),
            milliseconds: i32::try_from(took.as_millis()).unwrap_or(i32::MAX),
        };
        self.record((&attempt, claimed), &answered).await
    }

    /// The webhook of a delivery at `now`, signed with each secret that is live: those who receive it verify
    /// one of the signatures. `None` when none of the secrets can be made.
    fn webhook<'a>(&self, claimed: &'a Claimed, now: DateTime<Utc>) -> Option<Webhook<'a>> {
        let (event, timestamp) = (claimed.event, now.timestamp());
        let signatures = claimed.secrets.iter().filter(|secret| secret.is_live(now)).filter_map(|record| {
            let secret = self.keys.find(claimed.endpoint, record.id, &record.hash)?;
            secret.signature(event, timestamp, &claimed.payload)
        });
        let signatures: Vec<String> = signatures.collect();
        if signatures.is_empty() {
            return None;
        }
        let headers = [
            ("webhook-id", event.to_string()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        let (url, set_by_staff) = (&claimed.url, claimed.set_by_staff);
        Some(Webhook { url, set_by_staff, headers, body: claimed.payload.clone() })
    }
}
