//! The form of a VAT number in each country, and the rule of its check digits.
//!
//! Forms: the Commission's list of structures for VIES (its FAQ, "What is the format of a VAT number?");
//! HMRC, Skatteetaten and the Swiss Federal Statistical Office for GB, NO and CH. Check digits only where the
//! administration publishes the rule, or it has long been known and every number tried satisfies it: a
//! company that is refused by mistake cannot activate.

use super::{
    super::country::Country,
    checks::{bulgaria, cyprus, czechia, latvia, lithuania, malta, slovakia},
    digits::{luhn, mod_11_10, mod_97, number, weighted},
};

/// The scheme of one country's numbers.
#[derive(Debug)]
pub(super) struct Scheme {
    /// The country's ISO code.
    pub(super) country: &'static str,
    /// The accepted prefixes, each with the one that is stored; the first is the usual one.
    pub(super) prefixes: &'static [(&'static str, &'static str)],
    /// The forms of the part after the prefix: `#` a digit, `@` a letter, `*` either, `?` a letter, `+` or
    /// `*`, others themselves.
    pub(super) forms: &'static [&'static str],
    /// The form in words.
    pub(super) words: &'static str,
    /// A number of that form.
    pub(super) example: &'static str,
    /// Whether the check digits match; called for a text of one of the forms.
    pub(super) check: fn(&[u8]) -> bool,
}

impl Scheme {
    /// Whether the part after the prefix has one of the forms.
    pub(super) fn takes(&self, body: &str) -> bool {
        self.forms.iter().any(|form| fits(form, body))
    }

    /// Whether the letters in the place of the key are a country's prefix: then the number has no key, or it
    /// is that country's. After the scheme's own prefix only prefixes of VAT numbers count; without it, any
    /// country code does.
    pub(super) fn misses_its_key(&self, has_prefix: bool, body: &str) -> bool {
        let key = body.get(..2).unwrap_or_default();
        let known =
            SCHEMES.iter().flat_map(|scheme| scheme.prefixes).any(|(typed, _)| *typed == key) || key == "EU";
        self.country == "FR" && (known || (!has_prefix && (Country::parse(key).is_ok() || key == "UK")))
    }

    /// Whether the check digits match. A number of zeros alone is refused, since it satisfies most sums.
    pub(super) fn checks(&self, body: &str) -> bool {
        body.bytes().any(|byte| matches!(byte, b'1'..=b'9')) && (self.check)(body.as_bytes())
    }
}

fn fits(form: &str, body: &str) -> bool {
    form.len() == body.len()
        && form.bytes().zip(body.bytes()).all(|(wanted, byte)| match wanted {
            b'#' => byte.is_ascii_digit(),
            b'@' => byte.is_ascii_uppercase(),
            b'*' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            b'?' => byte.is_ascii_uppercase() || matches!(byte, b'+' | b'*'),
            _ => byte == wanted,
        })
}

/// The scheme of an address in that country. Some territories with an ISO code of their own are registered by
/// another country.
pub(super) fn of(country: &str) -> Option<&'static Scheme> {
    let registered_by = match country {
        "MC" | "GF" | "GP" | "MQ" | "RE" | "YT" => "FR",
        "IM" => "GB",
        "AX" => "FI",
        other => other,
    };
    SCHEMES.iter().find(|scheme| scheme.country == registered_by)
}

