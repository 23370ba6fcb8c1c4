//! Waits after wrong secrets of webhooks.

use chrono::TimeDelta;

use crate::http::{response::problem::Problem, state::State};
use crate::{
    domain::{client_address::ClientAddress, delivery_reports::Provider, guess_count::GuessLimit},
    services::{ServiceError, guess_guard::Scope},
};

/// How many wrong secrets are free, for one client and for one network.
const CLIENT_GUESSES: GuessLimit = GuessLimit { free: 10, longest: TimeDelta::minutes(1) };
const NETWORK_GUESSES: GuessLimit = GuessLimit { free: 40, longest: TimeDelta::minutes(1) };

/// The outcome of a request that has to wait, for metrics.
pub(in crate::http) const LIMITED: &str = "limited";

/// The counters of wrong secrets: of the client, and of its network.
pub(in crate::http::api) fn guesses(state: &State, provider: Provider, client: ClientAddress) -> [Scope; 2] {
    let scope = |block, limit| state.services.guesses.scope(("mail-events", provider.name, block), limit);
    [scope(client.host(), CLIENT_GUESSES), scope(client.network(), NETWORK_GUESSES)]
}

/// 429, while an address has to wait.
pub(super) fn delayed(state: &State, provider: Provider, guesses: &[Scope; 2]) -> Option<Problem> {
    let wait = state.services.guesses.wait(guesses)?;
    state.metrics.report(provider.name, LIMITED);
    Some(ServiceError::too_many_guesses(wait).into())
}
