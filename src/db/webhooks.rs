//! Webhooks for partners: endpoints, events, deliveries and attempts.

mod attempts;
mod delete_old;
mod deliveries;
mod due;
mod due_endpoints;
mod endpoints;
mod erasure;
mod events;
mod expiry;
mod owner;
mod receivers;
mod record;
mod replay;
mod secrets;
mod surplus_attempts;
mod totals;

pub use self::{
    attempts::{Attempt, list as list_attempts},
    delete_old::delete_old,
    deliveries::{Claimed, DeliveryState, claim},
    due_endpoints::{DueEndpoint, Search, due_endpoints},
    endpoints::{
        EndpointCount, EndpointFilter, EndpointScope, count, delete, get, insert, list, lock, update,
    },
    events::{of_user, test},
    expiry::{progress, record_expired, set_progress, settle as settle_expired},
    owner::{disabled_of, letters_to as letters_to_owner, owner},
    receivers::takes_openings,
    record::{Recorded, disable, record},
    replay::{Replay, is_unfinished as is_replay_unfinished, replay},
    secrets::{delete_others as delete_other_secrets, expire as expire_secret, insert as insert_secret},
    surplus_attempts::{LoggedEndpoint, delete_surplus_attempts, logged_endpoints},
    totals::{Totals, totals},
};
pub(in crate::db) use self::{events::of_timeline, expiry::of_letters_given_up};
