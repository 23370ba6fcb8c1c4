//! The details of a company, which a business account has from its activation on.

use super::{
    country::{Country, UnknownCountry},
    fault::FieldFault,
    invisible::{is_blank, trim},
    line::{Line, LineError},
    vat::VatNumber,
};

/// A company, as an invoice needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its registered name.
    pub name: Line<200>,
    /// Its number in the trade register, if it has one.
    pub registration_number: Option<Line<50>>,
    /// Its VAT number, of the country of its address.
    pub vat_number: VatNumber,
    /// Where it is.
    pub address: Address,
}

/// Where a company is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The street, with the number where the country writes it there.
    pub street: Line<200>,
    /// The number and what follows it, where it stands apart.
    pub house_number: Option<Line<20>>,
    /// The postal code, as it was typed.
    pub postal_code: Line<20>,
    /// The city.
    pub city: Line<100>,
    /// The country.
    pub country: Country,
}

/// What was typed, field by field. A field that was left out and one that holds nothing but blanks are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCompany {
    /// `/name`
    pub name: Option<String>,
    /// `/registration_number`
    pub registration_number: Option<String>,
    /// `/vat_number`
    pub vat_number: Option<String>,
    /// `/address/street`
    pub street: Option<String>,
    /// `/address/house_number`
    pub house_number: Option<String>,
    /// `/address/postal_code`
    pub postal_code: Option<String>,
    /// `/address/city`
    pub city: Option<String>,
    /// `/address/country`
    pub country: Option<String>,
}

impl Company {
    /// Reads a company.
    ///
    /// # Errors
    /// Every fault, its path relative to the company. While the country is unknown, nothing but its absence is said of
    /// the VAT number.
    pub fn parse(raw: &RawCompany) -> Result<Self, Vec<FieldFault>> {
        let mut faults = Vec::new();
        let name = required(&mut faults, "/name", raw.name.as_deref());
        let registration_number = optional(&mut faults, "/registration_number", raw.registration_number.as_deref());
        let country = country(&mut faults, raw.country.as_deref());
        let vat_number = vat_number(&mut faults, raw.vat_number.as_deref(), country);
        let street = required(&mut faults, "/address/street", raw.street.as_deref());
        let house_number = optional(&mut faults, "/address/house_number", raw.house_number.as_deref());
        let postal_code = required(&mut faults, "/address/postal_code", raw.postal_code.as_deref());
        let city = required(&mut faults, "/address/city", raw.city.as_deref());
        match (name, vat_number, street, postal_code, city, country) {
            (Some(name), Some(vat_number), Some(street), Some(postal_code), Some(city), Some(country)) if faults.is_empty() => {
                let address = Address { street, house_number, postal_code, city, country };
                Ok(Self { name, registration_number, vat_number, address })
            }
            _ => Err(faults),
        }
    }
}

fn required<const MAX: usize>(faults: &mut Vec<FieldFault>, path: &str, text: Option<&str>) -> Option<Line<MAX>> {
    match Line::parse(text.unwrap_or_default()) {
        Ok(line) => Some(line),
        Err(error) => {
            faults.push(FieldFault::new(path, error.code(), error.to_string()));
            None
        }
    }
}

fn optional<const MAX: usize>(faults: &mut Vec<FieldFault>, path: &str, text: Option<&str>) -> Option<Line<MAX>> {
    match Line::parse(text?) {
        Err(LineError::Empty) => None,
        Ok(line) => Some(line),
        Err(error) => {
            faults.push(FieldFault::new(path, error.code(), error.to_string()));
            None
        }
    }
}

fn country(faults: &mut Vec<FieldFault>, text: Option<&str>) -> Option<Country> {
    let path = "/address/country";
    match text.map(trim).filter(|text| !is_blank(text)).map(Country::parse) {
        Some(Ok(country)) => Some(country),
        Some(Err(error)) => {
            faults.push(FieldFault::new(path, UnknownCountry::CODE, error.to_string()));
            None
        }
        None => {
            faults.push(FieldFault::new(path, LineError::Empty.code(), LineError::Empty.to_string()));
            None
        }
    }
}

