//! `invitation-service token`: prints an access token for operators and for trials.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::{
    output::{complain, print_line},
    shared::{Outcome, clock, runtime},
};
use crate::{
    app,
    config::Config,
    domain::{
        actor::{ActorKind, ActorRef},
        ids::{AccountId, TokenId},
        permission::Permission,
        person::PersonName,
        role::Role,
    },
    services::access_token::Grant,
};

/// The holder of the token and what it allows; or the token that is revoked.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Revoke the token with this id (jti), tok_…, instead of making one; reads DATABASE_URL, and works while
    /// a server is running
    #[arg(long, value_name = "JTI", value_parser = token_id, exclusive = true)]
    revoke: Option<TokenId>,
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

fn token_id(id: &str) -> Result<TokenId, String> {
    id.parse().map_err(|_| "is no id of an access token, as tok_…".to_owned())
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

/// Prints a token, or revokes one.
pub(super) fn run(config: &Config, arguments: &Arguments) -> Outcome {
    match arguments.revoke {
        Some(token) => revoke(config, token),
        None => print(config, arguments),
    }
}

fn revoke(config: &Config, token: TokenId) -> Outcome {
    runtime()?.block_on(async { app::revoke_token(config, token, &clock()).await })?;
    Ok(print_line(format_args!("{token} is revoked: every process refuses it within a second."))?)
}

fn print(config: &Config, arguments: &Arguments) -> Outcome {
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
    let now = clock().now();
    let token = tokens.issue(&grant, now)?;
    print_line(&token)?;
    // Not on the standard output, which is the token alone.
    if let Some(id) = tokens.verify(&token, now)?.token {
        complain(format_args!("To revoke it: invitation-service token --revoke {id}"));
    }
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
