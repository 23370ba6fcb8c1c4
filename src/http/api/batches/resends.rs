//! `POST /v1/invitations/batch/resend`.

use actix_web::{HttpResponse, post};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    blocking::run_blocking,
    denials,
    item::kind,
    results::{Page, render, stored_results},
};
use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext, Steps},
        members::{self, MemberError, Members},
    },
    middleware::letter_quota::QuotaStatuses,
    openapi::{errors::errors, problem_examples, problem_schemas::ProblemDocument, sample_data},
    response::{problem::Problem, views::InvitationView},
};
use crate::{
    domain::{
        closed_set::UnknownValue,
        ids::{AccountId, InvitationId},
        invitation::{DeliveryState, InvitationKind, InvitationStatus},
    },
    services::{
        self, ServiceError,
        idempotency::StoredAnswer,
        resend::batch::{Filter, MAX_BATCH, ResendSelection, Resent},
    },
};

/// The invitations to resend: either by their ids, or chosen by a filter.
#[derive(ToSchema)]
#[expect(dead_code, reason = "some members are described here and used as what they mean together")]
pub struct ResendBatchRequest {
    /// Their ids, each once: a repeated id fails. An unknown id fails with `not_found`.
    #[schema(value_type = Option<Vec<InvitationId>>, min_items = 1, max_items = 1000)]
    ids: Option<Vec<String>>,
    /// Those that the token may resend and that match.
    filter: Option<ResendFilterRequest>,
    /// `true` validates everything and changes nothing.
    validate_only: Option<bool>,
    #[schema(ignore)]
    wanted: ResendSelection,
    #[schema(ignore)]
    dry_run: bool,
}

/// Pending invitations. Conditions combine with AND.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the members; `Filter` holds what they mean")]
pub struct ResendFilterRequest {
    /// `expired`, or `pending`: those whose link is still valid. When it is left out: `expired`, or both
    /// together with `delivery`.
    #[schema(value_type = Option<ResendableStatus>)]
    status: Option<InvitationStatus>,
    /// Those whose newest letter has this state: letters with `failed` or `bounced` were not received.
    delivery: Option<DeliveryState>,
    /// Of this kind. 403 for a kind that the token may not invite.
    kind: Option<InvitationKind>,
    /// To this account, or to one below it.
    account_id: Option<AccountId>,
}

/// The statuses of invitations that can be resent.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what `status` takes")]
pub enum ResendableStatus {
    /// The link has expired.
    Expired,
    /// The link is still valid.
    Pending,
}

impl members::Request for ResendBatchRequest {
    fn read(members: &mut Members) -> Option<Self> {
        // A faulty member is still there: it is not reported as missing.
        let (named, filtered) = (members.contains_non_null("ids"), members.contains_non_null("filter"));
        let ids = if named { ids(members) } else { None };
        let filter = members.object("filter", |members| Some(filter(members)));
        let validate_only = members.optional("validate_only", |value| members::boolean(&value));
        match (named, filtered) {
            (true, true) => {
                let words = "Name invitations by ids, or choose them by filter, not both.";
                members.fault("filter", MemberError("not_applicable", words.to_owned()));
            }
            (false, false) => {
                let words = "Name invitations by ids, or choose them by filter.";
                members.fault("ids", MemberError("required", words.to_owned()));
            }
            _ => {}
        }
        let wanted = ids.map(ResendSelection::Ids).or(filter.map(ResendSelection::Filter))?;
        Some(Self {
            ids: None,
            filter: None,
            validate_only,
            wanted,
            dry_run: validate_only.unwrap_or_default(),
        })
    }
}

fn ids(members: &mut Members) -> Option<Vec<String>> {
    let ids = members.list("ids", members::text)?;
    let fault = match ids.len() {
        0 => MemberError("too_few", "Name at least one invitation.".to_owned()),
        many if many > MAX_BATCH => {
            MemberError("too_many", format!("At most {MAX_BATCH} are resent at once, not {many}."))
        }
        _ => return Some(ids),
    };
    members.fault("ids", fault);
    None
}

fn filter(members: &mut Members) -> Filter {
    let status = members.optional("status", members::parsed("unknown_value", status));
    let delivery = members.optional("delivery", members::parsed("unknown_value", delivery));
    let kind = members.optional("kind", members::parsed("unknown_value", kind));
    let account = members.optional("account_id", members::parsed("invalid_id", str::parse::<AccountId>));
    let expired = match status {
        None if delivery.is_some() => None,
        status => Some(status != Some(InvitationStatus::Pending)),
    };
    Filter { expired, delivery, kind, account }
}

fn status(name: &str) -> Result<InvitationStatus, UnknownValue> {
    let known = [InvitationStatus::Expired, InvitationStatus::Pending]
        .into_iter()
        .find(|status| status.as_str() == name);
    known.ok_or(UnknownValue { known: "expired, pending" })
}

fn delivery(name: &str) -> Result<DeliveryState, String> {
    let known = || DeliveryState::ALL.map(DeliveryState::as_str).join(", ");
    DeliveryState::ALL
        .into_iter()
        .find(|state| state.as_str() == name)
        .ok_or_else(|| format!("This takes one of: {}.", known()))
}

/// The results of a batch of resends.
#[derive(Serialize, ToSchema)]
pub struct ResendResults {
    /// One for each id in the order of the request, or for each invitation that the filter chose, the least
    /// recently sent first.
    pub results: Vec<ResendResult>,
    /// Whether the filter chooses further invitations that could be resent now: repeat the request to
    /// continue.
    pub more: bool,
}

