use proptest::prelude::*;

use super::{scheme::SCHEMES, *};

fn parse(text: &str, country: &str) -> Result<VatNumber, VatNumberError> {
    VatNumber::parse(text, Country::parse(country).unwrap())
}

/// The code of the error, or the number.
fn reported(text: &str, country: &str) -> String {
    parse(text, country).map_or_else(|error| error.code().to_owned(), |number| number.0)
}

/// Numbers that companies and administrations publish.
const REAL: [(&str, &str); 38] = [
    ("AT", "ATU13585627"),
    ("BE", "BE0403170701"),
    ("BE", "BE0428759497"),
    ("BG", "BG175074752"),
    ("CH", "CHE107787577IVA"),
    ("CY", "CY10259033P"),
    ("CZ", "CZ25123891"),
    ("DE", "DE136695976"),
    ("DK", "DK13585628"),
    ("EE", "EE100931558"),
    ("ES", "ESA28015865"),
    ("ES", "ESB58378431"),
    ("ES", "ES54362315K"),
    ("ES", "ESX5253868R"),
    ("ES", "ESM1234567L"),
    ("FI", "FI20774740"),
    ("FR", "FR40303265045"),
    ("FR", "FRK7399859412"),
    ("GB", "GB980780684"),
    ("GR", "EL094259216"),
    ("HR", "HR33392005961"),
    ("HU", "HU12892312"),
    ("IE", "IE6433435F"),
    ("IE", "IE6433435OA"),
    ("IE", "IE8D79739I"),
    ("IT", "IT00743110157"),
    ("LT", "LT100001919017"),
    ("LU", "LU15027442"),
    ("LV", "LV40003521600"),
    ("MT", "MT11679112"),
    ("NL", "NL004495445B01"),
    ("NL", "NL002455799B11"),
    ("NO", "NO923609016MVA"),
    ("PL", "PL8567346215"),
    ("PT", "PT501964843"),
    ("RO", "RO18547290"),
    ("SE", "SE556188840401"),
    ("SI", "SI50223054"),
];

#[test]
fn takes_real_numbers_with_and_without_prefix() {
    for (country, number) in REAL {
        assert_eq!(reported(number, country), number);
        let prefix = if country == "CH" { 3 } else { 2 };
        assert_eq!(reported(&number[prefix..], country), number);
        assert_eq!(reported(&number.to_lowercase(), country), number);
    }
}

#[test]
fn examples_keep_their_own_rules() {
    for scheme in &SCHEMES {
        assert_eq!(reported(scheme.example, scheme.country), scheme.example);
    }
}

