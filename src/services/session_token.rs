//! The access tokens of sessions.

use std::time::Duration;

use super::{ServiceError, Services, access_token::Grant};
use crate::{
    db::{DbFault, users::memberships},
    domain::{
        actor::{ActorKind, ActorRef},
        session::Session,
        user::User,
    },
};

/// The lifetime of a token from signing in.
pub const LIFETIME: Duration = Duration::from_mins(15);

/// The access token of a session: what the person may do now, for a quarter of an hour.
pub(super) async fn access_token(
    services: &Services,
    user: &User,
    session: &Session,
) -> Result<String, ServiceError> {
    let id = user.id;
    let owned = services.db.look_up::<_, DbFault>(move |connection| memberships::owned(connection, id));
    let grant = Grant {
        holder: holder(user),
        roles: user.system_roles.iter().collect(),
        scope: Vec::new(),
        accounts: owned.await?,
        lifetime: LIFETIME,
    };
    let token = services.access_tokens.issue_in_session(&grant, session, services.clock.now());
    token.map_err(|error| ServiceError::Defect(error.to_string()))
}

/// The person, as tokens and events name them.
pub(super) fn holder(user: &User) -> ActorRef {
    let names: Vec<&str> =
        [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).collect();
    ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: names.join(" "), origin: None }
}
