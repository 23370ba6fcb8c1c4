//! The arithmetic of check digits. Every function takes ASCII digits.

/// The value of one digit.
fn value(digit: u8) -> u32 {
    u32::from(digit.wrapping_sub(b'0'))
}

/// The digits as one number.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(value(*digit)))
}

/// The sum of each digit times the weight at its place; digits without a weight are ignored.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| value(*digit) * weight).sum()
}

/// The sum of ISO/IEC 7812 (Luhn), which must be divisible by ten: the last digit once, the one before it
/// doubled, and so on.
pub(super) fn luhn(digits: &[u8]) -> u32 {
    let doubled = |digit: u32| if digit < 5 { digit * 2 } else { digit * 2 - 9 };
    digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 1 { doubled(value(*digit)) } else { value(*digit) })
        .sum()
}

/// ISO/IEC 7064, MOD 11,10.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    digits.iter().fold(5, |check, digit| (if check == 0 { 10 } else { check } * 2 % 11 + value(*digit)) % 10)
        == 1
}

/// ISO/IEC 7064, MOD 97-10, over digits and capital letters (`A` is 10): the remainder, 1 for a valid text.
pub(super) fn mod_97(text: &[u8]) -> u32 {
    text.iter().fold(0, |rest, byte| match byte {
        b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        _ => (rest * 10 + value(*byte)) % 97,
    })
}
