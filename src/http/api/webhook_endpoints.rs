//! `/v1/webhook-endpoints`: where partners receive events, one endpoint a file.

pub(in crate::http) mod attempts;
pub(in crate::http) mod create;
pub(in crate::http) mod delete;
pub(in crate::http) mod get;
pub(in crate::http) mod list;
pub(in crate::http) mod members;
pub(in crate::http) mod replay;
pub(in crate::http) mod rotate;
pub(in crate::http) mod test_event;
pub(in crate::http) mod update;
pub(in crate::http) mod view;
