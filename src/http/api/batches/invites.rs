//! `POST /v1/invitations/batch`.

use actix_web::{
    HttpRequest, HttpResponse, post,
    web::{Data, Payload},
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{
    blocking::run_blocking,
    denials,
    item::AnyItem,
    read::{ParsedRequest, receive},
    results::{Page, render},
};
use crate::domain::{field_error::FieldError, sub_account::DriverOfSubsidiary};
use crate::http::{
    extract::{
        auth::Caller,
        idempotency_key::{self, RequestContext, Steps},
        query::Query,
    },
    middleware::letter_quota::QuotaStatuses,
    openapi::{errors::errors, problem_examples, problem_schemas::ProblemDocument, sample_data},
    response::{problem::Problem, views::InvitationView},
    state::State,
};
use crate::services::{
    self, ServiceError,
    idempotency::StoredAnswer,
    invite::{Invite, batch::Invited},
};

/// Many invites at once, of all kinds mixed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `receive` reads")]
pub struct InviteBatch {
    /// The invites. Each is processed on its own: a faulty one does not fail the others.
    #[schema(min_items = 1, max_items = 1000)]
    invitations: Vec<AnyItem>,
    /// `true` validates everything, also against what is stored and against the other items, and changes
    /// nothing.
    validate_only: Option<bool>,
}

/// The results of a batch.
#[derive(Serialize, ToSchema)]
pub struct BatchResults {
    /// One for each item, in the order of the request.
    pub results: Vec<BatchResult>,
}

/// The result of an item.
#[derive(Serialize, ToSchema)]
pub struct BatchResult {
    /// Which item, counted from 0.
    #[schema(minimum = 0, maximum = 999)]
    pub index: usize,
    /// Its outcome.
    pub status: BatchStatus,
    /// With `invited`: the invitation.
    #[schema(value_type = InvitationView, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationView>,
    /// With `failed`: the problem that the item's own route would have answered with. Pointers are into the
    /// item.
    #[schema(value_type = ProblemDocument, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<RawValue>>,
}

/// The outcome of an item: with `validate_only`, `valid` stands for `invited`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Invited; the letter is queued.
    Invited,
    /// It would be invited.
    Valid,
    /// It was refused, and `error` has the reason.
    Failed,
}

fn results(page: &Page, invited: &Invited) -> BatchResults {
    let result = |(index, outcome): (usize, &Result<_, ServiceError>)| {
        let status = match outcome {
            Ok(_) if invited.validate_only => BatchStatus::Valid,
            Ok(_) => BatchStatus::Invited,
            Err(_) => BatchStatus::Failed,
        };
        let (invitation, error) = page.show(outcome, invited.validate_only);
        BatchResult { index, status, invitation, error }
    };
    BatchResults { results: invited.results.iter().enumerate().map(result).collect() }
}

/// Counts each item as a single invite is counted. Faulty items and validated ones are not invites.
fn count(state: &State, invited: &Invited) {
    for outcome in invited.results.iter().filter(|_| !invited.validate_only) {
        match outcome {
            Ok(_) => state.metrics.invite("invited"),
            Err(ServiceError::Invalid(_)) => {}
            Err(refusal) => state.metrics.invite(Problem::from(refusal).code.code),
        }
    }
}

/// The answer to the first example of a request.
fn example_invited() -> BatchResults {
    let fault = FieldError::new("/used_by", DriverOfSubsidiary::CODE, DriverOfSubsidiary.to_string());
    let faulty = Problem::body(&[fault].into()).document(sample_data::PUBLIC_URL, sample_data::REQUEST_ID);
    let invited =
        |index, one| BatchResult { invitation: Some(one), ..example_result(index, BatchStatus::Invited) };
    let failed = |index, error| BatchResult { error, ..example_result(index, BatchStatus::Failed) };
    BatchResults {
        results: vec![
            invited(0, sample_data::for_ada()),
            invited(1, sample_data::for_dirk()),
            failed(2, problem_examples::raw("invitation_pending")),
            failed(3, to_raw_value(&faulty).ok()),
        ],
    }
}

fn example_result(index: usize, status: BatchStatus) -> BatchResult {
    BatchResult { index, status, invitation: None, error: None }
}

