//! `/v1/audit-events`: who did what, listed and exported.

mod csv;
pub(in crate::http) mod export_csv;
pub(in crate::http) mod list;
pub(super) mod view;
