//! Webhooks for partners: endpoints, and the events that are sent to them.

mod bodies;
mod delivery;
mod downgrade;
mod erasure;
mod events;
mod expiry;
mod failing;
mod fairness;
mod leases;
mod letters;
mod life;
mod limits;
mod networks;
mod unreadable;
mod visibility;
