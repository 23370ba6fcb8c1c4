//! Lists and single objects: pages, filters, search, CSV, and who sees what of them.

mod accounts;
mod counts;
mod field_rules;
mod pages;
mod plans;
mod search;
mod shared_answers;
mod sort;
mod users_csv;
mod visibility;
