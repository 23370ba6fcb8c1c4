//! Why a mailed link does not work any more, other than that of an invitation.

/// Why the link of a request does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadMailLink {
    /// It was used, or what it was for was done in another way.
    Used,
    /// A later link was requested.
    Superseded,
    /// Its time has passed.
    Expired,
}
