//! What the routes that invite share: members of their bodies, and how an invite is sent.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use serde_json::Value;

use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        json_body::Body,
        members::{self, MemberError, Members},
    },
    middleware::letter_quota::QuotaStatuses,
    response::problem::Problem,
    state::State,
};
use crate::{
    domain::{
        account::AccountName,
        actor::Actor,
        invitation::{DeliveryMethod, DeliveryState, Invitation},
        permission::Permission,
        reimbursement::{Rate, RateError},
        role::{Role, Roles},
    },
    services::{
        ServiceError,
        idempotency::StoredAnswer,
        invite::{self, Invite},
    },
};

/// The roles of a system user: at least one, each once.
pub(in crate::http) fn roles(members: &mut Members) -> Option<Roles> {
    let roles = roles_in(members, "roles")?;
    if roles.is_empty() {
        members.fault("roles", MemberError("too_few", "A system user holds at least one role.".to_owned()));
        return None;
    }
    Some(roles)
}

/// A member that is a list of roles, each once; it may be empty.
pub(in crate::http) fn roles_in(members: &mut Members, name: &str) -> Option<Roles> {
    let mut seen = Vec::new();
    let roles = members.list(name, |value| {
        let role: Role = members::parsed("unknown_role", str::parse)(value)?;
        if seen.contains(&role) {
            return Err(MemberError("duplicate_role", format!("{} is named twice.", role.as_str())));
        }
        seen.push(role);
        Ok(role)
    })?;
    Some(roles.into_iter().collect())
}

/// How the link is delivered: by letter when it is left out.
pub(in crate::http) fn delivery_method(members: &mut Members) -> DeliveryMethod {
    let parse = str::parse::<DeliveryMethod>;
    members.optional("delivery", members::parsed("unknown_value", parse)).unwrap_or_default()
}

/// A member that is the name of an account.
pub(in crate::http) fn account_name(value: Value) -> Result<AccountName, MemberError> {
    AccountName::parse(&members::text(value)?).map_err(|error| MemberError(error.code(), error.to_string()))
}

/// A member that is a rate.
pub(in crate::http) fn rate(value: Value) -> Result<Rate, MemberError> {
    match value {
        Value::String(text) => {
            Rate::parse(&text).map_err(|error: RateError| MemberError(error.code(), error.to_string()))
        }
        // A JSON number may have been rounded to a binary float.
        _ => Err(MemberError(
            "wrong_type",
            "A rate is a text, as \"0.23\", so that nothing is rounded.".to_owned(),
        )),
    }
}

/// Whether the caller may invite customers at all. It is checked before the body, so that callers who may not
/// learn nothing.
pub(in crate::http) fn may_invite_customers(actor: &Actor) -> Result<(), Problem> {
    if actor.may(Permission::CustomersInvite) || !actor.accounts_for(Permission::CustomersInvite).is_empty() {
        return Ok(());
    }
    Err(ServiceError::Forbidden(Permission::CustomersInvite.as_str()).into())
}

/// The body of a route that invites.
pub(in crate::http) trait InviteRequest: members::Request + Into<Invite> {
    /// How the link is delivered.
    fn delivery(&self) -> DeliveryMethod;
}

/// Invites a customer, once for each key.
pub(in crate::http) async fn invite_customer<R: InviteRequest>(
    Command { request, state, actor, query, body }: Command,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    may_invite_customers(&actor)?;
    send_invite::<R>((&request, state, actor), body).await
}

/// Sends an invite of any kind, once for each key.
pub(in crate::http) async fn send_invite<R: InviteRequest>(
    caller: (&HttpRequest, Data<State>, Actor),
    body: Body,
) -> Result<HttpResponse, Problem> {
    let digest = *body.digest();
    let asked = body.parse().map(|asked: R| (asked.delivery(), asked.into()));
    let quota_statuses = QuotaStatuses::of(caller.0);
    let work = async move |(state, actor): RequestContext, (delivery, wanted), ticket| {
        record_outcome(
            &state,
            quota_statuses.sent(invite::one(&state.services, &actor, (wanted, delivery), ticket).await),
        )
    };
    let authorise = async |caller: RequestContext, (_, wanted), _: Option<&StoredAnswer>| {
        Ok(self::authorise(&caller, wanted).await?)
    };
    idempotency_key::once(caller, (StatusCode::CREATED, &digest), asked, authorise, work).await
}

/// Whether the caller may send this invite, whatever else prevents it.
pub(in crate::http) async fn authorise(
    (state, actor): &RequestContext,
    wanted: Invite,
) -> Result<(), ServiceError> {
    invite::authorise(&state.services, actor, vec![wanted]).await?.into_iter().collect()
}

/// Counts an invite of any kind, and turns an error into a problem.
pub(in crate::http) fn record_outcome(
    state: &State,
    outcome: Result<Invitation, ServiceError>,
) -> Result<Invitation, Problem> {
    let outcome = outcome.map_err(Problem::from);
    state.metrics.invite(outcome.as_ref().map_or_else(|problem| problem.code.code, |_| "invited"));
    if outcome.as_ref().is_ok_and(|invited| invited.delivery.state == DeliveryState::HandedOver) {
        state.metrics.letter(DeliveryState::HandedOver.as_str());
    }
    outcome
}
