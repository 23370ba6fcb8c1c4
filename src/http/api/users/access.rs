//! What blocking and unblocking share.

use actix_web::{HttpResponse, http::StatusCode};

use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        path::id,
    },
    response::problem::Problem,
};
use crate::{
    domain::ids::UserId,
    services::{
        idempotency::StoredAnswer,
        users::block::{self, Change},
    },
};

/// Blocks or unblocks a user, once for each key.
pub(super) async fn change(path: &str, command: Command, change: Change) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    let digest = *body.digest();
    let asked = body.expect_none().and_then(|()| id(path));
    let work = async move |(state, actor): RequestContext, user: UserId, ticket| {
        Ok(block::user(&state.services, &actor, (user, change), ticket).await?)
    };
    let authorise = async |(state, actor): RequestContext, user: UserId, _: Option<&StoredAnswer>| {
        Ok(block::authorise(&state.services, &actor, user).await?)
    };
    idempotency_key::once((&request, state, actor), (StatusCode::OK, &digest), asked, authorise, work).await
}