#[test]
fn separators_are_set_aside() {
    for (text, country, number) in [
        ("NL 0044.95.445.B.01", "NL", "NL004495445B01"),
        (" be 0403.170.701\t", "BE", "BE0403170701"),
        ("BE 403.170.701", "BE", "BE0403170701"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        ("NO 923 609 016 MVA", "NO", "NO923609016MVA"),
        ("923\u{A0}609\u{A0}016", "NO", "NO923609016MVA"),
        ("gb–980–7806–84", "GB", "GB980780684"),
        ("12.345.678/0001-95", "BR", "12345678000195"),
    ] {
        assert_eq!(reported(text, country), number);
    }
}

/// The published cases, and further ones of each kind.
#[test]
fn the_table_of_cases() {
    let table = include_str!("../../../tests/cases/vat.tsv");
    let rows: Vec<_> = table.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
    assert!(rows.len() > 200, "{}", rows.len());
    let wrong = rows.into_iter().filter_map(|row| {
        let mut cells = row.split('\t');
        let (country, typed, right) = (cells.next()?, cells.next()?, cells.next()?);
        let stored = cells.next();
        let reported = match parse(typed, country) {
            Ok(number) if stored.is_none_or(|stored| stored == number.as_str()) => "ok".to_owned(),
            Ok(number) => number.0,
            Err(error) => error.code().to_owned(),
        };
        (reported != right).then(|| format!("{country}\t{typed}\t{right}, not {reported}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

/// Characters that no text file shows.
#[test]
fn what_cannot_be_seen_is_set_aside() {
    for typed in [
        "\u{200E}DE136695976\u{200E}",
        "DE\u{200B}136\u{200B}695\u{200B}976",
        "\u{FEFF}DE 136 695 976\r\n",
        "\u{202A}DE136695976\u{202C}",
        "\u{2066}DE136695976\u{2069}",
        "DE\u{AD}136695976",
        "DE\u{2060}136\u{180E}695\u{34F}976\u{FE0F}",
        "DE\u{3000}136\u{2009}695\u{202F}976\u{A0}\u{2003}",
        "\tDE136695976\u{B}\u{C}\u{85}\u{2028}",
        "ＤＥ１３６６９５９７６",
        "ＤＥ－１３６．６９５．９７６",
        "DE\u{2010}136\u{2011}695\u{2012}9\u{2013}7\u{2014}6\u{2015}",
        "DE\u{2212}136\u{FE58}695\u{FE63}976",
        "DE\u{B7}136\u{2022}695\u{2024}976",
        "USt\u{2011}IdNr.:\u{A0}DE\u{A0}136\u{A0}695\u{A0}976",
    ] {
        assert_eq!(reported(typed, "DE"), "DE136695976", "{typed:?}");
    }
    for typed in ["\u{200B}", "\u{200E} \u{FEFF}", "BTW", "BTW\u{200B}:", &"\u{200B}".repeat(1000)] {
        assert_eq!(reported(typed, "DE"), "vat_number_malformed", "{typed:?}");
    }
}

#[test]
fn prefixes_that_differ_from_the_country() {
    assert_eq!(reported("XI980780684", "GB"), "XI980780684");
    assert_eq!(reported("GR094259216", "GR"), "EL094259216");
    assert_eq!(reported("GB980780684", "IM"), "GB980780684");
    assert_eq!(reported("FR40303265045", "MC"), "FR40303265045");
    assert_eq!(reported("FI20774740", "AX"), "FI20774740");
}

#[test]
fn refuses_with_the_reason() {
    for (text, country, code) in [
        ("", "NL", "vat_number_malformed"),
        ("NL123", "NL", "vat_number_malformed"),
        ("NL004495445B0", "NL", "vat_number_malformed"),
        ("NL004495445B01!", "NL", "vat_number_malformed"),
        ("NL004495445B01\0", "NL", "vat_number_malformed"),
        ("NLNL004495445B01", "NL", "vat_number_malformed"),
        ("NL๐๐4495445B01", "NL", "vat_number_malformed"),
        ("DE000000000", "DE", "vat_number_check_digits"),
        ("NL000000000B01", "NL", "vat_number_check_digits"),
        ("NL004495446B01", "NL", "vat_number_check_digits"),
        ("NL002455799B12", "NL", "vat_number_check_digits"),
        ("BE0403170702", "BE", "vat_number_check_digits"),
        ("FR41303265045", "FR", "vat_number_check_digits"),
        ("FRIO334175221", "FR", "vat_number_check_digits"),
        ("DE136695976", "NL", "vat_number_other_country"),
        ("XI980780684", "IE", "vat_number_other_country"),
        ("1", "US", "vat_number_malformed"),
        ("none", "US", "vat_number_malformed"),
        ("123456789012345678901", "US", "vat_number_malformed"),
        ("12+34", "US", "vat_number_malformed"),
    ] {
        assert_eq!(reported(text, country), code, "{text:?}");
    }
    assert_eq!(
        parse("123", "NL").unwrap_err().to_string(),
        "A VAT number of this country (Netherlands) is NL, 9 digits, B and 2 digits, as in NL004495445B01."
    );
}

#[test]
fn elsewhere_every_number_is_taken() {
    assert_eq!(reported("12-3456789", "US"), "123456789");
    assert_eq!(reported("DE136695976", "US"), "DE136695976");
    assert_eq!(reported("53 004 085 616", "AU"), "53004085616");
    // A separate word is a label; letters attached to the number belong to it.
    assert_eq!(reported("ABN: 53 004 085 616", "AU"), "53004085616");
    assert_eq!(reported("VAT no. 123456789", "ZA"), "123456789");
    assert_eq!(reported("IVA850101XX1", "MX"), "IVA850101XX1");
    assert_eq!(reported("SM12345", "SM"), "SM12345");
    assert_eq!(reported("VAT", "US"), "vat_number_malformed");
}

/// The schemes whose weights detect every wrong digit, each with a number and the range of digits to which
/// this applies.
const GUARANTEED: [(&str, &str, std::ops::Range<usize>); 17] = [
    ("AT", "ATU13585627", 3..11),
    ("BE", "BE0403170701", 3..12),
    ("CH", "CHE107787577IVA", 3..12),
    ("DE", "DE136695976", 2..11),
    ("DK", "DK13585628", 2..10),
    ("EE", "EE100931558", 2..11),
    ("ES", "ESA28015865", 3..10),
    ("ES", "ES54362315K", 2..10),
    ("FI", "FI20774740", 2..10),
    ("FR", "FR40303265045", 2..13),
    ("HR", "HR33392005961", 2..13),
    ("HU", "HU12892312", 2..10),
    ("IE", "IE6433435F", 2..9),
    ("IT", "IT00743110157", 2..13),
    ("LU", "LU15027442", 2..10),
    ("NO", "NO923609016MVA", 2..11),
    ("PL", "PL8567346215", 2..12),
];

#[test]
fn one_wrong_digit_is_noticed() {
    for (country, number, places) in GUARANTEED {
        for at in places {
            for digit in '0'..='9' {
                let mut changed = number.to_owned();
                changed.replace_range(at..=at, digit.encode_utf8(&mut [0; 4]));
                let expected = if changed == number { number } else { "vat_number_check_digits" };
                assert_eq!(reported(&changed, country), expected, "{changed}");
            }
        }
    }
}

proptest! {
    #[test]
    fn one_wrong_digit_is_noticed_in_any_number(
        which in 0..GUARANTEED.len(),
        fill in "[0-9]{11}",
        at in any::<proptest::sample::Index>(),
        other in 1..10_u8,
    ) {
        // For some last digits the filling is a valid number; where there are none, there is nothing to
        // check.
        let (country, number, places) = &GUARANTEED[which];
        let mut digits: Vec<u8> = number.bytes().collect();
        digits[places.clone()].copy_from_slice(&fill.as_bytes()[..places.len()]);
        let right = (0..100_u8).find_map(|last| {
            let end = places.end;
            digits[end - 2..end].copy_from_slice(format!("{last:02}").as_bytes());
            let text = String::from_utf8(digits.clone()).unwrap();
            parse(&text, country).is_ok().then_some(text)
        });
        if let Some(right) = right {
            let at = places.start + at.index(places.len());
            let mut wrong = right.clone().into_bytes();
            wrong[at] = b'0' + (wrong[at] - b'0' + other) % 10;
            prop_assert!(parse(&String::from_utf8(wrong).unwrap(), country).is_err());
        }
    }

    #[test]
    fn never_panics_and_parsing_is_stable(
        text in any::<String>(),
        near in "[A-Z]{0,3}[0-9A-Z+*]{0,13}",
        country in "[A-Z]{2}",
    ) {
        let countries = SCHEMES.iter().map(|scheme| scheme.country).chain([country.as_str()]);
        for country in countries.filter_map(|code| Country::parse(code).ok()) {
            for text in [&text, &near] {
                if let Ok(number) = VatNumber::parse(text, country) {
                    prop_assert_eq!(VatNumber::parse(number.as_str(), country), Ok(number));
                }
            }
        }
    }

    /// Texts that have the form of a country reach its arithmetic.
    #[test]
    fn no_form_makes_the_arithmetic_panic(seed in "[0-9]{16}", letters in "[A-Z]{4}") {
        for scheme in &SCHEMES {
            for form in scheme.forms {
                let (mut digits, mut capitals) = (seed.chars().cycle(), letters.chars().cycle());
                let body: String = form
                    .chars()
                    .map(|c| match c {
                        '#' => digits.next().unwrap_or('0'),
                        '@' | '*' | '?' => capitals.next().unwrap_or('A'),
                        other => other,
                    })
                    .collect();
                prop_assert!(scheme.takes(&body));
                let outcome = reported(&body, scheme.country);
                // Letters that are a country's prefix are no key.
                let no_key = form.starts_with("**")
                    && matches!(&*outcome, "vat_number_malformed" | "vat_number_other_country");
                let is_key = outcome == "vat_number_check_digits" || outcome.ends_with(&body);
                prop_assert!(no_key || is_key, "{}", outcome);
            }
        }
    }
}