/// Every scheme: the EU's member states, then GB, NO and CH.
pub(super) const SCHEMES: [Scheme; 30] = [
    scheme("AT", &[("AT", "AT")], &["U########"], "AT, U and 8 digits", "ATU13585627", austria),
    scheme(
        "BE",
        &[("BE", "BE")],
        &["0#########", "1#########"],
        "BE and 10 digits, the first 0 or 1",
        "BE0403170701",
        belgium,
    ),
    scheme(
        "BG",
        &[("BG", "BG")],
        &["#########", "##########"],
        "BG and 9 or 10 digits",
        "BG175074752",
        bulgaria,
    ),
    scheme("CY", &[("CY", "CY")], &["########@"], "CY, 8 digits and a letter", "CY10259033P", cyprus),
    scheme(
        "CZ",
        &[("CZ", "CZ")],
        &["########", "#########", "##########"],
        "CZ and 8 to 10 digits",
        "CZ25123891",
        czechia,
    ),
    scheme("DE", &[("DE", "DE")], &["#########"], "DE and 9 digits", "DE136695976", germany),
    scheme("DK", &[("DK", "DK")], &["########"], "DK and 8 digits", "DK13585628", denmark),
    scheme("EE", &[("EE", "EE")], &["#########"], "EE and 9 digits", "EE100931558", estonia),
    scheme(
        "ES",
        &[("ES", "ES")],
        &["@########", "@#######@", "########@"],
        "ES and 9 characters, the first or last a letter",
        "ESA28015865",
        spain,
    ),
    scheme("FI", &[("FI", "FI")], &["########"], "FI and 8 digits", "FI20774740", finland),
    scheme(
        "FR",
        &[("FR", "FR")],
        &["**#########"],
        "FR, a key of 2 characters and the 9 digits of the SIREN",
        "FR40303265045",
        france,
    ),
    scheme("GR", &[("EL", "EL"), ("GR", "EL")], &["#########"], "EL and 9 digits", "EL094259216", greece),
    scheme("HR", &[("HR", "HR")], &["###########"], "HR and 11 digits", "HR33392005961", mod_11_10),
    scheme("HU", &[("HU", "HU")], &["########"], "HU and 8 digits", "HU12892312", hungary),
    scheme(
        "IE",
        &[("IE", "IE")],
        &["#######@", "#######@@", "#?#####@"],
        "IE, 7 digits and 1 or 2 letters",
        "IE6388047V",
        ireland,
    ),
    scheme("IT", &[("IT", "IT")], &["###########"], "IT and 11 digits", "IT00743110157", italy),
    scheme(
        "LT",
        &[("LT", "LT")],
        &["#########", "############"],
        "LT and 9 or 12 digits",
        "LT119511515",
        lithuania,
    ),
    scheme("LU", &[("LU", "LU")], &["########"], "LU and 8 digits", "LU15027442", luxembourg),
    scheme("LV", &[("LV", "LV")], &["###########"], "LV and 11 digits", "LV40003521600", latvia),
    scheme("MT", &[("MT", "MT")], &["########"], "MT and 8 digits", "MT11679112", malta),
    scheme(
        "NL",
        &[("NL", "NL")],
        &["#########B##"],
        "NL, 9 digits, B and 2 digits",
        "NL004495445B01",
        netherlands,
    ),
    scheme("PL", &[("PL", "PL")], &["##########"], "PL and 10 digits", "PL8567346215", poland),
    scheme("PT", &[("PT", "PT")], &["#########"], "PT and 9 digits", "PT501964843", portugal),
    scheme(
        "RO",
        &[("RO", "RO")],
        &["##", "###", "####", "#####", "######", "#######", "########", "#########", "##########"],
        "RO and 2 to 10 digits",
        "RO18547290",
        romania,
    ),
    scheme("SE", &[("SE", "SE")], &["############"], "SE and 12 digits", "SE556188840401", sweden),
    scheme("SI", &[("SI", "SI")], &["########"], "SI and 8 digits", "SI50223054", slovenia),
    scheme("SK", &[("SK", "SK")], &["##########"], "SK and 10 digits", "SK2022749619", slovakia),
    scheme(
        "GB",
        &[("GB", "GB"), ("XI", "XI")],
        &["#########", "############", "GD###", "HA###"],
        "GB (or XI in Northern Ireland) and 9 or 12 digits",
        "GB980780684",
        united_kingdom,
    ),
    scheme("NO", &[("NO", "NO")], &["#########MVA"], "NO, 9 digits and MVA", "NO923609016MVA", norway),
    scheme(
        "CH",
        &[("CHE", "CHE"), ("CH", "CHE")],
        &["#########", "#########MWST", "#########TVA", "#########IVA", "#########TPV"],
        "CHE, 9 digits and MWST, TVA, IVA or TPV",
        "CHE107787577IVA",
        switzerland,
    ),
];

