//! The repository itself: the dependency rule, links in documents, the README's tables, the state by
//! OWASP ASVS, lengths of lines.

mod architecture;
mod asvs;
mod line_length;
mod readme;
