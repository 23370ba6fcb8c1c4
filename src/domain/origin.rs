//! Where a request came from, for the audit log.

use std::sync::Arc;

use super::client_address::ClientAddress;

/// Where a request came from. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Arc<OriginParts>);

/// The parts of an [`Origin`].
#[derive(Debug, PartialEq, Eq)]
pub struct OriginParts {
    /// The request's id.
    pub request_id: String,
    /// The client's network address.
    pub address: ClientAddress,
    /// The `User-Agent`, shortened and without control characters.
    pub user_agent: Option<String>,
}

/// The longest `User-Agent` that is kept, in characters.
const MAX_USER_AGENT: usize = 256;

impl Origin {
    /// The origin of a request.
    #[must_use]
    pub fn new(request_id: String, address: ClientAddress, user_agent: Option<&str>) -> Self {
        let kept =
            |agent: &str| agent.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect::<String>();
        Self(Arc::new(OriginParts { request_id, address, user_agent: user_agent.map(kept) }))
    }

    /// Its parts.
    #[must_use]
    pub fn parts(&self) -> &OriginParts {
        &self.0
    }
}
