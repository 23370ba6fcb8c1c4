//! What speaks HTTP.

pub mod pages;
