//! `invitation-service token`: prints an access token for operators and for trials.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::shared::{Outcome, clock};
use crate::{
    app,
    config::Config,
    domain::{
        actor::{ActorKind, ActorRef},
        ids::AccountId,
        permission::Permission,
        person::PersonName,
        role::Role,
    },
    services::access_token::Grant,
};

/// The holder of the token and what it allows.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A role (may repeat)
    #[arg(
        long,
        value_parser = PossibleValuesParser::new(Role::ALL.map(Role::as_str))
            .try_map(|name| name.parse::<Role>())
    )]
    role: Vec<Role>,
    /// A permission, as customers:invite (may repeat)
    #[arg(long, value_parser = permission)]
    scope: Vec<Permission>,
    /// An account that the holder owns, acc_… (may repeat)
    #[arg(long, value_parser = account)]
    account: Vec<AccountId>,
    /// The holder's name, in letters and timelines
    #[arg(long, default_value = "operations")]
    subject: String,
    /// The token's lifetime, as 15m or 1h; at most JWT_MAX_TTL, which is a year by default
    #[arg(long, default_value = "1h", value_parser = lifetime)]
    ttl: Duration,
}

fn permission(name: &str) -> Result<Permission, String> {
    let known = || Permission::ALL.map(Permission::as_str).join(", ");
    name.parse().map_err(|_| format!("there is no such permission; known permissions: {}", known()))
}

fn account(id: &str) -> Result<AccountId, String> {
    id.parse().map_err(|_| "is no account id, as acc_…".to_owned())
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let (shortest, longest) = (Duration::from_secs(1), Duration::from_hours(365 * 24));
    if (shortest..=longest).contains(&lifetime) {
        Ok(lifetime)
    } else {
        Err("must be from 1s to 365d".to_owned())
    }
}

/// Prints a token.
pub(super) fn print(config: &Config, arguments: &Arguments) -> Outcome {
    if arguments.role.is_empty() && arguments.scope.is_empty() && arguments.account.is_empty() {
        return Err("the token would allow nothing: add --role, --scope or --account".into());
    }
    if arguments.ttl > config.jwt_max_ttl {
        let longest = humantime::format_duration(config.jwt_max_ttl);
        return Err(format!(
            "--ttl: the service refuses tokens with a lifetime of more than {longest} (JWT_MAX_TTL)"
        )
        .into());
    }
    let holder = holder(&arguments.subject)?;
    let tokens = app::access_tokens(config)?;
    let grant = Grant {
        holder,
        roles: arguments.role.clone(),
        scope: arguments.scope.clone(),
        accounts: arguments.account.clone(),
        lifetime: arguments.ttl,
    };
    println!("{}", tokens.issue(&grant, clock().now())?);
    Ok(())
}

/// The user of the command line, under this name.
///
/// # Errors
/// When `subject` is no valid name of a person.
pub(super) fn holder(subject: &str) -> Result<ActorRef, String> {
    let name = PersonName::parse(subject).map_err(|error| format!("--subject: {error}"))?;
    let name = name.as_str().to_owned();
    Ok(ActorRef { kind: ActorKind::Cli, id: name.clone(), name, origin: None })
}
