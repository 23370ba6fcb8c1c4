//! What holds for every request: contract, bodies, headers, methods, paths, idempotency.

mod base_path;
mod bodies;
mod browser_headers;
mod conditional;
mod contract;
mod conventions;
mod cors;
mod escaped_paths;
mod hang_ups;
mod idempotency;
mod idempotency_principals;
mod invisible;
mod pipelined;
mod portal;
mod same_request;
mod slow_clients;
mod unreadable_requests;
mod validation;
