//! The check digits of BG, CY, CZ, LT, LV, MT and SK, where a VAT number may also be a natural person's own
//! number.
//!
//! Rules: the Commission's "VIES – VAT Number Construction Rules"; for Latvia's personal codes of July 2017
//! and later, the Office of Citizenship and Migration Affairs. Compared with python-stdnum 2.2, see
//! docs/decisions.md.

use chrono::NaiveDate;

use super::digits::{number, weighted};

/// НАП: legal entities modulo 11, with other weights where that gives 10. Ten digits are the number of a
/// person (ЕГН), of a foreigner (ЛНЧ), or of another taxpayer.
pub(super) fn bulgaria(body: &[u8]) -> bool {
    let Some((check, digits)) = split_last(body) else { return false };
    if digits.len() == 8 {
        let rest = match weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
            10 => weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11,
            rest => rest,
        };
        return rest % 10 == check;
    }
    let person =
        weighted(digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == check && bulgarian_birth(digits);
    let foreigner = weighted(digits, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == check;
    // Numbers with a remainder that would give 10 are not issued.
    let other = (11 - weighted(digits, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == check;
    person || foreigner || other
}

/// Year, month and day; 20 is added to the month for the 19th century, 40 for the 21st.
fn bulgarian_birth(digits: &[u8]) -> bool {
    let [year, month, day] = pairs(digits);
    match month {
        41.. => is_date(2000 + year, month - 40, day),
        21.. => is_date(1800 + year, month - 20, day),
        _ => is_date(1900 + year, month, day),
    }
}

/// Τμήμα Φορολογίας: each digit at an odd place is mapped to another number; the sum modulo 26 is the letter.
/// No number begins with 12.
pub(super) fn cyprus(body: &[u8]) -> bool {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let (digits, letter) = body.split_at(8);
    let mapped = |(at, digit): (usize, &u8)| {
        let value = weighted(&[*digit], &[1]);
        let odd = usize::try_from(value).ok().and_then(|value| ODD.get(value)).copied();
        if at % 2 == 0 { odd.unwrap_or_default() } else { value }
    };
    let sum: u32 = digits.iter().enumerate().map(mapped).sum();
    !digits.starts_with(b"12") && letter.first().is_some_and(|letter| u32::from(letter - b'A') == sum % 26)
}

/// Finanční správa: legal entities by 8 digits, which never begin with 9; persons by their birth number, or
/// by 9 digits that begin with 6 where they have none (tax groups, 699…, as well).
pub(super) fn czechia(body: &[u8]) -> bool {
    let Some((check, digits)) = split_last(body) else { return false };
    match digits {
        [first, ..] if digits.len() == 7 => {
            let rest = weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) % 11;
            *first != b'9' && (11 - rest) % 10 == check
        }
        [b'6', digits @ ..] if digits.len() == 7 => {
            // 9 minus what makes the sum a multiple of 11, where that is 11 for a multiple, and 10 and 11
            // wrap around.
            let to_next = 11 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) % 11;
            (19 - to_next) % 10 == check
        }
        _ => birth_number(body),
    }
}

/// A Czech or Slovak birth number (rodné číslo): nine digits until 1953, then ten that are divisible by 11,
/// except those whose first nine leave 10, which ended in 0 until 1985. 50 is added to a woman's month, and
/// 20 when a day's numbers are used up.
fn birth_number(body: &[u8]) -> bool {
    let [year, month, day] = pairs(body);
    let year = match (body.len(), year) {
        (9, 80..) => 1800 + year,
        (9, 0..=53) | (10, 54..) => 1900 + year,
        (10, 0..=53) => 2000 + year,
        _ => return false,
    };
    let checks = body.len() == 9
        || split_last(body).is_some_and(|(check, digits)| number(digits) % 11 % 10 == u64::from(check));
    checks && is_date(year, month % 50 % 20, day)
}

/// VMI: modulo 11 with weights that continue from 9 at 1, and others where that gives 10. The digit before
/// the check digit is 1.
pub(super) fn lithuania(body: &[u8]) -> bool {
    let Some((check, digits)) = split_last(body) else { return false };
    let rest = match weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2]) % 11 {
        10 => weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4]) % 11,
        rest => rest,
    };
    digits.last() == Some(&b'1') && rest % 10 == check
}

/// VID: legal entities, whose first digit is above 3, by a sum that leaves 3 modulo 11. A person has their
/// personal code: day, month, year and century of birth, and a check digit. Codes issued since July 2017
/// begin with 32 to 39; the rest is random, without a check digit (PMLP, "Personas koda maiņa").
pub(super) fn latvia(body: &[u8]) -> bool {
    match body {
        [b'4'..=b'9', ..] => weighted(body, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3,
        [b'3', b'2'..=b'9', ..] => true,
        [.., check] => {
            let [day, month, year] = pairs(body);
            let century = body.get(6).map_or(0, |digit| weighted(&[*digit], &[1]));
            let rest = (1 + weighted(body, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10;
            rest == weighted(&[*check], &[1]) && is_date(1800 + 100 * century + year, month, day)
        }
        [] => false,
    }
}

/// Commissioner for Revenue: modulo 37. No number begins with 0.
pub(super) fn malta(body: &[u8]) -> bool {
    !body.starts_with(b"0") && weighted(body, &[3, 4, 6, 7, 8, 9, 10, 1]).is_multiple_of(37)
}

/// Finančná správa: divisible by 11, the first digit is not 0 and the third one of 2, 3, 4, 7, 8, 9; or a
/// birth number.
pub(super) fn slovakia(body: &[u8]) -> bool {
    let third = body.get(2).is_some_and(|digit| b"234789".contains(digit));
    (third && !body.starts_with(b"0") && number(body).is_multiple_of(11)) || birth_number(body)
}

/// The check digit, and the digits before it.
fn split_last(body: &[u8]) -> Option<(u32, &[u8])> {
    let (check, digits) = body.split_last()?;
    Some((weighted(&[*check], &[1]), digits))
}

/// The first six digits as three numbers.
fn pairs(digits: &[u8]) -> [u32; 3] {
    [0, 2, 4].map(|at| digits.get(at..at + 2).map_or(0, |pair| weighted(pair, &[10, 1])))
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    i32::try_from(year).is_ok_and(|year| NaiveDate::from_ymd_opt(year, month, day).is_some())
}
