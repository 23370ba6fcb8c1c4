//! `/v1/api-clients`: programs of partners, one endpoint a file.

pub(in crate::http) mod create;
pub(in crate::http) mod get;
pub(in crate::http) mod list;
pub(in crate::http) mod revoke;
pub(in crate::http) mod rotate;
pub(in crate::http) mod view;
