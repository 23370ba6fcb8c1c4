//! lib
pub mod domain;
pub mod mail;
