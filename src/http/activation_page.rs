//! The built-in page that an activation link opens.

pub(super) mod form_extractor;
mod form_values;
pub mod html;
pub(super) mod page;
pub(super) mod routes;
