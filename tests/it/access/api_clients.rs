//! API clients: making, listing, rotating and revoking them.

mod bodies;
mod life;
mod matrix;
mod networks;
mod tokens;
mod visibility;
