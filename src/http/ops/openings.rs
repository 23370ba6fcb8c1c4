//! Counts openings of links, for the page and the API.

use crate::{
    metrics::Metrics,
    services::{
        ServiceError,
        preview::{Opening, Preview},
    },
};

/// Counts an opening if it is the first one of its invitation, and returns what the link leads to.
pub(in crate::http) fn count_opening(metrics: &Metrics, opening: Opening) -> Result<Preview, ServiceError> {
    if opening.is_first {
        metrics.first_opening(opening.preview.is_ok());
    }
    opening.preview
}
