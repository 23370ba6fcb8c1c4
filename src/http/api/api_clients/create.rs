//! `POST /v1/api-clients`.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, http::StatusCode, post};
use chrono::{DateTime, Utc};
use serde_json::Value;
use utoipa::ToSchema;

use super::view::ApiClientView;
use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        members::{self, MemberError, Members},
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
};
use crate::{
    domain::{
        api_client::{ClientName, is_for_accounts},
        ids::AccountId,
        networks::Networks,
        permission::Permission,
    },
    services::{
        api_clients::{self, NewClient},
        idempotency::StoredAnswer,
    },
};

/// An API client to be made.
#[derive(ToSchema)]
pub struct CreateApiClientRequest {
    /// Its name, for people, on one line.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: ClientName,
    /// The permissions that its tokens may have, each once: all of them held by the caller.
    #[schema(value_type = Vec<Permission>, min_items = 1)]
    scopes: BTreeSet<Permission>,
    /// The account below which these hold, and nowhere else. Only `customers:invite`, `customers:read`,
    /// `accounts:read` and `webhooks:manage` can be limited to an account.
    account_id: Option<AccountId>,
    /// The networks from which it may call: addresses, or networks in CIDR notation. None allow every
    /// address.
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    networks: Networks,
    /// When it ends; never, when it is left out.
    expires_at: Option<DateTime<Utc>>,
}

impl CreateApiClientRequest {
    fn read(members: &mut Members, now: DateTime<Utc>) -> Option<Self> {
        let name = members.required("name", |value| {
            let name = ClientName::parse(&members::text(value)?);
            name.map_err(|error| MemberError(error.code(), error.to_string()))
        });
        let scopes = scopes(members);
        let account_id =
            members.optional("account_id", members::parsed("invalid_id", str::parse::<AccountId>));
        let networks = networks(members);
        let expires_at = members.optional("expires_at", |value| future(value, now));
        let scopes = scopes?;
        if account_id.is_some() {
            for (place, scope) in scopes.iter().enumerate().filter(|(_, scope)| !is_for_accounts(**scope)) {
                let words = format!("{} cannot be limited to an account.", scope.as_str());
                members.fault(&format!("scopes/{place}"), MemberError("not_applicable", words));
            }
        }
        let scopes = scopes.into_iter().collect();
        Some(Self { name: name?, scopes, account_id, networks, expires_at })
    }
}

impl From<CreateApiClientRequest> for NewClient {
    fn from(asked: CreateApiClientRequest) -> Self {
        let CreateApiClientRequest { name, scopes, account_id: account, networks, expires_at } = asked;
        Self { name, scopes, account, networks, expires_at }
    }
}

/// At least one, each once.
fn scopes(members: &mut Members) -> Option<Vec<Permission>> {
    let mut seen = Vec::new();
    let scopes = members.list("scopes", |value| {
        let scope: Permission = members::parsed("unknown_scope", str::parse)(value)?;
        if seen.contains(&scope) {
            return Err(MemberError("duplicate_scope", format!("{} is named twice.", scope.as_str())));
        }
        seen.push(scope);
        Ok(scope)
    })?;
    if scopes.is_empty() {
        members.fault("scopes", MemberError("too_few", "A client has at least one permission.".to_owned()));
        return None;
    }
    Some(scopes)
}

fn networks(members: &mut Members) -> Networks {
    if !members.contains_non_null("networks") {
        return Networks::default();
    }
    let networks = members.list("networks", network).unwrap_or_default();
    if networks.len() > Networks::MAX {
        let words = format!("A client has at most {} networks.", Networks::MAX);
        members.fault("networks", MemberError("too_many", words));
    }
    networks.into_iter().collect()
}

fn network(value: Value) -> Result<ipnet::IpNet, MemberError> {
    members::parsed("invalid_network", Networks::parse_one)(value)
}

fn future(value: Value, now: DateTime<Utc>) -> Result<DateTime<Utc>, MemberError> {
    let at = DateTime::parse_from_rfc3339(&members::text(value)?).map_err(|_| {
        MemberError("invalid_time", "This takes a time as 2026-11-24T14:03:00Z (RFC 3339).".to_owned())
    })?;
    if at > now {
        Ok(at.to_utc())
    } else {
        Err(MemberError("not_in_future", "This time has passed.".to_owned()))
    }
}

errors! {
    CreateErrors:
    FORBIDDEN = "the token lacks `clients:manage`";
    SCOPE_EXCEEDS_YOURS = "a scope is not among the permissions of the token";
    ACCOUNT_NOT_FOUND = "there is no such account, or this token may not make clients for it";
}

/// Make an API client
///
/// A program of a partner, which gets access tokens at `POST /v1/auth/token` with its id and `secret`. The
/// secret is in this answer and in no other: only its hash is stored. A retry with the same `Idempotency-Key`
/// shows it again. No caller makes a client that may do more than the caller; the client stays when its maker
/// leaves. An owner of accounts without `accounts:read` makes clients for these accounts, or for accounts
/// below them.
#[utoipa::path(
    tag = "API clients",
    operation_id = "createApiClient",
    request_body(content = CreateApiClientRequest, examples(
        ("CreateApiClient" = (summary = "For a partner, limited to an account and a network", value = json!({
            "name": "Fleet sync", "scopes": ["customers:invite", "customers:read"],
            "account_id": sample_data::acme().id, "networks": ["203.0.113.0/24"]
        }))),
    )),
    responses(
        (status = 201, description = "Made. Store `secret` now.", body = ApiClientView,
        headers(("Location")), examples(
            ("CreatedApiClient" = (summary = "With its secret", value = json!(ApiClientView::created()))),
        )),
        CreateErrors,
    ),
    security(("access_token" = ["clients:manage"])),
)]
#[post("/v1/api-clients")]
pub async fn create(command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    api_clients::admit(&actor)?;
    let (digest, now) = (*body.digest(), state.services.clock.now());
    let asked = body.parse_with(|members| CreateApiClientRequest::read(members, now)).map(NewClient::from);
    let work = async |(state, actor): RequestContext, new, ticket| {
        Ok(api_clients::create(&state.services, &actor, new, ticket).await?)
    };
    let authorise = async |(state, actor): RequestContext, new, _: Option<&StoredAnswer>| {
        Ok(api_clients::authorise_create(&state.services, &actor, new).await?)
    };
    let caller = (&request, state, actor);
    idempotency_key::once(caller, (StatusCode::CREATED, &digest), asked, authorise, work).await
}
