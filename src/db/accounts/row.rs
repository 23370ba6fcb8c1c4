//! Maps an account and its company to and from a row.

use diesel::prelude::*;

use crate::db::{error::DbFault, schema::accounts, sql::timestamp::At};
use crate::domain::{
    account::Account,
    company::{Company, RawCompany},
    reimbursement::Rate,
};

#[derive(Queryable)]
pub(in crate::db) struct Row {
    id: String,
    name: Option<String>,
    _name_key: Option<String>,
    _search_text: String,
    account_type: Option<String>,
    status: String,
    parent_account_id: Option<String>,
    used_by: Option<String>,
    rate: Option<i32>,
    company_name: Option<String>,
    registration_number: Option<String>,
    vat_number: Option<String>,
    street: Option<String>,
    house_number: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
    created_at: At,
    _removed_at: Option<At>,
    _has_former_name: bool,
}

/// The columns of a company.
#[derive(AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_null = true)]
pub(in crate::db) struct CompanyRow {
    company_name: Option<String>,
    registration_number: Option<String>,
    vat_number: Option<String>,
    street: Option<String>,
    house_number: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
}

/// The columns of a company; all `NULL` for a consumer.
pub(in crate::db) fn company_row(company: Option<&Company>) -> CompanyRow {
    let text = |read: fn(&Company) -> String| company.map(read);
    CompanyRow {
        company_name: text(|company| company.name.as_str().to_owned()),
        registration_number: company
            .and_then(|company| Some(company.registration_number.as_ref()?.as_str().to_owned())),
        vat_number: company.and_then(|company| Some(company.vat_number.as_ref()?.as_str().to_owned())),
        street: text(|company| company.address.street.as_str().to_owned()),
        house_number: company
            .and_then(|company| Some(company.address.house_number.as_ref()?.as_str().to_owned())),
        postal_code: company
            .and_then(|company| Some(company.address.postal_code.as_ref()?.as_str().to_owned())),
        city: text(|company| company.address.city.as_str().to_owned()),
        country: text(|company| company.address.country.code().to_owned()),
    }
}

impl TryFrom<Row> for Account {
    type Error = DbFault;

    fn try_from(row: Row) -> Result<Self, DbFault> {
        let id = row.id.clone();
        let unreadable = |column| DbFault::Corrupt { table: "accounts", column, row: id.clone() };
        let account_type =
            row.account_type.as_deref().map(|word| word.parse().map_err(|_| unreadable("account_type")));
        let used_by = row.used_by.as_deref().map(|word| word.parse().map_err(|_| unreadable("used_by")));
        let parent = row
            .parent_account_id
            .as_deref()
            .map(|id| id.parse().map_err(|_| unreadable("parent_account_id")));
        let rate = row.rate.map(|rate| Rate::from_ten_thousandths(rate).ok_or_else(|| unreadable("rate")));
        Ok(Self {
            id: row.id.parse().map_err(|_| unreadable("id"))?,
            account_type: account_type.transpose()?,
            status: row.status.parse().map_err(|_| unreadable("status"))?,
            parent_account_id: parent.transpose()?,
            used_by: used_by.transpose()?,
            rate: rate.transpose()?,
            created_at: row.created_at.0,
            name: row.name.clone(),
            company: company(row).map_err(unreadable)?,
        })
    }
}

/// The company of a row. It is not validated again: what was accepted once must stay readable.
fn company(row: Row) -> Result<Option<Company>, &'static str> {
    if row.company_name.is_none() {
        return Ok(None);
    }
    let raw = RawCompany {
        name: row.company_name,
        registration_number: row.registration_number,
        // A stored company without a VAT number is exempt.
        vat_exempt: row.vat_number.is_none(),
        vat_number: row.vat_number,
        street: row.street,
        house_number: row.house_number,
        postal_code: row.postal_code,
        city: row.city,
        country: row.country,
    };
    Company::stored(raw).map(Some).ok_or("company_name")
}
