//! The details of a company, required for a business account at activation.

use super::{
    country::{Country, UnknownCountry},
    field_error::FieldError,
    invisible::{is_blank, trim},
    single_line::{LineError, SingleLine},
    vat::VatNumber,
};

/// A company, with the data for an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its registered name.
    pub name: SingleLine<200>,
    /// Its number in the company register, if it has one.
    pub registration_number: Option<SingleLine<50>>,
    /// Its VAT number, of the country of its address; `None` when the company states that it has none.
    pub vat_number: Option<VatNumber>,
    /// Its address.
    pub address: Address,
}

/// The address of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The street, with the number where the country writes it there.
    pub street: SingleLine<200>,
    /// The house number with any suffix, where it is separate.
    pub house_number: Option<SingleLine<20>>,
    /// The postal code, as typed; `None` where the country has none.
    pub postal_code: Option<SingleLine<20>>,
    /// The city.
    pub city: SingleLine<100>,
    /// The country.
    pub country: Country,
}

closed_set! {
    /// Whether a company must have a VAT number.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum CompanyVat {
        /// It must.
        Required = "required",
        /// It has one, or states that it has none.
        Optional = "optional",
    }
}

/// The typed fields. A missing field and one with only blanks are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawCompany {
    /// `/name`
    pub name: Option<String>,
    /// `/registration_number`
    pub registration_number: Option<String>,
    /// `/vat_number`
    pub vat_number: Option<String>,
    /// `/vat_exempt`: the company states that it has no VAT number.
    pub vat_exempt: bool,
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
    /// Parses a company.
    ///
    /// # Errors
    /// All faults, their paths relative to the company. While the country is unknown, the only fault reported
    /// for the VAT number is that it is missing. The operator decides whether a company may have none: see
    /// [`CompanyVat`].
    pub fn parse(raw: &RawCompany) -> Result<Self, Vec<FieldError>> {
        let mut faults = Vec::new();
        let name = required(&mut faults, "/name", raw.name.as_deref());
        let registration_number =
            optional(&mut faults, "/registration_number", raw.registration_number.as_deref());
        let country = country(&mut faults, raw.country.as_deref());
        let vat_number = vat_number(&mut faults, raw, country);
        let street = required(&mut faults, "/address/street", raw.street.as_deref());
        let house_number = optional(&mut faults, "/address/house_number", raw.house_number.as_deref());
        let postal_code = postal_code(&mut faults, raw.postal_code.as_deref(), country);
        let city = required(&mut faults, "/address/city", raw.city.as_deref());
        match (name, vat_number, street, postal_code, city, country) {
            (Some(name), vat_number, Some(street), postal_code, Some(city), Some(country))
                if faults.is_empty() =>
            {
                let address = Address { street, house_number, postal_code, city, country };
                Ok(Self { name, registration_number, vat_number, address })
            }
            _ => Err(faults),
        }
    }
}

impl Company {
    /// A stored company. It was accepted by the rules of its time and is not validated again. `None` when a
    /// part is missing that every company has.
    #[must_use]
    pub fn stored(raw: RawCompany) -> Option<Self> {
        let address = Address {
            street: SingleLine::stored(raw.street?),
            house_number: raw.house_number.map(SingleLine::stored),
            postal_code: raw.postal_code.map(SingleLine::stored),
            city: SingleLine::stored(raw.city?),
            country: Country::parse(&raw.country?).ok()?,
        };
        Some(Self {
            name: SingleLine::stored(raw.name?),
            registration_number: raw.registration_number.map(SingleLine::stored),
            vat_number: raw.vat_number.map(VatNumber::stored),
            address,
        })
    }
}

fn required<const MAX: usize>(
    faults: &mut Vec<FieldError>,
    path: &str,
    text: Option<&str>,
) -> Option<SingleLine<MAX>> {
    match SingleLine::parse(text.unwrap_or_default()) {
        Ok(line) => Some(line),
        Err(error) => {
            faults.push(FieldError::new(path, error.code(), error.to_string()));
            None
        }
    }
}

