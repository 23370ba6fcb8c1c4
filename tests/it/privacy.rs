//! Personal data: erasing and exporting people, and how long what ended is kept.

mod columns;
mod corrected_addresses;
mod erase;
mod export;
mod former_names;
mod found_nowhere;
mod history;
mod races;
mod removed_people;
mod retention;
mod suppressed;
