//! Webhooks for partners: endpoints, and the events that are sent to them.

mod bodies;
mod delivery;
mod events;
mod expiry;
mod failing;
mod fairness;
mod life;
mod unreadable;
mod visibility;