fn optional<const MAX: usize>(
    faults: &mut Vec<FieldError>,
    path: &str,
    text: Option<&str>,
) -> Option<SingleLine<MAX>> {
    match SingleLine::parse(text?) {
        Err(LineError::Empty) => None,
        Ok(line) => Some(line),
        Err(error) => {
            faults.push(FieldError::new(path, error.code(), error.to_string()));
            None
        }
    }
}

fn country(faults: &mut Vec<FieldError>, text: Option<&str>) -> Option<Country> {
    let path = "/address/country";
    match text.map(trim).filter(|text| !is_blank(text)).map(Country::parse) {
        Some(Ok(country)) => Some(country),
        Some(Err(error)) => {
            faults.push(FieldError::new(path, UnknownCountry::CODE, error.to_string()));
            None
        }
        None => {
            faults.push(FieldError::new(path, LineError::Empty.code(), LineError::Empty.to_string()));
            None
        }
    }
}

/// Required where the country has postal codes, and while the country is unknown.
fn postal_code(
    faults: &mut Vec<FieldError>,
    text: Option<&str>,
    country: Option<Country>,
) -> Option<SingleLine<20>> {
    let path = "/address/postal_code";
    if country.is_none_or(Country::has_postal_codes) {
        required(faults, path, text)
    } else {
        optional(faults, path, text)
    }
}

