//! What became of a row: the service's answer, read.

use serde_json::{Value, json};

use super::{
    columns::{ACCOUNT_ID, ACCOUNT_NAME, EMAIL, KIND, ROLES},
    fault::RowError,
    row::{Row, column},
    service::{Answer, in_words},
};

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A letter is on its way.
    Invited { invitation_id: Value },
    /// Nothing would stand in the way (a dry run).
    Valid,
    /// The person was invited before, or belongs there already.
    AlreadyThere { code: String, invitation_id: Value },
    /// The person was invited before, and nothing is left of that.
    NoLongerInvited { invitation_id: Value, fault: RowError },
    /// It was refused.
    Failed(Vec<RowError>),
    /// The import ended before it was its turn, or before its answer came.
    NotSent,
}

/// What stands in the way of an invite that is not needed any more.
const ALREADY: [&str; 4] =
    ["invitation_pending", "already_system_user", "already_account_owner", "already_member"];

impl Outcome {
    /// What an answer to a row's own request says, given to it for the first time.
    pub(super) fn of(row: &Row, Answer { status, body, .. }: &Answer) -> Self {
        match status {
            201 => Self::Invited { invitation_id: body["id"].clone() },
            _ => Self::refused(row, *status, body),
        }
    }

    /// What is said of an invitation of an earlier run that nobody can follow any more: its status, where
    /// that is known.
    pub(super) fn no_longer_invited(invitation_id: Value, status: Option<&str>) -> Self {
        let (code, since) = match status {
            Some("revoked") => ("invitation_revoked", "was revoked"),
            Some("expired") => ("invitation_expired", "has expired"),
            _ => ("no_longer_invited", "was revoked or has expired"),
        };
        let words = format!(
            "Invited before, but that invitation {since} since. With --anew this row is invited once more."
        );
        Self::NoLongerInvited { invitation_id, fault: RowError::new(EMAIL, code, words) }
    }

    /// What a batch that changes nothing says of a row: the item of its results.
    pub(super) fn of_item(row: &Row, item: &Value) -> Self {
        let error = &item["error"];
        let status = error["status"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or_default();
        if item["status"] == "valid" { Self::Valid } else { Self::refused(row, status, error) }
    }

    /// What a problem (RFC 9457) says.
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
        Self::Failed(vec![RowError::new(concerned(row, &code), code, words)])
    }

    /// The word for programs.
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

    /// A row and what became of it, for programs.
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
                document["errors"] = json!([told(fault)]);
            }
            Self::Failed(faults) => document["errors"] = faults.iter().map(told).collect(),
            Self::Valid | Self::NotSent => {}
        }
        if !row.warnings.is_empty() {
            document["warnings"] = row.warnings.iter().map(told).collect();
        }
        document
    }
}

fn told(fault: &RowError) -> Value {
    json!({ "column": fault.column, "code": fault.code, "detail": fault.words })
}

/// The column that a refusal is about, where it names none itself.
fn concerned(row: &Row, code: &str) -> &'static str {
    match code {
        "account_not_found" | "ambiguous_account" | "parent_not_business" | "parent_not_active" => {
            if row.text(ACCOUNT_ID).is_empty() { ACCOUNT_NAME } else { ACCOUNT_ID }
        }
        "role_exceeds_yours" => ROLES,
        _ => KIND,
    }
}
