//! The results of a batch, as they are written and stored.

use std::sync::Arc;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use crate::http::{
    extract::idempotency_key::request_id,
    response::{problem::Problem, views::InvitationView},
    state::State,
};
use crate::{
    domain::invitation::Invitation,
    services::{
        ServiceError,
        idempotency::{Render, StoredAnswer},
    },
};

/// What results are written with: the same for all results of an answer.
pub(super) struct Page {
    public_url: String,
    request_id: String,
    now: DateTime<Utc>,
}

/// An item's invitation or problem. A problem is text already: as a value it would take many times the
/// memory.
pub(super) type Shown = (Option<InvitationView>, Option<Box<RawValue>>);

impl Page {
    pub(super) fn of(state: &State, request: &HttpRequest) -> Self {
        let now = state.services.clock.now();
        Self { public_url: state.settings.public_url.clone(), request_id: request_id(request), now }
    }

    /// A stored answer in which these items fail, since the caller has lost the authority for them. Those
    /// that failed with the same code before stay as they are.
    pub(super) fn without(
        &self,
        mut stored: StoredAnswer,
        refused: Vec<(usize, ServiceError)>,
    ) -> StoredAnswer {
        if refused.is_empty() {
            return stored;
        }
        let mut body: Value = serde_json::from_str(&stored.body).unwrap_or_default();
        let mut changed = false;
        for (index, refusal) in refused {
            let Some(result) = body["results"].get_mut(index).and_then(Value::as_object_mut) else {
                continue;
            };
            let problem = Problem::of_item(&refusal);
            if result.get("error").is_some_and(|error| error["code"] == problem.code.code) {
                continue;
            }
            result.remove("invitation");
            result.insert("status".to_owned(), "failed".into());
            result.insert("error".to_owned(), problem.document(&self.public_url, &self.request_id));
            changed = true;
        }
        if changed {
            stored.body = body.to_string();
        }
        stored
    }

    /// The invitation or the problem of an outcome; neither for an item that was only validated.
    pub(super) fn show(&self, outcome: &Result<Invitation, ServiceError>, validate_only: bool) -> Shown {
        match outcome {
            Ok(_) if validate_only => (None, None),
            Ok(invitation) => (Some(InvitationView::of(invitation, self.now)), None),
            Err(refusal) => {
                let document = Problem::of_item(refusal).document(&self.public_url, &self.request_id);
                // A JSON value can always be written.
                (None, to_raw_value(&document).ok())
            }
        }
    }
}

/// The results in a stored answer.
pub(super) fn stored_results(stored: &StoredAnswer) -> Vec<Value> {
    let body: Value = serde_json::from_str(&stored.body).unwrap_or_default();
    body["results"].as_array().cloned().unwrap_or_default()
}

/// Writes an answer for its effect.
pub(super) fn render<E, A: serde::Serialize>(
    page: Page,
    answer: impl Fn(&Page, &E) -> A + Send + Sync + 'static,
) -> Render<E> {
    Arc::new(move |effect| {
        let body = serde_json::to_string(&answer(&page, effect)).unwrap_or_default();
        StoredAnswer { status: 200, body, location: None, etag: None }
    })
}