const fn scheme(
    country: &'static str,
    prefixes: &'static [(&'static str, &'static str)],
    forms: &'static [&'static str],
    words: &'static str,
    example: &'static str,
    check: fn(&[u8]) -> bool,
) -> Scheme {
    Scheme { country, prefixes, forms, words, example, check }
}

/// BMF: Luhn over all but the U, with 4 added.
fn austria(body: &[u8]) -> bool {
    let (digits, check) = body[1..].split_at(7);
    (luhn(digits) + weighted(check, &[1]) + 4).is_multiple_of(10)
}

/// FOD Economie: 97 minus the remainder of the first eight divided by 97. See
/// findings/stdnum-belgian-check-digits.sh.
fn belgium(body: &[u8]) -> bool {
    let (digits, check) = body.split_at(8);
    97 - number(digits) % 97 == number(check)
}

/// BZSt: ISO/IEC 7064, MOD 11,10. No number begins with 0.
fn germany(body: &[u8]) -> bool {
    !body.starts_with(b"0") && mod_11_10(body)
}

/// Erhvervsstyrelsen, CVR: modulo 11. No number begins with 0.
fn denmark(body: &[u8]) -> bool {
    !body.starts_with(b"0") && weighted(body, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Maksu- ja Tolliamet, KMKR: 3, 7, 1 modulo 10.
fn estonia(body: &[u8]) -> bool {
    weighted(body, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// Orden EHA/451/2008 (NIF of entities: Luhn, as a digit or as a letter) and Real Decreto 1553/2005 and
/// related rules (persons: a letter from modulo 23, with X, Y, Z read as 0, 1, 2 and K, L, M omitted).
fn spain(body: &[u8]) -> bool {
    let (front, last) = body.split_at(8);
    let person = |digits: &[u8]| {
        usize::try_from(number(digits) % 23).ok().and_then(|rest| b"TRWAGMYFPDXBNJZSQVHLCKE".get(rest))
    };
    match front[0] {
        b'0'..=b'9' => person(front) == last.first(),
        first @ (b'X' | b'Y' | b'Z') => {
            let digits = [&[first - b'X' + b'0'], &front[1..]].concat();
            person(&digits) == last.first()
        }
        b'K' | b'L' | b'M' => person(&front[1..]) == last.first(),
        b'A'..=b'H' | b'J' | b'N' | b'P'..=b'S' | b'U'..=b'W' => {
            // Shifted by one place, since Luhn doubles the last digit before the check digit.
            let check = (10 - luhn(&[&front[1..], b"0"].concat()) % 10) % 10;
            let letter = usize::try_from(check).ok().and_then(|check| b"JABCDEFGHI".get(check));
            weighted(last, &[1]) == check || letter == last.first()
        }
        _ => false,
    }
}

/// Verohallinto: modulo 11.
fn finland(body: &[u8]) -> bool {
    weighted(body, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11)
}

/// DGFiP: the key is (12 + 3 × (SIREN modulo 97)) modulo 97. A key with a letter, other than I or O, is a
/// counter over all such keys; it and the SIREN agree modulo 11. The SIREN satisfies Luhn, except Monaco's
/// numbers (000…).
fn france(body: &[u8]) -> bool {
    let (key, siren) = body.split_at(2);
    let place = |byte: &u8| {
        b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ".iter().zip(0_u64..).find(|(known, _)| *known == byte)
    };
    let agrees = match (place(&key[0]), place(&key[1])) {
        (Some((_, first @ 0..10)), Some((_, second @ 0..10))) => {
            first * 10 + second == (12 + 3 * (number(siren) % 97)) % 97
        }
        (Some((_, first)), Some((_, second))) => {
            // The first key with a letter after a digit is 0A, the first one that begins with a letter A0.
            let count = if first < 10 { first * 24 + second - 10 } else { first * 34 + second - 100 };
            (number(siren) + 1 + count / 11) % 11 == count % 11
        }
        _ => false,
    };
    agrees && (siren.starts_with(b"000") || luhn(siren).is_multiple_of(10))
}

/// AADE, AFM: powers of two modulo 11, 10 becomes 0.
fn greece(body: &[u8]) -> bool {
    let (digits, check) = body.split_at(8);
    weighted(digits, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == weighted(check, &[1])
}

/// NAV: 9, 7, 3, 1 modulo 10.
fn hungary(body: &[u8]) -> bool {
    weighted(body, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10)
}

/// Revenue: a letter from modulo 23 (W for 0), a second letter counts nine times; before 2013 a character in
/// the second place moved the first digit to the end.
fn ireland(body: &[u8]) -> bool {
    let place = |letter: u8| u32::from(letter - b'A' + 1) % 23;
    let digits = match body[1] {
        b'0'..=b'9' => body[..7].to_vec(),
        _ => [b"0", &body[2..7], &body[..1]].concat(),
    };
    let second = body.get(8).map_or(0, |letter| 9 * place(*letter));
    body[7..].iter().all(|letter| *letter <= b'W')
        && (weighted(&digits, &[8, 7, 6, 5, 4, 3, 2]) + second) % 23 == place(body[7])
}

/// Agenzia delle Entrate: Luhn.
fn italy(body: &[u8]) -> bool {
    luhn(body).is_multiple_of(10)
}

/// AED: the first six modulo 89.
fn luxembourg(body: &[u8]) -> bool {
    let (digits, check) = body.split_at(6);
    number(digits) % 89 == number(check)
}

/// Belastingdienst: the number of a legal entity (RSIN) passes the eleven-test; that of a sole trader, since
/// 2020, modulo 97 over the whole with its prefix. The number itself does not say which of the two it is.
fn netherlands(body: &[u8]) -> bool {
    let eleven = weighted(body, &[9, 8, 7, 6, 5, 4, 3, 2, 10]).is_multiple_of(11);
    number(&body[..9]) > 0 && number(&body[10..]) > 0 && (eleven || mod_97(&[b"NL", body].concat()) == 1)
}

/// Ministerstwo Finansów, NIP: modulo 11, never 10.
fn poland(body: &[u8]) -> bool {
    let (digits, check) = body.split_at(9);
    weighted(digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == weighted(check, &[1])
}

/// Autoridade Tributária, NIF: modulo 11, 10 and 11 become 0. No number begins with 0.
fn portugal(body: &[u8]) -> bool {
    let (digits, check) = body.split_at(8);
    !body.starts_with(b"0")
        && (11 - weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == weighted(check, &[1])
}

/// ANAF, CUI: modulo 11 over ten times the sum, counted from the right, 10 becomes 0. No number begins with
/// 0.
fn romania(body: &[u8]) -> bool {
    let (digits, check) = body.split_at(body.len() - 1);
    let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
    !body.starts_with(b"0")
        && weighted(digits, &weights[9 - digits.len()..]) * 10 % 11 % 10 == weighted(check, &[1])
}

/// Skatteverket: Luhn over the organisation number, the first ten digits; followed by 01 to 94.
fn sweden(body: &[u8]) -> bool {
    let (organisation, registration) = body.split_at(10);
    (1..=94).contains(&number(registration)) && luhn(organisation).is_multiple_of(10)
}

/// FURS: modulo 11, 10 becomes 0, never 11. No number begins with 0.
fn slovenia(body: &[u8]) -> bool {
    let (digits, check) = body.split_at(7);
    let wanted = 11 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    let wanted = if wanted == 10 { 0 } else { wanted };
    !body.starts_with(b"0") && wanted == weighted(check, &[1])
}

/// HMRC: modulo 97, the newer numbers plus 55, which leaves 42 (or 55, as other validators have it). Three
/// digits of a branch may follow; government departments and health authorities have short numbers of their
/// own.
fn united_kingdom(body: &[u8]) -> bool {
    match body {
        [b'G', b'D', digits @ ..] => number(digits) < 500,
        [b'H', b'A', digits @ ..] => number(digits) >= 500,
        _ => matches!(weighted(body, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97, 0 | 42 | 55),
    }
}

/// Brønnøysundregistrene: modulo 11, never 10.
fn norway(body: &[u8]) -> bool {
    weighted(body, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Bundesamt für Statistik, UID: modulo 11, never 10.
fn switzerland(body: &[u8]) -> bool {
    weighted(body, &[5, 4, 3, 2, 7, 6, 5, 4, 1]).is_multiple_of(11)
}
