//! What happens to an invitation afterwards: update, resend, renew, remind, revoke.

mod lapsed;
mod recheck;
mod reminders;
mod renew;
mod resend;
mod revoke;
mod revoke_customers;
mod timeline_order;
mod update;
mod update_customers;
mod update_people;
mod update_races;