/// Either the number, or the statement that there is none.
fn vat_number(faults: &mut Vec<FieldError>, raw: &RawCompany, country: Option<Country>) -> Option<VatNumber> {
    let path = "/vat_number";
    let given = raw.vat_number.as_deref().filter(|text| !is_blank(text));
    match (given, raw.vat_exempt) {
        (None, true) => return None,
        (Some(_), true) => {
            let detail =
                "A company has a VAT number or it has none: leave out one of vat_number and vat_exempt.";
            faults.push(FieldError::new("/vat_exempt", "vat_exempt_with_number", detail));
        }
        (None, false) => {
            faults.push(FieldError::new(path, LineError::Empty.code(), LineError::Empty.to_string()));
        }
        (Some(_), false) => {}
    }
    match VatNumber::parse(given?, country?) {
        Ok(number) => Some(number),
        Err(error) => {
            faults.push(FieldError::new(path, error.code(), error.to_string()));
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
            vat_exempt: false,
            street: text("Damrak"),
            house_number: text("1-bis"),
            postal_code: text("1012 LG"),
            city: text("Amsterdam"),
            country: text("nl"),
        }
    }

    fn reported(raw: &RawCompany) -> Vec<(String, &'static str)> {
        Company::parse(raw).unwrap_err().into_iter().map(|fault| (fault.path, fault.code)).collect()
    }

    fn fault(path: &str, code: &'static str) -> (String, &'static str) {
        (path.to_owned(), code)
    }

    #[test]
    fn reads_and_tidies() {
        let company = Company::parse(&raw()).unwrap();
        assert_eq!(company.name.as_str(), "Acme Laadpalen B.V.");
        assert_eq!(company.vat_number.unwrap().as_str(), "NL004495445B01");
        assert_eq!(company.address.country.code(), "NL");
        let blank = || Some("  ".to_owned());
        let company =
            Company::parse(&RawCompany { registration_number: None, house_number: blank(), ..raw() })
                .unwrap();
        assert_eq!((company.registration_number, company.address.house_number), (None, None));
    }

    #[test]
    fn says_all_faults_together() {
        let required = [
            "/name",
            "/address/country",
            "/vat_number",
            "/address/street",
            "/address/postal_code",
            "/address/city",
        ];
        assert_eq!(reported(&RawCompany::default()), required.map(|path| fault(path, "required")));
        let faulty = RawCompany {
            name: Some("a".repeat(201)),
            registration_number: Some("1\n2".to_owned()),
            vat_number: Some("NL004495446B01".to_owned()),
            vat_exempt: false,
            street: Some("\u{202E}".to_owned()),
            house_number: Some("1".repeat(21)),
            postal_code: Some("1".repeat(21)),
            city: Some("a".repeat(101)),
            country: Some("NL".to_owned()),
        };
        assert_eq!(
            reported(&faulty),
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
        assert_eq!(reported(&nowhere), [fault("/address/country", "unknown_country")]);
        let elsewhere = RawCompany { country: Some("DE".to_owned()), ..raw() };
        assert_eq!(reported(&elsewhere), [fault("/vat_number", "vat_number_other_country")]);
        let malformed = RawCompany { vat_number: Some("NL123".to_owned()), ..raw() };
        assert_eq!(reported(&malformed), [fault("/vat_number", "vat_number_malformed")]);
    }

    #[test]
    fn a_company_says_that_it_has_no_vat_number() {
        let exempt = RawCompany { vat_number: None, vat_exempt: true, ..raw() };
        assert_eq!(Company::parse(&exempt).unwrap().vat_number, None);
        let blank = RawCompany { vat_number: Some(" ".to_owned()), ..exempt.clone() };
        assert_eq!(Company::parse(&blank).unwrap().vat_number, None);
        assert_eq!(
            reported(&RawCompany { vat_exempt: false, ..exempt.clone() }),
            [fault("/vat_number", "required")]
        );
        assert_eq!(
            reported(&RawCompany { vat_exempt: true, ..raw() }),
            [fault("/vat_exempt", "vat_exempt_with_number")]
        );
        let both = RawCompany { vat_number: Some("NL1".to_owned()), vat_exempt: true, ..raw() };
        let told_of_both =
            [fault("/vat_exempt", "vat_exempt_with_number"), fault("/vat_number", "vat_number_malformed")];
        assert_eq!(reported(&both), told_of_both);
        assert!(CompanyVat::ALL.iter().all(|value| value.as_str().parse() == Ok(*value)));
    }

    #[test]
    fn postal_codes_are_asked_for_where_there_are_some() {
        let at = |country: &str, postal_code: Option<&str>| RawCompany {
            country: Some(country.to_owned()),
            postal_code: postal_code.map(str::to_owned),
            vat_number: None,
            vat_exempt: true,
            ..raw()
        };
        for country in ["AE", "HK", "QA", "BO", "AO", "MO", "UG", "JM", "GH", "PA", "BS", "KP"] {
            for none in [None, Some(""), Some(" ")] {
                assert_eq!(
                    Company::parse(&at(country, none)).unwrap().address.postal_code,
                    None,
                    "{country}"
                );
            }
            let kept = Company::parse(&at(country, Some("00000"))).unwrap().address.postal_code;
            assert_eq!(kept.unwrap().as_str(), "00000", "what is given all the same is kept");
        }
        for country in ["NL", "IE", "XK", "US", "SG", "CL", "KE", "SA"] {
            assert_eq!(
                reported(&at(country, None)),
                [fault("/address/postal_code", "required")],
                "{country}"
            );
        }
        assert_eq!(reported(&at("AE", Some(&"1".repeat(21)))), [fault("/address/postal_code", "too_long")]);
    }

    /// Today's rules apply to new input, never to stored data.
    #[test]
    fn what_was_taken_once_is_read_for_good() {
        let old = RawCompany {
            vat_number: Some("FRFR732829320".to_owned()),
            street: Some("a\tb".to_owned()),
            ..raw()
        };
        assert!(Company::parse(&old).is_err());
        let company = Company::stored(old).unwrap();
        assert_eq!(
            (company.vat_number.unwrap().as_str(), company.address.street.as_str()),
            ("FRFR732829320", "a\tb")
        );
        assert_eq!(Company::stored(RawCompany { city: None, ..raw() }), None);
    }

    proptest! {
        #[test]
        fn never_panics(texts in proptest::collection::vec(proptest::option::of(any::<String>()), 9)) {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().flatten();
            let raw = RawCompany {
                name: next(),
                registration_number: next(),
                vat_number: next(),
                vat_exempt: next().is_some(),
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
