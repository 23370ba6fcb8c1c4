//! `/v1/suppressions`: the addresses that are not written to, listed and lifted.

use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    web::{Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    extract::{
        auth::Caller,
        path::id,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::{
        page::{self, List},
        problem::Problem,
        views::Timestamp,
    },
    state::State,
};
use crate::{
    domain::{
        email::Email,
        ids::SuppressionId,
        suppression::{Suppression, SuppressionReason},
    },
    services::suppressions::{self, SuppressionQuery},
};

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

/// Two addresses, for the contract.
fn examples() -> Vec<SuppressionView> {
    let one = |number, email: &str, reason, detail: Option<&str>, seconds| SuppressionView {
        id: sample_data::id(number),
        email: email.to_owned(),
        reason,
        detail: detail.map(str::to_owned),
        created_at: sample_data::at(seconds),
    };
    let unknown = Some("smtp;550 5.1.1 unknown user");
    vec![
        one(
            0x01a2_0ddf_cae0_7953_83f5_8c3c_f29d_0da9,
            "dirk@acme.example",
            SuppressionReason::Unsubscribed,
            None,
            sample_data::LATER,
        ),
        one(
            0x01a2_0ddd_fa08_7953_83f5_8c3c_f29d_0da9,
            "ada@example.com",
            SuppressionReason::Bounced,
            unknown,
            4,
        ),
    ]
}

errors! {
    ListErrors:
    FORBIDDEN = "the token lacks `customers:invite`";
    CURSOR_MISMATCH;
}

/// List the addresses that are not written to
///
/// Newest first. An address is suppressed when a provider reports that the mailbox does not exist (`bounced`;
/// a full mailbox does not count) or that a letter was marked as spam (`complained`), or when the holder of a
/// link that was mailed there asks for no more letters (`unsubscribed`). Invitations to a suppressed address
/// can still be created; their letters, and those already queued, end as `failed` without being sent.
/// `"delivery": "link"` needs no letter. Addresses of people who are, or are invited as, system users and not
/// customers are shown only to callers with `system_users:read`.
#[utoipa::path(
    tag = "Operations",
    operation_id = "listSuppressions",
    params(
        ("email" = Option<Email>, Query, description = "Exactly this address, without regard to case.", example = "ada@example.com"),
        ("reason" = Option<SuppressionReason>, Query, description = "Those suppressed for this reason.", example = "complained"),
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of the address, without \
            regard to case. No control characters.", example = "example.com"),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Suppressions, headers(("Link")), examples(
            ("Suppressions" = (summary = "The last page", value = json!(sample_data::page(examples())))),
        )),
        ListErrors,
    ),
    security(("access_token" = ["customers:invite"])),
)]
#[get("/v1/suppressions")]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let filters = SuppressionQuery {
        email: query.parsed("email", "invalid_email", Email::parse),
        reason: query.one_of("reason", &SuppressionReason::ALL, SuppressionReason::as_str),
        search: query.search(),
    };
    let page = query.page();
    query.finish()?;
    let page = suppressions::list(&state.services, &caller.0, filters, page).await?;
    page::answer(&page, |one| SuppressionView::from(one), &request)
}

errors! {
    LiftErrors:
    FORBIDDEN = "the token lacks `customers:invite`";
    NOT_FOUND = "it is not on the list, or this token may not see it";
}

/// Write to an address again
///
/// Removes the address from the list. Letters that failed meanwhile are not sent: resend their invitations.
#[utoipa::path(
    tag = "Operations",
    operation_id = "liftSuppression",
    params(("id" = SuppressionId, Path, description = "The address on the list.")),
    responses(
        (status = 204, description = "Letters to it are sent again."),
        LiftErrors,
    ),
    security(("access_token" = ["customers:invite"])),
)]
#[delete("/v1/suppressions/{id}")]
pub async fn lift(
    caller: Caller,
    path: Path<String>,
    query: Query,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    suppressions::lift(&state.services, &caller.0, id(&path)?).await?;
    state.metrics.suppression("lifted");
    Ok(HttpResponse::NoContent().finish())
}
