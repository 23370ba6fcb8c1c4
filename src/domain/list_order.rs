//! The orders of lists, and positions in them.

closed_set! {
    /// The order of a list of invitations.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum InvitationOrder {
        /// The newest first.
        Newest = "-created_at",
        /// The oldest first.
        Oldest = "created_at",
        /// Those whose link expires next, or expired first, come first.
        ExpiresAt = "expires_at",
        /// By address, in the order of Unicode's code points of its lower case.
        Email = "email",
    }
}

closed_set! {
    /// The order of a list of users.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum UserOrder {
        /// The newest first.
        Newest = "-created_at",
        /// The oldest first.
        Oldest = "created_at",
        /// By address, in the order of Unicode's code points of its lower case.
        Email = "email",
    }
}

/// A position in a list: the last item of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position<I> {
    /// The item's id.
    pub id: I,
    /// What the list is sorted by, where that is not the time of creation.
    pub key: Option<String>,
}
