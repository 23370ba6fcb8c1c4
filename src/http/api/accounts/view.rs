//! An account as answers show it.

use serde::Serialize;
use utoipa::ToSchema;

use super::company::CompanyView;
use crate::{
    domain::{
        account::{Account, AccountName, AccountStatus, AccountType},
        ids::AccountId,
        reimbursement::ReimbursementMode,
        sub_account::UsedBy,
    },
    http::response::views::Timestamp,
};

/// A customer of the operator, and its billing entity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// Its id.
    pub id: AccountId,
    /// Null until it has one. Names need not be unique.
    #[schema(value_type = Option<AccountName>)]
    pub name: Option<String>,
    /// Null until it is chosen.
    pub r#type: Option<AccountType>,
    /// `invited` until its first owner, or its driver, activates.
    pub status: AccountStatus,
    /// The account above it; null for a top-level account.
    pub parent_account_id: Option<AccountId>,
    /// Who uses it; null for a top-level account.
    pub used_by: Option<UsedBy>,
    /// The reimbursement of private charging; null for a top-level account, and where there is none.
    pub reimbursement: Option<ReimbursementView>,
    /// Of an active business account; null otherwise.
    pub company: Option<CompanyView>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// The reimbursement of private charging.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reimbursement)]
pub struct ReimbursementView {
    /// A decimal as a text, always with 4 decimals.
    #[schema(pattern = "^[0-9]{1,2}\\.[0-9]{4}$", examples("0.2300"))]
    pub rate: String,
    /// What the rate is in.
    pub currency: Currency,
    /// What it is paid for.
    pub unit: EnergyUnit,
    /// `automated` for an employee, `manual` for a subsidiary.
    pub mode: ReimbursementMode,
}

/// What rates are in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// The euro.
    Eur,
}

/// What rates are paid for.
#[derive(Debug, Serialize, ToSchema)]
pub enum EnergyUnit {
    /// A kilowatt-hour.
    #[serde(rename = "kWh")]
    KilowattHour,
}

impl From<&Account> for AccountView {
    fn from(account: &Account) -> Self {
        let reimbursement = account.rate.zip(account.used_by).map(|(rate, used_by)| ReimbursementView {
            rate: rate.to_string(),
            currency: Currency::Eur,
            unit: EnergyUnit::KilowattHour,
            mode: used_by.into(),
        });
        Self {
            id: account.id,
            name: account.name.clone(),
            r#type: account.account_type,
            status: account.status,
            parent_account_id: account.parent_account_id,
            used_by: account.used_by,
            reimbursement,
            company: account.company.as_ref().map(CompanyView::from),
            created_at: Timestamp(account.created_at),
        }
    }
}
