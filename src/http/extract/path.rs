//! Ids in paths.

use crate::{
    domain::ids::{Id, Named},
    http::response::problem::{Problem, not_found},
};

/// The id in a path.
///
/// # Errors
/// 404: a malformed id, or one of another kind, names nothing.
pub fn id<K: Named>(segment: &str) -> Result<Id<K>, Problem> {
    segment.parse().map_err(|_| not_found())
}
