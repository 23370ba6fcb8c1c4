//! Companies: the details that a business account has once it is active.

use invitation_service::domain::{country::Country, vat::VatNumber};

use super::{chance::Chance, tables::AccountRow};

/// A country, the digits of a VAT number there before its check digit, and places with their postal codes.
type Land = (&'static str, u32, &'static [(&'static str, &'static str)], &'static [&'static str]);

const LANDS: [Land; 5] = [
    (
        "DE",
        8,
        &[("Berlin", "10115"), ("München", "80331"), ("Köln", "50667"), ("Düsseldorf", "40213")],
        &["Hauptstraße", "Bahnhofstraße", "Am Markt", "Schloßallee"],
    ),
    (
        "PL",
        9,
        &[("Kraków", "31-001"), ("Łódź", "90-001"), ("Wrocław", "50-001"), ("Gdańsk", "80-001")],
        &["ul. Długa", "ul. Świętego Jana", "al. Niepodległości"],
    ),
    (
        "PT",
        8,
        &[("Lisboa", "1000-001"), ("Porto", "4000-008"), ("Évora", "7000-503")],
        &["Rua Augusta", "Avenida da Liberdade"],
    ),
    (
        "FI",
        7,
        &[("Helsinki", "00100"), ("Jyväskylä", "40100"), ("Hämeenlinna", "13100")],
        &["Mannerheimintie", "Hämeenkatu"],
    ),
    (
        "HU",
        7,
        &[("Budapest", "1051"), ("Győr", "9021"), ("Pécs", "7621")],
        &["Fő utca", "Kossuth Lajos utca"],
    ),
];
/// Valid VAT numbers of each country: finding one takes several tries.
const NUMBERS: usize = 24;

/// Makes companies.
pub struct Companies(Vec<(Land, Vec<String>)>);

impl Companies {
    /// With VAT numbers that the service accepts.
    #[must_use]
    pub fn new(chance: &mut Chance) -> Self {
        let numbers = |land: Land| {
            let found = (0..NUMBERS).filter_map(|_| vat_number(chance, land));
            (land, found.collect::<Vec<String>>())
        };
        Self(LANDS.map(numbers).into())
    }

    /// Fills in the company of this name.
    pub fn fill(&self, chance: &mut Chance, name: &str, row: &mut AccountRow) {
        let ((country, _, cities, streets), numbers) = chance.pick_skewed(&self.0);
        let (city, postal_code) = *chance.pick(cities);
        row.company_name = name.to_owned().into();
        if chance.percent(50) {
            row.registration_number = format!("HRB {}", 1000 + chance.below(900_000)).into();
        }
        row.vat_number = numbers.get(chance.below(24) as usize).cloned().into();
        row.street = (*chance.pick(streets)).into();
        row.house_number = (1 + chance.skewed(200)).to_string().into();
        row.postal_code = postal_code.into();
        row.city = city.into();
        row.country = (*country).into();
    }
}

/// A number that passes the check digit of its country, if the draw has one.
fn vat_number(chance: &mut Chance, (code, digits, ..): Land) -> Option<String> {
    let country = Country::parse(code).ok()?;
    let begin = format!("{code}{}", 10_u32.pow(digits - 1) + chance.below(10_u32.pow(digits - 1)));
    (0..10)
        .filter_map(|check| VatNumber::parse(&format!("{begin}{check}"), country).ok())
        .map(|number| number.as_str().to_owned())
        .next()
}
