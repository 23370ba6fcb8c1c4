//! Reads the outcome of a row from the service's answer.

use serde_json::{Value, json};

use super::{
    columns::{ACCOUNT_ID, ACCOUNT_NAME, EMAIL, KIND, ROLES},
    fault::RowError,
    row::{Row, column},
    service::{Answer, in_words},
};

/// The outcome of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The invitation was created.
    Invited { invitation_id: Value },
    /// The row is valid (a dry run).
    Valid,
    /// The person was invited before, or is a member already.
    AlreadyThere { code: String, invitation_id: Value },
    /// The person was invited before, and that invitation is no longer usable.
    NoLongerInvited { invitation_id: Value, fault: RowError },
    /// The service refused it.
    Failed(Vec<RowError>),
    /// The import ended before the row was sent, or before its answer arrived.
    NotSent,
}

/// The error codes that mean that an invite is no longer needed.
const ALREADY: [&str; 4] =
    ["invitation_pending", "already_system_user", "already_account_owner", "already_member"];

impl Outcome {
    /// The outcome of a row from the first answer to its own request.
    pub(super) fn of(row: &Row, Answer { status, body, .. }: &Answer) -> Self {
        match status {
            201 => Self::Invited { invitation_id: body["id"].clone() },
            _ => Self::refused(row, *status, body),
        }
    }

    /// The outcome of a row whose invitation of an earlier run is no longer usable, with the invitation's
    /// status where it is known.
    pub(super) fn no_longer_invited(invitation_id: Value, status: Option<&str>) -> Self {
        let (code, since) = match status {
            Some("revoked") => ("invitation_revoked", "was revoked"),
            Some("expired") => ("invitation_expired", "has expired"),
            _ => ("no_longer_invited", "was revoked or has expired"),
        };
        let words = format!(
            "Invited before, but that invitation {since} since. Use --anew to invite this person again."
        );
        Self::NoLongerInvited { invitation_id, fault: RowError::new(EMAIL, code, words) }
    }

    /// The outcome of a row from its item in the results of a batch with `validate_only`.
    pub(super) fn of_item(row: &Row, item: &Value) -> Self {
        let error = &item["error"];
        let status = error["status"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or_default();
        if item["status"] == "valid" { Self::Valid } else { Self::refused(row, status, error) }
    }

    /// The outcome of a row from a problem document (RFC 9457).
    fn refused(row: &Row, status: u16, problem: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let code = text(&problem["code"]);
        if ALREADY.contains(&code.as_str()) {
            return Self::AlreadyThere { code, invitation_id: problem["invitation_id"].clone() };
        }
        let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let faults: Vec<RowError> = errors
            .iter()
            .map(|error| {
                RowError::new(column(&text(&error["pointer"])), text(&error["code"]), text(&error["detail"]))
            })
            .collect();
        if !faults.is_empty() {
            return Self::Failed(faults);
        }
        if code.is_empty() {
            let words = format!("The service answered {}.", in_words(status, problem));
            return Self::Failed(vec![RowError::new(KIND, "unexpected_answer", words)]);
        }
        let candidates = problem["candidates"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ids: Vec<&str> = candidates.iter().filter_map(|one| one["id"].as_str()).collect();
        let detail = text(&problem["detail"]);
        let words = if ids.is_empty() { detail } else { format!("{detail} They are: {}.", ids.join(", ")) };
        Self::Failed(vec![RowError::new(column_of_refusal(row, &code), code, words)])
    }

    /// The `status` in the JSON output.
    fn word(&self) -> &'static str {
        match self {
            Self::Invited { .. } => "invited",
            Self::Valid => "valid",
            Self::AlreadyThere { .. } => "already_there",
            Self::NoLongerInvited { .. } => "no_longer_invited",
            Self::Failed(_) => "failed",
            Self::NotSent => "not_sent",
        }
    }

    /// A row and its outcome, as a JSON object.
    pub(super) fn document(&self, row: &Row) -> Value {
        let (kind, email) = (row.item.get(KIND), row.item.get(EMAIL));
        let mut document = json!({ "row": row.line, "kind": kind, "email": email, "status": self.word() });
        match self {
            Self::Invited { invitation_id } => document["invitation_id"] = invitation_id.clone(),
            Self::AlreadyThere { code, invitation_id } => {
                document["code"] = json!(code);
                document["invitation_id"] = invitation_id.clone();
            }
            Self::NoLongerInvited { invitation_id, fault } => {
                document["invitation_id"] = invitation_id.clone();
                document["errors"] = json!([error_json(fault)]);
            }
            Self::Failed(faults) => document["errors"] = faults.iter().map(error_json).collect(),
            Self::Valid | Self::NotSent => {}
        }
        if !row.warnings.is_empty() {
            document["warnings"] = row.warnings.iter().map(error_json).collect();
        }
        document
    }
}

fn error_json(fault: &RowError) -> Value {
    json!({ "column": fault.column, "code": fault.code, "detail": fault.words })
}

/// The column of a refusal that does not name one.
fn column_of_refusal(row: &Row, code: &str) -> &'static str {
    match code {
        "account_not_found" | "ambiguous_account" | "parent_not_business" | "parent_not_active" => {
            if row.text(ACCOUNT_ID).is_empty() { ACCOUNT_NAME } else { ACCOUNT_ID }
        }
        "role_exceeds_yours" => ROLES,
        _ => KIND,
    }
}
