//! The outcomes that metrics count, declared before the first of each occurs: the error codes of the
//! operations in the contract, and others.

use crate::http::{api::webhooks, openapi::committed::Contract, response::error_codes};
use crate::{
    domain::{delivery_reports::Webhooks, mail_fault::MailFault, returned_mail::RETURNED_MAIL},
    metrics::Metrics,
    services::{delivery_reports::Outcome, returned_mail::Received},
};

const INVITES: [&str; 4] = [
    "/v1/system-users/invitations",
    "/v1/account-owners/invitations",
    "/v1/sub-accounts/invitations",
    "/v1/accounts/{account_id}/sub-accounts",
];
const ACTIVATIONS: &str = "/v1/activations";

/// Declares every outcome.
pub(in crate::http) fn declare(metrics: &Metrics, contract: &Contract, providers: &Webhooks) {
    let ours = [error_codes::INTERNAL.code, error_codes::UNAVAILABLE.code];
    for path in INVITES {
        metrics.declare_invites(["invited"].into_iter().chain(contract.codes_of(path)).chain(ours));
    }
    metrics.declare_activations(["activated"].into_iter().chain(contract.codes_of(ACTIVATIONS)).chain(ours));
    let faults = MailFault::ALL.into_iter().filter(|fault| fault.is_operator_fault());
    metrics.declare_operator_faults(faults.map(MailFault::as_str));
    let refused = [webhooks::UNVERIFIED, webhooks::LIMITED];
    metrics.declare_reports(RETURNED_MAIL.name, Received::all().map(Received::as_str).chain(refused));
    for provider in providers.providers() {
        let outcomes = Outcome::all().map(Outcome::as_str).chain([
            webhooks::UNVERIFIED,
            webhooks::UNREADABLE,
            webhooks::LIMITED,
            webhooks::UNREACHABLE,
        ]);
        metrics.declare_reports(provider.name, outcomes);
    }
}
