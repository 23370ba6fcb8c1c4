//! A company's details in requests and answers.

use serde::Serialize;
use utoipa::ToSchema;

use super::body::{self, Members};
use crate::domain::company::{Company, RawCompany};

/// A company's details, as they are sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the members; `RawCompany` holds them")]
#[schema(example = json!({
    "name": "Acme B.V.", "registration_number": "12345678", "vat_number": "NL004495445B01",
    "address": {"street": "Keizersgracht", "house_number": "1", "postal_code": "1015 CN", "city": "Amsterdam", "country": "NL"}
}))]
pub struct CompanyRequest {
    /// 1 to 200 characters.
    name: String,
    /// At most 50 characters.
    registration_number: Option<String>,
    /// In the form of the address's country, with or without its prefix; check digits are checked where their rule is published.
    vat_number: String,
    /// Where the company is.
    address: AddressRequest,
}

/// An address, as it is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the members; `RawCompany` holds them")]
pub struct AddressRequest {
    /// 1 to 200 characters.
    street: String,
    /// At most 20 characters.
    house_number: Option<String>,
    /// At most 20 characters.
    postal_code: String,
    /// At most 100 characters.
    city: String,
    /// ISO 3166-1 alpha-2.
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
    #[schema(example = "Acme B.V.")]
    pub name: String,
    /// Its number in the trade register.
    #[schema(example = "12345678")]
    pub registration_number: Option<String>,
    /// With its country's prefix.
    #[schema(example = "NL004495445B01")]
    pub vat_number: String,
    /// Where it is.
    pub address: AddressView,
}

/// An address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressView {
    /// The street.
    #[schema(example = "Keizersgracht")]
    pub street: String,
    /// The number in it.
    #[schema(example = "1")]
    pub house_number: Option<String>,
    /// The postal code.
    #[schema(example = "1015 CN")]
    pub postal_code: String,
    /// The city.
    #[schema(example = "Amsterdam")]
    pub city: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "NL")]
    pub country: String,
}
