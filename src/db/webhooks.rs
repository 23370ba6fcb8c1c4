//! Webhooks for partners: endpoints, events, deliveries and attempts.

mod attempts;
mod deliveries;
mod endpoints;
mod erasure;
mod events;
mod expiry;
mod forget;
mod owner;
mod receivers;
mod record;
mod replay;
mod secrets;

pub use self::{
    attempts::{Attempt, list as list_attempts},
    deliveries::{Claimed, DeliveryState, claim, due_endpoints},
    endpoints::{
        EndpointCount, EndpointFilter, EndpointScope, count, delete, get, insert, list, lock, update,
    },
    events::{of_user, test},
    expiry::{progress, record_expired, set_progress, settle as settle_expired},
    forget::forget,
    owner::owner,
    record::{Recorded, disable, record},
    replay::{Replay, is_unfinished as is_replay_unfinished, replay},
    secrets::{delete_others as delete_other_secrets, expire as expire_secret, insert as insert_secret},
};
pub(in crate::db) use self::{events::of_timeline, expiry::of_letters_given_up};
