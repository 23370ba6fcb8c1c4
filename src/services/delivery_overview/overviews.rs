//! The overviews that were read last.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Mutex;

use crate::domain::{delivery_overview::DeliveryOverview, visibility::Visibility};

/// The overviews that were read last, one for each visibility. Clones share them.
#[derive(Clone, Default)]
pub struct Overviews(pub(super) Arc<Mutex<Vec<Kept>>>);

/// An overview that was read.
pub(super) struct Kept {
    pub(super) whose: Visibility,
    /// How long it is kept, from [`DeliveryOverview::generated_at`] on.
    pub(super) time: TimeDelta,
    pub(super) overview: Arc<DeliveryOverview>,
}
