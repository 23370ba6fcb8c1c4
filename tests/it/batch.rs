//! Many invitations in one request, and many resends.

mod bodies;
mod crash;
mod invites;
mod keys;
mod races;
mod resend;
mod scale;
