//! Sends the rows: a bounded number of requests at once, reported in the file's order.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{
    outcome::Outcome,
    report::Report,
    row::Row,
    service::{Service, in_words},
    stop::{Reason, Stop},
};
use crate::http::api::batches::validate_row;

/// The number of invites in flight.
const AT_ONCE: usize = 16;
/// The number of rows validated in one request: the maximum of a batch.
const BATCH: usize = 1000;

/// One run of an import.
pub(super) struct Run {
    /// Distinguishes the runs of an import.
    pub id: String,
    /// Whether to invite again those whose earlier invitation is no longer usable.
    pub anew: bool,
}

/// Sends every row until there is a reason to stop. Then the requests in flight are awaited.
pub(super) async fn invite(service: &Service, rows: &[Row], run: &Run, report: &mut Report, stop: &Stop) {
    let sent = stream::iter(rows)
        .take_until(Box::pin(stop.clone().wait()))
        .map(|row| async move { invite_one(service, row, run, stop).await.unwrap_or(Outcome::NotSent) })
        .buffered(AT_ONCE);
    report_outcomes(rows, sent, report, stop).await;
}

async fn invite_one(service: &Service, row: &Row, run: &Run, stop: &Stop) -> Option<Outcome> {
    let (path, key, body) = (row.kind().map(validate_row::path)?, row.key(), row.body());
    let first = service.post(path, Some(&key), &body).await?;
    if !first.replayed {
        return Some(Outcome::of(row, &first));
    }
    if first.status == 201 {
        let since = invited_before(service, row, &first.body["id"], stop).await?;
        if !(run.anew && matches!(since, Outcome::NoLongerInvited { .. })) {
            return Some(since);
        }
    }
    // An earlier run was refused, and the reason may have gone; or its invitation is no longer usable. In
    // both cases a new key cannot create a second live invitation.
    let anew = service.post(path, Some(&format!("{key}-{}", run.id)), &body).await?;
    Some(Outcome::of(row, &anew))
}

/// The outcome of a row that an earlier run invited.
async fn invited_before(service: &Service, row: &Row, id: &Value, stop: &Stop) -> Option<Outcome> {
    let path = format!("/v1/invitations/{}", id.as_str().unwrap_or_default());
    let known = service.get(&path).await?;
    // A token without the permission to read gets no 200.
    let status = known.body["status"].as_str().filter(|_| known.status == 200);
    if matches!(status, Some("pending" | "activated")) {
        return Some(Outcome::AlreadyThere { code: "replayed".to_owned(), invitation_id: id.clone() });
    }
    // The person may have been invited again by other means: let the service decide.
    let outcome = validate_batch(service, std::slice::from_ref(row), stop).await.pop()?;
    Some(if outcome == Outcome::Valid { Outcome::no_longer_invited(id.clone(), status) } else { outcome })
}

/// Has the service validate every row, and changes nothing.
pub(super) async fn validate(service: &Service, rows: &[Row], report: &mut Report, stop: &Stop) {
    let outcomes = stream::iter(rows.chunks(BATCH))
        .take_until(Box::pin(stop.clone().wait()))
        .then(|rows| validate_batch(service, rows, stop))
        .flat_map(stream::iter);
    report_outcomes(rows, outcomes, report, stop).await;
}

async fn validate_batch(service: &Service, rows: &[Row], stop: &Stop) -> Vec<Outcome> {
    let items: Vec<_> = rows.iter().map(|row| &row.item).collect();
    let body = json!({ "invitations": items, "validate_only": true }).to_string();
    let Some(answer) = service.post("/v1/invitations/batch", None, &body).await else { return Vec::new() };
    let results = answer.body["results"]
        .as_array()
        .filter(|results| answer.status == 200 && results.len() == rows.len());
    let Some(results) = results else {
        stop.set_reason(Reason::Refused(format!(
            "POST /v1/invitations/batch with {}",
            in_words(answer.status, &answer.body)
        )));
        return Vec::new();
    };
    rows.iter().zip(results).map(|(row, item)| Outcome::of_item(row, item)).collect()
}

/// Reports the outcome of each row. Rows without an outcome were not sent.
async fn report_outcomes(
    rows: &[Row],
    outcomes: impl stream::Stream<Item = Outcome>,
    report: &mut Report,
    stop: &Stop,
) {
    let mut outcomes = std::pin::pin!(outcomes);
    for row in rows {
        let outcome = outcomes.next().await.unwrap_or(Outcome::NotSent);
        if let Err(error) = report.row(row, &outcome) {
            stop.set_reason(Reason::Unwritable(error.to_string()));
        }
    }
}
