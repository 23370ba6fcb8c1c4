//! The values of the activation form, read as the members of `POST /v1/activations` are.

use super::html::FormValues;
use crate::{
    domain::{
        account::{AccountName, AccountType},
        company::{Company, RawCompany},
        email::Email,
        field_error::{Faults, FieldError},
        origin::Origin,
        password::Password,
        person::PersonName,
    },
    services::activate::Answer,
};

/// What was typed, as the API would have it.
pub(super) fn answer(password: &str, values: &FormValues, origin: Origin) -> Answer {
    let mut faults = Faults::default();
    let person = |text: &str| PersonName::parse(text).map_err(|error| (error.code(), error.to_string()));
    let first_name = read(&values.first_name, "/first_name", person, &mut faults);
    let last_name = read(&values.last_name, "/last_name", person, &mut faults);
    let email = |text: &str| Email::parse(text).map_err(|error| ("invalid_email", error.to_string()));
    let email = read(&values.email, "/email", email, &mut faults);
    let account_name =
        |text: &str| AccountName::parse(text).map_err(|error| (error.code(), error.to_string()));
    let account_name = read(&values.account_name, "/account/name", account_name, &mut faults);
    let account_type =
        |text: &str| text.parse::<AccountType>().map_err(|error| ("unknown_value", error.to_string()));
    let account_type = read(&values.account_type, "/account/type", account_type, &mut faults);
    let company =
        if account_type == Some(AccountType::Consumer) { None } else { company(values, &mut faults) };
    let password = typed(password).map(|text| Password::new(&text));
    let account = account_name.is_some() || account_type.is_some() || company.is_some();
    let vat_exempt = !values.company_vat_exempt.is_empty();
    Answer {
        password,
        first_name,
        last_name,
        email,
        account,
        account_name,
        account_type,
        company,
        vat_exempt,
        client: origin.parts().address,
        origin: Some(origin),
        faults,
    }
}

/// The company's details, when any of them was typed. A private person's form has the fields too, hidden and
/// empty.
fn company(values: &FormValues, faults: &mut Faults) -> Option<Company> {
    let raw = RawCompany {
        name: typed(&values.company_name),
        registration_number: typed(&values.company_registration_number),
        vat_number: typed(&values.company_vat_number),
        vat_exempt: !values.company_vat_exempt.is_empty(),
        street: typed(&values.company_street),
        house_number: typed(&values.company_house_number),
        postal_code: typed(&values.company_postal_code),
        city: typed(&values.company_city),
        country: typed(&values.company_country),
    };
    if raw == RawCompany::default() {
        return None;
    }
    match Company::parse(&raw) {
        Ok(company) => Some(company),
        Err(found) => {
            let below =
                |fault: FieldError| FieldError { path: format!("/account/company{}", fault.path), ..fault };
            faults.extend(found.into_iter().map(below));
            None
        }
    }
}

fn typed(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn read<T>(
    text: &str,
    path: &str,
    parse: impl FnOnce(&str) -> Result<T, (&'static str, String)>,
    faults: &mut Faults,
) -> Option<T> {
    match typed(text).map(|text| parse(&text)).transpose() {
        Ok(value) => value,
        Err((code, detail)) => {
            faults.push(FieldError::new(path, code, detail));
            None
        }
    }
}
