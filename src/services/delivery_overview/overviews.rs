//! The overviews that were made last.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Mutex;

use crate::domain::{
    delivery_overview::{DeliveryOverview, KeptHours},
    visibility::Visibility,
};

/// What is kept of overviews, for each visibility. Clones share it.
#[derive(Clone, Default)]
pub struct Overviews(pub(super) Arc<Mutex<Vec<Kept>>>);

/// What is kept of the overviews for a visibility.
pub(super) struct Kept {
    pub(super) whose: Visibility,
    pub(super) hours: KeptHours,
    /// The newest overview, and for how long from [`DeliveryOverview::generated_at`] on it is shown again.
    pub(super) newest: Option<(Arc<DeliveryOverview>, TimeDelta)>,
}
