//! The right to answer a request with a key.

use std::{fmt, sync::Arc};

use crate::{
    db::{
        DbFault, Tx,
        idempotency::{self, KeyedRequest, StoredAnswer},
    },
    domain::invitation::Invitation,
};

/// Writes the answer for an effect.
pub type Render<E = Invitation> = Arc<dyn Fn(&E) -> StoredAnswer + Send + Sync>;

/// The right to answer a request with a key.
pub struct Ticket<E = Invitation> {
    pub(super) request: KeyedRequest,
    pub(super) worker: String,
    pub(super) render: Render<E>,
}

// Derived, it would require `E: Clone`.
impl<E> Clone for Ticket<E> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), worker: self.worker.clone(), render: self.render.clone() }
    }
}

impl<E> fmt::Debug for Ticket<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

impl<E> Ticket<E> {
    /// Stores the answer to an effect, in its transaction.
    pub(in crate::services) fn store(&self, tx: &mut Tx<'_>, effect: &E) -> Result<(), DbFault> {
        idempotency::answer(tx, &self.request, &self.worker, &(self.render)(effect))
    }
}
