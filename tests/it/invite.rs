//! Invitations of every kind: system users, account owners, sub-accounts; companies and rates.

mod account_owners;
mod companies;
mod hand_over;
mod rates;
mod several_places;
mod sub_accounts;
mod sub_accounts_route;
mod system_users;
