//! The repository itself: the dependency rule, links in documents, the README's tables, lengths of lines.

mod architecture;
mod line_length;
mod readme;