errors! {
    InviteErrors:
    FORBIDDEN = "the token may not invite";
    REQUEST_TIMEOUT = "the body did not arrive within 60 seconds";
    PAYLOAD_TOO_LARGE = "the body has more than 7.4 MB, which is what 1,000 full items take";
    VALIDATION_FAILED =
        "`invitations` is not a list of 1 to 1,000 items, or a member beside it is faulty; what is faulty \
         in an item is in its result";
}

/// Invite many at once
///
/// 1 to 1,000 invites of any kind. Each is checked on its own: faults, permission, conflicts, duplicates
/// within the batch (the second one fails with `invitation_pending` and the first one's `invitation_id`), and
/// letters beyond a quota (`rate_limited`, with `retry_after`). Those that pass are stored in one
/// transaction: after a crash either all of them exist or none. With an `Idempotency-Key` a retry gets the
/// same results again.
///
/// A token that may not invite at all is answered 403; otherwise items that it may not send fail with
/// `forbidden`.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "inviteBatch",
    request_body(content = InviteBatch, examples(
        ("InviteBatch" = (summary = "Four at once, two of them faulty", value = json!({ "invitations": [
            { "kind": "system_user", "email": "ada@example.com", "roles": ["viewer"], "locale": "en" },
            { "kind": "sub_account", "email": "dirk@acme.example", "role": "driver",
              "account_name": "Acme B.V.", "reimbursement_rate": "0.23", "sub_account_name": "Dirk at home",
              "account_type": "consumer", "locale": "nl" },
            { "kind": "system_user", "email": "ADA@example.com", "roles": ["viewer"] },
            { "kind": "sub_account", "email": "sofie@sub.acme.example", "role": "driver",
              "account_id": sample_data::acme().id, "used_by": "subsidiary" },
        ] }))),
        ("ValidateBatch" = (summary = "One, validated only", value = json!({
            "invitations": [
                { "kind": "system_user", "email": "ada@example.com", "roles": ["viewer"] }
            ], "validate_only": true
        }))),
    )),
    responses(
        (status = 200, description = "The result of each item.", body = BatchResults, examples(
            ("BatchInvited" = (summary = "Two are invited, two failed", value = json!(example_invited()))),
            ("BatchValidated" = (summary = "It would be invited", value = json!(BatchResults { results: vec![
                example_result(0, BatchStatus::Valid)
            ] }))),
        )),
        InviteErrors,
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[post("/v1/invitations/batch")]
pub async fn invite(
    request: HttpRequest,
    caller: Caller,
    query: Query,
    payload: Payload,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let Caller(actor) = caller;
    // Before a body of megabytes is read.
    services::invite::may_invite(&actor)?;
    query.finish()?;
    let received = receive(&request, payload, (&state, &actor.who)).await?;
    let render = render(Page::of(&state, &request), results);
    let written = render.clone();
    let quota_statuses = QuotaStatuses::of(&request);
    let work = async move |(state, actor): RequestContext, asked: ParsedRequest, ticket| {
        let asked = (asked.items, asked.validate_only);
        let invited = services::invite::batch::many(&state.services, &actor, asked, ticket).await?;
        quota_statuses.note(&invited.quota_statuses);
        let refusals = invited.results.iter().filter_map(|result| result.as_ref().err());
        denials::record(&state, &actor.who, "/v1/invitations/batch", refusals).await;
        let written = move || {
            count(&state, &invited);
            written(&invited)
        };
        run_blocking(written).await
    };
    let page = Page::of(&state, &request);
    let redact = move |stored, refused| page.without(stored, refused);
    let steps = Steps { render, authorise: refused_now, redact, work };
    idempotency_key::answer((&request, state, actor), &received.digest, received.asked, steps).await
}

/// The items of a stored answer that the caller may no longer ask for.
async fn refused_now(
    (state, actor): RequestContext,
    asked: ParsedRequest,
    stored: Option<&StoredAnswer>,
) -> Result<Vec<(usize, ServiceError)>, Problem> {
    if stored.is_none() {
        return Ok(Vec::new());
    }
    let (indices, invites): (Vec<usize>, Vec<Invite>) =
        asked.items.into_iter().enumerate().filter_map(|(index, item)| Some((index, item.ok()?))).unzip();
    let authority = services::invite::authorise(&state.services, &actor, invites).await?;
    let refused = indices.into_iter().zip(authority);
    Ok(refused.filter_map(|(index, authority)| Some((index, authority.err()?))).collect())
}
