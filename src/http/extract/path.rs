//! Ids in paths.

use crate::{
    domain::ids::{Id, Named},
    http::response::problem::{Problem, not_found},
};

/// The id in a path.
///
/// # Errors
/// 404 for a malformed id, and for one of another kind.
pub fn id<K: Named>(segment: &str) -> Result<Id<K>, Problem> {
    segment.parse().map_err(|_| not_found())
}
