//! How an account and its company are read from a row, and written to one.

use diesel::prelude::*;

use super::{codec::At, fault::DbFault, schema::accounts};
use crate::domain::{
    account::{Account, AccountStatus, AccountType, UsedBy},
    company::{Address, Company},
    country::Country,
    reimbursement::Rate,
    vat::VatNumber,
};

#[derive(Queryable)]
pub(super) struct Row {
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
}

/// The columns that a company fills.
#[derive(AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_null = true)]
pub(super) struct CompanyRow {
    company_name: Option<String>,
    registration_number: Option<String>,
    vat_number: Option<String>,
    street: Option<String>,
    house_number: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
}

/// What a company is stored as; nothing at all for a consumer.
pub(super) fn company_row(company: Option<&Company>) -> CompanyRow {
    let text = |read: fn(&Company) -> String| company.map(read);
    CompanyRow {
        company_name: text(|company| company.name.clone()),
        registration_number: company.and_then(|company| company.registration_number.clone()),
        vat_number: text(|company| company.vat_number.as_str().to_owned()),
        street: text(|company| company.address.street.clone()),
        house_number: company.and_then(|company| company.address.house_number.clone()),
        postal_code: text(|company| company.address.postal_code.clone()),
        city: text(|company| company.address.city.clone()),
        country: text(|company| company.address.country.as_str().to_owned()),
    }
}

impl TryFrom<Row> for Account {
    type Error = DbFault;

    fn try_from(row: Row) -> Result<Self, DbFault> {
        let id = row.id.clone();
        let unreadable = |column| DbFault::Corrupt { table: "accounts", column, row: id.clone() };
        let account_type = row.account_type.as_deref().map(|word| AccountType::parse(word).ok_or_else(|| unreadable("account_type")));
        let used_by = row.used_by.as_deref().map(|word| UsedBy::parse(word).ok_or_else(|| unreadable("used_by")));
        let parent = row.parent_account_id.as_deref().map(|id| id.parse().map_err(|_| unreadable("parent_account_id")));
        let rate = row.rate.map(|rate| Rate::from_ten_thousandths(rate).ok_or_else(|| unreadable("rate")));
        Ok(Self {
            id: row.id.parse().map_err(|_| unreadable("id"))?,
            account_type: account_type.transpose()?,
            status: AccountStatus::parse(&row.status).ok_or_else(|| unreadable("status"))?,
            parent_account_id: parent.transpose()?,
            used_by: used_by.transpose()?,
            rate: rate.transpose()?,
            created_at: row.created_at.0,
            name: row.name.clone(),
            company: company(row).map_err(unreadable)?,
        })
    }
}

fn company(row: Row) -> Result<Option<Company>, &'static str> {
    let Some(name) = row.company_name else { return Ok(None) };
    Ok(Some(Company {
        name,
        registration_number: row.registration_number,
        vat_number: VatNumber::stored(row.vat_number.ok_or("vat_number")?),
        address: Address {
            street: row.street.ok_or("street")?,
            house_number: row.house_number,
            postal_code: row.postal_code.ok_or("postal_code")?,
            city: row.city.ok_or("city")?,
            country: row.country.as_deref().and_then(Country::parse).ok_or("country")?,
        },
    }))
}
