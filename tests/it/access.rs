//! Callers: permissions, roles, sign-in, access tokens, guessing, limits and secrets.

mod api_clients;
mod audit;
mod caller_limits;
mod change_password;
mod guessing;
mod identity_providers;
mod leaving;
mod letter_limits;
mod me;
mod own_keys;
mod owners_as_callers;
mod password_reset;
mod permissions;
mod permissions_customers;
mod permissions_operations;
mod revoked_tokens;
mod roles;
mod secrecy;
mod secret_keys;
mod sessions;
mod sign_in;
mod sign_in_log;
mod staff_passwords;
mod tokens;
