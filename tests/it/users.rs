//! Users after their activation: blocking, changes of names and roles.

mod block;
mod change_email;
mod last_admin;
mod update;
