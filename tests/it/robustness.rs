//! Races, crashes, crowds, and sequences of operations compared with a model.

mod cleanup;
mod crash;
mod crowd;
mod model;
mod races;
