//! A suppression in an answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    email::Email,
    ids::SuppressionId,
    suppression::{Suppression, SuppressionReason},
};
use crate::http::response::{page::List, views::Timestamp};

/// An address that is not written to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suppression)]
pub struct SuppressionView {
    /// Its id.
    pub id: SuppressionId,
    /// The address.
    #[schema(value_type = Email)]
    pub email: String,
    /// The most serious reason so far.
    pub reason: SuppressionReason,
    /// What the provider reported; null where none did.
    pub detail: Option<String>,
    /// When it was suppressed.
    pub created_at: Timestamp,
}

impl From<&Suppression> for SuppressionView {
    fn from(one: &Suppression) -> Self {
        Self {
            id: one.id,
            email: one.email.as_str().to_owned(),
            reason: one.reason,
            detail: one.detail.clone(),
            created_at: Timestamp(one.created_at),
        }
    }
}

/// A page of addresses.
pub type Suppressions = List<SuppressionView>;
