//! lib
pub mod clock;
pub mod db;
pub mod domain;
pub mod services;
