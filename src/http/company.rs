//! A company's details in requests and answers.

use serde::Serialize;
use utoipa::ToSchema;

use super::body::{self, Members};
use crate::domain::company::{Company, RawCompany};

/// A company's details, as they are sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the members; `RawCompany` holds them")]
pub struct CompanyRequest {
    /// Its registered name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Its number in the trade register, if it has one.
    #[schema(max_length = 50)]
    registration_number: Option<String>,
    /// In the form of the address's country, with or without its prefix; check digits are checked where their rule is published.
    #[schema(min_length = 1)]
    vat_number: String,
    /// Where the company is.
    address: AddressRequest,
}

/// An address, as it is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the members; `RawCompany` holds them")]
pub struct AddressRequest {
    /// The street, with the number where the country writes it there.
    #[schema(min_length = 1, max_length = 200)]
    street: String,
    /// The number and what follows it, where it stands apart.
    #[schema(max_length = 20)]
    house_number: Option<String>,
    /// The postal code.
    #[schema(min_length = 1, max_length = 20)]
    postal_code: String,
    /// The city.
    #[schema(min_length = 1, max_length = 100)]
    city: String,
    /// ISO 3166-1 alpha-2, in either case.
    #[schema(pattern = "^[A-Za-z]{2}$")]
    country: String,
}

/// Reads the member `company`.
pub(super) fn read(members: &mut Members) -> Option<Company> {
    let mut faults = Vec::new();
    let company = members.object("company", |members| {
        let mut raw = RawCompany {
            name: members.optional("name", body::text),
            registration_number: members.optional("registration_number", body::text),
            vat_number: members.optional("vat_number", body::text),
            ..RawCompany::default()
        };
        members.object("address", |members| {
            raw.street = members.optional("street", body::text);
            raw.house_number = members.optional("house_number", body::text);
            raw.postal_code = members.optional("postal_code", body::text);
            raw.city = members.optional("city", body::text);
            raw.country = members.optional("country", body::text);
            Some(())
        });
        match Company::parse(&raw) {
            Ok(company) => Some(company),
            Err(found) => {
                // A member of a wrong type was told as that; that it is missing as well would be told of it twice.
                faults = members.unknown_among(found);
                None
            }
        }
    });
    members.faults_below("company", faults);
    company
}

impl From<&Company> for CompanyView {
    fn from(company: &Company) -> Self {
        let address = &company.address;
        Self {
            name: company.name.as_str().to_owned(),
            registration_number: company.registration_number.as_ref().map(|line| line.as_str().to_owned()),
            vat_number: company.vat_number.as_str().to_owned(),
            address: AddressView {
                street: address.street.as_str().to_owned(),
                house_number: address.house_number.as_ref().map(|line| line.as_str().to_owned()),
                postal_code: address.postal_code.as_str().to_owned(),
                city: address.city.as_str().to_owned(),
                country: address.country.code().to_owned(),
            },
        }
    }
}

/// A company's details.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Company)]
pub struct CompanyView {
    /// Its name.
    pub name: String,
    /// Its number in the trade register.
    pub registration_number: Option<String>,
    /// With its country's prefix.
    pub vat_number: String,
    /// Where it is.
    pub address: AddressView,
}

/// An address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressView {
    /// The street.
    pub street: String,
    /// The number in it.
    pub house_number: Option<String>,
    /// The postal code.
    pub postal_code: String,
    /// The city.
    pub city: String,
    /// ISO 3166-1 alpha-2, in upper case.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: String,
}
