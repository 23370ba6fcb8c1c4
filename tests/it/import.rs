//! The `import` command against the running service.

mod dry_run;
mod files;
mod interrupted;
mod rows;
mod spellings;
