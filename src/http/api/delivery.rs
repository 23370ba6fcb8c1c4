//! `/v1/delivery`: the overview of deliveries.

pub(in crate::http) mod get;
pub(super) mod view;
