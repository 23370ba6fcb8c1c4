//! The endpoints of the API, one file each, in a module for each resource.

pub(super) mod account_owners;
pub(super) mod accounts;
pub(super) mod activations;
pub(super) mod api_clients;
pub(super) mod audit_events;
pub(super) mod auth;
pub mod batches;
pub(super) mod delivery;
pub(super) mod invitations;
pub(super) mod invite;
pub(super) mod me;
pub(super) mod memberships;
pub(super) mod returned_mail;
pub(super) mod roles;
pub(super) mod sub_accounts;
pub(super) mod suppressions;
pub(super) mod system_users;
pub(super) mod users;
pub(super) mod webhook_endpoints;
pub(super) mod webhooks;
pub(super) mod well_known;