/// The result of one.
#[derive(Serialize, ToSchema)]
pub struct ResendResult {
    /// Which one, counted from 0.
    #[schema(minimum = 0, maximum = 999)]
    pub index: usize,
    /// Its id, as it was sent.
    pub id: String,
    /// Its outcome.
    pub status: ResendStatus,
    /// With `resent`: the invitation as it is now.
    #[schema(value_type = InvitationView, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationView>,
    /// With `failed`: the problem that `POST /v1/invitations/{id}/resend` would have answered with.
    #[schema(value_type = ProblemDocument, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<RawValue>>,
}

/// The outcome of one: with `validate_only`, `valid` stands for `resent`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResendStatus {
    /// A letter with a new link is queued; the old link no longer works.
    Resent,
    /// It would be resent.
    Valid,
    /// It was refused, and `error` has the reason.
    Failed,
}

fn results(page: &Page, resent: &Resent) -> ResendResults {
    let result = |(index, (id, outcome)): (usize, &(String, Result<_, ServiceError>))| {
        let status = match outcome {
            Ok(_) if resent.validate_only => ResendStatus::Valid,
            Ok(_) => ResendStatus::Resent,
            Err(_) => ResendStatus::Failed,
        };
        let (invitation, error) = page.show(outcome, resent.validate_only);
        ResendResult { index, id: id.clone(), status, invitation, error }
    };
    ResendResults { results: resent.results.iter().enumerate().map(result).collect(), more: resent.more }
}

/// The answer to the example of ids.
fn example() -> ResendResults {
    let (resent, failed) = (sample_data::for_ada_resent(600), sample_data::for_dirk());
    ResendResults {
        results: vec![
            ResendResult {
                index: 0,
                id: resent.id.to_string(),
                status: ResendStatus::Resent,
                invitation: Some(resent),
                error: None,
            },
            ResendResult {
                index: 1,
                id: failed.id.to_string(),
                status: ResendStatus::Failed,
                invitation: None,
                error: problem_examples::raw("resend_too_soon"),
            },
        ],
        more: false,
    }
}

errors! {
    ResendErrors:
    FORBIDDEN = "the token may not invite, or not invite this kind";
}

/// Resend many at once
///
/// Up to 1,000 invitations. Each is checked on its own, as by its own resend: `not_found`, `forbidden`,
/// `role_exceeds_yours`, `invitation_not_pending`, `invitation_pending`, `resend_too_soon` and `rate_limited`
/// (both with `retry_after`). All in one transaction.
///
/// A filter chooses among the pending invitations that the token may resend; those that a newer one has
/// replaced are not pending. It takes 1,000 at a time, the least recently sent first, and `more` says whether
/// there are further ones. Prefer `expired`: a `pending` invitation stays pending and would be chosen again
/// after a minute.
///
/// A token that may not invite at all is answered 403.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "resendBatch",
    request_body(content = ResendBatchRequest, examples(
        ("ResendByFilter" = (summary = "Everyone below Acme whose link has expired", value = json!({
            "filter": { "status": "expired", "kind": "sub_account", "account_id": sample_data::acme().id }
        }))),
        ("ResendByIds" = (summary = "These two", value = json!({
            "ids": [sample_data::for_ada().id, sample_data::for_dirk().id]
        }))),
    )),
    responses(
        (status = 200, description = "The result of each.", body = ResendResults, examples(
            ("BatchResent" = (
                summary = "One is resent, one was sent a moment ago", value = json!(example())
            )),
        )),
        ResendErrors,
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[post("/v1/invitations/batch/resend")]
pub async fn resend(command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    services::invite::may_invite(&actor)?;
    query.finish()?;
    let render = render(Page::of(&state, &request), results);
    let digest = *body.digest();
    let asked = body.parse().map(|asked: ResendBatchRequest| (asked.wanted, asked.dry_run));
    let written = render.clone();
    let quota_statuses = QuotaStatuses::of(&request);
    let work = async move |(state, actor): RequestContext, (wanted, dry_run), ticket| {
        let resent = services::resend::batch::many(&state.services, &actor, wanted, dry_run, ticket).await?;
        quota_statuses.note(&resent.quota_statuses);
        let refusals = resent.results.iter().filter_map(|(_, result)| result.as_ref().err());
        denials::record(&state, &actor.who, "/v1/invitations/batch/resend", refusals).await;
        run_blocking(move || written(&resent)).await
    };
    let page = Page::of(&state, &request);
    let redact = move |stored, refused| page.without(stored, refused);
    let steps = Steps { render, authorise: refused_now, redact, work };
    idempotency_key::answer((&request, state, actor), &digest, asked, steps).await
}

/// The results of a stored answer that the caller may no longer ask for, whether they were named or chosen by
/// a filter.
async fn refused_now(
    (state, actor): RequestContext,
    (wanted, _): (ResendSelection, bool),
    stored: Option<&StoredAnswer>,
) -> Result<Vec<(usize, ServiceError)>, Problem> {
    if let ResendSelection::Filter(filter) = wanted {
        services::resend::batch::may_choose(&actor, filter)?;
    }
    let Some(stored) = stored else { return Ok(Vec::new()) };
    let results = stored_results(stored);
    let ids: Vec<Option<InvitationId>> = results.iter().map(|one| one["id"].as_str()?.parse().ok()).collect();
    let known = ids.iter().flatten().copied().collect();
    let authority = services::resend::authority::over_invitations(&state.services, &actor, known).await?;
    let refused =
        |(index, id): (usize, Option<InvitationId>)| Some((index, authority.get(&id?)?.clone().err()?));
    Ok(ids.into_iter().enumerate().filter_map(refused).collect())
}
