//! The repository itself: the dependency rule, the links in documents, the README's tables.

mod architecture;
mod readme;