fn vat_number(faults: &mut Vec<FieldFault>, text: Option<&str>, country: Option<Country>) -> Option<VatNumber> {
    let path = "/vat_number";
    let Some(text) = text.filter(|text| !is_blank(text)) else {
        faults.push(FieldFault::new(path, LineError::Empty.code(), LineError::Empty.to_string()));
        return None;
    };
    match VatNumber::parse(text, country?) {
        Ok(number) => Some(number),
        Err(error) => {
            faults.push(FieldFault::new(path, error.code(), error.to_string()));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw() -> RawCompany {
        let text = |text: &str| Some(text.to_owned());
        RawCompany {
            name: text(" Acme Laadpalen B.V. "),
            registration_number: text("33031431"),
            vat_number: text("NL 0044.95.445.B01"),
            street: text("Damrak"),
            house_number: text("1-bis"),
            postal_code: text("1012 LG"),
            city: text("Amsterdam"),
            country: text("nl"),
        }
    }

    fn told(raw: &RawCompany) -> Vec<(String, &'static str)> {
        Company::parse(raw).unwrap_err().into_iter().map(|fault| (fault.path, fault.code)).collect()
    }

    fn fault(path: &str, code: &'static str) -> (String, &'static str) {
        (path.to_owned(), code)
    }

    #[test]
    fn reads_and_tidies() {
        let company = Company::parse(&raw()).unwrap();
        assert_eq!(company.name.as_str(), "Acme Laadpalen B.V.");
        assert_eq!(company.vat_number.as_str(), "NL004495445B01");
        assert_eq!(company.address.country.code(), "NL");
        let blank = || Some("  ".to_owned());
        let company = Company::parse(&RawCompany { registration_number: None, house_number: blank(), ..raw() }).unwrap();
        assert_eq!((company.registration_number, company.address.house_number), (None, None));
    }

    #[test]
    fn says_all_faults_together() {
        let required = ["/name", "/address/country", "/vat_number", "/address/street", "/address/postal_code", "/address/city"];
        assert_eq!(told(&RawCompany::default()), required.map(|path| fault(path, "required")));
        let faulty = RawCompany {
            name: Some("a".repeat(201)),
            registration_number: Some("1\n2".to_owned()),
            vat_number: Some("NL004495446B01".to_owned()),
            street: Some("\u{202E}".to_owned()),
            house_number: Some("1".repeat(21)),
            postal_code: Some("1".repeat(21)),
            city: Some("a".repeat(101)),
            country: Some("NL".to_owned()),
        };
        assert_eq!(
            told(&faulty),
            [
                fault("/name", "too_long"),
                fault("/registration_number", "control_characters"),
                fault("/vat_number", "vat_number_check_digits"),
                fault("/address/street", "control_characters"),
                fault("/address/house_number", "too_long"),
                fault("/address/postal_code", "too_long"),
                fault("/address/city", "too_long"),
            ]
        );
    }

    #[test]
    fn the_vat_number_waits_for_its_country() {
        let nowhere = RawCompany { country: Some("XX".to_owned()), ..raw() };
        assert_eq!(told(&nowhere), [fault("/address/country", "unknown_country")]);
        let elsewhere = RawCompany { country: Some("DE".to_owned()), ..raw() };
        assert_eq!(told(&elsewhere), [fault("/vat_number", "vat_number_other_country")]);
        let malformed = RawCompany { vat_number: Some("NL123".to_owned()), ..raw() };
        assert_eq!(told(&malformed), [fault("/vat_number", "vat_number_malformed")]);
    }

    proptest! {
        #[test]
        fn never_panics(texts in proptest::collection::vec(proptest::option::of(any::<String>()), 8)) {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().flatten();
            let raw = RawCompany {
                name: next(),
                registration_number: next(),
                vat_number: next(),
                street: next(),
                house_number: next(),
                postal_code: next(),
                city: next(),
                country: next(),
            };
            if let Err(faults) = Company::parse(&raw) {
                prop_assert!(!faults.is_empty());
            }
        }
    }
}
