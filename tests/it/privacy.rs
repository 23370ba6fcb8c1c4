//! Personal data: erasing and exporting people, and how long what ended is kept.

mod columns;
mod erase;
mod export;
mod found_nowhere;
mod history;
mod races;
mod retention;
mod suppressed;
