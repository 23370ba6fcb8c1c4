//! `GET /v1/suppressions`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::view::{SuppressionView, Suppressions};
use crate::http::{
    extract::{
        auth::Caller,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::{
        page::{self},
        problem::Problem,
    },
    state::State,
};
use crate::{
    domain::{email::Email, suppression::SuppressionReason},
    services::suppressions::{self, SuppressionQuery},
};

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
/// Newest first. An address is suppressed when returned mail or a provider says that the mailbox does not
/// exist (`bounced`; a full mailbox does not count) or that a letter was marked as spam (`complained`), or
/// when the holder of a link that was mailed there asks for no more letters (`unsubscribed`). Invitations to
/// a suppressed address can still be created; their letters, and those already queued, end as `failed`
/// without being sent. `"delivery": "link"` needs no letter. Addresses of people who are, or are invited as,
/// system users and not customers are shown only to callers with `system_users:read`.
#[utoipa::path(
    tag = "Operations",
    operation_id = "listSuppressions",
    params(
        (
            "email" = Option<Email>, Query, description = "Exactly this address, without regard to case.",
            example = "ada@example.com"
        ),
        (
            "reason" = Option<SuppressionReason>, Query, description = "Those suppressed for this reason.",
            example = "complained"
        ),
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
