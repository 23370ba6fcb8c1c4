//! A company's details in requests and answers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::company::{Company, RawCompany};
use crate::http::extract::members::{self, Members};

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
    /// In the format of the address's country, with or without the country's prefix, which is always stored.
    /// Blanks, dots, dashes, invisible characters and a label before it ("USt-IdNr.", "BTW") are removed.
    /// Check digits are checked in the EU's member states, GB, NO and CH. Required, unless `vat_exempt` is
    /// true.
    #[schema(min_length = 1)]
    vat_number: Option<String>,
    /// True declares that the company has no VAT number. It is accepted where the preview has `"company_vat":
    /// "optional"`, and not together with a `vat_number`.
    vat_exempt: Option<bool>,
    /// Where the company is.
    address: AddressRequest,
}

/// An address, as it is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes the members; `RawCompany` holds them")]
pub struct AddressRequest {
    /// The street, with the house number where the country's format has it there.
    #[schema(min_length = 1, max_length = 200)]
    street: String,
    /// The house number with its addition, where the format separates it.
    #[schema(max_length = 20)]
    house_number: Option<String>,
    /// The postal code; required where the country has postal codes.
    #[schema(min_length = 1, max_length = 20)]
    postal_code: Option<String>,
    /// The city.
    #[schema(min_length = 1, max_length = 100)]
    city: String,
    /// ISO 3166-1 alpha-2, in either case; `XK` is Kosovo.
    #[schema(pattern = "^[A-Za-z]{2}$")]
    country: String,
}

/// Reads the member `company`, and whether it declares that there is no VAT number, which is returned even
/// when the company is faulty: the operator decides whether that is accepted.
pub(in crate::http) fn read(members: &mut Members) -> (Option<Company>, bool) {
    let (mut faults, mut exempt) = (Vec::new(), false);
    let company = members.object("company", |members| {
        let mut raw = RawCompany {
            name: members.optional("name", members::text),
            registration_number: members.optional("registration_number", members::text),
            vat_number: members.optional("vat_number", members::text),
            vat_exempt: members.optional("vat_exempt", |value| members::boolean(&value)).unwrap_or_default(),
            ..RawCompany::default()
        };
        members.object("address", |members| {
            raw.street = members.optional("street", members::text);
            raw.house_number = members.optional("house_number", members::text);
            raw.postal_code = members.optional("postal_code", members::text);
            raw.city = members.optional("city", members::text);
            raw.country = members.optional("country", members::text);
            Some(())
        });
        exempt = raw.vat_exempt;
        match Company::parse(&raw) {
            Ok(company) => Some(company),
            Err(found) => {
                // A member of a wrong type is reported already, and is not reported as missing too.
                faults = members.unknown_among(found);
                None
            }
        }
    });
    members.faults_below("company", faults);
    (company, exempt)
}

impl From<&Company> for CompanyView {
    fn from(company: &Company) -> Self {
        let address = &company.address;
        Self {
            name: company.name.as_str().to_owned(),
            registration_number: company.registration_number.as_ref().map(|line| line.as_str().to_owned()),
            vat_number: company.vat_number.as_ref().map(|number| number.as_str().to_owned()),
            vat_exempt: company.vat_number.is_none(),
            address: AddressView {
                street: address.street.as_str().to_owned(),
                house_number: address.house_number.as_ref().map(|line| line.as_str().to_owned()),
                postal_code: address.postal_code.as_ref().map(|line| line.as_str().to_owned()),
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
    /// With its country's prefix; null where the company declared that it has none.
    pub vat_number: Option<String>,
    /// True where the company declared that it has no VAT number; left out otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub vat_exempt: bool,
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
    /// The postal code; null where none was given, as the country has none.
    pub postal_code: Option<String>,
    /// The city.
    pub city: String,
    /// ISO 3166-1 alpha-2, in upper case; `XK` is Kosovo.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub country: String,
}
